"""Webhooks of the payment provider: stored, then processed. Processing may be repeated, comes in any order, and is
retried after a failure.

An event only says what to query. Queries run outside of any transaction; their results are stored in one, under the
account's lock, together with the event's end. A failed event stays open: the provider sends it again, and ``replay``
retries those that it gave up.
"""

from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.exc import SQLAlchemyError

from poker_app import clock
from poker_app.billing import active_provider, billing_mails, cancellations, subscription_sync
from poker_app.billing.models import WebhookEvent
from poker_app.billing.provider import Bought, Event
from poker_app.db import add_if_missing, session, transaction
from poker_app.errors import NotFound, Refusal

log = structlog.get_logger("billing")

NOBODYS = "No account has that customer."
# How long what was processed can be looked up, and how long a first try may take before it counts as failed.
KEPT, PATIENCE = timedelta(days=90), timedelta(minutes=2)
MAX_TRIES = 100
# Errors of one event, which must not block the others.
FAILURES = (Refusal, SQLAlchemyError, LookupError, ValueError)
BEGINNINGS = ("customer.subscription.created", "checkout.session.completed")


def handle_webhook(body: bytes, signature: str) -> None:
    """Verifies, stores and processes a webhook. Raises Forged, or the error that kept it from being processed."""
    event = active_provider.engine().read(body, signature)
    process(store(event))
    if event.type in BEGINNINGS and cancellations.is_known(event.customer_id):
        cancellations.settle(event.customer_id)  # a checkout that was paid while its account was deleted


def store(event: Event) -> str:
    """Stores an event, once, and commits. Returns its id."""
    with transaction():
        row = {
            "id": event.id,
            "type": event.type,
            "object_id": event.object_id,
            "account_id": subscription_sync.of_customer(event.customer_id) if event.customer_id else None,
            "received_at": clock.now(),
        }
        add_if_missing(WebhookEvent, row)
    return event.id


def process(event_id: str) -> None:
    """Queries what an event is about, and stores the result. An event that is done stays done."""
    session.rollback()
    event = session.get_one(WebhookEvent, event_id)
    kind, about, account_id = event.type, event.object_id, event.account_id
    if event.done_at:
        return
    session.rollback()
    account_id = account_id or _whose(kind, about)
    if account_id is None or not subscription_sync.exists(account_id):
        _finish(event_id, NOBODYS)
        return
    look = subscription_sync.begin_look(account_id)
    try:
        bought = what_was_bought(kind, about)
        found = subscription_sync.look_at(account_id) if bought is not None else None
    except Refusal as refusal:
        _remember(event_id, refusal.sentence)
        raise
    with transaction():
        subscription_sync.write_down(account_id, look, found, bought or ())
        done = session.get_one(WebhookEvent, event_id)
        done.account_id, done.done_at, done.problem = account_id, done.done_at or clock.now(), ""
        done.tries += 1
        billing_mails.tell_soon(account_id)


def what_was_bought(kind: str, about: str) -> Sequence[Bought] | None:
    """Queries the purchases behind an event; empty where only the subscription may have changed, None for an event that
    is ignored. Except for None, the caller queries the subscription after it."""
    ask = active_provider.engine()
    match kind:
        case "invoice.paid":
            return ask.bought_by_invoice(about)
        case "checkout.session.completed" | "checkout.session.async_payment_succeeded":
            return ask.bought_at_checkout(about)
        case "charge.refunded" | "refund.created" | "refund.updated" | "refund.failed" if about:
            return ask.bought_with(about)
        case "charge.dispute.created" | "charge.dispute.updated" | "charge.dispute.closed" if about:
            return ask.bought_with(about)
        case "charge.dispute.funds_withdrawn" | "charge.dispute.funds_reinstated" if about:
            return ask.bought_with(about)
        case "customer.subscription.created" | "customer.subscription.updated" | "customer.subscription.deleted":
            return ()
        case "customer.subscription.paused" | "customer.subscription.resumed":
            return ()
        case "invoice.payment_failed" | "invoice.voided" | "invoice.marked_uncollectible":
            return ()
        case _:
            return None


def _whose(kind: str, about: str) -> str | None:
    """Account id of an event without a customer, by its payment: a dispute names the payment only."""
    if not about or not kind.startswith(("charge.", "refund.")):
        return None
    customer = active_provider.engine().payer_of(about)
    return subscription_sync.of_customer(customer) if customer else None


def _finish(event_id: str, problem: str) -> None:
    with transaction():
        event = session.get_one(WebhookEvent, event_id)
        event.done_at, event.problem = clock.now(), problem


def _remember(event_id: str, problem: str) -> None:
    with transaction():
        event = session.get_one(WebhookEvent, event_id)
        event.tries, event.problem = event.tries + 1, problem[:300]


def has_failed() -> ColumnElement[bool]:
    """SQL condition: an event is still open after the time for a first try (PATIENCE)."""
    return WebhookEvent.done_at.is_(None) & (WebhookEvent.received_at < clock.now() - PATIENCE)


def count_failed() -> int:
    """Number of failed events."""
    return session.scalar(select(func.count()).select_from(WebhookEvent).where(has_failed())) or 0


def try_again(event_id: str) -> str:
    """Processes one failed event again. Returns the problem that is left, or an empty text.

    Raises:
        NotFound: (404) there is no such event.
    """
    if session.get(WebhookEvent, event_id) is None:
        raise NotFound("There is no such event.")
    try:
        process(event_id)
    except FAILURES as failure:
        log.exception("webhook_failed", event_id=event_id)
        return failure.sentence if isinstance(failure, Refusal) else "It could not be processed; the log says why."
    return ""


def replay() -> tuple[int, int]:
    """Processes failed events again, the oldest first, and deletes those that were done 90 days ago. Returns how many
    succeeded and how many failed."""
    waiting = select(WebhookEvent.id).where(has_failed(), WebhookEvent.tries < MAX_TRIES)
    found = session.scalars(waiting.order_by(WebhookEvent.received_at, WebhookEvent.id)).all()
    failed = 0
    for event_id in found:
        try:
            process(event_id)
        except FAILURES:
            failed += 1
            log.exception("webhook_failed", event_id=event_id)
    with transaction():
        session.execute(delete(WebhookEvent).where(WebhookEvent.done_at < clock.now() - KEPT))
    return len(found) - failed, failed
