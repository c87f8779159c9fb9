"""The read models of the operator's page: accounts, sessions, and payment events that failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from sqlalchemy import Select, exists, func, or_, select

from poker_app import billing, clock
from poker_app.accounts.models import Account, Teammate, User
from poker_app.billing import webhooks
from poker_app.billing.models import WebhookEvent
from poker_app.billing.plan_view import statement_of
from poker_app.db import session
from poker_app.poker.models import Member, MessageCount, PokerSession
from poker_app.poker.publishing.message_usage import Messages, write_all_down
from poker_app.poker.scopes import is_live

PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class Listing[Line]:
    """One page of a list, of ``pages``, and how many there are in all."""

    lines: Sequence[Line]
    count: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account. ``plan`` and ``balance`` are None where nothing is sold; on plans without credits ``balance`` is."""

    account: Account
    owners: tuple[str, ...]
    teammates: int
    sessions: int
    plan: str | None
    balance: int | None


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session, its number of members, and its cost in credits. Its votes are not shown to an operator."""

    table: PokerSession
    account: str
    live: bool
    people: int
    messages: Messages


@dataclass(frozen=True, slots=True)
class Counts:
    """Totals for the top of the operator's page."""

    accounts: int
    users: int
    sessions: int
    live: int
    failed: int


def counts() -> Counts:
    """Counts for the top of the operator's page."""
    live = select(func.count(PokerSession.id)).where(is_live(clock.now()))
    wanted = [select(func.count()).select_from(each) for each in (Account, User, PokerSession)]
    every, users, tables, running = session.execute(select(*(each.scalar_subquery() for each in (*wanted, live)))).one()
    return Counts(every, users, tables, running, webhooks.count_failed() if billing.is_on() else 0)


def _paged(wanted: Select[*tuple[Any, ...]], counted: Any, page: int) -> tuple[Select[*tuple[Any, ...]], int, int, int]:
    """One page of a query; a number past the last page gives the last."""
    count = session.scalar(wanted.with_only_columns(func.count(counted)).order_by(None)) or 0
    pages = max(1, ceil(count / PER_PAGE))
    page = max(1, min(page, pages))
    return wanted.limit(PER_PAGE).offset((page - 1) * PER_PAGE), count, page, pages


# --- accounts


def accounts(find: str, page: int) -> Listing[AccountLine]:
    """Accounts by their name, their id, or a teammate's address; the newest first."""
    wanted = select(Account).order_by(Account.created_at.desc(), Account.id)
    if find:
        known = exists().where(
            Teammate.account_id == Account.id, Teammate.user_id == User.id, User.email.icontains(find, autoescape=True)
        )
        wanted = wanted.where(or_(Account.name.icontains(find, autoescape=True), Account.id == find, known))
    shown, *place = _paged(wanted, Account.id, page)
    found = session.scalars(shown).all()
    ids = [account.id for account in found]
    teammates = _counted(Teammate.account_id, ids)
    sessions = _counted(PokerSession.account_id, ids)
    owners = _owners(ids)
    lines = [
        AccountLine(
            each, tuple(owners.get(each.id, ())), teammates.get(each.id, 0), sessions.get(each.id, 0), *_standing(each)
        )
        for each in found
    ]
    return Listing(lines, *place)


def _standing(account: Account) -> tuple[str | None, int | None]:
    if not billing.is_on():
        return None, None
    now = statement_of(account)
    return now.standing.plan.label, None if now.standing.plan.credits is None else now.balance


def _counted(column: Any, ids: Sequence[str]) -> dict[str, int]:
    rows = session.execute(select(column, func.count()).where(column.in_(ids)).group_by(column))
    return {row[0]: row[1] for row in rows}


def _owners(ids: Sequence[str]) -> dict[str, list[str]]:
    owning = (
        select(Teammate.account_id, func.coalesce(User.email, User.name))
        .join(User, User.id == Teammate.user_id)
        .where(Teammate.account_id.in_(ids), Teammate.role == "owner")
        .order_by(User.name, User.id)
    )
    found: dict[str, list[str]] = {}
    for account_id, owner in session.execute(owning):
        found.setdefault(account_id, []).append(owner)
    return found


# --- sessions


def sessions(find: str, page: int, *, live: bool) -> Listing[SessionLine]:
    """Sessions by their own or their account's name, live ones or all; the newest first."""
    write_all_down()
    is_running = is_live(clock.now())
    wanted = select(PokerSession, Account.name, is_running).join(Account, Account.id == PokerSession.account_id)
    if live:
        wanted = wanted.where(is_running)
    if find:
        names = (PokerSession.name, Account.name)
        by_name = [name.icontains(find, autoescape=True) for name in names]
        wanted = wanted.where(or_(PokerSession.id == find, *by_name))
    shown, *place = _paged(wanted.order_by(PokerSession.created_at.desc(), PokerSession.id), PokerSession.id, page)
    rows = session.execute(shown).all()
    ids = [table.id for table, _, _ in rows]
    people, messages = _people(ids), _messages(ids)
    lines = [
        SessionLine(table, account, bool(running), people.get(table.id, 0), messages.get(table.id, Messages()))
        for table, account, running in rows
    ]
    return Listing(lines, *place)


def _people(ids: Sequence[str]) -> dict[str, int]:
    here = [column.is_(None) for column in (Member.removed_at, Member.left_at, Member.away_since)]
    counted = select(Member.session_id, func.count()).where(Member.session_id.in_(ids), *here)
    return {row[0]: row[1] for row in session.execute(counted.group_by(Member.session_id))}


def _messages(ids: Sequence[str]) -> dict[str, Messages]:
    sums = select(MessageCount.session_id, func.sum(MessageCount.published), func.sum(MessageCount.delivered))
    rows = session.execute(sums.where(MessageCount.session_id.in_(ids)).group_by(MessageCount.session_id))
    return {session_id: Messages(published, delivered) for session_id, published, delivered in rows}


# --- payment events


def failed_events(page: int) -> Listing[WebhookEvent]:
    """The payment provider's events that were not processed, the oldest first."""
    wanted = select(WebhookEvent).where(webhooks.has_failed())
    shown, *place = _paged(wanted.order_by(WebhookEvent.received_at, WebhookEvent.id), WebhookEvent.id, page)
    return Listing(session.scalars(shown).all(), *place)
