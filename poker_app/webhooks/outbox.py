"""The outbox: writes events for an account's endpoints in the transaction of the change that they tell of."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from blinker import Signal
from sqlalchemy import Connection, Row, insert, select

from poker_app import ids
from poker_app.rules.chat_messages import FORMATS, message_of
from poker_app.rules.webhook_events import envelope
from poker_app.webhooks.models import WebhookDelivery, WebhookEndpoint

# Sent with an account's id once events of it are committed.
written = Signal()
# Accounts for which this process has written events: after changes of all others there is nothing to send.
_accounts: set[str] = set()

_endpoint = WebhookEndpoint.__table__.c
_LIVE = select(_endpoint.id, _endpoint.kind, _endpoint.events).where(_endpoint.disabled_at.is_(None))


def put(
    connection: Connection,
    account_id: str,
    events: Iterable[tuple[str, Mapping[str, Any]]],
    *,
    at: datetime,
    session_id: str | None = None,
) -> None:
    """Writes each event, a type and its data, for all endpoints of the account that ask for it. The events are made
    only where there is an endpoint."""
    of_account = _LIVE.where(_endpoint.account_id == account_id).order_by(_endpoint.id)
    # Locked, so that none is deleted before its row is inserted, which would fail the change.
    live = connection.execute(of_account.with_for_update(read=True, key_share=True)).all()
    if not live:
        return
    rows = [
        delivery(each, type_, data, at=at, session_id=session_id)
        for type_, data in events
        for each in live
        if f" {type_} " in each.events
    ]
    if rows:
        connection.execute(insert(WebhookDelivery), rows)
        _accounts.add(account_id)


def delivery(
    endpoint: Row[Any, Any, Any] | WebhookEndpoint,
    type_: str,
    data: Mapping[str, Any],
    *,
    at: datetime,
    session_id: str | None = None,
) -> dict[str, Any]:
    """The row of an event for an endpoint, due at once."""
    return {
        "key": f"msg_{ids.new_id(24)}",
        "endpoint_id": endpoint.id,
        "session_id": session_id,
        "event": str(type_),
        "body": json.dumps(_sent(endpoint.kind, type_, data, at), ensure_ascii=False, separators=(",", ":")),
        "made_at": at,
        "next_try_at": at,
    }


def _sent(kind: str, type_: str, data: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    as_message = FORMATS.get(kind)
    return as_message(message_of(type_, data)) if as_message else envelope(type_, at, data)


def announce(account_id: str) -> None:
    """Says, after the commit, that there may be events to send."""
    if account_id in _accounts:
        written.send(account_id)
