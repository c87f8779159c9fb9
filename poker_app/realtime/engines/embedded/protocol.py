"""The Pusher protocol: close codes, names, frames and signatures."""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from websockets.frames import Frame, Opcode

VERSIONS = range(5, 8)
USER_CHANNEL = "#server-to-user-"

_CHANNEL = re.compile(rf"({USER_CHANNEL})?[-a-zA-Z0-9_=@,.;]+")
_SOCKET_ID = re.compile(r"\d+\.\d+", re.ASCII)


class Code(IntEnum):
    """Codes of a closed socket or an error. 4000-4099 and 4300-4399: do not reconnect; 41xx: in a second; 42xx: at
    once."""

    UNKNOWN_APP = 4001
    OVER_QUOTA = 4004
    UNKNOWN_PATH = 4005
    INVALID_VERSION = 4006
    UNSUPPORTED_VERSION = 4007
    NO_VERSION = 4008
    UNAUTHORIZED = 4009
    RECONNECT = 4200
    NO_PONG = 4201
    CLIENT_EVENT_REFUSED = 4301
    TOO_MUCH = 4303


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, times in seconds. A backlog is the unread bytes of a reader before it is dropped."""

    connections: int = 10_000
    channels_a_connection: int = 100
    members: int = 1_000
    backlog: int = 256 * 1024
    # Of a socket that is on no channel yet: nothing but answers to itself.
    strangers_backlog: int = 16 * 1024
    idle: float = 120.0
    pong: float = 30.0
    grace: float = 2.0


class Event(NamedTuple):
    """One publish: the same name and data to every channel, except to one socket."""

    channels: list[str]
    name: str
    data: str
    exclude: str | None = None


def new_socket_id() -> str:
    return f"{secrets.randbelow(10**9) + 1}.{secrets.randbelow(10**9) + 1}"


def is_channel(name: object) -> bool:
    return isinstance(name, str) and len(name) <= 200 and _CHANNEL.fullmatch(name) is not None


def is_socket_id(value: object) -> bool:
    return isinstance(value, str) and _SOCKET_ID.fullmatch(value) is not None


def encoded(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def frame(text: str) -> bytes:
    """A whole WebSocket text frame, ready for any number of sockets."""
    # A lone surrogate, which JSON may carry as an escape, has no UTF-8.
    return Frame(Opcode.TEXT, text.encode(errors="replace")).serialize(mask=False)


def words(event: str, data: object, channel: str | None = None) -> str:
    """A message of the server itself; its data is JSON inside JSON, as the protocol has it."""
    where = {"channel": channel} if channel is not None else {}
    return encoded({"event": event, **where, "data": encoded(data)})


def message(event: str, data: object, channel: str | None = None) -> bytes:
    """The same as a frame, ready for any number of sockets."""
    return frame(words(event, data, channel))


def complaint(code: int | None, text: str) -> str:
    return encoded({"event": "pusher:error", "data": {"code": code, "message": text}})


def established(socket_id: str, idle: float) -> str:
    """The first message on a socket."""
    told = {"socket_id": socket_id, "activity_timeout": max(1, int(idle))}
    return words("pusher:connection_established", told)


def presence_data(members: Mapping[str, object]) -> dict[str, object]:
    """The presence part of ``subscription_succeeded``: user ids with their info; empty without members."""
    return {"presence": {"count": len(members), "ids": list(members), "hash": dict(members)}} if members else {}


def event_words(event: Event) -> Iterable[tuple[str, str]]:
    """Yields each channel with its message; the data is encoded once for all channels."""
    name, data = encoded(event.name), encoded(event.data)
    for channel in event.channels:
        yield channel, f'{{"event":{name},"channel":{encoded(channel)},"data":{data}}}'


def event_frames(event: Event) -> Iterable[tuple[str, bytes]]:
    """Yields each channel with its frame."""
    for channel, text in event_words(event):
        yield channel, frame(text)


def signature(secret: str, text: str | bytes) -> str:
    data = text.encode(errors="replace") if isinstance(text, str) else text
    return hmac.new(secret.encode(), data, hashlib.sha256).hexdigest()


def signed(secret: str, text: str, given: object) -> bool:
    """Whether ``given`` is the signature of ``text``, compared in constant time."""
    return isinstance(given, str) and hmac.compare_digest(
        given.encode(errors="replace"), signature(secret, text).encode()
    )
