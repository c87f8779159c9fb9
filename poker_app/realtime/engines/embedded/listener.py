"""Handles the messages that a browser sends on its socket, for the embedded server and for the view behind a GRIP
proxy."""

import json
import re
from typing import Any, Protocol
from urllib.parse import parse_qs

from poker_app.realtime.engines.embedded.protocol import (
    USER_CHANNEL,
    VERSIONS,
    Code,
    Limits,
    complaint,
    encoded,
    is_channel,
    signed,
    words,
)
from poker_app.realtime.engines.endpoints import Credentials

LONGEST_QUERY = 1_024  # characters that are read of a query: version, library
_PATH = re.compile(r"/app/([^/]*)/?")


class Socket(Protocol):
    """State of one socket."""

    id: str
    channels: set[str]
    user_id: str | None


class House[S: Socket](Protocol):
    """Protocol of the holder of the sockets: the embedded hub, or one request of the GRIP proxy."""

    limits: Limits

    def say(self, connection: S, text: str) -> None: ...
    def room_for(self, name: str, user_id: str) -> bool: ...
    def subscribe(self, connection: S, name: str, member: tuple[str, object] | None) -> None: ...
    def unsubscribe(self, connection: S, name: str) -> None: ...
    def dismiss(self, connection: S, code: int, reason: str) -> None: ...


def refused(own: Credentials, path: str, query: str) -> tuple[Code, str] | None:
    """Close code and reason for a socket opened at this address; None where it is accepted."""
    found = _PATH.fullmatch(path)
    if found is None:
        return Code.UNKNOWN_PATH, "Path not found"
    if found[1] != own.key:
        return Code.UNKNOWN_APP, f"App key {found[1]} not in this cluster. Did you forget to specify the cluster?"
    version = parse_qs(query[:LONGEST_QUERY]).get("protocol", [""])[0]
    if not version:
        return Code.NO_VERSION, "No protocol version supplied"
    if not version.isdecimal():
        return Code.INVALID_VERSION, "Invalid version string format"
    if int(version[:9]) not in VERSIONS:
        return Code.UNSUPPORTED_VERSION, f"Unsupported protocol version: {version[:9]}"
    return None


class Listener[S: Socket]:
    """Handles the messages of one socket."""

    __slots__ = ("_connection", "_hub", "_own")

    def __init__(self, hub: House[S], own: Credentials, connection: S) -> None:
        self._hub, self._own, self._connection = hub, own, connection

    def handle_message(self, text: str) -> None:
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
                self._hub.say(self._connection, words("pusher:pong", {}))
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
        name, channel_data = data.get("channel"), data.get("channel_data")
        if not isinstance(name, str) or not is_channel(name):
            self._complain(None, f"Invalid channel name: {str(name)[:200]}")
        elif name in self._connection.channels:
            self._complain(None, f"Existing subscription to channel {name}")
        elif len(self._connection.channels) >= self._hub.limits.channels_a_connection:
            self._refuse(name, "LimitReached", "Too many channels on this connection", 4100)
        elif name.startswith(USER_CHANNEL):
            # A signed-in socket receives its user's channel already; subscribing only gets a reply.
            if not self._connection.user_id or name != USER_CHANNEL + self._connection.user_id:
                self._refuse(name, "AuthError", "Sign in first", 401)
            else:
                self._hub.say(self._connection, words("pusher_internal:subscription_succeeded", {}, name))
        elif name.startswith("presence-"):
            self._join_presence(name, channel_data, data.get("auth"))
        elif not name.startswith("private-"):
            self._refuse(name, "AuthError", "Only private and presence channels are here", 401)
        elif not self._signed(name, data.get("auth")):
            self._refuse_signature(name)
        else:
            self._hub.subscribe(self._connection, name, None)

    def _join_presence(self, name: str, channel_data: object, auth: object) -> None:
        if not isinstance(channel_data, str) or not self._signed(f"{name}:{channel_data}", auth):
            self._refuse_signature(name)
            return
        member = _object(channel_data)
        user_id = str(member.get("user_id", ""))
        if not 0 < len(user_id) <= 128:
            self._refuse(name, "AuthError", "Invalid channel_data: a user_id of at most 128 characters", 401)
        elif not self._hub.room_for(name, user_id):
            self._refuse(name, "LimitReached", "Too many members on this presence channel", 4004)
        else:
            self._hub.subscribe(self._connection, name, (user_id, member.get("user_info")))

    def _sign_in(self, data: dict[str, Any]) -> None:
        channel_data = data.get("user_data")
        user_id = str(_object(channel_data).get("id", "")) if isinstance(channel_data, str) else ""
        if not user_id or not self._signed(f":user::{channel_data}", data.get("auth")):
            self._complain(Code.UNAUTHORIZED, "Connection is unauthorized")
            self._hub.dismiss(self._connection, Code.UNAUTHORIZED, "Connection is unauthorized")
            return
        self._connection.user_id = user_id
        self._hub.say(self._connection, words("pusher:signin_success", {"user_data": channel_data}))

    def _signed(self, text: str, auth: object) -> bool:
        """Whether ``key:signature`` is a valid signature of this socket's id and the text."""
        key, _, given = str(auth).partition(":")
        return key == self._own.key and signed(self._own.secret, f"{self._connection.id}:{text}", given)

    def _refuse_signature(self, name: str) -> None:
        self._complain(Code.UNAUTHORIZED, f"Invalid signature for the subscription to {name}")
        self._refuse(name, "AuthError", "The connection is unauthorized.", 401)

    def _refuse(self, name: str, kind: str, text: str, status: int) -> None:
        channel_data = {"type": kind, "error": text, "status": status}
        self._hub.say(
            self._connection, encoded({"event": "pusher:subscription_error", "channel": name, "data": channel_data})
        )

    def _complain(self, code: int | None, text: str) -> None:
        self._hub.say(self._connection, complaint(code, text))


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
