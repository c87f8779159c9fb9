"""Sending webhooks: an endpoint's events in their order, each tried again with growing pauses for three days.

One process at a time sends to an endpoint: it holds the endpoint's lease. A receiver that is down rests until the next
try, and all that waits for it with it; an event that a receiver refuses is tried again by itself, and holds up no
other. A process that ends between an answer and its note sends the event again, with the same ``webhook-id``.
"""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from blinker import Signal
from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from poker_app import clock, ids
from poker_app.db import give_connection_back, session, transaction
from poker_app.rules.printable import one_line
from poker_app.webhooks.job import Job, Outcome
from poker_app.webhooks.models import MAX_ANSWER, MAX_WHY, WebhookDelivery, WebhookEndpoint

log = structlog.get_logger(__name__)

# Sent with an endpoint's id once it is committed that it was switched off.
switched_off = Signal()

PAUSES = tuple(timedelta(seconds=each) for each in (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, *[28_800] * 8))
"""The pauses after each try that failed: three days in all. The next one is up to a tenth longer."""
TRIED_FOR = sum(PAUSES, timedelta())
LEASE = timedelta(minutes=1)
LONGEST_PASS = 60.0
"""Seconds of one pass, after which nothing further is begun."""
KEPT = timedelta(days=30)
WAITING, DELIVERED, FAILED = "waiting", "delivered", "failed"
GONE = 410
FAULTS = (SQLAlchemyError, ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)


def send_due(*, seconds: float = LONGEST_PASS) -> Mapping[str, int]:
    """Sends all events that are due, for so many seconds at most. Returns how many were delivered, and how many tries
    failed."""
    counts = {"webhooks delivered": 0, "webhooks not delivered": 0}
    ends = time.monotonic() + seconds
    for endpoint_id in _due_endpoints():
        if time.monotonic() >= ends:
            break
        try:
            sent, failed = send_to(endpoint_id, ends=ends)
        except FAULTS:
            # It ends no other endpoint's. What was due stays due, once its lease is over.
            session.rollback()
            log.exception("webhook_fault", endpoint=endpoint_id)
            continue
        counts["webhooks delivered"] += sent
        counts["webhooks not delivered"] += failed
    return counts


def next_due() -> timedelta | None:
    """How long it takes until the next event is due, None where none waits."""
    now = clock.now()
    waiting = session.execute(
        select(
            WebhookEndpoint.rests_until,
            WebhookEndpoint.leased_until,
            func.min(WebhookDelivery.next_try_at),
        )
        .join(WebhookDelivery, WebhookDelivery.endpoint_id == WebhookEndpoint.id)
        .where(WebhookEndpoint.disabled_at.is_(None), WebhookDelivery.state == WAITING)
        .group_by(WebhookEndpoint.id, WebhookEndpoint.rests_until, WebhookEndpoint.leased_until)
    )
    moments = [max(filter(None, moments)) for moments in waiting]
    return max(timedelta(0), min(moments) - now) if moments else None


def _due_endpoints() -> list[str]:
    """The endpoints with an event that is due, those that take their events first."""
    now = clock.now()
    waiting = exists().where(
        WebhookDelivery.endpoint_id == WebhookEndpoint.id,
        WebhookDelivery.state == WAITING,
        WebhookDelivery.next_try_at <= now,
    )
    due = select(WebhookEndpoint.id).where(
        WebhookEndpoint.disabled_at.is_(None), waiting, *(_past(moment, now) for moment in _held())
    )
    found = session.scalars(due.order_by(WebhookEndpoint.failing_since.is_not(None), WebhookEndpoint.id)).all()
    give_connection_back()
    return [*found]


def _held() -> tuple[Any, Any]:
    return WebhookEndpoint.rests_until, WebhookEndpoint.leased_until


def _past(moment: Any, now: datetime) -> ColumnElement[bool]:
    return or_(moment.is_(None), moment <= now)


def send_to(endpoint_id: str, *, ends: float | None = None) -> tuple[int, int]:
    """Sends an endpoint's events that are due, unless another process does. Returns how many were delivered, and how
    many tries failed. ``ends``, on the monotonic clock, is when no further one is begun."""
    # Loads requests_hardened and cryptography, with the first event.
    from poker_app.webhooks.request import send_once

    ends = time.monotonic() + LONGEST_PASS if ends is None else ends
    sent = failed = 0
    lease: datetime | None = None
    while time.monotonic() < ends:
        job = _next(endpoint_id, lease)
        if job is None:
            return sent, failed
        lease = job.leased_until
        outcome = send_once(job)
        goes_on = _settle(job, outcome)
        sent, failed = sent + (not outcome.problem), failed + bool(outcome.problem)
        if not goes_on:
            return sent, failed
    if lease is not None:
        _release(endpoint_id, lease)
    return sent, failed


def _next(endpoint_id: str, lease: datetime | None) -> Job | None:
    """Takes or prolongs the endpoint's lease, and returns its oldest event that is due. Without one the lease ends."""
    now = clock.now()
    until = now + LEASE
    mine = WebhookEndpoint.leased_until == lease if lease else _past(WebhookEndpoint.leased_until, now)
    with transaction():
        taken = session.execute(
            update(WebhookEndpoint)
            .where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.disabled_at.is_(None), mine)
            .where(_past(WebhookEndpoint.rests_until, now))
            .values(leased_until=until)
            .execution_options(synchronize_session=False)
        )
        if taken.rowcount != 1:  # type: ignore[attr-defined]
            return None
        endpoint = session.get_one(WebhookEndpoint, endpoint_id)
        event = session.scalars(
            select(WebhookDelivery)
            .where(
                WebhookDelivery.endpoint_id == endpoint_id,
                WebhookDelivery.state == WAITING,
                WebhookDelivery.next_try_at <= now,
            )
            .order_by(WebhookDelivery.id)
            .limit(1)
        ).one_or_none()
        if event is None:
            endpoint.leased_until = None
            return None
        overlaps = endpoint.previous_until is not None and endpoint.previous_until > now
        secrets = (endpoint.secret_sealed, endpoint.previous_sealed if overlaps else "")
        return Job(
            delivery_id=event.id,
            endpoint_id=endpoint_id,
            leased_until=until,
            key=event.key,
            body=event.body,
            kind=endpoint.kind,
            address_sealed=endpoint.address_sealed,
            secrets_sealed=tuple(filter(None, secrets)),
        )


def _release(endpoint_id: str, lease: datetime) -> None:
    with transaction():
        mine = update(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.leased_until == lease)
        session.execute(mine.values(leased_until=None).execution_options(synchronize_session=False))


def _settle(job: Job, outcome: Outcome) -> bool:
    """Notes what became of a try. Returns whether the endpoint may be sent more: its lease is over where the receiver
    rests or is switched off, or another process has it."""
    now = clock.now()
    with transaction():
        endpoint = session.get(WebhookEndpoint, job.endpoint_id, with_for_update=True)
        event = session.get(WebhookDelivery, job.delivery_id)
        if endpoint is None or endpoint.leased_until != job.leased_until:
            return False
        if event is None:  # deleted meanwhile, with a person or a session
            return True
        was_on = endpoint.disabled_at is None
        event.tries += 1
        event.tried_at, event.took = now, round(outcome.took * 1000)
        event.status, event.answer = outcome.status, outcome.answer[:MAX_ANSWER]
        event.problem = one_line(outcome.problem)[:MAX_WHY]
        if not outcome.problem:
            event.state, endpoint.failing_since, endpoint.rests_until = DELIVERED, None, None
        else:
            _failed(endpoint, event, outcome, now)
        off = was_on and endpoint.disabled_at is not None
        goes_on = endpoint.disabled_at is None and endpoint.rests_until is None
        if not goes_on:
            endpoint.leased_until = None
    log.info(
        "webhook_sent", endpoint=job.endpoint_id, delivery=job.key, status=outcome.status, failed=bool(outcome.problem)
    )
    if off:
        switched_off.send(job.endpoint_id)
    return goes_on


def _failed(endpoint: WebhookEndpoint, event: WebhookDelivery, outcome: Outcome, now: datetime) -> None:
    """Switches the endpoint off, where what failed waits until it is on again; or else sets the next try, or gives the
    event up."""
    endpoint.failing_since, endpoint.rests_until = endpoint.failing_since or now, None
    if outcome.status == GONE:
        endpoint.disabled_at, endpoint.disabled_why = now, "Its receiver answers that it is gone for good (410)."
    elif now - endpoint.failing_since >= TRIED_FOR:
        endpoint.disabled_at, endpoint.disabled_why = now, "It has taken no event for three days."
    elif event.tries > len(PAUSES):
        event.state = FAILED
    else:
        event.next_try_at = now + max(pause(event.tries), outcome.asked)
        if outcome.down:
            endpoint.rests_until = event.next_try_at


def pause(tries: int) -> timedelta:
    """How long to wait after so many tries, with a chance part, so that receivers are not asked all at once."""
    wait = PAUSES[tries - 1]
    return wait + wait * (ids.source.random() / 10)


def purge() -> int:
    """Deletes what was sent more than ``KEPT`` ago. Returns how many."""
    with transaction():
        old = delete(WebhookDelivery).where(WebhookDelivery.made_at < clock.now() - KEPT)
        gone = session.execute(old.execution_options(synchronize_session=False))
        return gone.rowcount  # type: ignore[attr-defined,no-any-return]
