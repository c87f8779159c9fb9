"""Accounts that were deleted: nobody may go on paying for them.

What is to be cancelled is written down in the transaction that deletes the account, asked of the provider once that is
committed, and asked again by the daily job until the provider has done it. Invoices stay with the provider, as the law
wants it.
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

# For so long what a provider tells late, such as of a checkout that was open, is known to be about somebody who left.
KEPT = timedelta(days=90)


def account_goes(account_id: str) -> None:
    """The account is deleted in the transaction under way: let what it subscribes to end."""
    customer = session.scalars(select(Subscription.customer_id).where(Subscription.account_id == account_id)).first()
    if customer is None:
        return
    session.add(GoneCustomer(customer_id=customer, gone_at=clock.now()))
    after_commit(lambda: _settled(customer))


def is_known(customer_id: str) -> bool:
    """Whether that was the customer of an account that was deleted."""
    return session.get(GoneCustomer, customer_id) is not None


def settle(customer_id: str) -> None:
    """Let the provider cancel whatever is left of a customer who is gone. Raises Unavailable. Outside of any
    transaction."""
    session.rollback()
    active_provider.engine().end(customer_id)
    with transaction():
        session.get_one(GoneCustomer, customer_id).settled_at = clock.now()


def settle_all() -> int:
    """Try again what failed, and forget who is long gone. Answers with how many were settled. For the daily job."""
    if not billing.is_on():
        return 0
    waiting = select(GoneCustomer.customer_id).where(GoneCustomer.settled_at.is_(None))
    settled = sum(_settled(customer) for customer in session.scalars(waiting).all())
    with transaction():
        session.execute(delete(GoneCustomer).where(GoneCustomer.settled_at < clock.now() - KEPT))
    return settled


def _settled(customer_id: str) -> bool:
    """The account is gone whatever the provider says; the job asks again."""
    if not billing.is_on():
        return False
    try:
        settle(customer_id)
    except (Unavailable, SQLAlchemyError):
        session.rollback()
        log.exception("subscription_not_ended", customer=customer_id)
        return False
    return True
