"""Seat sync: sets the paid seats of a per-seat subscription to the account's number of teammates."""

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
    """Number of seats an account needs: one for each teammate, since all of them may open sessions."""
    count = select(func.count()).select_from(Teammate).where(Teammate.account_id == account_id)
    return max(1, session.scalars(count).one())


def follow(account_id: str) -> bool:
    """Sets the paid seats to the number that is needed. Returns whether that changed anything. Outside of any
    transaction. Raises Unavailable: ``follow_all`` retries."""
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
    """Smallest number of paid seats, in the version of the plan that the account's price belongs to."""
    found = subscription_sync.look_at(account_id)
    plan = billing.offer().plan_of_price(found.price) if found else None
    return plan.min_seats if plan else 1


def teammates_changed(account_id: str) -> None:
    """Schedules a seat sync after the commit of the transaction in which a teammate came or went."""
    if billing.is_on():
        after_commit(partial(_followed, account_id))


def follow_all() -> int:
    """Syncs the seats of every account with a subscription. Returns how many changed. For the daily job."""
    if not billing.is_on():
        return 0
    subscribed = session.scalars(select(Subscription.account_id).where(Subscription.subscription_id.is_not(None))).all()
    return sum(_followed(account_id) for account_id in subscribed)


def _followed(account_id: str) -> bool:
    """Syncs one account's seats, and logs a failure, which the daily job retries: other accounts go on."""
    try:
        changed = follow(account_id)
        # A teammate who came meanwhile caused another number, and the two calls may have arrived in either order.
        return changed and (follow(account_id) or changed)
    except (Unavailable, SQLAlchemyError):
        session.rollback()
        log.exception("seats_not_followed", account=account_id)
        return False
