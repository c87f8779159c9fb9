"""Changes to a session as a value: random sequences of them, and what holds after each."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poker_app.rules import Refused
from poker_app.rules.backlog import TaskLine
from poker_app.rules.deck import DECKS
from poker_app.rules.session import lifecycle, members, tasks, voting
from poker_app.rules.session.change import MAX_REPLACED, Change, acting_member, finished, is_complete
from poker_app.rules.session.rounds import ASIDE, Round, Rounds
from poker_app.rules.session.undo import FACE_UP, GONE_ON, VOTED_ON, undo
from poker_app.rules.session.value import Member, RoundsNeeded, Session, Task

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
CARDS = DECKS["fibonacci"].cards


def opened() -> Session:
    """Ada's session with Ben, who votes, and Cleo, who watches."""
    ada, ben, cleo = (
        Member(name.lower(), "s", f"digest of {name}", None, name, START + timedelta(seconds=place))
        for place, name in enumerate(("Ada", "Ben", "Cleo"))
    )
    everybody = (replace(ada, facilitates=True), ben, replace(cleo, votes=False))
    first = Task("task", "s", 0, START, current_since=START, newest=1)
    return Session(
        id="s",
        account_id="a",
        code="K7QMFD",
        name="Checkout team",
        deck="fibonacci",
        cards=CARDS,
        created_at=START,
        current_task_id="task",
        current_round_id="round",
        version=1,
        tasks_version=1,
        members={each.id: each for each in everybody},
        tasks={"task": first},
        rounds=Rounds(Round("round", "task", 1, START)),
    )


class Playing:
    """A session that is changed as the shell changes it: rounds of other tasks come from outside the value."""

    def __init__(self) -> None:
        self.value = opened()
        self.now = START + timedelta(seconds=10)
        self.left: dict[str, Rounds] = {}
        self._count = 0

    def new_id(self) -> str:
        self._count += 1
        return f"id{self._count:04}"

    def change(self, decide: Callable[[Session, datetime], Change]) -> Change:
        while True:
            try:
                made = finished(decide(self.value, self.now), self.now)
                break
            except RoundsNeeded as needed:
                others = {**self.value.others, needed.task_id: self.left[needed.task_id]}
                self.value = replace(self.value, others=others)
        self.left[self.value.current_task_id] = self.value.rounds
        self.value = made.value
        self.left[self.value.current_task_id] = self.value.rounds
        return made

    def by(self, who: str, rule: Callable[..., Change], *, after_end: bool = False, **how: Any) -> Change:
        def decide(value: Session, now: datetime) -> Change:
            me = acting_member(value, value.member_of(value.members[who].secret_digest, None), after_end=after_end)
            return rule(value, me, now, **how)

        return self.change(decide)


def pick(of: list[str], number: int) -> str:
    return of[number % len(of)]


def act(play: Playing, what: int, a: int, b: int) -> Change:
    """One of everything that can happen at a table, decided by numbers."""
    value = play.value
    who, other = pick(list(value.members), a), pick(list(value.members), b)
    task, round_id = pick(list(value.tasks), b), pick([value.round.id, value.round.id, "another"], b)
    two = play.new_id(), play.new_id()
    options = {
        name: bool(b >> place & 1) for place, name in enumerate(("auto_reveal", "anyone_reveals", "names_hidden"))
    }
    options["change_after_reveal"] = bool(a & 1)
    join = partial(
        members.join,
        name=pick(["Dora", "ben", "Emil"], a),
        votes=b % 4 != 0,
        secret_digest=pick([f"digest of {name}" for name in ("Ben", "Dora", "Emil", "Fay")], b),
        user_id=None,
        new_id=play.new_id(),
        most=6,
        full="The table is full.",
    )
    lines = [TaskLine(f"Task {play.new_id()}") for _ in range(1 + a % 3)]
    edit = {
        "checked": lambda: {"title": f"New {a}", "key": "", "url": "", "description": ""},
        "before": {},
        "short": str,
    }
    acts: list[Callable[[], Change]] = [
        *[lambda: play.by(who, voting.cast_vote, after_end=True, round_id=round_id, card=pick(list(CARDS), b))] * 6,
        lambda: play.by(who, voting.retract_vote, after_end=True, round_id=round_id),
        *[lambda: play.by(who, voting.reveal, after_end=True, round_id=round_id)] * 2,
        *[lambda: play.by(who, voting.vote_again, after_end=True, round_id=round_id, new_id=two[0])] * 2,
        *[lambda: play.by(who, voting.finalize, task_id=task, estimate=pick(list(CARDS), a), note="", new_ids=two)] * 2,
        lambda: play.change(join),
        lambda: play.by(who, members.rename, name=pick(["Ada", "Gus"], b)),
        lambda: play.by(who, members.set_votes, votes=bool(b % 2)),
        lambda: play.by(who, members.leave, after_end=True),
        lambda: play.change(partial(members.come_back, member_id=other)),
        lambda: play.change(partial(members.lose, member_ids={who, other})),
        lambda: play.change(members.give_up),
        lambda: play.by(who, members.share_role, colleague_id=other),
        lambda: play.by(who, members.hand_over, colleague_id=other),
        lambda: play.by(who, members.step_down),
        lambda: play.by(who, members.take_over),
        lambda: play.by(who, members.remove, colleague_id=other),
        lambda: play.by(who, members.nudge, colleague_id=other if b % 3 else None),
        lambda: play.change(partial(members.adopt, secret_digest="digest of Ben", user_id="u")),
        *[
            lambda: play.by(
                who,
                tasks.add_tasks,
                lines=lines,
                new_ids=[play.new_id() for _ in lines],
                round_id=two[1],
            )
        ]
        * 2,
        lambda: play.by(who, tasks.edit_task, task_id=task, **edit),
        lambda: play.by(who, tasks.move_task, task_id=task, to=a % 5),
        lambda: play.by(who, tasks.delete_task, task_id=task, new_ids=two),
        lambda: play.by(who, tasks.restore_task, task_id=task, new_id=two[0]),
        *[lambda: play.by(who, tasks.skip_task, task_id=value.current_task_id, new_ids=two)] * 2,
        *[lambda: play.by(who, undo, version=value.undo["version"] if value.undo and b % 3 else a)] * 3,
        *[lambda: play.by(who, tasks.select_task, task_id=task, new_id=two[0])] * 2,
        lambda: play.by(who, tasks.reopen_task, task_id=task, new_id=two[0]),
        lambda: play.by(who, lifecycle.change_options, checked=lambda: {"name": "Other", **options}),
        lambda: play.by(who, lifecycle.set_timer, how=lifecycle.start_timer),
        lambda: play.by(who, lifecycle.set_timer, how=pick([lifecycle.pause_timer, lifecycle.resume_timer], b)),  # type: ignore[list-item]
        lambda: play.by(who, lifecycle.end, after_end=True),
        *[lambda: play.by(who, lifecycle.reopen, after_end=True)] * 2,
    ]
    return acts[what % len(acts)]()


def check(before: Session, made: Change) -> None:
    """What holds after every change."""
    value = made.value
    assert value.version >= before.version + len(made.happened)
    assert value.version > before.version or value == replace(before, others=value.others)
    versions = [each.version for each in made.happened]
    assert versions == list(range(value.version - len(versions) + 1, value.version + 1))
    assert before.tasks_version <= value.tasks_version <= value.version
    assert (value.round.id, value.round.task_id) == (value.current_round_id, value.current_task_id)
    assert value.task.deleted_at is None
    assert value.task.newest == value.round.number
    assert not value.others
    positions = [task.position for task in value.tasks.values()]
    assert positions == sorted(set(positions))
    assert list(value.members) == sorted(value.members, key=lambda key: (value.members[key].joined_at, key))
    assert value.round.votes.keys() <= value.members.keys()
    assert {vote.round_id for vote in value.round.votes.values()} <= {value.round.id}
    assert set(value.round.cards.values()) <= set(CARDS)
    assert [each.number for each in value.rounds.earlier] == sorted({each.number for each in value.rounds.earlier})
    assert all(each.number < value.round.number and each.tally.distribution for each in value.rounds.earlier)
    assert any(each.facilitates for each in value.current_members)
    assert not any(each.facilitates for each in value.members.values() if each.removed_at)
    names = [each.name.casefold() for each in value.current_members]
    assert len(names) == len(set(names))
    assert (value.timer_ends_at is None) or (value.timer_remaining is None)
    assert value.used or not value.round.revealed_at
    assert value.running or value.timer is None
    if value.rounds.aside:
        assert (value.rounds.aside.number, value.rounds.aside.task_id) == (ASIDE, value.current_task_id)
        assert not value.rounds.aside.revealed_at
        assert not value.round.revealed_at


def at_the_table(value: Session) -> object:
    """What people see and do, but for moments, versions, the timer and the note that was typed."""
    backlog = [(task.id, task.title, task.estimate, bool(task.skipped_at)) for task in value.backlog]
    return value.current_task_id, value.round, value.rounds.earlier, backlog, value.members


def check_undo(play: Playing, before: Session, made: Change) -> None:
    """What can be taken back is what it was, for a facilitator who takes it back at once, and once."""
    ada = next((each for each in made.value.current_members if each.facilitates and not each.has_left), None)
    if made.undo is None or ada is None:
        return
    again = Playing()
    again.value, again.now, again.left = made.value, play.now, {**play.left}
    again.by(ada.id, undo, version=made.undo)
    # Who was waited for may have been away for too long by now: then the cards turn over with the next change.
    assert at_the_table(again.value) == at_the_table(finished(Change(before), play.now).value)
    check(made.value, Change(again.value))
    with pytest.raises(Refused):
        again.by(ada.id, undo, version=made.undo)


steps = st.lists(st.tuples(*[st.integers(0, 10_000)] * 3, st.sampled_from([0, 1, 1, 5, 13, 130, 700])), max_size=60)


@settings(max_examples=150, deadline=None)
@given(steps, st.booleans())
def test_whatever_happens_at_a_table(script: list[tuple[int, int, int, int]], auto_reveal: bool) -> None:
    play = Playing()
    play.value = replace(play.value, auto_reveal=auto_reveal)
    for what, a, b, seconds in script:
        play.now += timedelta(seconds=seconds)
        before = play.value
        try:
            made = act(play, what, a, b)
        except Refused:
            assert replace(play.value, others={}) == before
            play.value = before
            continue
        check(before, made)
        check_undo(play, before, made)
        assert not is_complete(made.value, play.now), "complete means revealed where wanted"


def test_the_same_thing_twice_is_done_once() -> None:
    play = Playing()
    play.by("ben", voting.cast_vote, round_id="round", card="5")
    play.by("ada", voting.reveal, round_id="round")
    for rule, how in [
        (voting.reveal, {"round_id": "round"}),
        (members.share_role, {"colleague_id": "ada"}),
        (members.set_votes, {"votes": True}),
        (lifecycle.set_timer, {"how": lifecycle.stop_timer}),
    ]:
        assert play.by("ada", rule, **how).happened == ()  # type: ignore[arg-type]


# --- undo


def voted_on() -> Playing:
    """Ada and Ben have a card on the first of three tasks."""
    play = Playing()
    lines = [TaskLine(title) for title in ("One", "Two", "Three")]
    play.by("ada", tasks.add_tasks, lines=lines, new_ids=["one", "two", "three"], round_id="round of one")
    for who, card in (("ada", "3"), ("ben", "8")):
        play.by(who, voting.cast_vote, round_id="round of one", card=card)
    return play


def undone(play: Playing, version: int | None, by: str = "ada") -> Session:
    assert version is not None
    play.by(by, undo, version=version)
    return play.value


def restarted() -> tuple[Playing, int | None]:
    play = voted_on()
    return play, play.by("ada", voting.vote_again, round_id="round of one", new_id="restarted").undo


def test_a_vote_restarted_by_mistake_has_its_cards_back_and_newer_ones_stay() -> None:
    play, version = restarted()
    assert play.value.round.cards == {}
    play.by("ben", voting.cast_vote, round_id="restarted", card="13")
    value = undone(play, version)
    assert (value.round.id, value.round.number, value.round.revealed_at) == ("round of one", 1, None)
    assert value.round.cards == {"ada": "3", "ben": "13"}


def test_cards_do_not_come_back_for_who_votes_no_more() -> None:
    play, version = restarted()
    play.by("ben", members.set_votes, votes=False)
    assert undone(play, version).round.cards == {"ada": "3"}
    play, version = restarted()
    play.by("ada", members.remove, colleague_id="ben")
    assert undone(play, version).round.cards == {"ada": "3"}


def too_late(play: Playing, version: int | None, sentence: str, by: str = "ada") -> None:
    before = play.value
    with pytest.raises(Refused, match=sentence):
        undone(play, version, by)
    assert play.value == before


def test_what_is_face_up_is_not_undone() -> None:
    play, version = restarted()
    play.by("ben", voting.cast_vote, round_id="restarted", card="13")
    play.by("ada", voting.reveal, round_id="restarted")
    too_late(play, version, FACE_UP)
    assert play.value.rounds.aside is None


def test_an_estimate_or_a_skip_is_undone_whatever_was_voted_since() -> None:
    for what, how in ((voting.finalize, {"estimate": "5", "note": ""}), (tasks.skip_task, {})):
        play = voted_on()
        play.by("ada", voting.reveal, round_id="round of one")
        version = play.by("ada", what, task_id="one", new_ids=("new", "round of two"), **how).undo
        play.by("ben", voting.cast_vote, round_id="round of two", card="5")
        value = undone(play, version)
        assert (value.current_task_id, value.round.cards) == ("one", {"ada": "3", "ben": "8"})
        assert (value.task.estimate, value.task.skipped_at) == (None, None)
        assert value.round.revealed_at
        play.by("ada", tasks.select_task, task_id="two", new_id="another")
        assert play.value.round.cards == {"ben": "5"}


def test_a_task_that_was_skipped_before_is_skipped_again() -> None:
    play = voted_on()
    play.by("ada", tasks.delete_task, task_id="three", new_ids=("new", "new round"))
    play.by("ada", tasks.skip_task, task_id="one", new_ids=("new", "round of two"))
    version = play.by("ada", tasks.skip_task, task_id="two", new_ids=("new", "round of one again")).undo
    assert (play.value.current_task_id, play.value.tasks["one"].skipped_at) == ("one", None)
    value = undone(play, version)
    assert value.current_task_id == "two"
    assert value.tasks["one"].skipped_at


def test_added_tasks_stay_once_one_was_voted_on() -> None:
    play = Playing()
    lines = [TaskLine(title) for title in ("One", "Two")]
    version = play.by("ada", tasks.add_tasks, lines=lines, new_ids=["one", "two"], round_id="first").undo
    play.by("ben", voting.cast_vote, round_id="first", card="5")
    too_late(play, version, VOTED_ON)
    play.by("ben", voting.retract_vote, round_id="first")
    value = undone(play, version)
    assert [task.id for task in value.backlog] == ["task"], "the untitled one that they took the place of"


def test_only_the_newest_change_is_undone_and_by_a_facilitator() -> None:
    play, version = restarted()
    too_late(play, version, "Only a facilitator may undo this.", by="ben")
    too_late(play, 1, GONE_ON)
    play.by("ada", tasks.move_task, task_id="three", to=0)
    too_late(play, version, GONE_ON)


@pytest.mark.parametrize("card", ["", "5"])
def test_an_untitled_task_without_votes_takes_no_room(card: str) -> None:
    play = Playing()
    if card:
        play.by("ben", voting.cast_vote, round_id="round", card=card)
    room = tasks.MAX_TASKS - len(card)
    assert tasks.room_left(play.value) == room
    lines = [TaskLine(f"Task {number}") for number in range(room + 1)]
    new_ids = [play.new_id() for _ in lines]
    with pytest.raises(Refused):
        play.by("ada", tasks.add_tasks, lines=lines, new_ids=new_ids, round_id="first")
    made = play.by(
        "ada", tasks.import_tasks, lines=lines, duplicates=["add"] * len(lines), new_ids=new_ids, round_id="first"
    )
    assert (len(made.answer.added), made.answer.too_many, tasks.room_left(play.value)) == (room, 1, 0)
    assert len(play.value.backlog) == tasks.MAX_TASKS


def imports(play: Playing, title: str, **choices: str) -> Change:
    """A line for each key, with its choice."""
    lines = [TaskLine(f"{title} {key}", key.upper()) for key in choices]
    ids, choice = [play.new_id() for _ in lines], [*choices.values()]
    return play.by("ada", tasks.import_tasks, lines=lines, duplicates=choice, new_ids=ids, round_id=play.new_id())


def counts(made: Change) -> tuple[int, int, int]:
    """How many tasks an import added, updated and skipped."""
    return len(made.answer.added), len(made.answer.updated), made.answer.skipped


def titles(play: Playing) -> list[str]:
    return [task.title for task in play.value.backlog]


def test_each_imported_line_has_a_choice_of_its_own() -> None:
    play = Playing()
    assert counts(imports(play, "Old", pay="skip", ship="update", sell="add")) == (3, 0, 0)
    assert counts(imports(play, "New", pay="skip", ship="update", sell="add", send="update")) == (2, 1, 1)
    assert titles(play) == ["Old pay", "New ship", "Old sell", "New sell", "New send"]


def test_an_import_that_updated_tasks_is_undone() -> None:
    play = Playing()
    imports(play, "Old", pay="skip", ship="skip")
    made = imports(play, "New", ship="update", sell="update")
    assert titles(play) == ["Old pay", "New ship", "New sell"]
    # Sent again, it is answered as before.
    assert counts(imports(play, "New", ship="update")) == (0, 1, 0)
    assert made.undo is not None
    play.by("ada", undo, version=made.undo)
    assert titles(play) == ["Old pay", "Old ship"]
    assert play.value.undo is None


def test_replaced_texts_go_with_the_next_change_of_the_tasks() -> None:
    play = Playing()
    imports(play, "Old", pay="skip")
    made = imports(play, "New", pay="update")
    play.by("ben", voting.cast_vote, round_id=play.value.round.id, card="5")
    assert play.value.undo is not None
    assert play.value.undo["texts"] == {play.value.backlog[0].id: {"title": "Old pay"}}
    play.by("ada", tasks.delete_task, task_id=play.value.backlog[0].id, new_ids=(play.new_id(), play.new_id()))
    assert play.value.undo is None
    assert made.undo is not None
    too_late(play, made.undo, GONE_ON)


@pytest.mark.parametrize(("length", "undone"), [(MAX_REPLACED // 2 - len("Old x"), True), (MAX_REPLACED // 2, False)])
def test_what_replaced_very_much_text_is_not_undone(length: int, undone: bool) -> None:
    play = Playing()
    imports(play, "Old", a="skip", b="skip")
    play.value = play.value.with_task(*(replace(task, url="x" * length) for task in play.value.backlog))
    lines = [TaskLine(f"New {key}", key, "y") for key in ("a", "b")]
    made = play.by(
        "ada", tasks.import_tasks, lines=lines, duplicates=["update"] * 2, new_ids=["x1", "x2"], round_id="again"
    )
    assert (len(made.answer.updated), made.undo is not None) == (2, undone)
