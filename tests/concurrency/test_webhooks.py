"""A change that writes events while a webhook of the account is deleted."""

import threading
from collections.abc import Iterator
from typing import Any

from flask import Flask
from sqlalchemy import delete, select

from poker_app import clock
from poker_app.accounts import memberships
from poker_app.db import session, transaction
from poker_app.rules.webhook_events import PublicEvent, credits_low
from poker_app.webhooks import outbox
from poker_app.webhooks.models import WebhookDelivery, WebhookEndpoint


def test_a_deletion_meanwhile_does_not_fail_the_change(app: Flask, database: str) -> None:
    with app.app_context():
        account = memberships.home_of(None).account.id
        given = {"kind": "standard", "name": "Ours", "host": "x", "address_sealed": "", "made_at": clock.now()}
        with transaction():
            session.add(WebhookEndpoint(id="e", account_id=account, events=" credits.low ", **given))

    def removes() -> None:
        with app.app_context(), transaction():
            session.execute(delete(WebhookEndpoint))

    deletion = threading.Thread(target=removes)

    def between() -> Iterator[tuple[str, dict[str, Any]]]:
        """Made once the endpoints have been read."""
        deletion.start()
        deletion.join(0.5)
        yield PublicEvent.CREDITS_LOW, credits_low(1, 10)

    with app.app_context(), transaction():
        outbox.put(session.connection(), account, between(), at=clock.now())
    deletion.join()
    with app.app_context():
        assert session.scalars(select(WebhookDelivery.id)).all() == []
