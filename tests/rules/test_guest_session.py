"""A session without an account: its places, its rounds, and how it becomes one of an account's."""

from dataclasses import replace
from typing import Any

import pytest

from poker_app.rules import Refused
from poker_app.rules.backlog import TaskLine
from poker_app.rules.plans import GUEST, GUESTS, MAX_GUEST_ROUNDS
from poker_app.rules.session import lifecycle, members, tasks, voting
from poker_app.rules.session.change import Event
from poker_app.rules.session.value import Session
from tests.rules.test_session import Playing

FULL = "The table is full."


@pytest.fixture
def play() -> Playing:
    """A guest's session of Ada's, with Ben, and Cleo, who watches."""
    made = Playing()
    made.value = replace(made.value, account_id=GUESTS)
    return made


def plays_round(play: Playing) -> None:
    play.by("ben", voting.cast_vote, round_id=play.value.round.id, card="5")
    play.by("ada", voting.reveal, round_id=play.value.round.id)


def plays_all(play: Playing) -> None:
    """Every round that the session has, the last with its cards face up."""
    for number in range(MAX_GUEST_ROUNDS):
        if number:
            play.by("ada", voting.vote_again, round_id=play.value.round.id, new_id=play.new_id())
        plays_round(play)


def joins(play: Playing, name: str) -> None:
    how: dict[str, Any] = {"name": name, "votes": True, "user_id": None, "new_id": name.lower()}
    how |= {"secret_digest": f"digest of {name}", "most": GUEST.members, "full": FULL}
    play.change(lambda value, now: members.join(value, now, **how))


def refused(play: Playing, act: Any) -> Refused:
    before = play.value
    with pytest.raises(Refused) as caught:
        act()
    assert play.value is before
    return caught.value


def test_the_rounds_end_with_their_cards_face_up(play: Playing) -> None:
    plays_all(play)
    again = {"round_id": play.value.round.id, "new_id": "another"}
    refusal = refused(play, lambda: play.by("ada", voting.vote_again, **again))
    assert (refusal.kind, refusal.sentence) == ("plan", voting.ROUNDS_USED_UP)
    # The estimate of the last one is saved; on the next task no card is played for nothing.
    finalize = {"task_id": "task", "estimate": "5", "note": "", "new_ids": ("next", "sixth")}
    play.by("ada", voting.finalize, **finalize)
    assert play.value.tasks["task"].estimate == "5"
    assert play.value.round.id == "sixth"
    refusal = refused(play, lambda: play.by("ben", voting.cast_vote, round_id="sixth", card="5"))
    assert refusal.kind == "plan"


def test_cards_that_lie_there_already_are_not_turned_over_beyond(play: Playing) -> None:
    """Rounds begun on several tasks beforehand bring no more of them, not by auto-reveal either."""
    lines = [TaskLine(title=str(number)) for number in range(MAX_GUEST_ROUNDS + 1)]
    keys = [f"t{number}" for number in range(len(lines))]
    play.by("ada", tasks.add_tasks, lines=lines, new_ids=keys, round_id="first")
    for key in keys:
        play.by("ada", tasks.select_task, task_id=key, new_id=f"round of {key}")
        play.by("ben", voting.cast_vote, round_id=play.value.round.id, card="8")
    for key in keys[:-1]:
        play.by("ada", tasks.select_task, task_id=key, new_id="unused")
        play.by("ada", voting.reveal, round_id=play.value.round.id)
    play.by("ada", tasks.select_task, task_id=keys[-1], new_id="unused")
    refusal = refused(play, lambda: play.by("ada", voting.reveal, round_id=play.value.round.id))
    assert refusal.kind == "plan"
    play.value = replace(play.value, auto_reveal=True)
    play.by("cleo", members.leave)
    play.by("ada", members.set_votes, votes=False)
    assert play.value.round.revealed_at is None
    assert play.value.round.cards == {"ben": "8"}


def test_who_leaves_keeps_the_place_until_removed(play: Playing) -> None:
    joins(play, "Dora")
    joins(play, "Gus")
    assert refused(play, lambda: joins(play, "Mallory")).sentence == FULL
    play.by("gus", members.leave)
    assert refused(play, lambda: joins(play, "Mallory")).sentence == FULL
    joins(play, "Gus")
    play.by("ada", members.remove, colleague_id="gus")
    joins(play, "Mallory")
    # The link lets a removed member in again, where there is a place.
    assert refused(play, lambda: joins(play, "Gus")).sentence == FULL
    assert len(play.value.current_members) == GUEST.members


def test_it_becomes_an_account_s_with_all_that_is_in_it(play: Playing) -> None:
    plays_all(play)
    before = play.value

    def claim(who: str, account: str) -> list[Event]:
        made = play.by(who, lifecycle.claim, after_end=True, account_id=account)
        return [each.event for each in made.happened]

    assert refused(play, lambda: claim("ben", "b")).kind == "forbidden"
    assert claim("ada", "b") == [Event.OPTIONS_CHANGED]
    assert play.value == replace(before, account_id="b", version=before.version + 1)
    assert claim("ada", "b") == []
    assert refused(play, lambda: claim("ada", "c")).sentence == lifecycle.ANOTHER_ACCOUNT
    again = {"round_id": play.value.round.id, "new_id": "sixth"}
    play.by("ada", voting.vote_again, **again)
    plays_round(play)
    for name in ("Dora", "Gus"):
        joins(play, name)


def test_other_sessions_know_no_such_limits() -> None:
    play = Playing()
    for _ in range(MAX_GUEST_ROUNDS + 1):
        plays_round(play)
        play.by("ada", voting.vote_again, round_id=play.value.round.id, new_id=play.new_id())
    value: Session = play.value
    assert (value.played, value.rounds_used_up) == (MAX_GUEST_ROUNDS + 1, False)
    joins(play, "Dora")
    joins(play, "Gus")
    play.by("gus", members.leave)
    joins(play, "Mallory")
    # Only for a removed member the place is gone.
    joins(play, "Gus")
    play.by("ada", members.remove, colleague_id="dora")
    assert refused(play, lambda: joins(play, "Dora")).sentence == FULL
