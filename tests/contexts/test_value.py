"""The value in memory is the database: after any sequence of changes, loading the session again gives the same."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import event, select, update

from poker_app import ids
from poker_app.db import db, session
from poker_app.poker.members import member_lookup
from poker_app.poker.models import Member, PokerSession, Round, Vote
from poker_app.poker.round import tasks, voting
from poker_app.poker.value import loading
from poker_app.poker.value.backlog_view import MAX_CHANGED
from poker_app.poker.value.current import newest, view_of
from poker_app.poker.value.store import Difference
from poker_app.poker.value.value_cache import Known, ValueCache, values
from poker_app.rules.session.rounds import ASIDE
from poker_app.rules.session.value import Session
from tests.cast import Clock
from tests.contexts.conftest import Room
from tests.random_actions import deed, done


def loaded(session_id: str) -> Session:
    session.rollback()
    value = loading.load(session.connection(), session_id)
    assert value is not None
    return value


def check(known: Session, fresh: Session) -> None:
    """The same, in the same order."""
    assert known == fresh
    assert list(known.members) == list(fresh.members)
    assert list(known.tasks) == list(fresh.tasks)


def shown_as_the_rows_say(value: Session) -> None:
    """The public view beside what statements of another make find in the rows."""
    view = view_of(value.id)
    current = session.get_one(Round, value.current_round_id, populate_existing=True)
    votes = session.execute(select(Vote.member_id, Vote.card).where(Vote.round_id == current.id)).all()
    assert {place.id for place in view.places if place.state in ("voted", "left")} == {
        row.member_id for row in votes if value.members[row.member_id].removed_at is None
    }
    laid = Counter(column.card for column in view.columns for _ in column.lays)
    assert laid == (Counter(row.card for row in votes) if current.revealed_at else Counter())
    if not current.revealed_at:
        assert (view.tally, view.columns) == (None, ())
    named = select(Member.name).where(Member.session_id == value.id, Member.facilitates, Member.removed_at.is_(None))
    here = named.where(Member.left_at.is_(None) | Member.away_since.is_not(None))
    assert {each.name for each in view.facilitators} == set(session.scalars(here))
    assert [task.title for task in tasks.live_tasks(value.id)] == [task.title for task in value.backlog]


@pytest.mark.parametrize("seed", range(6))
def test_loading_it_again_gives_the_same_after_every_change(room: Room, clock: Clock, seed: int) -> None:
    chance = random.Random(seed)
    accepted = 0
    for _ in range(60):
        clock.forward(seconds=chance.choice([0, 1, 1, 5, 13, 130]))
        before = newest(room.table.id).value
        accepted += done(deed(room.table.id, chance))
        known = values.get(room.table.id)
        assert known is not None
        check(known.value, loaded(room.table.id))
        assert known.value.version >= before.version
        shown_as_the_rows_say(known.value)
    assert accepted > 15


def test_a_vote_that_starts_over_is_kept_aside_once(room: Room) -> None:
    for card in ("3", "5"):
        room.plays(room.ben, card)
        version = voting.vote_again(room.ada, room.round.id)
        check(newest(room.table.id).value, loaded(room.table.id))
    aside = select(Vote.card).join(Round).where(Round.task_id == room.task.id, Round.number == ASIDE)
    assert session.scalars(aside).all() == ["5"]
    room.plays(room.ada, "8")
    assert version
    voting.undo(room.ada, version)
    check(newest(room.table.id).value, loaded(room.table.id))
    assert room.cards() == {"Ben": "5", "Ada": "8"}
    assert session.scalars(aside).all() == []
    assert {vote.card for vote in session.scalars(select(Vote))} == {"5", "8"}

    # What is face up has nothing aside.
    voting.vote_again(room.ada, room.round.id)
    room.plays(room.ben, "13")
    room.reveals()
    check(newest(room.table.id).value, loaded(room.table.id))
    assert {vote.card for vote in session.scalars(select(Vote))} == {"13"}


# --- what it costs


def asked(act: object) -> list[str]:
    """The statements of an action, without the beginning of its transaction."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(" ".join(statement.split()[:3]).lower())

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        act()  # type: ignore[operator]
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return statements


def costs(room: Room) -> dict[str, int]:
    """How many statements each takes, in a session that this process knows."""
    value = newest(room.table.id).value
    ben, ada = value.members[room.ben.id], value.members[room.ada.id]
    count = {}
    round_id = value.round.id
    count["vote"] = len(asked(lambda: voting.cast_vote(ben, round_id, "5")))
    count["reveal"] = len(asked(lambda: voting.reveal(ada, round_id)))
    count["next round"] = len(asked(lambda: voting.vote_again(ada, round_id)))
    count["read"] = len(asked(lambda: newest(value.id)))
    return count


def test_no_change_asks_more_with_more_rounds_and_tasks(room: Room) -> None:
    room.plays(room.ben, "3")
    few = costs(room)
    tasks.add_tasks(room.ada, "\n".join(f"Task {number}" for number in range(40)))
    for _ in range(12):
        costs(room)
    assert costs(room) == few
    # The version under the lock, and what is written: the vote or the round, and the session.
    # The reveal is a public event: one more keeps it for the account's webhooks.
    assert few == {"vote": 3, "reveal": 4, "next round": 3, "read": 1}


# --- which rows of the backlog changed


def recent(room: Room) -> tuple[int, set[str]]:
    known = newest(room.table.id)
    return known.recent.since, {known.value.tasks[key].title for key in known.recent.rows}


def test_a_change_of_the_tasks_is_known_by_its_rows(room: Room) -> None:
    tasks.add_tasks(room.ada, "\n".join(f"Task {number}" for number in range(20)))
    since, rows = recent(room)
    assert (since, rows) == (newest(room.table.id).value.tasks_version, set()), "too many to be sent one by one"
    tasks.skip_task(room.ada, room.task.id)
    assert recent(room) == (since, {"Task 0", "Task 1"})
    # Where it was moved from, and where to, another task comes before the next.
    tasks.move_task(room.ada, room.titled("Task 15").id, 7)
    assert recent(room) == (since, {"Task 0", "Task 1", "Task 15", "Task 16", "Task 7"})
    tasks.delete_task(room.ada, room.titled("Task 10").id)
    assert recent(room) == (since, {"Task 0", "Task 1", "Task 15", "Task 16", "Task 7", "Task 10", "Task 11"})
    room.plays(room.ben, "5")
    assert recent(room)[0] == since
    for number in (2, 3, 4, 5, 6, 13):
        tasks.move_task(room.ada, room.titled(f"Task {number}").id, 19)
    later, rows = recent(room)
    assert later > since, "a browser that shows what was before asks for the list"
    assert len(rows) <= MAX_CHANGED
    values.clear()
    assert recent(room) == (newest(room.table.id).value.tasks_version, set())


def test_a_change_is_written_as_the_rows_it_changed(room: Room) -> None:
    tasks.add_tasks(room.ada, "\n".join(f"Task {number}" for number in range(40)))
    before = newest(room.table.id).value
    tasks.move_task_beside(room.ada, room.titled("Task 39").id, room.titled("Task 37").id, "before")
    difference = Difference()
    difference.add(before, newest(room.table.id).value)
    assert sorted(kept.table.name for kept, _ in difference._rows) == ["poker_session", "task", "task", "task"]


# --- the cache


def test_the_cache_is_bounded_and_drops_what_was_not_asked_for_longest(room: Room) -> None:
    value = newest(room.table.id).value
    size = Known(value).bytes
    cache = ValueCache(most=3 * size + size // 2)
    for name in "abcd":
        cache.put(replace(value, id=name))
        cache.get("a")
    assert [name for name in "abcd" if cache.get(name)] == ["a", "c", "d"]
    assert cache.bytes <= 3 * size + size // 2
    # What is rendered from a value counts too.
    known = cache.get("a")
    assert known is not None
    known.made("page", lambda: "x" * size)
    cache.put(replace(value, id="e"))
    assert [name for name in "abcde" if cache.get(name)] == ["a", "e"]


def test_an_older_value_never_takes_the_place_of_a_newer_one(room: Room) -> None:
    older = newest(room.table.id).value
    room.plays(room.ben, "5")
    newer = newest(room.table.id).value
    assert values.put(older).value is newer


def test_who_writes_elsewhere_is_seen_by_the_next_reader(room: Room) -> None:
    """Another process: its rows and version, none of its values."""
    before = newest(room.table.id).value
    room.plays(room.ben, "5")
    after = newest(room.table.id).value
    values.clear()
    values.put(before)
    assert newest(room.table.id).value == after
    values.clear()
    values.put(before)
    room.plays(room.ada, "8")
    assert room.cards() == {"Ada": "8", "Ben": "5"}
    assert newest(room.table.id).value.version == after.version + 1


def test_a_process_of_the_release_before_counts_the_tasks_under_the_former_name(room: Room) -> None:
    """During a deploy it opens sessions and changes tasks beside this one, and knows ``agenda`` alone."""
    here = update(PokerSession).where(PokerSession.id == room.table.id)
    # A session that it opened has the new column's default.
    session.execute(here.values(tasks_version=0))
    assert loaded(room.table.id).tasks_version == room.table.agenda

    version = newest(room.table.id).value.version + 1
    session.execute(here.values(version=version, agenda=version))
    session.commit()
    assert newest(room.table.id).value.tasks_version == version

    tasks.add_tasks(room.ada, "Another")
    assert newest(room.table.id).value.tasks_version == version + 1
    assert session.scalars(select(PokerSession.agenda).where(PokerSession.id == room.table.id)).one() == version + 1


def test_an_old_snapshot_drops_nothing_newer(room: Room) -> None:
    """Another thread commits between a reader's question for the version and its look into the cache."""
    session.rollback()
    older = newest(room.table.id).value
    session.connection().execute(select(Vote.card).limit(1)).all()
    newer = replace(older, version=older.version + 1, name="Newer")
    with db.engine.connect().execution_options(writes=True) as elsewhere, elsewhere.begin():
        elsewhere.execute(update(PokerSession).values(version=newer.version, name="Newer"))
    values.put(newer)
    assert newest(room.table.id).value is newer
    assert values.get(room.table.id).value is newer  # type: ignore[union-attr]


def test_a_copy_that_was_brought_back_is_loaded(room: Room) -> None:
    ahead = replace(newest(room.table.id).value, version=1_000)
    values.put(ahead)
    assert newest(room.table.id).value.version < 1_000
    values.put(ahead)
    room.plays(room.ben, "5")
    assert newest(room.table.id).value.round.cards == {room.ben.id: "5"}


def test_a_voter_that_came_back_in_another_process(room: Room) -> None:
    secret = ids.new_secret()
    gus = room.seat("Gus", secret=secret)
    value = newest(room.table.id).value
    seated = value.members[gus.id]
    gone = replace(seated, removed_at=seated.joined_at)
    stale = replace(value, members={**value.members, gus.id: gone})
    values.clear()
    values.put(replace(stale, version=value.version - 1))
    found = member_lookup.find_member(room.table.id, secret, fresh=False)
    assert found == seated
