"""The read model: what everybody at the table may see of it, and nothing else.

While a round is open this module asks the database who has voted and never for a card, so that no fragment, event,
header or log line made from it can hold one.
"""

from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from sqlalchemy import Row, bindparam, select

from poker_app import clock
from poker_app.db import session
from poker_app.errors import NotFound
from poker_app.poker.models import Member, PokerSession, Round, Task, Vote
from poker_app.poker.names import shortened
from poker_app.poker.revealed import Column, EarlierRound, cards_of, columns, earlier
from poker_app.poker.timer import timer_of
from poker_app.rules.deck import ranked
from poker_app.rules.roles import has_left, presence, takeover_from
from poker_app.rules.round import everyone_voted
from poker_app.rules.tally import Tally, tally
from poker_app.rules.timer import Timer

ONE_ROW, WIDEST = 9, 12
DENSE_ABOVE = 6

# Every change at a table renders it, so these are built once and name columns: the text and the objects of a
# statement cost more than SQLite takes to answer it.
_VERSION = select(PokerSession.version).where(PokerSession.id == bindparam("session_id"))
_STATE = (
    select(
        PokerSession.id,
        PokerSession.version,
        PokerSession.agenda,
        PokerSession.name,
        PokerSession.cards,
        PokerSession.timer_length,
        PokerSession.timer_ends_at,
        PokerSession.timer_remaining,
        PokerSession.anyone_reveals,
        PokerSession.auto_reveal,
        PokerSession.change_after_reveal,
        PokerSession.ended_at,
        PokerSession.ended_by,
        Task.id.label("task_id"),
        Task.estimate,
        Round.id.label("round_id"),
        Round.number,
        Round.revealed_at,
        Round.names_hidden,
    )
    .join(Task, Task.id == PokerSession.current_task_id)
    .join(Round, Round.id == PokerSession.current_round_id)
    .where(PokerSession.id == bindparam("session_id"))
)
_MEMBERS = (
    select(Member.id, Member.name, Member.votes, Member.facilitates, Member.left_at, Member.away_since)
    .where(Member.session_id == bindparam("session_id"), Member.removed_at.is_(None))
    .order_by(Member.joined_at, Member.id)
)
_OWN = select(Vote.card).where(Vote.round_id == bindparam("round_id"), Vote.member_id == bindparam("member_id"))
_VOTERS = select(Vote.member_id).where(Vote.round_id == bindparam("round_id"))


@dataclass(frozen=True, slots=True)
class Seat:
    """A place at the felt. ``state``: voted, thinking, or away."""

    id: str
    name: str
    short: str
    state: str


@dataclass(frozen=True, slots=True)
class Table:
    """The shared state at ``version``. ``phase``: voting, revealed, or ended."""

    session_id: str
    version: int
    agenda: int
    name: str
    cards: tuple[str, ...]
    phase: str
    ended_by: str | None
    task_id: str
    estimate: str | None
    round_id: str
    round_number: int
    seats: tuple[Seat, ...]
    columns: tuple[Column, ...]
    tally: Tally | None
    earlier: tuple[EarlierRound, ...]
    facilitators: tuple[Row[Any], ...]
    watching: tuple[str, ...]
    gone: tuple[str, ...]
    # The ids of those who left by their own act, and do not come back by themselves.
    left: tuple[str, ...]
    did_not_vote: tuple[str, ...]
    expected: int
    voted: int
    all_voted: bool
    members: int
    present: int
    timer: Timer | None
    timer_length: int
    takeover_at: datetime | None
    names_hidden: bool
    change_after_reveal: bool
    anyone_reveals: bool
    auto_reveal: bool

    @property
    def ranked(self) -> tuple[str, ...]:
        """The cards that a task may be estimated with, lowest first."""
        return ranked(self.cards)

    @property
    def settles(self) -> str:
        """The card that the task was given, or else is suggested to be: none before the reveal, or without numbers."""
        return self.estimate or (self.tally.suggested if self.tally else None) or ""

    @property
    def rows(self) -> int:
        """Rows of seats: one for up to nine, two up to 24."""
        return 1 if len(self.seats) <= ONE_ROW else max(2, ceil(len(self.seats) / WIDEST))

    @property
    def cols(self) -> int:
        """Seats in a row, 12 at the most."""
        return ceil(len(self.seats) / self.rows) if self.seats else 1

    @property
    def dense(self) -> bool:
        """Whether a column is so high that its cards move closer together."""
        return any(len(column.lays) > DENSE_ABOVE for column in self.columns)


def version_of(session_id: str) -> int:
    """The session's version now. Raises NotFound."""
    version = session.connection().scalar(_VERSION, {"session_id": session_id})
    if version is None:
        raise NotFound("There is no such session.")
    return version


def table_of(session_id: str) -> Table:
    """The table as everybody may see it. Raises NotFound.

    The version is read first: what is read after it may be newer than it says, never older.
    """
    database = session.connection()
    table = database.execute(_STATE, {"session_id": session_id}).one_or_none()
    if table is None:
        raise NotFound("There is no such session.")
    now = clock.now()
    members: dict[str, Any] = {each.id: each for each in database.execute(_MEMBERS, {"session_id": session_id})}
    here = {
        key: presence(left=each.left_at is not None, away_since=each.away_since, now=now)
        for key, each in members.items()
    }
    short = shortened(member.name for member in members.values())
    facilitators = tuple(member for member in members.values() if member.facilitates)

    revealed = table.revealed_at is not None
    votes = cards_of(table.round_id) if revealed else {}
    voted = set(votes) if revealed else _voters_of(table.round_id)
    idle = {key: member for key, member in members.items() if key not in voted}
    seats = tuple(
        Seat(key, member.name, short[member.name], _state(key in voted, here[key]))
        for key, member in members.items()
        if key in voted or (member.votes and here[key] != "gone")
    )
    waited_for = [key for key, member in members.items() if member.votes and here[key] == "present"]
    figures = tally(table.cards, votes) if revealed else None
    return Table(
        session_id=table.id,
        version=table.version,
        agenda=table.agenda,
        name=table.name,
        cards=tuple(table.cards),
        phase="ended" if table.ended_at else "revealed" if revealed else "voting",
        ended_by=table.ended_by,
        task_id=table.task_id,
        estimate=table.estimate,
        round_id=table.round_id,
        round_number=table.number,
        seats=seats,
        columns=columns(votes, members, figures, names_hidden=table.names_hidden) if figures else (),
        tally=figures,
        earlier=earlier(table.task_id, table.number, table.cards),
        facilitators=facilitators,
        watching=tuple(each.name for key, each in idle.items() if not each.votes and here[key] == "present"),
        gone=tuple(each.name for key, each in idle.items() if here[key] == "gone"),
        left=tuple(key for key, each in members.items() if has_left(each.left_at, each.away_since)),
        did_not_vote=tuple(each.name for key, each in idle.items() if each.votes and here[key] != "gone"),
        expected=sum(seat.state != "away" for seat in seats),
        voted=sum(seat.state == "voted" for seat in seats),
        all_voted=not revealed and everyone_voted(waited_for, voted),
        members=len(members),
        present=sum(each == "present" for each in here.values()),
        timer=timer_of(table),
        timer_length=table.timer_length,
        takeover_at=takeover_from([each.left_at or each.away_since for each in facilitators], now),
        names_hidden=table.names_hidden,
        change_after_reveal=table.change_after_reveal,
        anyone_reveals=table.anyone_reveals,
        auto_reveal=table.auto_reveal,
    )


def _state(voted: bool, presence: str) -> str:
    return "voted" if voted else "thinking" if presence == "present" else "away"


def _voters_of(round_id: str) -> set[str]:
    return set(session.connection().scalars(_VOTERS, {"round_id": round_id}))


def own_card(member: Member, round_id: str) -> str | None:
    """The viewer's own card in a round: the only hidden card that anybody may see."""
    return session.connection().scalar(_OWN, {"round_id": round_id, "member_id": member.id})
