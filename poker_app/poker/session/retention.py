"""How long sessions are kept: for the account's time after their end, and deleted ones for thirty days.

What a plan shows for a shorter time is hidden and not deleted: see ``billing.entitlements``."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from poker_app import clock
from poker_app.accounts.models import Account
from poker_app.billing import entitlements
from poker_app.db import session, transaction
from poker_app.poker.models import Member, PokerSession
from poker_app.poker.scopes import FORGOTTEN_AFTER
from poker_app.rules.session.value import DELETED_FOR

# How long before its deletion the dashboard announces it.
SAID_BEFORE = timedelta(days=14)
BATCH = 100


def kept_until(table: PokerSession, account: Account | None = None) -> datetime | None:
    """Returns when a session and its report are deleted for good, unless it is reopened or restored; None while it
    runs."""
    if table.deleted_at:
        return table.deleted_at + DELETED_FOR
    if table.ended_at is None:
        return None
    account = account or session.get_one(Account, table.account_id)
    return table.ended_at + timedelta(days=entitlements.kept_days(account))


def goes_soon(table: PokerSession, account: Account) -> datetime | None:
    """Returns the same moment where it is near enough for the dashboard to show it."""
    until = kept_until(table, account)
    return until if until and until - clock.now() <= SAID_BEFORE else None


def purge_sessions() -> int:
    """Deletes sessions that are past their time for good; one that was not ended counts from when a member was last
    seen. Returns how many. Works in batches, so that no other transaction waits long for the database."""
    count = 0
    accounts = session.scalars(select(Account)).all()
    for account_id, kept_for in [(each.id, timedelta(days=entitlements.kept_days(each))) for each in accounts]:
        while gone := _purge_some(account_id, kept_for):
            count += gone
    return count


def _purge_some(account_id: str, kept_for: timedelta) -> int:
    now = clock.now()
    seen = select(func.max(Member.seen_at)).where(Member.session_id == PokerSession.id).scalar_subquery()
    forgotten = PokerSession.ended_at.is_(None) & (seen < now - kept_for - FORGOTTEN_AFTER)
    past = (PokerSession.ended_at < now - kept_for) | (PokerSession.deleted_at < now - DELETED_FOR) | forgotten
    with transaction():
        wanted = select(PokerSession.id).where(PokerSession.account_id == account_id, past).limit(BATCH)
        old = session.scalars(wanted.with_for_update(skip_locked=True)).all()
        session.execute(delete(PokerSession).where(PokerSession.id.in_(old)))
        return len(old)
