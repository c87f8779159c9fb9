"""The outbox: writes events for an account's endpoints in the transaction of the change that they tell of."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache, partial
from typing import Any

from blinker import Signal
from sqlalchemy import Connection, func, insert, select

from poker_app import ids
from poker_app.rules.chat_messages import FORMATS, message_of
from poker_app.rules.webhook_events import envelope
from poker_app.webhooks.models import WebhookDelivery, WebhookEndpoint

MAX_WAITING = 200
"""Events that wait for an endpoint. What happens while there are as many is left out."""

# Sent with an account's id once events of it are committed.
written = Signal()
# Accounts for which this process has written events: after changes of all others there is nothing to send.
_accounts: set[str] = set()

_endpoint = WebhookEndpoint.__table__.c
_delivery = WebhookDelivery.__table__.c
_WAITING = (
    select(func.count())
    .where(_delivery.endpoint_id == _endpoint.id, _delivery.state == "waiting")
    .correlate(WebhookEndpoint.__table__)
    .scalar_subquery()
)
_LIVE = select(_endpoint.id, _endpoint.kind, _endpoint.events, _WAITING.label("waiting")).where(
    _endpoint.disabled_at.is_(None)
)


def put(
    connection: Connection,
    account_id: str,
    events: Iterable[tuple[str, Mapping[str, Any]]],
    *,
    at: datetime,
    session_id: str | None = None,
) -> None:
    """Writes each event, a type and its data, for all endpoints of the account that ask for it, and that fewer than
    ``MAX_WAITING`` wait for. The events are made only where there is an endpoint."""
    of_account = _LIVE.where(_endpoint.account_id == account_id).order_by(_endpoint.id)
    # Locked, so that none is deleted before its row is inserted, which would fail the change.
    live = connection.execute(of_account.with_for_update(read=True, key_share=True)).all()
    if not live:
        return
    rows, waiting = [], {each.id: each.waiting for each in live}
    for type_, data in events:
        body = cache(partial(body_of, type_=type_, data=data, at=at))
        for each in live:
            if f" {type_} " in each.events and waiting[each.id] < MAX_WAITING:
                waiting[each.id] += 1
                rows.append(delivery(each.id, type_, body(each.kind), at=at, session_id=session_id))
    if rows:
        connection.execute(insert(WebhookDelivery), rows)
        _accounts.add(account_id)


def delivery(endpoint_id: str, type_: str, body: str, *, at: datetime, session_id: str | None = None) -> dict[str, Any]:
    """The row of an event for an endpoint, due at once."""
    return {
        "key": f"msg_{ids.new_id(24)}",
        "endpoint_id": endpoint_id,
        "session_id": session_id,
        "event": str(type_),
        "body": body,
        "made_at": at,
        "next_try_at": at,
    }


def body_of(kind: str, *, type_: str, data: Mapping[str, Any], at: datetime) -> str:
    """What a kind of endpoint is sent of an event."""
    as_message = FORMATS.get(kind)
    sent = as_message(message_of(type_, data)) if as_message else envelope(type_, at, data)
    return json.dumps(sent, ensure_ascii=False, separators=(",", ":"))


def announce(account_id: str) -> None:
    """Says, after the commit, that there may be events to send."""
    if account_id in _accounts:
        written.send(account_id)
