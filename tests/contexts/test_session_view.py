"""The read model: what everybody may see of the table, and nothing else."""

from fractions import Fraction

import pytest

from poker_app.db import session
from poker_app.errors import NotFound
from poker_app.poker.members import members, presence
from poker_app.poker.round import tasks, voting
from poker_app.poker.session import lifecycle, timer
from poker_app.poker.value import loading
from poker_app.poker.value.current import backlog_of, newest, view_of
from poker_app.poker.value.session_view import MAX_EARLIER_SHOWN, SessionView
from poker_app.rules.timer import Timer
from tests.cast import Clock
from tests.database_rows import statements
from tests.world.actions import Room


def seen(room: Room) -> SessionView:
    return view_of(room.table.id)


def states(room: Room) -> dict[str, str]:
    return {seat.name: seat.state for seat in seen(room).places}


def columns(room: Room) -> dict[str, list[str]]:
    """Who lies on which card."""
    return {column.card: [lay.name for lay in column.lays] for column in seen(room).columns if column.lays}


# --- while the cards are face down


def test_an_open_round_shows_who_has_voted(room: Room) -> None:
    room.plays(room.ben, "0")
    table = seen(room)
    assert states(room) == {"Ada": "thinking", "Ben": "voted"}
    assert (table.phase, table.voted, table.expected, table.all_voted) == ("voting", 1, 2, False)
    assert (table.tally, table.columns, table.watching) == (None, (), ("Cleo",))
    room.plays(room.ada, "?")
    assert seen(room).all_voted


def test_nobody_asks_for_a_hidden_card(room: Room) -> None:
    room.plays(room.ben, "13")
    voting.vote_again(room.ada, room.round.id)
    room.plays(room.ben, "13")
    table = seen(room)
    assert "13" not in repr(table).replace(repr(table.cards), "")
    room.reveals()
    assert "13" in repr(seen(room)).replace(repr(table.cards), "")


def test_who_reads_asks_for_the_version_and_nothing_else(room: Room) -> None:
    room.plays(room.ben, "13")
    seen(room)
    with statements() as asked:
        seen(room)
    [only] = [one for one in asked if not one.startswith("begin")]
    assert only.startswith("select poker_session.version, poker_session.published_version")


def test_spectators_are_not_counted(room: Room, clock: Clock) -> None:
    for name in ("Dora", "Emil"):
        clock.forward(seconds=1)
        room.seat(name, votes=False)
    assert (seen(room).expected, seen(room).voted) == (2, 0)
    assert seen(room).watching == ("Cleo", "Dora", "Emil")
    assert seen(room).members == 5


def test_the_away_are_shown_and_not_waited_for(room: Room) -> None:
    presence.handle_webhook(
        [{"name": "member_removed", "channel": f"presence-planning-poker-{room.table.id}", "user_id": room.ben.id}]
    )
    assert states(room) == {"Ada": "thinking", "Ben": "away"}
    assert (seen(room).expected, seen(room).gone) == (1, ())


def test_the_gone_leave_their_seat_unless_they_voted(room: Room) -> None:
    room.plays(room.ben, "5")
    members.leave(room.ben)
    assert states(room) == {"Ada": "thinking", "Ben": "left"}
    assert (seen(room).gone, seen(room).left) == ((), (room.ben.id,))
    assert (seen(room).voted, seen(room).expected) == (0, 1)
    voting.vote_again(room.ada, room.round.id)
    assert states(room) == {"Ada": "thinking"}
    assert seen(room).gone == ("Ben",)


def test_the_removed_are_not_there(room: Room) -> None:
    room.plays(room.ben, "5")
    members.remove(room.ada, room.ben.id)
    assert states(room) == {"Ada": "thinking"}
    assert (seen(room).members, seen(room).gone, seen(room).did_not_vote) == (2, (), ("Ada",))


def test_one_s_own_card_is_one_s_own(room: Room) -> None:
    room.plays(room.ben, "13")
    value = newest(room.table.id).value
    assert value.card_of(value.members[room.ben.id]) == "13"
    assert value.card_of(value.members[room.ada.id]) is None


# --- face up


def test_the_cards_and_the_figures(room: Room, clock: Clock) -> None:
    for name, card in [("Dora", "5"), ("Emil", "5"), ("Fay", "?")]:
        clock.forward(seconds=1)
        room.plays(room.seat(name), card)
    room.plays(room.ben, "13")
    room.plays(room.ada, "5")
    room.reveals()
    table = seen(room)
    assert table.phase == "revealed"
    assert columns(room) == {"5": ["Ada", "Dora", "Emil"], "13": ["Ben"], "?": ["Fay"]}
    assert table.tally is not None
    assert (table.tally.mean, table.tally.median, table.tally.mode) == (Fraction(7), Fraction(5), ("5",))
    assert [column.card for column in table.columns if column.talk_first] == ["13"]
    assert [column.card for column in table.columns if column.most] == ["5"]


def test_zero_counts_as_a_number(room: Room) -> None:
    room.plays(room.ben, "0")
    room.plays(room.ada, "8")
    room.reveals()
    table = seen(room)
    assert columns(room) == {"0": ["Ben"], "8": ["Ada"]}
    assert table.tally is not None
    assert (table.tally.mean, table.tally.votes) == (Fraction(4), 2)


def test_names_are_hidden_where_the_session_says_so(room: Room) -> None:
    room.lets(names_hidden=True)
    room.plays(room.ben, "5")
    room.reveals()
    assert columns(room) == {"5": [""]}
    assert [lay.id for column in seen(room).columns for lay in column.lays] == [""]
    room.lets(names_hidden=False)
    assert columns(room) == {"5": [""]}


def test_names_that_were_hidden_when_cards_were_played_stay_hidden(room: Room) -> None:
    room.lets(names_hidden=True)
    assert seen(room).names_hidden, "it is said before the first card"
    room.lets(names_hidden=False)
    assert not seen(room).names_hidden
    room.lets(names_hidden=True)
    room.plays(room.ben, "5")
    room.lets(names_hidden=False)
    assert seen(room).names_hidden
    # Nor by way of another task, or of a vote that is restarted and brought back.
    first = room.task.id
    tasks.add_tasks(room.ada, "Other")
    tasks.select_task(room.ada, room.titled("Other").id)
    assert not seen(room).names_hidden
    tasks.select_task(room.ada, first)
    version = voting.vote_again(room.ada, room.round.id)
    assert not seen(room).names_hidden
    assert version
    voting.undo(room.ada, version)
    room.plays(room.ada, "8")
    room.reveals()
    assert columns(room) == {"5": [""], "8": [""]}
    # What lies there with names keeps them.
    voting.vote_again(room.ada, room.round.id)
    room.plays(room.ben, "5")
    room.reveals()
    room.lets(names_hidden=True, change_after_reveal=True)
    room.plays(room.ben, "8")
    assert columns(room) == {"8": ["Ben"]}


def test_who_did_not_vote_and_who_left_since(room: Room) -> None:
    dora = room.seat("Dora")
    room.plays(room.ben, "5")
    room.plays(dora, "8")
    room.reveals()
    members.remove(room.ada, room.ben.id)
    members.leave(dora)
    table = seen(room)
    assert table.did_not_vote == ("Ada",)
    assert table.tally is not None
    assert table.tally.votes == 2
    assert columns(room)["8"] == ["Dora"]
    assert len(columns(room)["5"]) == 1


def test_a_voter_who_watches_now_keeps_the_card_that_lies_there(room: Room) -> None:
    room.plays(room.ben, "5")
    room.reveals()
    members.set_votes(room.ben, False)
    assert columns(room) == {"5": ["Ben"]}
    assert seen(room).watching == ("Cleo",)


def test_earlier_rounds_of_this_task_only(room: Room) -> None:
    tasks.add_tasks(room.ada, "One\nTwo")
    for card in ("3", "5"):
        room.plays(room.ben, card)
        room.reveals()
        voting.vote_again(room.ada, room.round.id)
    assert [(each.number, each.tally.mode) for each in seen(room).earlier] == [(1, ("3",)), (2, ("5",))]
    tasks.select_task(room.ada, room.titled("Two").id)
    assert (seen(room).earlier, seen(room).round_number) == ((), 1)


def test_the_table_shows_the_newest_of_many_earlier_rounds(room: Room) -> None:
    for _ in range(MAX_EARLIER_SHOWN + 2):
        room.plays(room.ben, "3")
        room.reveals()
        voting.vote_again(room.ada, room.round.id)
    shown = [each.number for each in seen(room).newest_earlier]
    assert shown == list(range(3, MAX_EARLIER_SHOWN + 3))
    assert len(seen(room).earlier) == MAX_EARLIER_SHOWN + 2


def votes_again(room: Room, **cards: str) -> None:
    """A round, face up, and another one after it."""
    for name, card in cards.items():
        room.plays(getattr(room, name), card)
    room.reveals()
    voting.vote_again(room.ada, room.round.id)


def test_who_moved_since_the_first_vote_is_named(room: Room) -> None:
    dora = room.seat("Dora Lund")
    votes_again(room, ada="5", ben="3")
    votes_again(room, ada="8", ben="5")
    room.plays(room.ada, "5")
    room.plays(room.ben, "8")
    room.plays(dora, "5")
    # Not before the reveal; and who votes for the first time, or is where they began, has not moved.
    assert seen(room).moved == ()
    room.reveals()
    assert seen(room).moved == (("Ben", "3", "8"),)
    again = loading.load(session.connection(), room.table.id)
    assert again is not None
    assert again.rounds == newest(room.table.id).value.rounds


def test_who_watches_now_did_not_move(room: Room) -> None:
    votes_again(room, ada="5", ben="3")
    members.set_votes(room.ben, False)
    room.plays(room.ada, "8")
    room.reveals()
    assert seen(room).moved == (("Ada", "5", "8"),)


@pytest.mark.parametrize("hidden", ["first", "second"])
def test_nobody_is_named_where_a_round_hides_names(room: Room, hidden: str) -> None:
    room.lets(names_hidden=hidden == "first")
    votes_again(room, ada="5", ben="3")
    room.lets(names_hidden=hidden == "second")
    room.plays(room.ben, "8")
    room.reveals()
    assert seen(room).moved == ()


def test_a_round_of_hidden_names_says_nothing_of_who_moves_after_it(room: Room) -> None:
    room.lets(names_hidden=True)
    votes_again(room, ben="3")
    room.lets(names_hidden=False)
    votes_again(room, ben="8")
    room.plays(room.ben, "13")
    room.reveals()
    assert seen(room).moved == (("Ben", "8", "13"),)


def test_a_round_without_numbers_has_no_figures(room: Room) -> None:
    room.plays(room.ben, "☕")
    room.reveals()
    table = seen(room)
    assert table.tally is not None
    assert (table.tally.votes, table.tally.mean, table.tally.mode) == (0, None, ())
    assert columns(room) == {"☕": ["Ben"]}


# --- the rest of the table


def test_who_facilitates_and_when_it_may_be_taken_over(room: Room, clock: Clock) -> None:
    assert seen(room).takeover_at is None
    assert [member.name for member in seen(room).facilitators] == ["Ada"]
    presence.handle_webhook(
        [{"name": "member_removed", "channel": f"presence-planning-poker-{room.table.id}", "user_id": room.ada.id}]
    )
    lost = clock.now()
    clock.forward(seconds=30)
    takeover = seen(room).takeover_at
    assert takeover is not None
    assert (takeover - lost).total_seconds() == 120
    assert [member.name for member in seen(room).facilitators] == ["Ada"]

    # Who leaves by the button is no facilitator until they come back, and can be replaced at once.
    members.leave(room.ada)
    assert (seen(room).takeover_at, seen(room).facilitators) == (clock.now(), ())
    members.come_back(room.ada)
    assert (seen(room).takeover_at, len(seen(room).facilitators)) == (None, 1)


def test_the_timer_and_the_end(room: Room) -> None:
    assert seen(room).timer is None
    timer.start_timer(room.ada)
    assert seen(room).timer == Timer(180, room.table.timer_ends_at, None)
    lifecycle.end_session(room.ada)
    assert (seen(room).phase, seen(room).ended_by, seen(room).timer) == ("ended", "Ada", None)


@pytest.mark.parametrize(("seated", "rows", "cols"), [(1, 1, 1), (9, 1, 9), (10, 2, 5), (24, 2, 12), (25, 3, 9)])
def test_seats_in_rows(room: Room, seated: int, rows: int, cols: int) -> None:
    members.set_votes(room.ada, False)
    for number in range(seated - 1):
        room.seat(f"Voter {number}")
    assert (len(seen(room).places), seen(room).rows, seen(room).cols) == (seated, rows, cols)


def test_a_table_where_nobody_votes(room: Room) -> None:
    members.set_votes(room.ada, False)
    members.set_votes(room.ben, False)
    assert (seen(room).places, seen(room).expected, seen(room).all_voted) == ((), 0, False)


def test_the_version_counts_every_change(room: Room) -> None:
    before = newest(room.table.id).value.version
    room.plays(room.ben, "5")
    assert newest(room.table.id).value.version == seen(room).version == before + 1


def test_sessions_that_are_not_there(context: None) -> None:
    for ask in (newest, view_of, backlog_of):
        with pytest.raises(NotFound):
            ask("nonsense")


# --- the tasks


def test_the_backlog_and_the_task_on_the_table(room: Room) -> None:
    tasks.add_tasks(room.ada, "One\nTwo\nThree")
    backlog = backlog_of(room.table.id)
    assert ([task.title for task in backlog.tasks], backlog.place, backlog.estimated) == (["One", "Two", "Three"], 1, 0)
    room.settles("5")
    room.settles("0")
    backlog = backlog_of(room.table.id)
    assert (backlog.current.title, backlog.place, backlog.estimated, backlog.points) == ("Three", 3, 2, Fraction(5))
    assert (backlog.last, backlog.ended, backlog.tasks_version) == (True, False, room.table.tasks_version)
    lifecycle.end_session(room.ada)
    assert backlog_of(room.table.id).ended


def test_a_vote_leaves_the_tasks_as_they_are(room: Room) -> None:
    before = backlog_of(room.table.id).tasks_version
    room.plays(room.ben, "5")
    room.reveals()
    assert backlog_of(room.table.id).tasks_version == before
    assert session.get_one(type(room.table), room.table.id).version > before
