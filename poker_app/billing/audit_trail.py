"""Lines about money in an account's audit log: changes of the subscription, credits, visits to the provider's pages.
Each is written in the transaction of the change. Also reads them back: the users who bought."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from poker_app import billing
from poker_app.accounts import audit_log
from poker_app.accounts.models import AuditEntry, User
from poker_app.billing.models import CreditTxn, Subscription
from poker_app.db import session

RUNNING = ("active", "trialing", "past_due", "unpaid")
UNPAID = ("past_due", "unpaid")
WENT = AuditEntry.action == "checkout-opened"


@dataclass(frozen=True, slots=True)
class Stood:
    """The state of a subscription before a change, for comparing."""

    plan: str
    running: bool
    unpaid: bool
    ends_at: datetime | None


def how_it_stood(row: Subscription) -> Stood:
    """Copies a subscription's state before it is changed."""
    return Stood(row.plan, row.status in RUNNING, row.status in UNPAID, row.ends_at)


def write(row: Subscription, was: Stood) -> None:
    """Writes a line for each difference between a subscription and its earlier state, inside the transaction that
    stores it. The provider does not name the user: an earlier line says who opened its pages."""
    now, account_id, itself = how_it_stood(row), row.account_id, audit_log.BY_ITSELF
    plan, before = _label(now.plan), _label(was.plan)
    if now.running and not was.running:
        audit_log.note(account_id, None, "plan-begun", plan, otherwise=itself)
    elif was.running and not now.running:
        audit_log.note(account_id, None, "plan-ended", before, otherwise=itself)
    elif now.running and now.plan != was.plan:
        audit_log.note(account_id, None, "plan-changed", f"{plan}, from {before}", otherwise=itself)
    if now.running and now.ends_at and now.ends_at != was.ends_at:
        audit_log.note(account_id, None, "plan-cancelled", f"{plan}, as of {now.ends_at:%Y-%m-%d}", otherwise=itself)
    if now.running and was.running and was.ends_at and not now.ends_at:
        audit_log.note(account_id, None, "plan-kept", plan, otherwise=itself)
    if now.unpaid and not was.unpaid:
        audit_log.note(account_id, None, "payment-failed", plan, otherwise=itself)
    if was.unpaid and now.running and not now.unpaid:
        audit_log.note(account_id, None, "payment-mended", plan, otherwise=itself)


def _label(plan: str) -> str:
    return next((each.label for each in billing.offer().plans if each.name == plan), plan or "that is not sold here")


def write_errand(account_id: str, user_id: str | None, to: str = "") -> None:
    """Writes that a user opened the provider's pages. ``to`` names what is to be bought; it is empty for the customer's
    portal."""
    user = session.get(User, user_id) if user_id else None
    if to:
        audit_log.note(account_id, user, "checkout-opened", to)
    else:
        audit_log.note(account_id, user, "payments-opened")


def bought_for(user_id: str) -> Sequence[str]:
    """Ids of the accounts that a user opened the checkout for, whether or not they still belong to them."""
    return session.scalars(select(AuditEntry.account_id).where(AuditEntry.user_id == user_id, WENT).distinct()).all()


def last_buyer(account_id: str) -> str | None:
    """Id of the user who opened the checkout last; None where there is none, or they are deleted."""
    went = select(AuditEntry.user_id).where(AuditEntry.account_id == account_id, WENT)
    return session.scalars(went.order_by(AuditEntry.id.desc()).limit(1)).first()


def write_credits(txn: CreditTxn, *, bought: bool = False) -> None:
    """Writes a line about credits that were granted, bought, taken back, or returned after that."""
    user = session.get(User, txn.user_id) if txn.user_id else None
    account_id, about, itself = txn.account_id, f"{abs(txn.amount)}, {txn.why}", audit_log.BY_ITSELF
    if bought:
        audit_log.note(account_id, user, "credits-bought", about, otherwise=itself)
    elif txn.kind == "take-back":
        audit_log.note(account_id, user, "credits-taken", about, otherwise=itself)
    elif txn.kind == "give-back":
        audit_log.note(account_id, user, "credits-returned", about, otherwise=itself)
    else:
        audit_log.note(account_id, user, "credits-granted", about, otherwise=itself)
