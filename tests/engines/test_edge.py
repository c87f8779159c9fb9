"""The limits of the embedded server's connections, one test each, with figures small enough to reach."""

import json
import os
import socket as sockets
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from io import RawIOBase
from resource import RUSAGE_SELF, getrusage
from typing import IO, Any

import pytest
from engine_server import OWN, Running
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from bench.machine import resident_mb
from poker_app import serve
from poker_app.edge.limits import MIB, NETWORK, Bucket, Edge, EdgeLimits, limits_for
from poker_app.realtime.engines.embedded.app import EmbeddedServer
from poker_app.wsgi_bridge import Bridge

PATH = f"/app/{OWN.key}?protocol=7"
SOON = 5.0  # seconds until a test gives up; every deadline here is far shorter


class Pages:
    """A WSGI application that remembers what it was asked, with a long answer at one address."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.received = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.asked.append(environ["PATH_INFO"])
        if environ["PATH_INFO"] == FILES:
            self.received = read_in_pieces(environ["wsgi.input"])
        if self.received:
            start_response("200 OK", [("Content-Length", str(FILE_SIZE))])
            return environ["wsgi.file_wrapper"](Zeros(FILE_SIZE))  # type: ignore[no-any-return]
        content = b"x" * (4 * 1024 * 1024) if environ["PATH_INFO"] == "/long" else b"a page"
        start_response("200 OK", [("Content-Length", str(len(content)))])
        return [content]


# Longer than what one network may have in memory.
FILES, FILE_SIZE = "/files", 4 * EdgeLimits.held_a_network


class Zeros(RawIOBase):
    """A file of so many bytes that lies nowhere."""

    def __init__(self, size: int) -> None:
        self._left = size

    def read(self, size: int = -1) -> bytes:
        size = min(size, self._left)
        self._left -= size
        return bytes(size)


def read_in_pieces(stream: IO[bytes]) -> int:
    """How many bytes there were."""
    return sum(len(piece) for piece in iter(lambda: stream.read(1 << 20), b""))


class Site:
    """Pages beside an embedded server, as ``serve.Site`` has them."""

    def __init__(self) -> None:
        self.pages = Pages()
        longest = {FILES: FILE_SIZE}
        self._bridge, self._realtime = Bridge(self.pages, 2, lambda path: longest.get(path, 0)), EmbeddedServer(OWN)
        self.networks: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            with self._bridge.at_work():
                await self._realtime(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._realtime(scope, receive, send)
        else:
            self.networks.append(scope["state"][NETWORK])
            await self._bridge(scope, receive, send)


class Server(Running):
    def __init__(self, proxies: int = 0, **limits: Any) -> None:
        self.site = Site()
        self.edge = Edge(replace(EdgeLimits(), **limits), proxies)
        super().__init__(self.site, edge=self.edge)
        self.url = f"ws://127.0.0.1:{self.port}{PATH}"

    def connected(self) -> sockets.socket:
        return sockets.create_connection(("127.0.0.1", self.port), timeout=SOON)

    def asks(self, request: bytes) -> bytes:
        """All that is answered until the server ends the connection."""
        with self.connected() as plain:
            plain.sendall(request)
            return rest(plain)


@contextmanager
def serving(proxies: int = 0, **limits: Any) -> Iterator[Server]:
    server = Server(proxies, **limits)
    try:
        yield server
    finally:
        server.stop()


def rest(plain: sockets.socket) -> bytes:
    heard = b""
    try:
        while more := plain.recv(1 << 16):
            heard += more
    except ConnectionResetError:
        pass
    return heard


def is_cut_off(plain: sockets.socket, piece: bytes, times: int, apart: float = 0.0) -> bool:
    """Whether the server ends the connection while so many pieces are sent."""
    try:
        for _ in range(times):
            plain.sendall(piece)
            time.sleep(apart)  # as a client that is slow on purpose does
    except (ConnectionResetError, BrokenPipeError):
        return True
    return False


def get(path: str = "/", *lines: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


LAST = "Connection: close"


def ended(socket: ClientConnection) -> int:
    """The code that a socket is closed with."""
    try:
        while True:
            socket.recv(timeout=SOON)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006


@contextmanager
def socket_at(server: Server, **headers: str) -> Iterator[ClientConnection]:
    with connect(server.url, compression=None, ping_interval=None, close_timeout=1, additional_headers=headers) as made:
        yield made


# --- HTTP


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (get("/" + "a" * 900, LAST), 200),
        (get("/" + "a" * 1_100, LAST), 414),
        (get("/", LAST, *(f"X-{number}: y" for number in range(18))), 200),
        (get("/", LAST, *(f"X-{number}: y" for number in range(19))), 431),
        (get("/", LAST, "X: " + "y" * 3_900), 200),
        (get("/", LAST, "X: " + "y" * 4_100), 431),
        (b"GET / HTTP/1.1\r\nX: " + b"y" * 40_000, 431),
        (b"GET /" + b"a" * 40_000, 414),
        (b"nonsense\r\n\r\n", 400),
    ],
)
def test_line_and_headers_have_a_length(request_: bytes, status: int) -> None:
    with serving(request_line=1_024, headers=20, head=4_096) as server:
        assert server.asks(request_).startswith(b"HTTP/1.1 %d " % status)
        assert len(server.site.pages.asked) == (status == 200)


def test_headers_without_an_end_are_not_kept() -> None:
    """60 MB of them took 700 MB."""
    with serving() as server, server.connected() as plain:
        before = resident_mb(os.getpid())
        plain.sendall(b"GET / HTTP/1.1\r\n")
        assert is_cut_off(plain, (b"X-Header: " + b"y" * 1_012 + b"\r\n") * 64, 960)
        assert resident_mb(os.getpid()) - before < 20
        assert server.asks(get("/", LAST)).endswith(b"a page")


def test_a_body_that_says_it_is_too_long_is_not_read() -> None:
    """The page refuses it for its length, and can do so at once."""
    with serving() as server:
        asked = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99000000\r\n\r\n"
        with server.connected() as plain:
            plain.sendall(asked)
            assert plain.recv(1 << 16).startswith(b"HTTP/1.1 200")
            assert is_cut_off(plain, b"x" * 1_000_000, 98)


def test_what_is_held_for_one_network_is_bounded() -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n"
    with serving(held_a_network=150_000) as server, ExitStack() as stack:
        plain = [stack.enter_context(server.connected()) for _ in range(3)]
        for each in plain:
            each.sendall(head + b"x" * 59_000)
        answers = []
        for each in plain:
            each.settimeout(0.5)
            try:
                answers.append(each.recv(100)[:12])
            except TimeoutError:
                answers.append(b"")
        assert sorted(answers) == [b"", b"", b"HTTP/1.1 429"]
        for each, answer in zip(plain, answers, strict=True):
            if not answer:
                each.settimeout(SOON)
                each.sendall(b"x" * 1_000)
                assert each.recv(100).startswith(b"HTTP/1.1 200")
        assert server.asks(head.replace(b"Host: x", b"Connection: close") + b"x" * 60_000).endswith(b"a page")


def test_requests_in_a_row_are_answered_up_to_a_number() -> None:
    with serving(pipelined=4) as server:
        assert server.asks(get() * 4 + get("/", LAST)).count(b"a page") == 5
    with serving(pipelined=4) as server:
        answered = server.asks(get() * 400)
        assert answered.count(b"a page") <= 1
        assert len(server.site.pages.asked) <= 2


def test_answers_that_are_not_read_are_not_made(caplog: pytest.LogCaptureFixture) -> None:
    with serving(answer_deadline=0.4) as server, server.connected() as plain:
        plain.sendall(get("/long") * 8)
        since = time.monotonic()
        while server.edge._held or len(server.site.pages.asked) < 2:
            assert time.monotonic() - since < SOON
            time.sleep(0.02)  # the server runs in another thread, and tells nobody
        assert len(server.site.pages.asked) == 2, "one is in the buffer, one waits for it"
    assert not caplog.records, "the one that waits is given up without a word"


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"", b""),
        (b"\r\n", b"HTTP/1.1 408 "),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", b"HTTP/1.1 408 "),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx", b"HTTP/1.1 408 "),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nx", b"HTTP/1.1 408 "),
    ],
)
def test_what_is_begun_has_to_be_finished(sent: bytes, answer: bytes) -> None:
    with serving(head_deadline=0.3, body_deadline=0.3, linger=0.1) as server:
        heard = server.asks(sent)
        assert heard.startswith(answer)
        assert bool(heard) == bool(answer)
        assert server.site.pages.asked == []


def test_a_header_that_comes_letter_by_letter_is_no_sign_of_life() -> None:
    with serving(head_deadline=0.4, linger=0.1) as server, server.connected() as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nX: ")
        assert is_cut_off(plain, b"y", 100, apart=0.05)


def test_connections_of_one_network_are_bounded() -> None:
    with serving(connections_a_network=3) as server, ExitStack() as stack:
        plain = [stack.enter_context(server.connected()) for _ in range(3)]
        for each in plain:
            each.sendall(get())
            assert each.recv(1 << 16).endswith(b"a page")
        assert server.asks(b"").startswith(b"HTTP/1.1 429 ")
        plain[0].close()
        until = time.monotonic() + SOON
        while server.asks(get("/", LAST)).startswith(b"HTTP/1.1 429 "):
            assert time.monotonic() < until


def test_behind_a_proxy_the_client_counts() -> None:
    def asks(address: str) -> sockets.socket:
        plain = stack.enter_context(server.connected())
        plain.sendall(get("/", f"X-Forwarded-For: 198.51.100.1, {address}"))
        return plain

    with serving(proxies=1, connections_a_network=2) as server, ExitStack() as stack:
        for _ in range(2):
            assert asks("192.0.2.1").recv(1 << 16).endswith(b"a page")
        assert asks("192.0.2.1").recv(1 << 16).startswith(b"HTTP/1.1 429 ")
        assert asks("::ffff:192.0.2.1").recv(1 << 16).startswith(b"HTTP/1.1 429 ")
        assert asks("192.0.2.2").recv(1 << 16).endswith(b"a page")


@pytest.mark.parametrize(("proxies", "network"), [(0, "127.0.0.1"), (1, "192.0.2.7")])
def test_a_request_says_which_network_s_turn_it_takes(proxies: int, network: str) -> None:
    with serving(proxies) as server:
        server.asks(get("/", "X-Forwarded-For: 192.0.2.7", LAST))
    assert server.site.networks == [network]


def test_a_thousand_connections_fit_for_one_network_and_no_network_gets_all() -> None:
    assert limits_for(20_000).sockets_a_network == limits_for(20_000).connections_a_network == 1_000
    few = limits_for(1_024)
    assert few.connections_a_network * 3 < few.connections < 1_024


# --- sockets


def test_messages_have_a_rate() -> None:
    with serving(frames=1, frames_at_once=20) as server, socket_at(server) as socket, socket_at(server) as other:
        for _ in range(19):
            socket.send('{"event":"pusher:ping"}')
        heard = [json.loads(socket.recv(SOON))["event"] for _ in range(20)]
        assert heard[1:] == ["pusher:pong"] * 19
        with suppress(ConnectionClosed):  # by the first that is too many
            for _ in range(10):
                socket.send('{"event":"pusher:ping"}')
        assert ended(socket) == 4303
        other.send('{"event":"pusher:ping"}')
        assert "established" in other.recv(SOON)
        assert "pong" in other.recv(SOON)


def test_bytes_have_a_rate() -> None:
    with serving(frame_bytes=1, frame_bytes_at_once=30_000) as server, socket_at(server) as socket:
        socket.send("x" * 20_000)
        socket.send("x" * 20_000)
        assert ended(socket) == 4303


def test_pings_have_a_rate_and_pongs_are_not_piled_up() -> None:
    with serving(frames_at_once=20) as server:
        with socket_at(server) as socket:
            with suppress(ConnectionClosed):
                for _ in range(30):
                    socket.ping()
            assert ended(socket) == 4303
        with server.connected() as plain:
            shakes_hands(plain)
            assert is_cut_off(plain, bytes([0x89, 0x80 | 125, 0, 0, 0, 0]) + b"p" * 125, 60_000)


def test_pieces_of_a_message_count() -> None:
    with serving(frames_at_once=20) as server, server.connected() as plain:
        shakes_hands(plain)
        plain.sendall(bytes([0x01, 0x80, 0, 0, 0, 0]) + bytes([0x00, 0x80, 0, 0, 0, 0]) * 30)
        assert (4303).to_bytes(2, "big") + b"Too many messages" in rest(plain)


def shakes_hands(plain: sockets.socket) -> None:
    lines = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    plain.sendall(get(PATH, *lines, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="))
    heard = b""
    while b"established" not in heard:
        heard += plain.recv(4096)


def test_a_stranger_who_reads_no_answer_is_cut_off() -> None:
    many = {
        "goodbye": 0.1,
        "frames": 10**6,
        "frames_at_once": 10**6,
        "frame_bytes": 10**8,
        "frame_bytes_at_once": 10**8,
    }
    with serving(**many) as server, ExitStack() as stack:
        plain = stack.enter_context(sockets.socket())
        plain.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
        plain.connect(("127.0.0.1", server.port))
        shakes_hands(plain)
        text = b'{"event":"pusher:subscribe","data":{"channel":"' + b"c" * 60 + b'"}}'
        assert is_cut_off(plain, (bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text) * 100, 1_500)


@pytest.mark.parametrize("proxies", [0, 1])
def test_sockets_of_one_network_are_bounded(proxies: int) -> None:
    mine, other = {"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "192.0.2.2"}
    with serving(proxies, sockets_a_network=2, sockets_refused=1) as server, ExitStack() as stack:
        two = [stack.enter_context(socket_at(server, **mine)) for _ in range(2)]
        with socket_at(server, **mine) as third:
            assert ended(third) == 4004
            if proxies:
                with socket_at(server, **other) as elsewhere:
                    assert "established" in elsewhere.recv(SOON)
        two[0].close()
        until = time.monotonic() + SOON
        while server.edge._shares and sum(share.sockets for share in server.edge._shares.values()) > 1:
            assert time.monotonic() < until
        with socket_at(server, **mine) as again:
            assert "established" in again.recv(SOON)


def test_a_handshake_that_cannot_be_read_is_refused() -> None:
    lines = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
    with serving() as server:
        assert server.asks(get(PATH, *lines, key, "Cookie: " + "c" * 9_000)).startswith(b"HTTP/1.1 431 ")
        assert server.asks(get(PATH, *lines, key, *(f"X-{n}: y" for n in range(150)))) == b""
        assert server.asks(get(PATH, *lines)).startswith(b"HTTP/1.1 400 ")


# --- what is counted


def test_a_bucket_fills_by_its_rate() -> None:
    now = [0.0]
    bucket = Bucket(2, 10, lambda: now[0])
    assert bucket.take(10)
    assert not bucket.take(1)
    now[0] += 2
    assert bucket.take(4)
    assert not bucket.take(1)
    now[0] += 100
    assert not bucket.take(11)
    assert bucket.take(10)


def test_nothing_is_counted_for_a_network_that_is_gone() -> None:
    with serving(head_deadline=0.3, body_deadline=0.3, linger=0.1) as server:
        server.asks(get("/", LAST))
        server.asks(b"GET / HTTP/1.1\r\nX: y")
        server.asks(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx")
        with server.connected() as plain:
            plain.sendall(get("/long"))
        with socket_at(server) as socket:
            socket.recv(SOON)
        until = time.monotonic() + SOON
        while server.edge._shares or server.edge._held:
            assert time.monotonic() < until, {each: vars(share) for each, share in server.edge._shares.items()}
            time.sleep(0.02)  # the server runs in another thread, and tells nobody


def test_an_address_is_the_peer_s_or_what_the_trusted_proxy_says() -> None:
    def network(proxies: int, *told: str, peer: str = "10.0.0.1") -> str:
        return Edge(proxies=proxies).network((peer, 1), [(b"x-forwarded-for", each.encode()) for each in told])

    assert network(0, "192.0.2.1") == "10.0.0.1"
    assert network(1) == "10.0.0.1"
    assert network(1, "6.6.6.6, 192.0.2.1") == "192.0.2.1"
    assert network(2, "6.6.6.6, 192.0.2.1, 10.0.0.2") == "192.0.2.1"
    assert network(2, "192.0.2.1", "10.0.0.2") == "192.0.2.1"
    assert network(2, "192.0.2.1") == "10.0.0.1", "fewer than there are proxies: it is made up"
    assert network(1, "2001:db8:0:1::7") == network(1, "2001:db8:0:1:ffff::") != network(1, "2001:db8:0:2::7")


# By the number of a network within a /48, each a /64 of its own; within a /56 there are 256.
@pytest.mark.parametrize(("pattern", "most"), [("2001:db8:0:{:x}::1", 8), ("2001:db8:0:{:x}00::1", 16)])
def test_a_customer_with_many_networks_does_not_get_all(pattern: str, most: int) -> None:
    """A provider gives one customer 256 or 65,536 networks."""
    limits = replace(
        EdgeLimits(), connections=64, connections_a_network=4, sockets_a_network=4, held=64, held_a_network=4
    )
    edge, networks = Edge(limits), [Edge().network((pattern.format(number), 1), []) for number in range(1, 65)]
    counted = [network for network in networks for _ in range(4) if edge.connect(network)]
    assert len(counted) == most
    assert set(counted) == {network for network in networks if network in edge._shares}
    sockets = [edge.open_socket(network) for network in networks]
    assert sum(beyond <= 0 for beyond in sockets) == most
    assert sum(edge.hold(network, 1) for network in networks for _ in range(4)) == most
    assert edge.connect("192.0.2.1")
    assert edge.hold("192.0.2.1", 4)
    for network in counted:
        edge.disconnect(network)
        edge.release(network, 1)
    for network in networks:
        edge.close_socket(network)
    edge.disconnect("192.0.2.1")
    edge.release("192.0.2.1", 4)
    assert not edge._shares
    assert not edge._held


def test_the_server_counts_clients_behind_its_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[EdgeLimits, int]] = []

    class Seen(Edge):
        def __init__(self, limits: EdgeLimits | None = None, proxies: int = 0) -> None:
            super().__init__(limits, proxies)
            made.append((self.limits, proxies))

    monkeypatch.setenv("PROXIES", "2")
    monkeypatch.setattr(serve, "Edge", Seen)
    monkeypatch.setattr(serve, "Site", lambda settings: None)
    monkeypatch.setattr(serve.Server, "run", lambda server: None)
    monkeypatch.setattr(serve, "_collect_rarely", lambda: None)
    monkeypatch.setattr("sys.argv", ["serve"])
    serve.main()
    [(limits, proxies)] = made
    assert proxies == 2
    assert limits.connections > 700


# --- files


def put(size: int) -> bytes:
    return f"PUT {FILES} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n{LAST}\r\n\r\n".encode()


def test_a_file_goes_to_the_disk_and_from_it_and_not_through_the_memory() -> None:
    with serving() as server, server.connected() as plain:
        before = peak()
        plain.sendall(put(FILE_SIZE))
        for _ in range(FILE_SIZE // MIB):
            plain.sendall(bytes(MIB))
        answered = 0
        while more := plain.recv(1 << 20):
            answered += len(more)
        assert server.site.pages.received == FILE_SIZE
        assert answered > FILE_SIZE
        assert peak() - before < FILE_SIZE / 4
        assert server.edge._held == 0


def test_a_longer_file_than_was_promised_is_not_read() -> None:
    with serving() as server, server.connected() as plain:
        plain.sendall(put(FILE_SIZE + 1))
        rest(plain)
        assert server.site.pages.received == 0


def test_a_file_that_breaks_off_reaches_no_page() -> None:
    with serving() as server:
        with server.connected() as plain:
            plain.sendall(put(FILE_SIZE) + bytes(MIB))
        assert server.asks(get("/", LAST)).endswith(b"a page")
        assert server.site.pages.asked == ["/"]


def test_a_file_has_time_as_long_as_it_goes_on() -> None:
    with serving(body_deadline=2.0, body_piece=1024) as server, server.connected() as plain:
        plain.sendall(put(4 * MIB))
        for _ in range(8):
            plain.sendall(bytes(MIB // 2))
            time.sleep(0.3)  # eight of them take longer than the deadline of one
        assert b"200 OK" in plain.recv(1 << 16)
    with serving(body_deadline=0.5) as server, server.connected() as plain:
        plain.sendall(put(4 * MIB))
        assert b"408" in rest(plain)


def peak() -> int:
    """Bytes that this process had in memory at most."""
    return getrusage(RUSAGE_SELF).ru_maxrss * 1024
