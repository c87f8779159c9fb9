"""Cancels the subscriptions of deleted accounts at the payment provider.

The transaction that deletes the account stores its customer's id. The provider is called after the commit, and again by
the daily job until it has cancelled everything. Invoices stay with the provider, as the law wants it.
"""

from datetime import timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from poker_app import billing, clock
from poker_app.billing import active_provider
from poker_app.billing.models import GoneCustomer, Subscription
from poker_app.billing.provider import Unavailable
from poker_app.db import after_commit, session, transaction

log = structlog.get_logger("billing")

# Rows are kept so long, to recognize late events of a deleted account, such as a checkout that was open.
KEPT = timedelta(days=90)


def account_goes(account_id: str) -> None:
    """Stores the account's customer as one to cancel, inside the transaction that deletes the account. Calls the
    provider after the commit."""
    customer = session.scalars(select(Subscription.customer_id).where(Subscription.account_id == account_id)).first()
    if customer is None:
        return
    session.add(GoneCustomer(customer_id=customer, gone_at=clock.now()))
    after_commit(lambda: _settled(customer))


def is_known(customer_id: str) -> bool:
    """Whether a customer belonged to an account that was deleted."""
    return session.get(GoneCustomer, customer_id) is not None


def settle(customer_id: str) -> None:
    """Has the provider cancel everything a deleted account's customer subscribes to, and marks it as settled. Raises
    Unavailable. Outside of any transaction."""
    session.rollback()
    active_provider.engine().end(customer_id)
    with transaction():
        session.get_one(GoneCustomer, customer_id).settled_at = clock.now()


def settle_all() -> int:
    """Retries what is not settled, and deletes rows that were settled 90 days ago. Returns how many were settled. For
    the daily job."""
    if not billing.is_on():
        return 0
    waiting = select(GoneCustomer.customer_id).where(GoneCustomer.settled_at.is_(None))
    settled = sum(_settled(customer) for customer in session.scalars(waiting).all())
    with transaction():
        session.execute(delete(GoneCustomer).where(GoneCustomer.settled_at < clock.now() - KEPT))
    return settled


def _settled(customer_id: str) -> bool:
    """Settles a customer, and logs a failure, which the daily job retries. The account is gone in either case."""
    if not billing.is_on():
        return False
    try:
        settle(customer_id)
    except (Unavailable, SQLAlchemyError):
        session.rollback()
        log.exception("subscription_not_ended", customer=customer_id)
        return False
    return True
