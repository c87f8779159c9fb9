"""Sync of the provider's customer and subscription into an account's row, and the credits that payments bring.

Each query of the provider takes a sequence number first and runs outside of any transaction. Its result is stored under
the account's lock, unless a query with a higher number has been stored.
"""

from collections.abc import Sequence

import structlog
from sqlalchemy import select

from poker_app import billing
from poker_app.accounts.models import Account
from poker_app.billing import active_provider, audit_trail, ledger
from poker_app.billing.models import Subscription
from poker_app.billing.provider import Bought, SubscriptionState
from poker_app.db import add_if_missing, session, transaction
from poker_app.rules.credits import unpaid_share

log = structlog.get_logger("billing")

RETURNED = "Payment returned or disputed"


def held(account_id: str) -> Subscription:
    """The account's subscription row, locked until the transaction ends; inserted if there is none."""
    add_if_missing(Subscription, {"account_id": account_id})
    return session.get_one(Subscription, account_id, with_for_update=True, populate_existing=True)


def of_customer(customer_id: str) -> str | None:
    """Id of a customer's account, or None."""
    return session.scalars(select(Subscription.account_id).where(Subscription.customer_id == customer_id)).one_or_none()


def begin_look(account_id: str) -> int:
    """Takes the sequence number of a query that is about to begin, in a short transaction of its own."""
    with transaction():
        row = held(account_id)
        row.asked += 1
        return row.asked


def look_again(account_id: str) -> None:
    """Queries the account's subscription and stores the result. Raises Unavailable."""
    look = begin_look(account_id)
    found = look_at(account_id)
    with transaction():
        write_down(account_id, look, found)


def look_at(account_id: str) -> SubscriptionState | None:
    """Queries the account's subscription at the provider. No transaction is open meanwhile."""
    customer = session.scalars(select(Subscription.customer_id).where(Subscription.account_id == account_id)).one()
    session.rollback()
    return active_provider.engine().subscription(customer) if customer else None


def write_down(account_id: str, look: int, found: SubscriptionState | None, bought: Sequence[Bought] = ()) -> None:
    """Stores a query's result, inside the caller's transaction. The subscription of an older query than the stored one
    is dropped."""
    row = held(account_id)
    if found and look > row.looked:
        row.looked = look
        was = audit_trail.how_it_stood(row)
        _store(row, found)
        audit_trail.write(row, was)
        _bring_changed_plan(row, found)
    for each in bought:
        _bring(account_id, look, each)


def _store(row: Subscription, found: SubscriptionState) -> None:
    plan = billing.offer().plan_of_price(found.price)
    if plan is None:
        log.warning("price_unknown", price=found.price, subscription=found.id)
    row.subscription_id, row.status = found.id, found.status
    row.plan = plan.name if plan else ""
    row.seats = found.seats
    row.period_start, row.period_end, row.ends_at = found.period_start, found.period_end, found.ends_at
    row.past_due_since = found.past_due_since
    if found.trial_ends_at:
        row.trial_ends_at = found.trial_ends_at


def _bring_changed_plan(row: Subscription, found: SubscriptionState) -> None:
    """Grants this month's credits after a change from a plan without credits, whose month is paid, to a plan with
    credits."""
    was, now = (billing.offer().plan_of_price(price) for price in (found.paid_price, found.price))
    if was and was.credits is None and now and now.credits and found.status == "active":
        key = f"plan:{found.id}:{int(found.period_start.timestamp())}"
        why = f"{now.label} plan, this month"
        ledger.grant(row.account_id, key, now.credits, source="plan", expires_at=found.period_end, why=why)


def _bring(account_id: str, look: int, bought: Bought) -> None:
    """Grants a payment's credits once, and takes back those whose payment was returned: the two events come in any
    order."""
    offer = billing.offer()
    if bought.source == "plan":
        plan = offer.plan_of_price(bought.price)
        amount, why = (plan.credits or 0, f"{plan.label} plan, this month") if plan else (0, "")
    else:
        pack = offer.pack_of_price(bought.price)
        amount = pack.credits * bought.quantity if pack else 0
        why = f"Pack of {amount} credits"
    if not amount:
        return
    ledger.grant(account_id, bought.key, amount, source=bought.source, expires_at=bought.expires_at, why=why)
    share = unpaid_share(amount, bought.paid, bought.returned)
    ledger.unpay(account_id, bought.key, share, look=look, why=RETURNED)


def exists(account_id: str) -> bool:
    """Whether an account exists."""
    return session.get(Account, account_id) is not None
