"""Cards played in company: who waited together is answered as if they had come one after the other."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from poker_app import clock, ids
from poker_app.db import db, session, transaction
from poker_app.poker.change import Holder, _Asked, _change_together, by_member
from poker_app.poker.models import Round
from poker_app.poker.round import tasks, voting
from poker_app.poker.value import last_seen, loading
from poker_app.poker.value.last_seen import NOTE_EVERY
from poker_app.rules import Refused
from poker_app.rules.session.change import Change
from poker_app.rules.session.rounds import ASIDE
from poker_app.rules.session.tasks import select_task
from poker_app.rules.session.value import NOT_A_MEMBER
from poker_app.rules.session.voting import cast_vote, vote_again
from tests.cast import Clock
from tests.world.actions import Room, open_session


@dataclass(frozen=True)
class Browser:
    session_id: str
    secret_digest: str | None
    user_id: str | None = None


def plays(who: Holder, round_id: str, card: str, at: datetime) -> _Asked:
    rule = partial(cast_vote, round_id=round_id, card=card)
    asked = by_member(who, rule, after_end=True, seen=True)
    return _Asked(who.session_id, asked, at, (who.secret_digest, who.user_id))


def in_company(asked: list[_Asked]) -> list[Change | Exception]:
    with transaction():
        answers = _change_together(session.connection(), asked)
    session.expire_all()
    return [each if isinstance(each, Exception) else each[0] for each in answers]


def together(room: Room, clock: Clock, *cards: tuple[Holder, str], round_id: str = "") -> list[Change | Exception]:
    """Everybody's card in one transaction, in order."""
    return in_company([plays(who, round_id or room.round.id, card, clock.now()) for who, card in cards])


def news(answer: Change | Exception) -> list[str]:
    """The names of the events that an accepted card brings."""
    assert isinstance(answer, Change)
    return [each.event for each in answer.happened]


def refusal(answer: Change | Exception) -> str:
    assert isinstance(answer, Refused)
    return str(answer)


def test_each_change_has_its_own_version(room: Room, clock: Clock) -> None:
    before = room.table.version
    answers = together(room, clock, (room.ada, "3"), (room.ben, "5"), (room.ada, "8"))
    assert [one.value.version for one in answers if isinstance(one, Change)] == [before + 1, before + 2, before + 3]
    assert room.cards() == {"Ada": "8", "Ben": "5"}
    assert room.table.version == room.table.published_version == before + 3


def test_at_several_tables(room: Room, clock: Clock) -> None:
    elsewhere = open_session("Gus")
    versions = room.table.version, elsewhere.session.version
    mine, theirs, other_round, stranger = in_company(
        [
            plays(room.ben, room.round.id, "5", clock.now()),
            plays(elsewhere, str(elsewhere.session.current_round_id), "13", clock.now()),
            plays(elsewhere, room.round.id, "13", clock.now()),
            plays(Browser(elsewhere.session_id, room.ben.secret_digest), room.round.id, "1", clock.now()),
        ]
    )
    assert (news(mine), news(theirs)) == (["vote"], ["vote"])
    assert (room.table.version, elsewhere.session.version) == (versions[0] + 1, versions[1] + 1)
    assert refusal(other_round) == "That round is over. The table shows where we are now."
    assert refusal(stranger) == NOT_A_MEMBER
    assert room.cards() == {"Ben": "5"}
    assert room.cards(elsewhere.session.current_round_id) == {"Gus": "13"}


def test_a_refusal_takes_nobody_along(room: Room, clock: Clock) -> None:
    nobody = Browser(room.table.id, "0" * 64)
    watching, off, stranger, fine = together(
        room, clock, (room.cleo, "5"), (room.ada, "4"), (nobody, "5"), (room.ben, "5")
    )
    assert refusal(watching) == "You are watching. Start voting to vote."
    assert refusal(off) == "That card is not in this deck."
    assert refusal(stranger) == NOT_A_MEMBER
    assert news(fine) == ["vote"]
    assert room.cards() == {"Ben": "5"}


def test_only_refusals_write_nothing(room: Room, clock: Clock) -> None:
    written: list[str] = []

    def note(_connection: Connection, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.startswith("SELECT"):
            written.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        [answer] = together(room, clock, (room.ben, "4"))
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert refusal(answer)
    assert [one for one in written if not one.startswith("BEGIN")] == []


def test_the_last_card_turns_them_over_and_the_next_comes_too_late(room: Room, clock: Clock) -> None:
    room.lets(auto_reveal=True)
    first, last, late = together(room, clock, (room.ada, "3"), (room.ben, "5"), (room.ada, "8"))
    assert news(first) == ["vote"]
    assert news(last) == ["vote", "round-revealed"]
    assert refusal(late) == "The cards are already face up."
    assert room.revealed
    assert room.cards() == {"Ada": "3", "Ben": "5"}


def test_a_card_changed_after_the_reveal_turns_nothing_over_again(room: Room, clock: Clock) -> None:
    room.lets(auto_reveal=True, change_after_reveal=True)
    *_, late = together(room, clock, (room.ada, "3"), (room.ben, "5"), (room.ada, "8"))
    assert news(late) == ["vote"]
    assert room.cards() == {"Ada": "8", "Ben": "5"}


def test_who_comes_back_by_playing_is_told_of_once(room: Room, clock: Clock) -> None:
    room.ben.away_since = clock.now()
    session.commit()
    clock.forward(seconds=30)
    first, again = together(room, clock, (room.ben, "3"), (room.ben, "5"))
    assert news(first) == ["member-joined", "vote"]
    assert news(again) == ["vote"]
    assert (room.ben.away_since, room.ben.seen_at) == (None, clock.now())


def test_that_somebody_is_here_is_written_now_and_then(room: Room, clock: Clock) -> None:
    seen = room.ben.seen_at
    clock.forward(seconds=(NOTE_EVERY - timedelta(seconds=1)).total_seconds())
    together(room, clock, (room.ben, "3"))
    assert room.ben.seen_at == seen
    clock.forward(seconds=1)
    together(room, clock, (room.ben, "5"))
    assert room.ben.seen_at == clock.now()


def asks(who: Holder, rule: Callable[..., Change], at: datetime, **about: object) -> _Asked:
    return _Asked(who.session_id, by_member(who, partial(rule, **about), after_end=True), at, None)


def test_a_vote_and_a_restart_of_its_round(room: Room, clock: Clock) -> None:
    """The round is set aside with the card that was played in the same transaction."""
    now, old = clock.now(), room.round.id
    vote, restart = in_company(
        [plays(room.ben, old, "5", now), asks(room.ada, vote_again, now, round_id=old, new_id=ids.new_id())]
    )
    assert (news(vote), news(restart)) == (["vote"], ["round-opened"])
    assert room.round.id != old
    assert (room.cards(old), room.cards()) == ({"Ben": "5"}, {})
    assert session.get_one(Round, old).number == ASIDE


def test_away_from_a_task_and_back_to_it(room: Room, clock: Clock) -> None:
    """What is not written yet is loaded all the same."""
    tasks.add_tasks(room.ada, "One\nTwo")
    one, two = room.titled("One").id, room.titled("Two").id
    now, current = clock.now(), room.round.id
    answers = in_company(
        [
            plays(room.ben, current, "5", now),
            asks(room.ada, select_task, now, task_id=two, new_id=ids.new_id()),
            asks(room.ada, select_task, now, task_id=one, new_id=ids.new_id()),
            asks(room.ada, select_task, now, task_id=two, new_id=ids.new_id()),
            asks(room.ada, select_task, now, task_id=one, new_id=ids.new_id()),
        ]
    )
    last = answers[-1]
    assert isinstance(last, Change)
    assert last.value.round.cards == {room.ben.id: "5"}
    fresh = loading.load(session.connection(), room.table.id)
    assert fresh is not None
    assert (fresh.round.cards, fresh.version) == (last.value.round.cards, last.value.version)


def test_a_vote_that_is_not_committed_is_not_having_been_seen(room: Room) -> None:
    last_seen.forget(room.ben.id)

    def fail(_connection: object) -> None:
        raise OperationalError("COMMIT", {}, sqlite3.OperationalError("disk I/O error"))

    event.listen(db.engine, "commit", fail)
    try:
        with pytest.raises(OperationalError):
            voting.cast_vote(room.ben, room.round.id, "5")
    finally:
        event.remove(db.engine, "commit", fail)
    assert last_seen.is_due(room.ben.id, clock.now())
    room.plays(room.ben, "5")
    assert not last_seen.is_due(room.ben.id, clock.now())
