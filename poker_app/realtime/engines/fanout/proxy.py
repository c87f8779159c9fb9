"""GRIP: publishing to the proxy, verifying its requests, and parsing its events; the only module that knows the format.

The libraries are gripcontrol and pubcontrol, with two changes made here. Their publishing waits without an end and
tries twice, so the connection is given a timeout and a single try. Their check of ``Grip-Sig`` and their default expiry
ask for the time in a way that Python 3.12 warns of and a later one drops, so the check is PyJWT's and the expiry is
set.
"""

import time
from typing import Any

import jwt
from gripcontrol import (
    WebSocketContext,
    WebSocketEvent,
    WebSocketMessageFormat,
    decode_websocket_events,
    encode_websocket_events,
    parse_grip_uri,
    websocket_control_message,
)
from pubcontrol import Item, PubControlClient
from requests.adapters import HTTPAdapter

from poker_app.realtime.engines.client import TIMEOUT, EngineError

CONTENT_TYPE = "application/websocket-events"
TOKEN_LASTS = 300  # seconds


class Proxy:
    """One proxy, by its ``GRIP_URL``: ``key`` (with ``iss`` to sign tokens, else a token itself) opens its control
    address, ``verify-key`` and ``verify-iss`` prove its requests. Thread-safe."""

    def __init__(self, url: str) -> None:
        told = parse_grip_uri(url)
        self._issuer, self._key = told.get("control_iss"), told.get("key")
        self._verify_key, self._verify_issuer = told.get("verify_key", self._key), told.get("verify_iss")
        self._control = PubControlClient(told["control_uri"])
        for scheme in ("http://", "https://"):
            self._control.requests_session.mount(scheme, _Hasty())
        if self._key and not self._issuer:
            self._control.set_auth_bearer(_text(self._key))

    def signed(self, token: str) -> bool:
        """Whether a request's ``Grip-Sig`` is this proxy's, and not yet expired."""
        # A public key is never taken for a shared secret.
        algorithms = ["ES256", "RS256"] if _text(self._verify_key).startswith("-----BEGIN") else ["HS256"]
        try:
            told = jwt.decode(token, self._verify_key, algorithms=algorithms, options={"require": ["exp"]})
        except jwt.InvalidTokenError:
            return False
        return self._verify_issuer in (None, told.get("iss"))

    def send(self, channel: str, text: str, exclude: str | None = None) -> None:
        """Sends to every socket on the channel but one. Raises EngineError."""
        self._publish(channel, Item(WebSocketMessageFormat(text), meta={"sender": exclude} if exclude else {}))

    def close(self, channel: str, code: int, reason: str) -> None:
        """Closes every socket on the channel. Raises EngineError."""
        self._publish(channel, Item(WebSocketMessageFormat(action="close", code=code, reason=reason)))

    def _publish(self, channel: str, item: Any) -> None:
        if self._issuer:
            self._control.set_auth_jwt({"iss": self._issuer, "exp": int(time.time()) + TOKEN_LASTS}, self._key)
        try:
            self._control.publish(channel, item, blocking=True)
        except ValueError as failure:  # whatever the network and the proxy may answer comes as this
            raise EngineError(str(failure)) from failure


class _Hasty(HTTPAdapter):
    """HTTP adapter with a single try and the timeout of every other engine."""

    def send(self, request: Any, *args: Any, **options: Any) -> Any:
        return super().send(request, *args, **{**options, "timeout": TIMEOUT})


def _text(key: str | bytes) -> str:
    return key.decode(errors="replace") if isinstance(key, bytes) else key


class Exchange:
    """One request of the proxy about one socket, and the answer to it."""

    def __init__(self, body: bytes) -> None:
        """Parses the proxy's request. Raises ValueError for a body that holds no events."""
        events = decode_websocket_events(body)
        self.opening = bool(events) and events[0].type == "OPEN"
        self.closing = any(event.type in ("CLOSE", "DISCONNECT") for event in events)
        self.heard = [event.content.decode(errors="replace") for event in events if event.type == "TEXT"]
        self._answers = WebSocketContext("", {}, events)
        self._goodbyes = [event for event in events if event.type == "CLOSE"]

    def say(self, text: str) -> None:
        self._answers.send(text)

    def subscribe(self, channel: str) -> None:
        # The socket named as an event's sender does not receive it.
        self._control("subscribe", channel=channel, filters=["skip-self"])

    def unsubscribe(self, channel: str) -> None:
        self._control("unsubscribe", channel=channel)

    def call(self, socket_id: str) -> None:
        """Names the socket, so that a publish can leave it out."""
        self._control("set-meta", name="user", value=socket_id)

    def keep_alive(self, text: str, seconds: int) -> None:
        """Sets the message that the proxy sends by itself whenever the socket was silent for ``seconds``."""
        self._control("keep-alive", content=text, timeout=seconds)

    def _control(self, kind: str, **about: object) -> None:
        self._answers.send_control(websocket_control_message(kind, about))

    def close(self, code: int) -> None:
        self._goodbyes = [WebSocketEvent("CLOSE", code.to_bytes(2, "big"))]

    def body(self) -> bytes:
        opened = [WebSocketEvent("OPEN")] if self.opening else []
        answer: bytes = encode_websocket_events([*opened, *self._answers.out_events, *self._goodbyes])
        return answer
