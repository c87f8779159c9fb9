"""Buying: links to the provider's pages for checkout and customer portal, and the list of invoices. For an account's
owners and admins.

The functions return an address to redirect the browser to. Paths are of this site: ``paid`` is the page for a person
who has paid, ``back`` for one who has not. Landing there grants nothing: only the provider's events bring credits.
"""

from collections.abc import Sequence
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError

from poker_app import billing
from poker_app.accounts.memberships import Membership
from poker_app.accounts.models import Account
from poker_app.billing import active_provider, audit_trail, credit_requests, seat_sync, subscription_sync
from poker_app.billing.models import Subscription
from poker_app.billing.provider import Door, Invoice, Order, Unavailable
from poker_app.db import after_commit, session, transaction
from poker_app.errors import Conflict, NotFound

log = structlog.get_logger("billing")

NOT_SOLD = "That is not sold here."


def buy_plan(membership: Membership, name: str, *, paid: str, back: str) -> str:
    """Address of the checkout for a plan; where a subscription is running, of the page that confirms its change.

    Raises:
        Forbidden: (403) the teammate is no owner or admin.
        NotFound: (404) the plan is not sold.
        Conflict: (409) the account has it already.
        Unavailable: (503) the provider does not answer.
    """
    membership.require("admin", "choose the plan")
    plan = next((each for each in billing.offer().plans if each.name == name and each.price), None)
    if plan is None:
        raise NotFound(NOT_SOLD)
    account_id, user_id = _who(membership)
    known = session.get(Subscription, account_id)
    running = is_running(known)
    if known and running and known.plan == plan.name:
        raise Conflict(f"This account is on the {plan.label} plan already.")
    quantity = max(seat_sync.needed(account_id), plan.min_seats) if plan.per_seat else 1
    customer = _customer(membership)
    with transaction():
        audit_trail.write_errand(account_id, user_id, f"the {plan.label} plan")
    if running:
        return active_provider.engine().change_plan(customer, plan.price, quantity, active_provider.own_address(back))
    return _checkout(account_id, customer, plan.price, quantity, plan=True, paid=paid, back=back)


def buy_pack(membership: Membership, size: int, *, paid: str, back: str) -> str:
    """Address of the checkout for a pack of ``size`` credits.

    Raises:
        Forbidden: (403) the teammate is no owner or admin.
        NotFound: (404) the pack is not sold.
        Unavailable: (503) the provider does not answer.
    """
    membership.require("admin", "buy credits")
    pack = next((each for each in billing.offer().packs if each.credits == size), None)
    if pack is None:
        raise NotFound(NOT_SOLD)
    (account_id, user_id), customer = _who(membership), _customer(membership)
    with transaction():
        audit_trail.write_errand(account_id, user_id, f"a pack of {pack.credits} credits")
    return _checkout(account_id, customer, pack.price, 1, plan=False, paid=paid, back=back)


def _checkout(account_id: str, customer: str, price: str, quantity: int, *, plan: bool, paid: str, back: str) -> str:
    return active_provider.engine().checkout(
        Order(
            account_id=account_id,
            customer_id=customer,
            price=price,
            quantity=quantity,
            plan=plan,
            paid=active_provider.own_address(paid),
            back=active_provider.own_address(back),
        )
    )


def open_portal(membership: Membership, *, back: str, door: Door = "") -> str:
    """Address of the provider's pages for card, invoices and cancelling.

    Raises:
        Forbidden: (403) the teammate is no owner or admin.
        Conflict: (409) the account never bought anything.
        Unavailable: (503) the provider does not answer.
    """
    membership.require("admin", "see the payments")
    account_id, user_id = _who(membership)
    known = session.get(Subscription, account_id)
    customer = known.customer_id if known else None
    session.rollback()
    if customer is None:
        raise Conflict("Nothing has been bought yet, so there is nothing to manage.")
    with transaction():
        audit_trail.write_errand(account_id, user_id)
    return active_provider.engine().portal(customer, active_provider.own_address(back), door)


def invoices(membership: Membership) -> Sequence[Invoice]:
    """The account's invoices, the latest first, queried from the provider."""
    membership.require("admin", "see the invoices")
    known = session.get(Subscription, membership.account.id)
    customer = known.customer_id if known else None
    session.rollback()
    return active_provider.engine().invoices(customer) if customer else []


def _who(membership: Membership) -> tuple[str, str | None]:
    """Ids of the account and of the user, read early: reading them later would open a transaction."""
    return membership.account.id, membership.user.id if membership.user else None


def is_running(known: Subscription | None) -> bool:
    """Whether a subscription exists that can be changed, so that no new one is begun."""
    return known is not None and known.status in ("active", "trialing", "past_due", "unpaid", "paused")


def _customer(membership: Membership) -> str:
    """The account's customer at the provider. Creates it with the first purchase, and updates its name."""
    account_id, name = membership.account.id, membership.account.name
    email = (membership.user.email if membership.user else None) or ""
    known = session.get(Subscription, account_id)
    customer = known.customer_id if known else None
    session.rollback()  # no transaction stays open while the provider answers
    if customer is None:
        made = active_provider.engine().make_customer(account_id)
        with transaction():
            row = subscription_sync.held(account_id)
            row.customer_id = row.customer_id or made
            customer = row.customer_id
    active_provider.engine().name_customer(customer, name, email)
    return customer


def buyer_goes(user_id: str, belonged_to: Sequence[str]) -> None:
    """Handles a user's deletion, inside its transaction. Where the user was the last who bought for an account that
    goes on, the provider gets another owner's address after the commit."""
    if not billing.is_on():
        return
    for account_id in {*belonged_to, *audit_trail.bought_for(user_id)}:
        if audit_trail.last_buyer(account_id) in (user_id, None):
            after_commit(partial(_renamed, account_id))


def _renamed(account_id: str) -> None:
    """Sends the provider another owner's address, and logs a failure: the user is gone in either case."""
    try:
        known, name = session.get(Subscription, account_id), session.get_one(Account, account_id).name
        customer = known.customer_id if known else None
        email = next((owner.email for owner in credit_requests.owners_of(account_id)), None)
        session.rollback()
        if customer and email:
            active_provider.engine().name_customer(customer, name, email)
    except (Unavailable, SQLAlchemyError):
        session.rollback()
        log.exception("customer_not_renamed", account=account_id)
