"""Sending webhooks: an endpoint's events in their order, each tried again with growing pauses for three days.

One process at a time sends for an account: it holds the lease of one of its endpoints, and each endpoint has its turn,
so that neither slow receivers nor many events hold up other accounts. A receiver that is down rests until the next
try, and all that waits for it with it; an event that a receiver refuses is tried again by itself, and holds up no
other. A process that ends between an answer and its note sends the event again, with the same ``webhook-id``.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from blinker import Signal
from sqlalchemy import delete, func, select, update
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
TURN = 10.0
"""Seconds in which sending to one endpoint is begun before it is the next one's turn."""
KEPT = timedelta(days=30)
BODY_KEPT = timedelta(days=1)
"""For so long what a delivered event and its answer said is kept too, of the newest ``BODIES_KEPT``."""
BODIES_KEPT = 50
WAITING, DELIVERED, FAILED = "waiting", "delivered", "failed"
GONE = 410
FAULTS = (SQLAlchemyError, ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)


def send_due(*, seconds: float = LONGEST_PASS) -> Mapping[str, int]:
    """Sends all events that are due, for so many seconds at most: to each endpoint for ``TURN``, and then round again.
    Returns how many were delivered, and how many tries failed."""
    counts = {"webhooks delivered": 0, "webhooks not delivered": 0}
    ends = time.monotonic() + seconds
    tried = True
    while tried:
        tried = False
        for endpoint_id in _due_endpoints():
            if time.monotonic() >= ends:
                return counts
            try:
                sent, failed = send_to(endpoint_id, ends=min(ends, time.monotonic() + TURN))
            except FAULTS:
                log.exception("webhook_fault", endpoint=endpoint_id)
                continue
            counts["webhooks delivered"] += sent
            counts["webhooks not delivered"] += failed
            tried = tried or sent + failed > 0
    return counts


def next_due() -> timedelta | None:
    """How long it takes until the next event is due, None where none waits."""
    now, rows = clock.now(), _waiting()
    leased: dict[str, datetime] = {}
    for row in rows:
        leased[row.account_id] = max(row.leased_until or now, leased.get(row.account_id, now))
    moments = [max(row.due, row.rests_until or now, leased[row.account_id]) for row in rows]
    return max(timedelta(0), min(moments) - now) if moments else None


def _waiting() -> Sequence[Any]:
    """The endpoints that events wait for, each with the moment ``due`` of its first."""
    about = (
        WebhookEndpoint.id,
        WebhookEndpoint.account_id,
        WebhookEndpoint.rests_until,
        WebhookEndpoint.leased_until,
    )
    found = session.execute(
        select(*about, func.min(WebhookDelivery.next_try_at).label("due"))
        .join(WebhookDelivery, WebhookDelivery.endpoint_id == WebhookEndpoint.id)
        .where(WebhookEndpoint.disabled_at.is_(None), WebhookDelivery.state == WAITING)
        .group_by(*about)
    ).all()
    give_connection_back()
    return found


def _due_endpoints() -> list[str]:
    """The endpoints with an event that is due: the first of each account, then the second of each, and so on, and among
    these the one first that has waited longest, since its event was due and since its last turn."""
    now, turns = clock.now(), []
    due = [row for row in _waiting() if row.due <= now and not _is_ahead(row.rests_until, now)]
    of_account: Counter[str] = Counter()
    for row in sorted(due, key=_waits_since):
        turns.append((of_account[row.account_id], _waits_since(row), row.id))
        of_account[row.account_id] += 1
    return [endpoint_id for *_, endpoint_id in sorted(turns)]


def _waits_since(row: Any) -> datetime:
    since: datetime = max(row.due, row.leased_until or row.due)
    return since


def _is_ahead(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment > now


def send_to(endpoint_id: str, *, ends: float, key: str | None = None) -> tuple[int, int]:
    """Sends an endpoint's events that are due, or only the one with ``key``, unless one of its account is being sent
    already. Returns how many were delivered, and how many tries failed. ``ends``, on the monotonic clock, is when no
    further one is begun."""
    # Loads requests_hardened and cryptography, with the first event.
    from poker_app.webhooks.request import send_once

    sent = failed = 0
    lease: datetime | None = None
    try:
        while time.monotonic() < ends:
            job = _next(endpoint_id, lease, key)
            if job is None:
                return sent, failed
            lease = job.leased_until
            outcome = send_once(job)
            goes_on = _settle(job, outcome)
            sent, failed = sent + (not outcome.problem), failed + bool(outcome.problem)
            if not goes_on:
                return sent, failed
            if key:
                break
    except FAULTS:
        # It ends no other endpoint's. What was due is tried again after a rest.
        session.rollback()
        if lease is not None:
            _release(endpoint_id, lease, rests_until=clock.now() + LEASE)
        raise
    if lease is not None:
        _release(endpoint_id, lease)
    return sent, failed


def _next(endpoint_id: str, lease: datetime | None, key: str | None = None) -> Job | None:
    """Takes or prolongs the endpoint's lease, and returns its oldest event that is due, or the one with ``key``.
    Without one the lease ends. An account has one lease at a time."""
    now = clock.now()
    until = now + LEASE
    account_id = select(WebhookEndpoint.account_id).where(WebhookEndpoint.id == endpoint_id).scalar_subquery()
    with transaction():
        of_account = session.scalars(
            select(WebhookEndpoint)
            .where(WebhookEndpoint.account_id == account_id)
            .order_by(WebhookEndpoint.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        ).all()
        endpoint = next((each for each in of_account if each.id == endpoint_id), None)
        if endpoint is None or endpoint.disabled_at is not None or _is_ahead(endpoint.rests_until, now):
            return None
        if endpoint.leased_until != lease if lease else any(_is_ahead(each.leased_until, now) for each in of_account):
            return None
        wanted = select(WebhookDelivery).where(
            WebhookDelivery.endpoint_id == endpoint_id,
            WebhookDelivery.state == WAITING,
            WebhookDelivery.key == key if key else WebhookDelivery.next_try_at <= now,
        )
        event = session.scalars(wanted.order_by(WebhookDelivery.id).limit(1)).one_or_none()
        endpoint.leased_until = until if event else now
        if event is None:
            return None
        overlaps = _is_ahead(endpoint.previous_until, now)
        secrets = (endpoint.secret_sealed, endpoint.previous_sealed if overlaps else "")
        return Job(
            delivery_id=event.id,
            endpoint_id=endpoint_id,
            leased_until=until,
            key=event.key,
            body=event.body,
            address_sealed=endpoint.address_sealed,
            secrets_sealed=tuple(filter(None, secrets)),
        )


def _release(endpoint_id: str, lease: datetime, **more: datetime) -> None:
    with transaction():
        mine = update(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.leased_until == lease)
        values = {"leased_until": clock.now(), **more}
        session.execute(mine.values(values).execution_options(synchronize_session=False))


def _settle(job: Job, outcome: Outcome) -> bool:
    """Notes what became of a try. Returns whether the endpoint may be sent more: its lease is over where the receiver
    rests or is switched off, or another process has it."""
    now = clock.now()
    with transaction():
        endpoint = session.get(WebhookEndpoint, job.endpoint_id, with_for_update={"key_share": True})
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
            session.flush()
            _empty_oldest(job.endpoint_id)
        else:
            _failed(endpoint, event, outcome, now)
        off = was_on and endpoint.disabled_at is not None
        goes_on = endpoint.disabled_at is None and endpoint.rests_until is None
        if not goes_on:
            endpoint.leased_until = now
    log.info(
        "webhook_sent", endpoint=job.endpoint_id, delivery=job.key, status=outcome.status, failed=bool(outcome.problem)
    )
    if off:
        switched_off.send(job.endpoint_id)
    return goes_on


def _empty_oldest(endpoint_id: str) -> None:
    """Empties the delivered event that is not among the newest ``BODIES_KEPT`` any more."""
    newest_first = (
        select(WebhookDelivery.id)
        .where(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.state == DELIVERED)
        .order_by(WebhookDelivery.next_try_at.desc())
        .offset(BODIES_KEPT)
        .limit(1)
    )
    oldest = update(WebhookDelivery).where(WebhookDelivery.id == session.scalars(newest_first).one_or_none())
    session.execute(oldest.values(body="", answer="").execution_options(synchronize_session=False))


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
    """Deletes what was sent more than ``KEPT`` ago, and empties what was delivered more than ``BODY_KEPT`` ago. Returns
    how many were deleted."""
    now = clock.now()
    with transaction():
        sent = update(WebhookDelivery).where(
            WebhookDelivery.state == DELIVERED, WebhookDelivery.made_at < now - BODY_KEPT, WebhookDelivery.body != ""
        )
        session.execute(sent.values(body="", answer="").execution_options(synchronize_session=False))
        old = delete(WebhookDelivery).where(WebhookDelivery.made_at < now - KEPT)
        gone = session.execute(old.execution_options(synchronize_session=False))
        return gone.rowcount  # type: ignore[attr-defined,no-any-return]
