"""Check of the realtime engine: connects as a browser does, publishes as the server does, and measures until the event
arrives."""

import json
import time
from contextlib import suppress
from statistics import median
from typing import Any

from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.sync.client import ClientConnection, connect

from poker_app import ids
from poker_app.realtime import client_apart
from poker_app.realtime.channels import state_channel
from poker_app.realtime.engines import endpoints
from poker_app.realtime.engines.client import Client
from poker_app.settings import Settings

PATIENCE = 5.0  # seconds for each answer
AGAIN_AFTER = 0.5  # seconds after which the first event is published again
UNDELIVERED = "it took the event and never delivered it"
TRIES = 7


class CheckFailed(Exception):
    """One sentence about what is wrong."""


def check(settings: Settings, page: str, tries: int = TRIES) -> list[float]:
    """Seconds from publishing to receiving, of each try. ``page`` is the site's public address, for engines that answer
    at it. Raises CheckFailed."""
    options = endpoints.browser_options(settings)
    if options is None:
        raise CheckFailed("REALTIME=none: there is no engine, and browsers poll.")
    address = _address(options, page)
    try:
        with connect(address, compression=None, open_timeout=PATIENCE) as tab:
            return _listen(tab, client_apart(settings), tries)
    except InvalidHandshake as reason:
        raise CheckFailed(f"{_shown(address)} does not answer as a realtime engine: {reason}.") from reason
    except (OSError, TimeoutError) as reason:
        raise CheckFailed(f"Nobody answers at {_shown(address)}: {str(reason) or 'it took too long'}.") from reason
    except WebSocketException as reason:
        raise CheckFailed(f"{_shown(address)} ended the connection: {reason}.") from reason


def _address(options: dict[str, Any], page: str) -> str:
    if "wsHost" in options:
        # A page on https always takes TLS, whatever the options say.
        tls = options["forceTLS"] or page.startswith("https:")
        scheme, place = ("wss" if tls else "ws"), f"{options['wsHost']}:{options['wsPort']}"
    else:
        scheme, _, place = page.rstrip("/").replace("http", "ws", 1).partition("://")
    return f"{scheme}://{place}/app/{options['key']}?protocol=7&client=check"


def _shown(address: str) -> str:
    return address.partition("/app/")[0]


def _listen(tab: ClientConnection, client: Client, tries: int) -> list[float]:
    greeting = _next(tab, "it accepted the connection and said nothing")
    if greeting["event"] != "pusher:connection_established":
        raise CheckFailed(f"The engine refused PUSHER_KEY or the connection: {_said(greeting)}.")
    channel, socket_id = state_channel(f"check-{ids.new_id()}"), json.loads(greeting["data"])["socket_id"]
    signed = client.authorize(channel, socket_id, None)
    tab.send(json.dumps({"event": "pusher:subscribe", "data": {"channel": channel, **signed}}))
    joined = _next(tab, "it did not answer to joining a channel")
    if joined["event"] != "pusher_internal:subscription_succeeded":
        raise CheckFailed(f"The engine refused the signature, so PUSHER_SECRET is wrong: {_said(joined)}.")
    _await_delivery(tab, client, channel)
    return [_received_after(tab, client, channel, number) for number in range(tries)]


def _await_delivery(tab: ClientConnection, client: Client, channel: str) -> None:
    """Publishes until an event is heard. A proxy may answer that the channel is joined a moment before it delivers what
    is published there, and what comes between is lost: to pages that is harmless, which fetch whenever in doubt."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        _publish(client, channel, "ready", 0)
        with suppress(TimeoutError):
            tab.recv(AGAIN_AFTER)
            return
    raise CheckFailed(f"The engine is silent: {UNDELIVERED} within {PATIENCE:.0f} seconds.")


def _publish(client: Client, channel: str, event: str, number: int) -> None:
    if not client.publish([channel], event, {"try": number}, None):
        raise CheckFailed("The engine took the browser, but not the event: the log above says why.")


def _received_after(tab: ClientConnection, client: Client, channel: str, number: int) -> float:
    since = time.perf_counter()
    _publish(client, channel, "check", number)
    while _next(tab, UNDELIVERED)["event"] != "check":
        pass
    return time.perf_counter() - since


def _next(tab: ClientConnection, otherwise: str) -> dict[str, Any]:
    try:
        heard: dict[str, Any] = json.loads(tab.recv(PATIENCE))
    except TimeoutError as reason:
        raise CheckFailed(f"The engine is silent: {otherwise} within {PATIENCE:.0f} seconds.") from reason
    return heard


def _said(message: dict[str, Any]) -> str:
    data = message.get("data")
    told = json.loads(data) if isinstance(data, str) and data.startswith("{") else data
    return str(told.get("message") or told.get("error") or told) if isinstance(told, dict) else str(data)


def as_line(seconds: list[float]) -> str:
    """Lowest, middle and highest time, in milliseconds."""
    low, middle, high = (1000 * each for each in (min(seconds), median(seconds), max(seconds)))
    return f"{len(seconds)} events heard after {low:.1f} ms at least, {middle:.1f} ms (median), {high:.1f} ms at most."
