"""Webhooks of connected trackers: they say which issues have changed, and these are read again in the background."""

from collections.abc import Mapping
from datetime import timedelta

from poker_app import ids, rate_limits
from poker_app.accounts import tracker_connections
from poker_app.db import session
from poker_app.errors import Forbidden, Invalid
from poker_app.poker.trackers import background
from poker_app.rate_limits import Limit
from poker_app.trackers.models import TrackerConnection
from poker_app.trackers.webhooks import WEBHOOKS, parsed

DELIVERED = Limit("a webhook of a tracker", 1_200, timedelta(minutes=10))
FORGED = Limit("a webhook that is not of the tracker", 60, timedelta(minutes=10))


def receive(connection_id: str, headers: Mapping[str, str], body: bytes, address: str) -> None:
    """Checks that a webhook is of its tracker, and has the issues that it is about read again. Received twice, they are
    read twice. ``address`` is the IP address that sent it.

    Raises:
        Forbidden: (403) it is not signed with the connection's secret, there is none, or there is no such connection.
        TooMany: (429) too many of them for the connection, or too many wrong ones from this network.
        Invalid: (422) it is not JSON.
    """
    connection = session.get(TrackerConnection, connection_id) if ids.could_be_id(connection_id) else None
    secret = tracker_connections.webhook_secret(connection) if connection else ""
    if connection is None or not secret or not WEBHOOKS[connection.kind].is_signed(headers, body, secret):
        # Wrong ones never shut right ones out: anybody can have a tracker send some.
        rate_limits.spend(FORGED.of_network(address))
        raise Forbidden("This webhook is not signed with the secret of a tracker here.")
    kind = connection.kind
    rate_limits.spend(DELIVERED.of(connection_id))
    payload = parsed(body)
    if payload is None:
        raise Invalid("This webhook is not JSON. Choose application/json where it is set up.")
    if issue_ids := WEBHOOKS[kind].issues(payload):
        background.wake_issues(connection_id, issue_ids)
