"""The report of a session: each task's estimate, rounds, votes and time, and their totals."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import select, true

from poker_app import clock
from poker_app.accounts.models import Account
from poker_app.billing import entitlements
from poker_app.db import session
from poker_app.poker.models import Member, PokerSession, Round, Task, TaskFile, Vote
from poker_app.poker.round.tasks import live_tasks
from poker_app.rules.deck import DECKS, ranked
from poker_app.rules.report import TaskFigures, mean_agreement, points, second_look
from poker_app.rules.session.value import Session
from poker_app.rules.tally import Tally, shown, tally

MAX_BARS = 4


@dataclass(frozen=True, slots=True)
class VotedRound:
    """One revealed round. ``votes``: name and card of each voter, in the order they joined; no names where hidden.
    ``voters``: their ids in the same order, none where names are hidden."""

    number: int
    opened_at: datetime
    revealed_at: datetime
    votes: tuple[tuple[str, str], ...]
    tally: Tally
    voters: tuple[str, ...] = ()

    @property
    def median(self) -> str | None:
        """The median for people: a card, or the figure between two."""
        median = self.tally.median
        return self.tally.median_card or (shown(median) if median is not None else None)

    @property
    def talk_first(self) -> tuple[str, ...]:
        """The cards furthest out, lowest first."""
        if self.tally.spread is None:
            return ()
        ends = zip(self.tally.spread, (self.tally.lowest, self.tally.highest), strict=True)
        return tuple(card for card, members in ends if members)


@dataclass(frozen=True, slots=True)
class TaskReport:
    """One task of the report: ``seconds`` is the time for which it was the current one."""

    title: str
    key: str
    url: str
    estimate: str | None
    note: str
    skipped: bool
    seconds: int
    rounds: tuple[VotedRound, ...]
    description: str = ""
    type: str = ""
    priority: str = ""
    labels: str = ""
    parent: str = ""
    acceptance: str = ""
    files: tuple[TaskFile, ...] = ()

    @property
    def first(self) -> VotedRound | None:
        return self.rounds[0] if self.rounds else None

    @property
    def last(self) -> VotedRound | None:
        return self.rounds[-1] if self.rounds else None

    @property
    def time(self) -> str:
        return duration(self.seconds)


@dataclass(frozen=True, slots=True)
class NamedMember:
    """A member whom the report names: one who facilitates, or whose vote is shown with the name."""

    id: str
    name: str
    facilitates: bool
    votes: bool
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """The whole session. ``points`` is None for decks of words; ``seconds`` runs to the end, or to now, from full
    second to full second, as the times of the files do. ``members`` are in the order they joined."""

    session_id: str
    name: str
    deck: str
    cards: tuple[str, ...]
    members: tuple[NamedMember, ...]
    started_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    seconds: int
    tasks: tuple[TaskReport, ...]
    points: Fraction | None
    looks: tuple[tuple[str, str], ...]

    @property
    def facilitators(self) -> tuple[str, ...]:
        return tuple(member.name for member in self.members if member.facilitates)

    @property
    def deck_label(self) -> str:
        return f"{DECKS[self.deck].label} deck" if self.deck in DECKS else "own cards"

    @property
    def ladder(self) -> tuple[str, ...]:
        """The cards that count, lowest first."""
        return ranked(self.cards)

    @property
    def estimated(self) -> int:
        return sum(task.estimate is not None for task in self.tasks)

    @property
    def rounds(self) -> int:
        return sum(len(task.rounds) for task in self.tasks)

    @property
    def commonest(self) -> tuple[str, int] | None:
        """The estimate given most often and how often, the higher of two; what a deck of words has for a sum."""
        given = Counter(task.estimate for task in self.tasks if task.estimate)
        return max(given.items(), key=lambda one: (one[1], self.cards.index(one[0])), default=None)

    @property
    def longest(self) -> tuple[tuple[str, str, float], ...]:
        """Where the time went: label, time and share of the longest bar; three tasks, then all others together."""
        timed = sorted((task for task in self.tasks if task.seconds > 0), key=lambda task: -task.seconds)
        single = len(timed) if len(timed) <= MAX_BARS else MAX_BARS - 1
        bars = [(task.key or task.title, task.seconds) for task in timed[:single]]
        if others := timed[single:]:
            bars.append((f"{len(others)} others", sum(task.seconds for task in others)))
        most = max((seconds for _, seconds in bars), default=0)
        return tuple((label, duration(seconds), seconds / most) for label, seconds in bars)

    @property
    def first_vote_agreement(self) -> Fraction | None:
        return mean_agreement(task.first.tally.agreement for task in self.tasks if task.first)

    @property
    def settled_at_once(self) -> int:
        return sum(task.estimate is not None and len(task.rounds) == 1 for task in self.tasks)


def duration(seconds: int) -> str:
    """``3:10``, from an hour on ``1:03:10``."""
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def report_of(table: PokerSession) -> Report:
    """The report as it stands; of a session that still runs, so far. Cards of an open round are not in it. Raises
    NotInPlan where the account's plan does not show sessions that ended so long ago."""
    entitlements.refuse_hidden(session.get_one(Account, table.account_id), table.ended_at)
    now = clock.now()
    rounds, files = _rounds(table), _files(table)
    tasks = tuple(
        TaskReport(
            title=task.title or f"Quick vote {place}",
            key=task.key,
            url=task.url,
            estimate=task.estimate,
            note=task.note,
            skipped=task.skipped_at is not None,
            seconds=task.seconds
            + (round((now - task.current_since).total_seconds()) if task.current_since and not table.ended_at else 0),
            rounds=tuple(rounds[task.id]),
            description=task.description,
            type=task.type,
            priority=task.priority,
            labels=task.labels,
            parent=task.parent,
            acceptance=task.acceptance,
            files=tuple(files[task.id]),
        )
        for place, task in enumerate(live_tasks(table.id), start=1)
        if task.title or rounds[task.id]
    )
    voters = {voter for task in tasks for voted in task.rounds for voter in voted.voters}
    return Report(
        session_id=table.id,
        name=table.name,
        deck=table.deck,
        cards=tuple(table.cards),
        members=tuple(_named(table, voters)),
        started_at=table.created_at,
        ended_at=table.ended_at,
        ended_by=table.ended_by,
        seconds=int((_full(table.ended_at or now) - _full(table.created_at)).total_seconds()),
        tasks=tasks,
        points=points(table.cards, [task.estimate for task in tasks if task.estimate]),
        looks=tuple(second_look(table.cards, [_figures(task) for task in tasks])),
    )


def _full(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def _named(table: PokerSession, voters: Collection[str]) -> Iterator[NamedMember]:
    here = select(Member).where(Member.session_id == table.id).order_by(Member.joined_at, Member.id)
    for each in session.scalars(here):
        if each.facilitates or each.id in voters:
            yield NamedMember(each.id, each.name, each.facilitates, each.votes, each.joined_at)


def rounds_of(table: PokerSession | Session, task_id: str) -> tuple[VotedRound, ...]:
    """The revealed rounds of one task, oldest first."""
    return tuple(_rounds(table, of=task_id)[task_id])


def _rounds(table: PokerSession | Session, of: str | None = None) -> dict[str, list[VotedRound]]:
    rows = session.execute(
        select(Round, Vote.member_id, Vote.card, Member.name)
        .join(Task, Round.task_id == Task.id)
        .join(Vote, Vote.round_id == Round.id)
        .join(Member, Vote.member_id == Member.id)
        .where(Task.session_id == table.id, Round.revealed_at.is_not(None), Task.id == of if of else true())
        .order_by(Round.task_id, Round.number, Member.joined_at, Member.id)
    )
    grouped: dict[Round, list[tuple[str, str, str]]] = defaultdict(list)
    for voted, member_id, card, name in rows:
        grouped[voted].append((member_id, card, name))
    found: dict[str, list[VotedRound]] = defaultdict(list)
    for voted, votes in grouped.items():
        assert voted.revealed_at is not None
        named = [("" if voted.names_hidden else name, card) for _, card, name in votes]
        voters = () if voted.names_hidden else tuple(member_id for member_id, _, _ in votes)
        if voted.names_hidden:
            named.sort(key=lambda vote: table.cards.index(vote[1]))
        figures = tally(table.cards, {member_id: card for member_id, card, _ in votes})
        found[voted.task_id].append(
            VotedRound(voted.number, voted.opened_at, voted.revealed_at, tuple(named), figures, voters)
        )
    return found


def _files(table: PokerSession) -> dict[str, list[TaskFile]]:
    """The files of each task, in order."""
    here = select(TaskFile).where(TaskFile.session_id == table.id, TaskFile.removed_at.is_(None))
    found: dict[str, list[TaskFile]] = defaultdict(list)
    for file in session.scalars(here.order_by(TaskFile.position, TaskFile.id)):
        found[file.task_id].append(file)
    return found


def _figures(task: TaskReport) -> TaskFigures:
    first = task.first
    tally_then = first.tally if first else Tally()
    return TaskFigures(
        title=task.title,
        key=task.key,
        rounds=len(task.rounds),
        first_spread_steps=tally_then.steps,
        first_spread=tally_then.spread,
        first_median=first.median if first else None,
        estimate=task.estimate,
    )
