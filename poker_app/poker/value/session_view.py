"""The public view of a session: what all its members may see of it, and nothing else.

Fragments, events and headers of a running round are made from this alone. While the cards are face down it holds which
members have voted and no card.
"""

from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import NamedTuple

from poker_app.poker.names import shortened
from poker_app.poker.value.results import Column, Move, columns, moves
from poker_app.rules.deck import ranked
from poker_app.rules.roles import takeover_from
from poker_app.rules.round import everyone_voted
from poker_app.rules.session.rounds import Result
from poker_app.rules.session.value import Session, Task
from poker_app.rules.tally import Tally, tally
from poker_app.rules.timer import Timer

ONE_ROW, WIDEST = 9, 12
DENSE_ABOVE = 6
# Earlier rounds that the table shows, the newest: every event carries them, and the task's own page has all.
MAX_EARLIER_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Place:
    """A member's card place at the table. ``state``: voted, thinking, away, or left: with the card that was
    played."""

    id: str
    name: str
    short: str
    state: str


class Named(NamedTuple):
    """A member by id and name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class SessionView:
    """The shared state at ``version``. ``phase``: voting, revealed, or ended. ``of_guests``: it was opened without an
    account; ``played`` counts its revealed rounds, and ``rounds_used_up`` says that the current round is one too
    many."""

    session_id: str
    version: int
    tasks_version: int
    name: str
    cards: tuple[str, ...]
    phase: str
    ended_by: str | None
    task_id: str
    estimate: str | None
    # The task that got its estimate last.
    newest_estimate: Task | None
    round_id: str
    round_number: int
    places: tuple[Place, ...]
    columns: tuple[Column, ...]
    tally: Tally | None
    earlier: tuple[Result, ...]
    # Voters whose card changed since the first vote on the task; empty before the reveal, and where names are hidden.
    moved: tuple[Move, ...]
    facilitators: tuple[Named, ...]
    watching: tuple[str, ...]
    gone: tuple[str, ...]
    # The ids of members who left by their own act: their requests alone do not bring them back.
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
    of_guests: bool
    played: int
    rounds_used_up: bool

    @property
    def ranked(self) -> tuple[str, ...]:
        """The cards that a task may be estimated with, lowest first."""
        return ranked(self.cards)

    @property
    def newest_earlier(self) -> tuple[Result, ...]:
        """The earlier rounds that the table shows, oldest first."""
        return self.earlier[-MAX_EARLIER_SHOWN:]

    @property
    def settles(self) -> str:
        """The card that the task was given, or else is suggested to be: none before the reveal, or without numbers."""
        return self.estimate or (self.tally.suggested if self.tally else None) or ""

    @property
    def rows(self) -> int:
        """Rows of card places: one for up to nine, two up to 24."""
        return 1 if len(self.places) <= ONE_ROW else max(2, ceil(len(self.places) / WIDEST))

    @property
    def cols(self) -> int:
        """Card places in a row, 12 at the most."""
        return ceil(len(self.places) / self.rows) if self.places else 1

    @property
    def dense(self) -> bool:
        """Whether a column is so high that its cards move closer together."""
        return any(len(column.lays) > DENSE_ABOVE for column in self.columns)


def public_view(value: Session, now: datetime) -> SessionView:
    """Builds the public view of a session. The only reader of votes for others than the voter: their cards after the
    reveal, before it only which members have voted."""
    members = {each.id: each for each in value.current_members}
    here = {key: each.presence(now) for key, each in members.items()}
    short = shortened(each.name for each in members.values())
    revealed = value.round.revealed_at is not None
    voted = value.round.votes.keys()
    idle = {key: each for key, each in members.items() if key not in voted}
    places = tuple(
        Place(key, each.name, short[each.name], "left" if each.has_left else _state(key in voted, here[key]))
        for key, each in members.items()
        if key in voted or (each.votes and here[key] != "gone")
    )
    figures = tally(value.cards, value.round.cards) if revealed else None
    return SessionView(
        session_id=value.id,
        version=value.version,
        tasks_version=value.tasks_version,
        name=value.name,
        cards=value.cards,
        phase="ended" if value.ended_at else "revealed" if revealed else "voting",
        ended_by=value.ended_by,
        task_id=value.current_task_id,
        estimate=value.task.estimate,
        newest_estimate=max(
            (task for task in value.backlog if task.estimated_at),
            key=lambda task: (task.estimated_at, task.position),
            default=None,
        ),
        round_id=value.round.id,
        round_number=value.round.number,
        places=places,
        columns=columns(value, figures, short) if figures else (),
        tally=figures,
        earlier=value.rounds.earlier,
        moved=moves(value, short),
        facilitators=tuple(Named(each.id, each.name) for each in value.facilitators),
        watching=tuple(each.name for key, each in idle.items() if not each.votes and here[key] == "present"),
        gone=tuple(each.name for key, each in idle.items() if here[key] == "gone"),
        left=tuple(key for key, each in members.items() if each.has_left),
        did_not_vote=tuple(each.name for key, each in idle.items() if each.votes and here[key] != "gone"),
        expected=sum(place.state in ("voted", "thinking") for place in places),
        voted=sum(place.state == "voted" for place in places),
        all_voted=not revealed
        and everyone_voted([key for key, each in members.items() if each.votes and here[key] == "present"], voted),
        members=len(members),
        present=sum(each == "present" for each in here.values()),
        timer=value.timer,
        timer_length=value.timer_length,
        takeover_at=takeover_from([each.left_at or each.away_since for each in value.facilitators], now),
        names_hidden=value.hides_names,
        change_after_reveal=value.change_after_reveal,
        anyone_reveals=value.anyone_reveals,
        auto_reveal=value.auto_reveal,
        of_guests=value.of_guests,
        played=value.played,
        rounds_used_up=value.rounds_used_up and not revealed,
    )


def _state(voted: bool, presence: str) -> str:
    return "voted" if voted else "thinking" if presence == "present" else "away"
