"""An account's plan and credits as a page shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from poker_app import billing, clock
from poker_app.accounts import audit_log
from poker_app.accounts.models import Account, User
from poker_app.billing import ledger
from poker_app.billing.current_plan import month_key, standing_of
from poker_app.billing.models import CreditTxn, Subscription
from poker_app.db import session
from poker_app.rules.credits import period
from poker_app.rules.plans import Standing


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the credits' history. ``who`` is a teammate's name, or the service's where no user did it."""

    id: int
    at: datetime
    what: str
    who: str
    amount: int
    balance: int


@dataclass(frozen=True, slots=True)
class Statement:
    """``monthly`` of ``monthly_total`` are left of the credits of the plan or trial. ``renews_at`` is when the next
    ones come; ``ends_at`` is when the plan ends instead, because it was cancelled. ``seats`` are paid for, ``lasting``
    credits never expire."""

    standing: Standing
    balance: int
    monthly: int
    monthly_total: int
    lasting: int
    renews_at: datetime | None
    paid: bool
    seats: int
    ends_at: datetime | None

    @property
    def can_open(self) -> bool:
        """Whether a session can be opened now: it needs no credit, or there is one."""
        return not self.standing.read_only and (self.standing.plan.credits is None or self.balance > 0)


def statement_of(account: Account) -> Statement:
    """The account's plan, credits and dates. The free month's credits count although they may not be granted yet."""
    standing, now = standing_of(account.id), clock.now()
    found = session.get(Subscription, account.id) if billing.is_on() else None
    lots = ledger.lots(account.id)
    lasting = sum(lot.remaining for lot in lots if lot.expires_at is None)
    passing = [lot for lot in lots if lot.expires_at is not None]
    monthly, total = sum(lot.remaining for lot in passing), sum(lot.amount for lot in passing)
    ends_at = found.ends_at if found and standing.plan.price else None
    renews_at = found.period_end if found and standing.plan.price and not ends_at else None
    if not standing.plan.price and standing.plan.credits:
        start, renews_at = period(account.created_at, now)
        if not ledger.is_known(account.id, month_key(standing.plan.name, start)):
            monthly, total = monthly + standing.plan.credits, total + standing.plan.credits
    return Statement(
        standing=standing,
        balance=lasting + monthly,
        monthly=monthly,
        monthly_total=total,
        lasting=lasting,
        renews_at=renews_at,
        seats=found.seats if found else 1,
        paid=bool(found and found.subscription_id and standing.plan.price),
        ends_at=ends_at,
    )


def history(account_id: str, *, before: int | None = None, most: int = 50) -> Sequence[Line]:
    """Operations on an account's credits, the latest first, each with its user's name and reason."""
    txns = ledger.history(account_id, before=before, most=most)
    users = {txn.user_id for txn in txns if txn.user_id}
    names: dict[str, str] = dict(session.execute(select(User.id, User.name).where(User.id.in_(users))).all())
    return [_line(txn, names) for txn in txns]


def _line(txn: CreditTxn, names: dict[str, str]) -> Line:
    who = names.get(txn.user_id or "", audit_log.BY_ITSELF)
    return Line(txn.id, txn.at, txn.why, who, txn.amount, txn.balance_after)
