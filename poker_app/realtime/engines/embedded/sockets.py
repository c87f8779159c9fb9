"""The WebSocket endpoint: a browser's handshake and what it may say."""

import asyncio
import json
import re
from typing import Any
from urllib.parse import parse_qs

from poker_app.realtime.engines.embedded.hub import Connection, Hub
from poker_app.realtime.engines.embedded.protocol import (
    USER_CHANNEL,
    VERSIONS,
    Code,
    encoded,
    error,
    frame,
    is_channel,
    message,
    signed,
)
from poker_app.realtime.engines.presets import Credentials

# Under this key of the scope's extensions the server lends the socket's asyncio transport: one event goes to hundreds
# of sockets as the same bytes. Through ASGI each would be framed again, wait for its reader, and could not be cut off.
TRANSPORT = "faceup.transport"

_PATH = re.compile(r"/app/([^/]*)/?")


async def converse(hub: Hub, own: Credentials, scope: Any, receive: Any, send: Any) -> None:
    """One socket from handshake to goodbye."""
    if (await receive())["type"] != "websocket.connect":
        return
    await send({"type": "websocket.accept"})

    async def close(code: int, reason: str) -> None:
        await send({"type": "websocket.close", "code": code, "reason": reason})

    loop = asyncio.get_running_loop()
    connection = Connection(scope["extensions"][TRANSPORT]["transport"], close, loop.time())
    refusal = _refusal(own, scope)
    if refusal is None and not hub.admit(connection):
        refusal = Code.OVER_QUOTA, "The app is over its connection quota"
    if refusal is not None:
        connection.transport.write(error(*refusal))
        await close(*refusal)
        return
    established = {"socket_id": connection.id, "activity_timeout": max(1, int(hub.limits.idle))}
    hub.send(connection, message("pusher:connection_established", established))
    scope["headers"] = []  # a socket is kept for hours, its headers need not be
    listener = _Listener(hub, own, connection)
    try:
        while (event := await receive())["type"] == "websocket.receive":
            connection.heard, connection.pinged = loop.time(), False
            if not connection.dropped and (text := event.get("text")) is not None:
                listener.hear(text)
    finally:
        hub.leave(connection)


def _refusal(own: Credentials, scope: Any) -> tuple[Code, str] | None:
    path = _PATH.fullmatch(scope["path"])
    if path is None:
        return Code.UNKNOWN_PATH, "Path not found"
    if path[1] != own.key:
        return Code.UNKNOWN_APP, f"App key {path[1]} not in this cluster. Did you forget to specify the cluster?"
    version = parse_qs(scope["query_string"].decode("latin-1")).get("protocol", [""])[0]
    if not version:
        return Code.NO_VERSION, "No protocol version supplied"
    if not version.isdecimal():
        return Code.INVALID_VERSION, "Invalid version string format"
    if int(version[:9]) not in VERSIONS:
        return Code.UNSUPPORTED_VERSION, f"Unsupported protocol version: {version[:9]}"
    return None


class _Listener:
    """What one socket says, in words and deeds."""

    __slots__ = ("_connection", "_hub", "_own")

    def __init__(self, hub: Hub, own: Credentials, connection: Connection) -> None:
        self._hub, self._own, self._connection = hub, own, connection

    def hear(self, text: str) -> None:
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict) or not isinstance(said.get("event"), str):
            self._complain(None, "Invalid message: an object with an event is expected")
            return
        data = said.get("data")
        data = data if isinstance(data, dict) else {}
        match said["event"]:
            case "pusher:ping":
                self._hub.send(self._connection, message("pusher:pong", {}))
            case "pusher:pong":
                pass
            case "pusher:subscribe":
                self._subscribe(data)
            case "pusher:unsubscribe":
                self._hub.unsubscribe(self._connection, str(data.get("channel")))
            case "pusher:signin":
                self._sign_in(data)
            case event if event.startswith("client-"):
                self._complain(Code.CLIENT_EVENT_REFUSED, "The app does not have client messaging enabled.")
            case _:
                self._complain(None, "Unknown event")

    def _subscribe(self, data: dict[str, Any]) -> None:
        name, told = data.get("channel"), data.get("channel_data")
        if not isinstance(name, str) or not is_channel(name):
            self._complain(None, f"Invalid channel name: {str(name)[:200]}")
        elif name in self._connection.channels:
            self._complain(None, f"Existing subscription to channel {name}")
        elif len(self._connection.channels) >= self._hub.limits.channels_a_connection:
            self._refuse(name, "LimitReached", "Too many channels on this connection", 4100)
        elif name.startswith(USER_CHANNEL):
            # Whoever is signed in hears its own channel; joining it only answers.
            if not self._connection.user_id or name != USER_CHANNEL + self._connection.user_id:
                self._refuse(name, "AuthError", "Sign in first", 401)
            else:
                self._hub.send(self._connection, message("pusher_internal:subscription_succeeded", {}, name))
        elif name.startswith("presence-"):
            self._join_presence(name, told, data.get("auth"))
        elif name.startswith("private-") and not self._signed(name, data.get("auth")):
            self._refuse_signature(name)
        else:
            self._hub.subscribe(self._connection, name, None)

    def _join_presence(self, name: str, told: object, auth: object) -> None:
        if not isinstance(told, str) or not self._signed(f"{name}:{told}", auth):
            self._refuse_signature(name)
            return
        member = _object(told)
        user_id = str(member.get("user_id", ""))
        if not 0 < len(user_id) <= 128:
            self._refuse(name, "AuthError", "Invalid channel_data: a user_id of at most 128 characters", 401)
        elif not self._hub.room_for(name, user_id):
            self._refuse(name, "LimitReached", "Too many members on this presence channel", 4004)
        else:
            self._hub.subscribe(self._connection, name, (user_id, member.get("user_info")))

    def _sign_in(self, data: dict[str, Any]) -> None:
        told = data.get("user_data")
        user_id = str(_object(told).get("id", "")) if isinstance(told, str) else ""
        if not user_id or not self._signed(f":user::{told}", data.get("auth")):
            self._complain(Code.UNAUTHORIZED, "Connection is unauthorized")
            self._hub.dismiss(self._connection, Code.UNAUTHORIZED, "Connection is unauthorized")
            return
        self._connection.user_id = user_id
        self._hub.send(self._connection, message("pusher:signin_success", {"user_data": told}))

    def _signed(self, text: str, auth: object) -> bool:
        """Whether ``key:signature`` is ours, over this socket's id and the text."""
        key, _, given = str(auth).partition(":")
        return key == self._own.key and signed(self._own.secret, f"{self._connection.id}:{text}", given)

    def _refuse_signature(self, name: str) -> None:
        self._complain(Code.UNAUTHORIZED, f"Invalid signature for the subscription to {name}")
        self._refuse(name, "AuthError", "The connection is unauthorized.", 401)

    def _refuse(self, name: str, kind: str, text: str, status: int) -> None:
        told = {"type": kind, "error": text, "status": status}
        refusal = encoded({"event": "pusher:subscription_error", "channel": name, "data": told})
        self._hub.send(self._connection, frame(refusal))

    def _complain(self, code: int | None, text: str) -> None:
        self._hub.send(self._connection, error(code, text))


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
