"""The read model of a dashboard: what is live now, and the sessions by name, state, series and page.

It lists the sessions that the membership reaches, and under «mine» and «live» also those of other accounts of which the
user is a member.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, tuple_

from poker_app import clock
from poker_app.accounts.memberships import Membership
from poker_app.db import session
from poker_app.poker.models import Member, PokerSession, Round, Task, Vote
from poker_app.poker.scopes import is_live, is_member_of, may_archive, reached
from poker_app.rules.report import mean_agreement, points
from poker_app.rules.tally import tally

PER_PAGE = 25
MAX_LIVE = 6
SHOWN = ("past", "live", "mine", "archived", "deleted")


@dataclass(frozen=True, slots=True)
class Wish:
    """The filter and page of the list. ``show`` is one of SHOWN, ``page`` counts from 1."""

    name: str = ""
    show: str = "past"
    series: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class Live:
    """A live session: the current task's ``place`` among its ``tasks``, counted from 1, and how many members are
    present."""

    table: PokerSession
    place: int
    tasks: int
    people: int


@dataclass(frozen=True, slots=True)
class Line:
    """A session in the list. ``points`` is None for a deck of words, ``agreement`` where nothing was revealed."""

    table: PokerSession
    tasks: int
    points: Fraction | None
    agreement: Fraction | None
    may_archive: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the list, of ``pages``, and how many there are in all."""

    lines: tuple[Line, ...]
    count: int
    page: int
    pages: int


# --- live now


def live_sessions(membership: Membership, secret: str | None) -> list[Live]:
    """Returns the live sessions, the newest first, six at the most."""
    wanted = select(PokerSession).where(_states(membership, secret)["live"])
    newest = wanted.order_by(PokerSession.created_at.desc(), PokerSession.id.desc()).limit(MAX_LIVE)
    tables = session.scalars(newest).all()
    if not tables:
        return []
    tasks, people = _task_ids(tables), _people(tables)
    return [
        Live(
            table=table,
            place=next((n for n, key in enumerate(tasks[table.id], 1) if key == table.current_task_id), 0),
            tasks=len(tasks[table.id]),
            people=people[table.id],
        )
        for table in tables
    ]


def _task_ids(tables: Sequence[PokerSession]) -> dict[str, list[str]]:
    rows = session.execute(
        select(Task.session_id, Task.id)
        .where(Task.session_id.in_(table.id for table in tables), Task.deleted_at.is_(None))
        .order_by(Task.position, Task.id)
    )
    found: dict[str, list[str]] = defaultdict(list)
    for session_id, task_id in rows:
        found[session_id].append(task_id)
    return found


def _people(tables: Sequence[PokerSession]) -> dict[str, int]:
    rows = session.execute(
        select(Member.session_id, func.count())
        .where(
            Member.session_id.in_(table.id for table in tables),
            *(column.is_(None) for column in (Member.removed_at, Member.left_at, Member.away_since)),
        )
        .group_by(Member.session_id)
    )
    return defaultdict(int, ((row[0], row[1]) for row in rows))


# --- the list


def listing(membership: Membership, secret: str | None, wish: Wish) -> Listing:
    """A page of sessions, the newest first. A page past the last one is the last one."""
    wanted = _wanted(membership, secret, wish)
    count = session.scalar(wanted.with_only_columns(func.count(PokerSession.id))) or 0
    pages = max(1, ceil(count / PER_PAGE))
    page = max(1, min(wish.page, pages))
    # Ids part those of the same moment, so that no session stands on two pages.
    ordered = wanted.order_by(PokerSession.created_at.desc(), PokerSession.id.desc())
    rows = session.execute(ordered.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    kept = {table.id for table, theirs in rows if theirs and may_archive(membership, table)}
    return Listing(tuple(_lines([table for table, _ in rows], kept)), count, page, pages)


def page_after(
    membership: Membership, secret: str, *, show: str, name: str, after: tuple[datetime, str] | None, most: int
) -> Sequence[PokerSession]:
    """At most so many sessions of the account, the newest first, that come ``after`` one by the moment of its opening
    and its id."""
    wanted = _wanted(membership, secret, Wish(name=name, show=show)).with_only_columns(PokerSession)
    wanted = wanted.where(PokerSession.account_id == membership.account.id)
    if after:
        wanted = wanted.where(tuple_(PokerSession.created_at, PokerSession.id) < after)
    ordered = wanted.order_by(PokerSession.created_at.desc(), PokerSession.id.desc())
    return session.scalars(ordered.limit(most)).all()


def counts(membership: Membership, secret: str | None) -> dict[str, int]:
    """How many sessions there are of each kind."""
    states = _states(membership, secret)
    each = [select(func.count(PokerSession.id)).where(state).scalar_subquery() for state in states.values()]
    return dict(zip(states, session.execute(select(*each)).one(), strict=True))


def _wanted(membership: Membership, secret: str | None, wish: Wish) -> Select[PokerSession, bool]:
    wanted = select(PokerSession, reached(membership, secret)).where(_states(membership, secret)[wish.show])
    if wish.name:
        wanted = wanted.where(PokerSession.name.icontains(wish.name, autoescape=True))
    return wanted.where(PokerSession.series_id == wish.series) if wish.series else wanted


def _states(membership: Membership, secret: str | None) -> dict[str, ColumnElement[bool]]:
    live, account, mine = is_live(clock.now()), reached(membership, secret), is_member_of(membership, secret)
    there, listed = PokerSession.deleted_at.is_(None), PokerSession.archived_at.is_(None)
    return {
        "past": account & there & listed & ~live,
        "live": (account | mine) & there & listed & live,
        "mine": mine & there,
        "archived": account & there & ~listed,
        "deleted": account & ~there,
    }


def _lines(tables: Sequence[PokerSession], kept: Collection[str]) -> list[Line]:
    if not tables:
        return []
    tasks, firsts = _tasks(tables), _first_votes(tables)
    lines = []
    for table in tables:
        counted = [task for task in tasks[table.id] if task.title or task.id in firsts]
        agreements = [tally(table.cards, firsts[task.id]).agreement for task in counted if task.id in firsts]
        lines.append(
            Line(
                table=table,
                tasks=len(counted),
                points=points(table.cards, [task.estimate for task in counted]),
                agreement=mean_agreement(agreements),
                may_archive=table.id in kept,
            )
        )
    return lines


def _tasks(tables: Sequence[PokerSession]) -> dict[str, list[Any]]:
    rows = session.execute(
        select(Task.session_id, Task.id, Task.title, Task.estimate).where(
            Task.session_id.in_(table.id for table in tables), Task.deleted_at.is_(None)
        )
    )
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.session_id].append(row)
    return found


def _first_votes(tables: Sequence[PokerSession]) -> dict[str, dict[str, str]]:
    """Returns each task's first revealed round that has votes, as votes for ``tally``. Cards of open rounds are not
    read."""
    rows = session.execute(
        select(Round.task_id, Round.number, Vote.card, func.count())
        .join(Task, Task.id == Round.task_id)
        .join(Vote, Vote.round_id == Round.id)
        .where(Task.session_id.in_(table.id for table in tables), Round.revealed_at.is_not(None))
        .group_by(Round.task_id, Round.number, Vote.card)
        .order_by(Round.number)
    )
    first: dict[str, int] = {}
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for task_id, number, card, count in rows:
        if first.setdefault(task_id, number) == number:
            found[task_id] |= {f"{card} {place}": card for place in range(count)}
    return found


def last_sessions(account_id: str) -> Mapping[str, datetime]:
    """Returns the opening time of the account's newest session of which a user was a member, by the user's id."""
    last = (
        select(Member.user_id, func.max(PokerSession.created_at, type_=PokerSession.created_at.type))
        .join(PokerSession, Member.session_id == PokerSession.id)
        .where(PokerSession.account_id == account_id, PokerSession.deleted_at.is_(None), Member.user_id.is_not(None))
        .group_by(Member.user_id)
    )
    return {user_id: at for user_id, at in session.execute(last) if user_id}
