"""HTTP requests to addresses that people typed: trackers and webhooks. The only module that imports requests_hardened.

Each request resolves the name once, refuses addresses of private networks, and connects to the address that was
checked. Redirects are not followed, and neither proxies nor passwords are taken from the environment. A timer ends
its connection: timeouts of sockets begin anew with each byte, so that a server could send one every few seconds.
"""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from threading import Event, Timer
from typing import Any

from requests import RequestException, Response
from requests.structures import CaseInsensitiveDict
from requests_hardened import Config, Manager
from requests_hardened.ip_filter import InvalidIPAddress, get_ip_address
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from poker_app import clock

CONNECT, READ = 3.0, 8.0
"""Seconds to be connected to, and to send the next bytes."""
# The sockets of the request under way in this thread.
_sockets: ContextVar[list[socket.socket] | None] = ContextVar("sockets of a request", default=None)


class PrivateAddress(Exception):
    """The name leads into a private network, and nothing was sent."""


class NoAnswer(Exception):
    """There was no whole answer in time. ``kind`` names the failure: its text would repeat the address with its
    query."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, of whatever status. ``cut``: it is longer than was asked for, and ``content`` its beginning."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    cut: bool


def _opened(connection: socket.socket) -> socket.socket:
    if (opened := _sockets.get()) is not None:
        opened.append(connection)
    return connection


class _Plain(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        _opened(self.sock)


class _Encrypted(HTTPSConnection):
    def connect(self) -> None:
        # The handshake has a timeout for all of it.
        super().connect()
        _opened(self.sock)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _EncryptedPool(HTTPSConnectionPool):
    ConnectionCls = _Encrypted


@contextmanager
def _ended_after(seconds: float) -> Iterator[None]:
    """Ends the connections that the block opens after so many seconds. Raises TimeoutError then, also where what was
    read so far would be an answer."""
    opened: list[socket.socket] = []
    is_over = Event()

    def end() -> None:
        is_over.set()
        for each in opened:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    timer = Timer(seconds, end)
    timer.daemon = True
    token = _sockets.set(opened)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        _sockets.reset(token)
    if is_over.is_set():
        raise TimeoutError


def check_public(host: str, port: int) -> None:
    """Resolves a name, and refuses one that leads into a private network now. A name that cannot be resolved passes:
    what is sent later is checked again.

    Raises:
        PrivateAddress: it does.
    """
    try:
        get_ip_address(host, port, allow_loopback=False)
    except InvalidIPAddress:
        raise PrivateAddress() from None
    except (OSError, UnicodeError):
        return


def _manager(*, inside: bool) -> Manager:
    return Manager(
        Config(
            ip_filter_enable=not inside,
            ip_filter_allow_loopback_ips=False,
            never_redirect=False,
            default_timeout=(CONNECT, READ),
            user_agent_override="Faceup",
        )
    )


def send(
    method: str,
    address: str,
    headers: Mapping[str, str],
    *,
    seconds: float,
    most: int,
    inside: bool,
    params: Mapping[str, str | int] | None = None,
    json: Any = None,
    body: bytes | None = None,
) -> Reply:
    """Sends one request, and reads ``most`` bytes of the answer in so many ``seconds`` for all of it. ``inside``: the
    address may be in a private network.

    Raises:
        PrivateAddress: it is, and may not.
        NoAnswer: the server is down, slow, or there is none.
    """
    try:
        with _ended_after(seconds), _manager(inside=inside).get_session() as session:
            session.trust_env = False
            for adapter in session.adapters.values():
                adapter.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _EncryptedPool}
            with session.request(
                method,
                address,
                params=params,
                json=json,
                data=body,
                headers=headers,
                allow_redirects=False,
                stream=True,
            ) as response:
                content, cut = _beginning(response, most)
    except InvalidIPAddress:
        raise PrivateAddress() from None
    except (RequestException, HTTPError, OSError, UnicodeError) as problem:
        raise NoAnswer(type(problem).__name__) from None
    return Reply(response.status_code, response.headers, content, cut)


def _beginning(response: Response, most: int) -> tuple[bytes, bool]:
    content = bytearray()
    for piece in response.iter_content(min(most, 64 * 1024)):
        content += piece
        if len(content) > most:
            return bytes(content[:most]), True
    return bytes(content), False


def pause_of(headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer asks to wait: its Retry-After, or the time at which its limit begins anew."""
    headers = CaseInsensitiveDict(headers)
    now = clock.now().timestamp()
    if after := headers.get("retry-after", "").strip():
        if after.isascii() and after.replace(".", "", 1).isdigit() and len(after) < 10:
            return float(after)
        try:
            return max(0.0, parsedate_to_datetime(after).timestamp() - now)
        except (OverflowError, TypeError, ValueError):
            return None
    reset = headers.get("x-ratelimit-reset", headers.get("ratelimit-reset", "")).strip()
    if not (reset.isascii() and reset.isdigit()) or len(reset) > 13:
        return None
    # A moment, in seconds or milliseconds, or a number of seconds.
    seconds = int(reset) / 1000 if len(reset) > 11 else int(reset)
    return max(0.0, seconds - now) if seconds > 1_000_000_000 else float(seconds)
