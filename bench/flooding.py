"""``python -m bench.flooding NAME PORT SECONDS``: what one hostile client does, bounded in bytes and seconds.

Prints, as JSON, how often it was told which status or close code. Whatever the server cuts off is begun anew until the
time is over. Nothing but this machine is ever reached.
"""

import http.client
import json
import os
import re
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from urllib.parse import urlencode

from bench.machine import allow_many_sockets

MB = 1_000_000
KEY = "flooded"  # of the realtime engine
OWNER, PASSWORD, ACCOUNT = "olga@example.com", "correct horse battery", "FLOODED_ACCOUNT"
_MASK = bytes(4)
# An answer, or a frame that closes with one of the engine's own codes.
_TOLD = re.compile(rb"HTTP/1\.1 (\d\d\d) |\x88.([\x0f-\x11].)[A-Z]", re.DOTALL)


class Client:
    """One flood's sockets, its time, and the bytes that it may send."""

    def __init__(self, port: int, seconds: float, most: int) -> None:
        self._port, self._until, self._left = port, time.monotonic() + seconds, most
        self.told: Counter[str] = Counter()

    @property
    def goes_on(self) -> bool:
        return time.monotonic() < self._until and self._left > 0

    def connections(self) -> Iterator[socket.socket]:
        """Opens connections, one after the other, a new one whenever the server closes one."""
        while self.goes_on:
            with suppress(OSError), self.connected() as plain:
                yield plain
                self.hears(plain)
            time.sleep(0.01)

    def hears(self, plain: socket.socket) -> None:
        """Reads what was answered, and notes it with the reason why the connection ended."""
        plain.settimeout(0.2)
        said = b""
        with suppress(OSError):
            while len(said) < MB and (more := plain.recv(1 << 16)):
                said += more
        self.notes(said)

    def notes(self, said: bytes) -> None:
        for found in _TOLD.finditer(said):
            self.told[found[1].decode() if found[1] else str(int.from_bytes(found[2], "big"))] += 1

    def connected(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self._port), timeout=1)

    def handshaken(self) -> Iterator[socket.socket]:
        """Opens WebSockets, one after the other."""
        lines = [f"GET /app/{KEY}?protocol=7 HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade"]
        lines += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "", ""]
        for plain in self.connections():
            self.sends(plain, "\r\n".join(lines).encode())
            with suppress(OSError):
                plain.recv(4096)
            yield plain

    def sends(self, plain: socket.socket, data: bytes, bytes_a_second: float = 0.0) -> bool:
        """Sends data and returns whether all of it was sent: a server that reads no more is waited for until the time
        is over."""
        self._left -= len(data)
        if bytes_a_second:
            time.sleep(len(data) / bytes_a_second)
        view = memoryview(data)
        while view and time.monotonic() < self._until:
            try:
                view = view[plain.send(view) :]
            except TimeoutError:
                continue
            except OSError:
                return False
        return not view and self.goes_on

    def waits(self) -> None:
        """Waits until the time is over."""
        time.sleep(max(0.0, self._until - time.monotonic()))


def header_lines(port: int, seconds: float) -> Counter[str]:
    """Sends 60 MB of header lines on one connection."""
    client, lines = Client(port, seconds, 60 * MB), (b"X-Header: " + b"y" * 1_012 + b"\r\n") * 64
    for plain in client.connections():
        client.sends(plain, b"GET /healthz HTTP/1.1\r\n")
        while client.sends(plain, lines):
            pass
    return client.told


def pipelined_requests(port: int, seconds: float) -> Counter[str]:
    """Sends requests in a row and never reads the responses."""
    client, requests = Client(port, seconds, 40 * MB), b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1_000
    for plain in client.connections():
        client.told["connections"] += 1
        while client.sends(plain, requests):
            pass
    return client.told


def half_sent_headers(port: int, seconds: float) -> Counter[str]:
    """Opens 900 connections with 60 kB of headers each, and never ends the headers."""
    return _half_sent(
        port, seconds, b"GET / HTTP/1.1\r\nHost: localhost\r\n" + (b"X-Header: " + b"y" * 988 + b"\r\n") * 60
    )


def half_sent_bodies(port: int, seconds: float) -> Counter[str]:
    """Opens 900 connections with half of a body of 600 kB each."""
    head = b"POST /sign-in/password HTTP/1.1\r\nHost: localhost\r\nContent-Length: 600000\r\n\r\n"
    return _half_sent(port, seconds, head + b"x" * 300_000)


def _half_sent(port: int, seconds: float, beginning: bytes) -> Counter[str]:
    client = Client(port, seconds, 900 * len(beginning))
    with ExitStack() as stack:
        held = []
        for _ in range(900):
            with suppress(OSError):
                held.append(stack.enter_context(client.connected()))
                client.sends(held[-1], beginning)
        client.waits()
        for plain in held:
            plain.setblocking(False)
            with suppress(OSError):
                client.notes(plain.recv(4096))
    return client.told


def socket_messages(port: int, seconds: float) -> Counter[str]:
    """Sends 5.6 MB/s on a socket that is authorized for nothing."""
    text = b'{"event":"pusher:subscribe","data":{"channel":"private-planning-poker-' + b"x" * 1_300 + b'"}}'
    frame = bytes([0x81, 0xFE]) + len(text).to_bytes(2, "big") + _MASK + text
    client = Client(port, seconds, 60 * MB)
    for plain in client.handshaken():
        while client.sends(plain, frame * 40, bytes_a_second=5.6 * MB):
            plain.settimeout(0.001)
            with suppress(OSError):
                client.notes(plain.recv(1 << 16))
            plain.settimeout(1)
    return client.told


def unread_pings(port: int, seconds: float) -> Counter[str]:
    """Sends pings, up to 200 MB, and never reads the responses."""
    pings = (bytes([0x89, 0x80 | 125]) + _MASK + b"p" * 125) * 500
    client = Client(port, seconds, 200 * MB)
    for plain in client.handshaken():
        while client.sends(plain, pings):
            pass
    return client.told


def wrong_passwords(port: int, seconds: float) -> Counter[str]:
    """Tries 96 wrong passwords at once, each for another address; the next 96 when all are answered."""
    visitors, told = [Visitor(port) for _ in range(96)], Counter[str]()
    for visitor in visitors:
        visitor.get("/sign-in/password")

    def tries(number: int) -> None:
        with suppress(OSError, http.client.HTTPException):
            form = {"email": f"ada.{number}@example.com", "password": "wrong password"}
            told[str(visitors[number].post("/sign-in/password", **form))] += 1

    until = time.monotonic() + seconds
    with ThreadPoolExecutor(len(visitors)) as threads:
        while time.monotonic() < until:
            list(threads.map(tries, range(len(visitors))))
    return told


def invitation_letters(port: int, seconds: float) -> Counter[str]:
    """Sends invitation forms of 60,000 letters, one after the other."""
    account = os.environ[ACCOUNT]
    owner, told = Visitor(port), Counter[str]()
    owner.get("/sign-in/password")
    while (status := owner.post("/sign-in/password", email=OWNER, password=PASSWORD)) == 503:
        time.sleep(0.5)  # the passwords of the flood before are hashed first
    if status != 303:
        raise SystemExit(f"the owner is not let in: {status}")
    owner.get(f"/accounts/{account}/team")
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        told[str(owner.post(f"/accounts/{account}/invitations", emails="a" * 60_000, role="facilitator"))] += 1
    return told


class Visitor:
    """A client without pages: its cookies and the form's token, where the release has one."""

    def __init__(self, port: int) -> None:
        self._port, self._cookies, self._token = port, dict[str, str](), ""

    def get(self, path: str) -> int:
        return self._ask("GET", path, None)

    def post(self, path: str, **form: str) -> int:
        return self._ask("POST", path, urlencode({"csrf_token": self._token, **form}))

    def _ask(self, method: str, path: str, body: str | None) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        origin = f"http://127.0.0.1:{self._port}"
        headers = {
            "Origin": origin,
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        finally:
            connection.close()
        for cookie in answer.headers.get_all("set-cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        if found := re.search(r'name="csrf_token" value="([^"]+)"', text):
            self._token = found[1]
        return answer.status


FLOODS: dict[str, Callable[[int, float], Counter[str]]] = {
    flood.__name__: flood
    for flood in (
        header_lines,
        pipelined_requests,
        half_sent_headers,
        half_sent_bodies,
        socket_messages,
        unread_pings,
        wrong_passwords,
        invitation_letters,
    )
}


def main() -> None:
    name, port, seconds = sys.argv[1:]
    allow_many_sockets()
    print(json.dumps(FLOODS[name](int(port), float(seconds))))


if __name__ == "__main__":
    main()
