"""Seats: a plan that is paid per seat follows the number of those who may open sessions."""

from functools import partial

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from poker_app import billing
from poker_app.accounts.models import Teammate
from poker_app.billing import active_provider, subscription_sync
from poker_app.billing.models import Subscription
from poker_app.billing.provider import Unavailable
from poker_app.db import after_commit, session

log = structlog.get_logger(__name__)


def needed(account_id: str) -> int:
    """How many seats an account needs: one for each teammate, since all of them may open sessions."""
    count = select(func.count()).select_from(Teammate).where(Teammate.account_id == account_id)
    return max(1, session.scalars(count).one())


def follow(account_id: str) -> bool:
    """Bring the seats that are paid for to those that are needed, after teammates came or went. Whether anything had to
    change. Outside of any transaction. Raises Unavailable: ``follow_all`` catches up later."""
    if not billing.is_on():
        return False
    known = session.get(Subscription, account_id)
    plan = next((each for each in billing.offer().plans if known and each.name == known.plan), None)
    alive = known is not None and known.status in ("active", "trialing", "past_due")
    seats, paid = needed(account_id), known.seats if known else 0
    subscription = known.subscription_id if known and plan and plan.per_seat and alive else None
    session.rollback()
    if plan and subscription and seats < plan.min_seats:
        seats = max(seats, _min_seats(account_id))
    if not subscription or seats == paid:
        return False
    active_provider.engine().change_seats(subscription, seats)
    subscription_sync.look_again(account_id)
    return True


def _min_seats(account_id: str) -> int:
    """How many seats are paid at least in the version of the plan that the account has, which its price says."""
    found = subscription_sync.look_at(account_id)
    plan = billing.offer().plan_of_price(found.price) if found else None
    return plan.min_seats if plan else 1


def teammates_changed(account_id: str) -> None:
    """Somebody became a teammate or is none any longer, in the transaction under way: once it is committed, the seats
    follow."""
    if billing.is_on():
        after_commit(partial(_followed, account_id))


def follow_all() -> int:
    """Every account whose seats are not what is paid for: how many there were. For the daily job."""
    if not billing.is_on():
        return 0
    subscribed = session.scalars(select(Subscription.account_id).where(Subscription.subscription_id.is_not(None))).all()
    return sum(_followed(account_id) for account_id in subscribed)


def _followed(account_id: str) -> bool:
    """One that the provider has trouble with waits for tomorrow, and holds up nobody else."""
    try:
        changed = follow(account_id)
        # Whoever came meanwhile asked for another number, and the two may have arrived in either order.
        return changed and (follow(account_id) or changed)
    except (Unavailable, SQLAlchemyError):
        session.rollback()
        log.exception("seats_not_followed", account=account_id)
        return False
