"""Votes, the reveal, the next round and the estimate."""

import pytest

from poker_app.db import session
from poker_app.poker.members import members, presence
from poker_app.poker.models import Round, Vote
from poker_app.poker.round import tasks, voting
from poker_app.poker.session import lifecycle
from poker_app.poker.value.current import view_of
from poker_app.rules.session.rounds import ASIDE
from tests.cast import Clock
from tests.world.actions import Room

OVER = "That round is over. The table shows where we are now."
ENDED = "The session has ended."


# --- voting


def test_a_vote_is_kept_and_told(room: Room, clock: Clock) -> None:
    with room.announces("vote"):
        voting.cast_vote(room.ben, room.round.id, "5")
    assert room.cards() == {"Ben": "5"}
    assert session.query(Vote).one().cast_at == clock.now()


def test_changing_a_vote_keeps_one_row(room: Room) -> None:
    room.plays(room.ben, "5")
    with room.announces("vote"):
        room.plays(room.ben, "8")
    assert room.cards() == {"Ben": "8"}


def test_the_same_card_again_is_told_like_any_other(room: Room) -> None:
    room.plays(room.ben, "5")
    with room.announces("vote"):
        room.plays(room.ben, "5")
    assert room.cards() == {"Ben": "5"}


@pytest.mark.parametrize("card", ["0", "?", "☕"])
def test_zero_and_the_outside_cards_are_votes(room: Room, card: str) -> None:
    room.plays(room.ben, card)
    assert room.cards() == {"Ben": card}
    assert view_of(room.table.id).voted == 1


@pytest.mark.parametrize("card", ["", "4", " 5", "5 ", "½", "5\n"])
def test_only_cards_of_the_deck(room: Room, card: str) -> None:
    with room.refused(422, "That card is not in this deck."):
        room.plays(room.ben, card)


def test_a_spectator_does_not_vote(room: Room) -> None:
    with room.refused(403, "You are watching. Start voting to vote."):
        room.plays(room.cleo, "5")


def test_a_facilitator_votes_like_everybody(room: Room) -> None:
    room.plays(room.ada, "3")
    assert room.cards() == {"Ada": "3"}


def test_a_late_vote_for_a_closed_round(room: Room) -> None:
    room.plays(room.ada, "3")
    closed = room.round.id
    room.reveals()
    with room.refused(409, "The cards are already face up."):
        voting.cast_vote(room.ben, closed, "5")
    voting.vote_again(room.ada, closed)
    with room.refused(409, OVER):
        voting.cast_vote(room.ben, closed, "5")
    assert room.cards() == {}


@pytest.mark.parametrize("round_id", ["", "nonsense", "x" * 500])
def test_a_vote_for_no_round(room: Room, round_id: str) -> None:
    with room.refused(409, OVER):
        voting.cast_vote(room.ben, round_id, "5")


def test_a_vote_for_another_session_s_round(room: Room) -> None:
    other = Room(room.announced)
    with room.refused(409, OVER):
        voting.cast_vote(room.ben, other.round.id, "5")
    assert other.cards() == {}


def test_no_vote_after_the_end(room: Room) -> None:
    lifecycle.end_session(room.ada)
    with room.refused(409, ENDED):
        room.plays(room.ben, "5")


def test_a_vote_may_change_after_the_reveal_where_the_session_says_so(room: Room) -> None:
    room.lets(change_after_reveal=True)
    room.plays(room.ben, "5")
    room.reveals()
    with room.announces("vote"):
        room.plays(room.ben, "8")
    assert room.cards() == {"Ben": "8"}
    assert room.revealed
    assert view_of(room.table.id).tally.mode == ("8",)  # type: ignore[union-attr]


# --- taking a card back


def test_a_card_is_taken_back(room: Room) -> None:
    room.plays(room.ben, "5")
    with room.announces("vote"):
        voting.retract_vote(room.ben, room.round.id)
    assert room.cards() == {}


def test_taking_back_no_card_changes_nothing(room: Room) -> None:
    room.plays(room.ada, "5")
    with room.nothing_happens():
        voting.retract_vote(room.ben, room.round.id)
    assert room.cards() == {"Ada": "5"}


def test_no_card_is_taken_back_after_the_reveal(room: Room) -> None:
    room.plays(room.ben, "5")
    room.reveals()
    with room.refused(409, "The cards are already face up."):
        voting.retract_vote(room.ben, room.round.id)
    room.lets(change_after_reveal=True)
    voting.retract_vote(room.ben, room.round.id)
    assert room.cards() == {}
    assert view_of(room.table.id).tally.votes == 0  # type: ignore[union-attr]


def test_no_card_is_taken_back_from_another_round_or_after_the_end(room: Room) -> None:
    room.plays(room.ben, "5")
    first = room.round.id
    room.reveals()
    voting.vote_again(room.ada, first)
    with room.refused(409, OVER):
        voting.retract_vote(room.ben, first)
    lifecycle.end_session(room.ada)
    with room.refused(409, ENDED):
        voting.retract_vote(room.ben, room.round.id)
    assert room.cards(first) == {"Ben": "5"}


# --- the reveal


def test_the_reveal_closes_the_round(room: Room, clock: Clock) -> None:
    room.plays(room.ben, "5")
    room.table.timer_remaining = 60
    session.commit()
    with room.announces("round-revealed"):
        voting.reveal(room.ada, room.round.id)
    assert room.round.revealed_at == clock.now()
    assert room.table.timer_remaining is None
    assert room.cards() == {"Ben": "5"}


def test_a_doubled_reveal_is_one(room: Room, clock: Clock) -> None:
    room.plays(room.ben, "5")
    room.reveals()
    clock.forward(seconds=1)
    with room.nothing_happens():
        room.reveals()


def test_who_may_reveal(room: Room) -> None:
    room.plays(room.ben, "5")
    for other in (room.ben, room.cleo):
        with room.refused(403, "Only a facilitator may reveal the cards here."):
            voting.reveal(other, room.round.id)
    room.lets(anyone_reveals=True)
    with room.announces("round-revealed"):
        voting.reveal(room.ben, room.round.id)


def test_nothing_to_reveal(room: Room) -> None:
    with room.refused(409, "Nobody has voted yet."):
        room.reveals()


def test_the_reveal_of_another_round(room: Room) -> None:
    room.plays(room.ben, "5")
    with room.refused(409, OVER):
        voting.reveal(room.ada, "nonsense")
    assert not room.revealed


def test_no_reveal_after_the_end(room: Room) -> None:
    room.plays(room.ben, "5")
    lifecycle.end_session(room.ada)
    with room.refused(409, ENDED):
        room.reveals()


# --- the reveal that comes by itself


@pytest.fixture
def by_itself(room: Room) -> Room:
    """Two voters present, Ben's card down, Ada's missing; Cleo watches."""
    room.lets(auto_reveal=True)
    room.plays(room.ben, "5")
    assert not room.revealed
    return room


def test_the_last_vote_reveals(by_itself: Room) -> None:
    with by_itself.announces("vote", "round-revealed"):
        by_itself.plays(by_itself.ada, "0")
    assert by_itself.revealed


def test_without_the_option_nothing_reveals_by_itself(room: Room) -> None:
    room.plays(room.ben, "5")
    with room.announces("vote"):
        room.plays(room.ada, "5")
    assert not room.revealed


def test_nobody_waits_for_who_leaves(by_itself: Room) -> None:
    with by_itself.announces("member-left", "round-revealed"):
        members.leave(by_itself.ada)
    assert by_itself.revealed


def test_nobody_waits_for_who_goes_away_for_long(by_itself: Room, clock: Clock) -> None:
    with by_itself.announces("member-left"):
        presence.handle_webhook([_event("member_removed", by_itself.ada)])
    clock.forward(seconds=11)
    with by_itself.nothing_happens():
        presence.sweep(by_itself.table.id)
    clock.forward(seconds=1)
    with by_itself.announces("round-revealed"):
        presence.sweep(by_itself.table.id)
    assert by_itself.revealed


def test_who_reloads_the_page_is_waited_for(by_itself: Room, clock: Clock) -> None:
    """Whatever the others do meanwhile."""
    dora = by_itself.seat("Dora")
    presence.handle_webhook([_event("member_removed", by_itself.ada)])
    clock.forward(seconds=11)
    by_itself.plays(dora, "8")
    members.leave(by_itself.cleo)
    members.set_votes(dora, False)
    presence.sweep(by_itself.table.id)
    presence.note_seen(by_itself.ada)
    clock.forward(seconds=11)
    presence.sweep(by_itself.table.id)
    assert not by_itself.revealed
    by_itself.plays(by_itself.ada, "3")
    assert by_itself.revealed


def test_a_vote_reveals_without_who_is_lost(by_itself: Room, clock: Clock) -> None:
    presence.handle_webhook([_event("member_removed", by_itself.ada)])
    clock.forward(seconds=12)
    with by_itself.announces("vote", "round-revealed"):
        by_itself.plays(by_itself.ben, "8")


def test_who_is_lost_turns_over_nothing_while_others_think(by_itself: Room, clock: Clock) -> None:
    by_itself.seat("Dora")
    presence.handle_webhook([_event("member_removed", by_itself.ada)])
    clock.forward(seconds=12)
    with by_itself.nothing_happens():
        presence.sweep(by_itself.table.id)


def test_nobody_waits_for_who_falls_silent(by_itself: Room, clock: Clock) -> None:
    clock.forward(seconds=91)
    presence.note_seen(by_itself.ben)
    presence.note_seen(by_itself.cleo)
    with by_itself.announces("member-left"):
        presence.sweep(by_itself.table.id)
    clock.forward(seconds=12)
    with by_itself.announces("round-revealed"):
        presence.sweep(by_itself.table.id)
    assert by_itself.revealed


def test_nobody_waits_for_who_is_removed(by_itself: Room) -> None:
    members.share_role(by_itself.ada, by_itself.ben.id)
    with by_itself.announces("member-removed", "round-revealed"):
        members.remove(by_itself.ben, by_itself.ada.id)
    assert by_itself.revealed


def test_nobody_waits_for_who_puts_the_cards_down(by_itself: Room) -> None:
    with by_itself.announces("role-changed", "round-revealed"):
        members.set_votes(by_itself.ada, False)
    assert by_itself.revealed


def test_nobody_waits_for_who_comes_back_to_watch(by_itself: Room) -> None:
    dora = by_itself.seat("Dora", secret="d" * 32)
    by_itself.plays(by_itself.ada, "8")
    assert not by_itself.revealed
    with by_itself.announces("member-joined", "round-revealed"):
        by_itself.seat("Dora", votes=False, secret="d" * 32)
    assert not dora.votes
    assert by_itself.cards() == {"Ada": "8", "Ben": "5"}


def test_a_spectator_who_leaves_reveals_nothing(by_itself: Room) -> None:
    with by_itself.announces("member-left"):
        members.leave(by_itself.cleo)
    assert not by_itself.revealed


def test_an_empty_table_reveals_nothing(room: Room) -> None:
    room.lets(auto_reveal=True)
    members.leave(room.ben)
    members.leave(room.ada)
    assert not room.revealed


def test_the_only_card_leaving_with_its_hand_reveals_nothing(room: Room) -> None:
    """Ben's card goes with him, and Ada has not voted: there is nothing to turn over."""
    room.lets(auto_reveal=True)
    room.plays(room.ben, "5")
    members.set_votes(room.ben, False)
    assert not room.revealed
    assert room.cards() == {}


@pytest.fixture
def nobody_missing(by_itself: Room) -> Room:
    """Two is next, with everybody's card on it who is still there to vote; the table is at One."""
    tasks.add_tasks(by_itself.ada, "One\nTwo\nThree")
    for title in ("Two", "One"):
        tasks.select_task(by_itself.ada, by_itself.titled(title).id)
        by_itself.plays(by_itself.ben, "3")
    members.set_votes(by_itself.ada, False)
    assert by_itself.revealed
    return by_itself


ARRIVING = {
    "estimated": lambda room: voting.finalize(room.ada, room.task.id, estimate="3"),
    "skipped": lambda room: tasks.skip_task(room.ada, room.task.id),
    "deleted": lambda room: tasks.delete_task(room.ada, room.task.id),
    "chosen": lambda room: tasks.select_task(room.ada, room.titled("Two").id),
}


@pytest.mark.parametrize("how", list(ARRIVING))
def test_a_complete_round_turns_over_however_the_table_came_to_it(nobody_missing: Room, how: str) -> None:
    ARRIVING[how](nobody_missing)
    assert (nobody_missing.task.title, nobody_missing.revealed) == ("Two", True)


def test_a_complete_round_turns_over_when_its_task_comes_back(nobody_missing: Room) -> None:
    room = nobody_missing
    for title in ("", "Three", "One", "Two"):
        tasks.delete_task(room.ada, room.titled(title).id)
    assert (room.task.title, room.revealed) == ("", False)
    tasks.restore_task(room.ada, room.titled("Two").id)
    assert (room.task.title, room.revealed) == ("Two", True)


def test_whoever_comes_in_is_waited_for(by_itself: Room) -> None:
    by_itself.seat("Dora")
    by_itself.plays(by_itself.ada, "5")
    assert not by_itself.revealed


def test_the_vote_of_who_is_away_is_kept(by_itself: Room) -> None:
    presence.handle_webhook([_event("member_removed", by_itself.ben)])
    by_itself.plays(by_itself.ada, "3")
    assert by_itself.revealed
    assert by_itself.cards() == {"Ada": "3", "Ben": "5"}


def _event(name: str, member: object) -> dict[str, str]:
    channel = f"presence-planning-poker-{member.session_id}"  # type: ignore[attr-defined]
    return {"name": name, "channel": channel, "user_id": member.id}  # type: ignore[attr-defined]


# --- the next round


def test_a_revote_keeps_the_round_before(room: Room) -> None:
    room.plays(room.ben, "5")
    first = room.round.id
    room.reveals()
    with room.announces("round-opened"):
        voting.vote_again(room.ada, first)
    assert (room.round.number, room.revealed, room.cards()) == (2, False, {})
    assert room.round.id != first
    assert room.table.tasks_version == room.table.version
    assert room.cards(first) == {"Ben": "5"}
    assert session.get_one(Round, first).revealed_at is not None
    assert [(each.number, each.tally.mode) for each in view_of(room.table.id).earlier] == [(1, ("5",))]


def test_a_doubled_revote_is_one(room: Room) -> None:
    room.plays(room.ben, "5")
    first = room.round.id
    room.reveals()
    voting.vote_again(room.ada, first)
    with room.refused(409, OVER):
        voting.vote_again(room.ada, first)
    with room.nothing_happens():
        voting.vote_again(room.ada, room.round.id)
    assert session.query(Round).count() == 2


def test_restarting_an_open_round_gives_it_a_new_id(room: Room) -> None:
    room.plays(room.ben, "5")
    before = room.round.id
    with room.announces("round-opened"):
        voting.vote_again(room.ada, before)
    assert room.round.id != before
    assert (room.round.number, room.cards()) == (1, {})
    assert session.get_one(Round, before).number == ASIDE
    assert session.query(Round).count() == 2
    with room.refused(409, OVER):
        voting.cast_vote(room.ben, before, "5")


def test_restarting_the_second_round_keeps_the_first(room: Room) -> None:
    room.plays(room.ben, "5")
    first = room.round.id
    room.reveals()
    voting.vote_again(room.ada, first)
    room.plays(room.ben, "8")
    voting.vote_again(room.ada, room.round.id)
    assert (room.round.number, room.cards(), room.cards(first)) == (2, {}, {"Ben": "5"})


def test_who_may_call_another_vote(room: Room) -> None:
    room.plays(room.ben, "5")
    with room.refused(403, "Only a facilitator may clear the cards before the reveal."):
        voting.vote_again(room.ben, room.round.id)
    room.reveals()
    with room.refused(403, "Only a facilitator may call another vote here."):
        voting.vote_again(room.ben, room.round.id)
    room.lets(anyone_reveals=True)
    with room.announces("round-opened"):
        voting.vote_again(room.ben, room.round.id)
    room.plays(room.ben, "5")
    with room.refused(403, "Only a facilitator may clear the cards before the reveal."):
        voting.vote_again(room.ben, room.round.id)


def test_a_revote_takes_the_estimate_back(room: Room) -> None:
    tasks.add_tasks(room.ada, "Only one")
    room.settles("5")
    assert room.task.estimate == "5"
    voting.vote_again(room.ada, room.round.id)
    assert (room.task.title, room.task.estimate, room.task.estimated_at) == ("Only one", None, None)


def test_no_revote_after_the_end(room: Room) -> None:
    room.plays(room.ben, "5")
    room.reveals()
    lifecycle.end_session(room.ada)
    with room.refused(409, ENDED):
        voting.vote_again(room.ada, room.round.id)


# --- the estimate


@pytest.fixture
def revealed(room: Room) -> Room:
    """Two tasks; the first is revealed with Ben's 5."""
    tasks.add_tasks(room.ada, "First\nSecond")
    room.plays(room.ben, "5")
    room.reveals()
    return room


def test_the_estimate_is_kept_and_the_next_task_comes_up(revealed: Room, clock: Clock) -> None:
    clock.forward(seconds=30)
    with revealed.announces("task-finalized"):
        voting.finalize(revealed.ada, revealed.task.id, estimate="8", note="  with \n care ")
    first = revealed.titled("First")
    assert (first.estimate, first.note, first.estimated_at, first.seconds) == ("8", "with care", clock.now(), 30)
    assert revealed.task.title == "Second"
    assert (revealed.round.number, revealed.revealed) == (1, False)
    assert revealed.table.tasks_version == revealed.table.version


def test_a_doubled_estimate_is_one(revealed: Room, clock: Clock) -> None:
    first = revealed.task.id
    voting.finalize(revealed.ada, first, estimate="8")
    clock.forward(seconds=1)
    with revealed.nothing_happens():
        voting.finalize(revealed.ada, first, estimate="8")
    with revealed.refused(409, "The table has moved on to another task."):
        voting.finalize(revealed.ada, first, estimate="13")


def test_the_last_estimate_leaves_the_table_where_it_is(revealed: Room) -> None:
    voting.finalize(revealed.ada, revealed.task.id, estimate="8")
    revealed.settles("3")
    assert revealed.task.title == "Second"
    assert revealed.task.estimate == "3"
    # Sent again it is the same estimate on the same task.
    voting.finalize(revealed.ada, revealed.task.id, estimate="3")
    assert (revealed.task.title, revealed.task.estimate) == ("Second", "3")


def test_who_finalizes_and_when(room: Room) -> None:
    with room.refused(409, "Reveal the cards before you finalize an estimate."):
        voting.finalize(room.ada, room.task.id, estimate="5")
    room.plays(room.ben, "5")
    room.reveals()
    with room.refused(403, "Only a facilitator may finalize an estimate."):
        voting.finalize(room.ben, room.task.id, estimate="5")
    with room.refused(404, "That task is not in this session."):
        voting.finalize(room.ada, "nonsense", estimate="5")
    lifecycle.end_session(room.ada)
    with room.refused(409, ENDED):
        voting.finalize(room.ada, room.task.id, estimate="5")


@pytest.mark.parametrize("estimate", ["", "4", "?", "☕", "5" * 5000])
def test_an_estimate_is_a_card_that_counts(revealed: Room, estimate: str) -> None:
    with revealed.refused(422):
        voting.finalize(revealed.ada, revealed.task.id, estimate=estimate)


def test_a_note_has_an_end(revealed: Room) -> None:
    with revealed.refused(422, "A note has at most 500 characters; this one has 501."):
        voting.finalize(revealed.ada, revealed.task.id, estimate="5", note="x" * 501)
    voting.finalize(revealed.ada, revealed.task.id, estimate="5", note="x" * 500)
    assert len(revealed.titled("First").note) == 500


def test_the_task_of_another_session_is_not_there(room: Room) -> None:
    other = Room(room.announced)
    with room.refused(404, "That task is not in this session."):
        voting.finalize(room.ada, other.task.id, estimate="5")


def test_quick_votes_go_on_without_a_backlog(room: Room) -> None:
    first = room.task.id
    room.settles("0")
    assert room.task.id != first
    assert room.task.title == ""
    room.settles("8")
    done = [task.estimate for task in tasks.live_tasks(room.table.id)]
    assert done == ["0", "8", None]


# --- the removed


def test_a_removed_member_does_nothing(room: Room) -> None:
    room.plays(room.ben, "5")
    current = room.round.id
    members.remove(room.ada, room.ben.id)
    for verb in (
        lambda: voting.cast_vote(room.ben, current, "5"),
        lambda: voting.retract_vote(room.ben, current),
        lambda: voting.reveal(room.ben, current),
        lambda: voting.vote_again(room.ben, current),
        lambda: voting.finalize(room.ben, room.task.id, estimate="5"),
        lambda: members.rename(room.ben, "Benjamin"),
        lambda: members.set_votes(room.ben, False),
        lambda: members.leave(room.ben),
        lambda: members.take_over(room.ben),
        lambda: members.step_down(room.ben),
    ):
        with room.refused(404, "You were removed from this session. The link lets you join again."):
            verb()


# --- who plays a card is here


def test_who_was_away_comes_back_with_the_card(room: Room) -> None:
    presence.handle_webhook([_event("member_removed", room.ben)])
    session.expire_all()
    assert room.ben.away_since
    with room.announces("member-joined", "vote"):
        room.plays(room.ben, "5")
    assert room.ben.away_since is None


def test_a_card_is_a_sign_of_life(room: Room, clock: Clock) -> None:
    for seconds, noted in ((19, False), (2, True)):
        clock.forward(seconds=seconds)
        with room.announces("vote"):
            room.plays(room.ben, "5")
        assert (room.ben.seen_at == clock.now()) == noted


def test_a_refused_card_leaves_nothing(room: Room, clock: Clock) -> None:
    clock.forward(seconds=30)
    with room.refused(422):
        room.plays(room.ben, "4")
