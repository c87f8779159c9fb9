"""The embedded server alone: what a test can only ask with limits of its own, or by stopping it."""

import asyncio
import json
import re
import socket as sockets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest
from engine_clients import Clients, eventually
from engine_server import OWN, Embedded, Engine
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from poker_app import realtime
from poker_app.realtime.engines.embedded import running_hub
from poker_app.realtime.engines.embedded.protocol import Limits
from poker_app.serve import LONGEST_GOODBYE
from poker_app.settings import Settings

ROOM = "presence-planning-poker-abc"
HALL = "private-planning-poker-abc"


@contextmanager
def serving(**options: Any) -> Iterator[Engine]:
    server = Embedded(**options)
    try:
        yield server.engine
    finally:
        server.stop()


@contextmanager
def joined(engine: Engine, channel: str = HALL, user: str = "") -> Iterator[ClientConnection]:
    """A socket that has subscribed and heard so."""
    with connect(engine.socket_url, compression=None, ping_interval=None, close_timeout=1) as socket:
        socket_id = json.loads(hear(socket)["data"])["socket_id"]
        signed = engine.library.authenticate(channel, socket_id, {"user_id": user} if user else None)
        say(socket, "pusher:subscribe", {"channel": channel, **signed})
        assert hear(socket)["event"] == "pusher_internal:subscription_succeeded"
        yield socket


def say(socket: ClientConnection, event: str, data: object = None) -> None:
    socket.send(json.dumps({"event": event, "data": data}))


def hear(socket: ClientConnection, patience: float = 5) -> dict[str, Any]:
    heard: dict[str, Any] = json.loads(socket.recv(timeout=patience))
    return heard


def code_at_the_end(socket: ClientConnection) -> int:
    """The close code, once everything before it is read."""
    try:
        while True:
            socket.recv(timeout=5)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006


def test_the_silent_are_pinged_then_dropped() -> None:
    with serving(limits=Limits(idle=0.3, pong=2.0)) as engine, joined(engine) as silent, joined(engine) as lively:
        since = time.monotonic()
        assert hear(silent)["event"] == "pusher:ping"
        assert time.monotonic() - since > 0.25
        for _ in range(2):
            assert hear(lively)["event"] == "pusher:ping"
            say(lively, "pusher:pong")
        assert code_at_the_end(silent) == 4201
        engine.library.trigger(HALL, "vote", {})
        while (heard := hear(lively))["event"] == "pusher:ping":
            say(lively, "pusher:pong")
        assert heard["event"] == "vote"


def test_a_slow_reader_is_dropped_and_nobody_waits() -> None:
    limits = Limits(backlog=64 * 1024, grace=0.3)
    with serving(limits=limits) as engine, joined(engine) as quick, _deaf(engine) as deaf:
        for number in range(1500):
            engine.library.trigger(HALL, "vote", f"{number:05}" + "x" * 9_000)
            assert hear(quick)["data"].startswith(f"{number:05}")
        info = engine.library.channel_info(HALL, ["subscription_count"])
        assert info["subscription_count"] == 1
        assert b"\x10\x68" not in _drained(deaf)[-200:], "it was cut off, as it did not read the goodbye in time"


@contextmanager
def _deaf(engine: Engine) -> Iterator[sockets.socket]:
    """A socket that subscribes and never reads again, with as little buffer as the kernel gives."""
    with sockets.socket() as plain:
        plain.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
        plain.connect((engine.host, engine.port))
        path = f"/app/{OWN.key}?protocol=7"
        lines = [f"GET {path} HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade"]
        lines += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "", ""]
        plain.sendall("\r\n".join(lines).encode())
        while b'"}' not in (heard := plain.recv(4096)):
            pass
        socket_id = re.search(rb"socket_id\D+(\d+\.\d+)", heard)[1].decode()
        told = {"channel": HALL, **engine.library.authenticate(HALL, socket_id)}
        text = json.dumps({"event": "pusher:subscribe", "data": told}).encode()
        assert 125 < len(text) < 65536
        plain.sendall(bytes([0x81, 0xFE, *len(text).to_bytes(2, "big"), 0, 0, 0, 0]) + text)
        eventually(lambda: engine.library.channel_info(HALL, ["subscription_count"])["subscription_count"] == 2)
        yield plain


def _drained(plain: sockets.socket, until: bytes = b"?") -> bytes:
    """Everything on the way to a socket, until the line is cut or ``until`` was the last thing said."""
    plain.settimeout(5)
    read = b""
    with suppress(ConnectionResetError):
        while not read.endswith(until) and (more := plain.recv(1 << 20)):
            read += more
    return read


def test_a_reader_who_catches_up_is_told_to_come_back() -> None:
    with serving(limits=Limits(backlog=64 * 1024, grace=5)) as engine, joined(engine) as quick, _deaf(engine) as slow:
        quick.close()
        while engine.library.channel_info(HALL)["occupied"]:
            engine.library.trigger(HALL, "vote", "x" * 9_000)
        goodbye = b"\x10\x68Too slow: reconnect"
        assert _drained(slow, goodbye).endswith(goodbye)


def test_over_quota() -> None:
    with serving(limits=Limits(connections=2)) as engine, ExitStack() as stack:
        first, _second = stack.enter_context(joined(engine)), stack.enter_context(joined(engine))
        with connect(engine.socket_url) as third:
            assert hear(third)["data"]["code"] == 4004
            assert code_at_the_end(third) == 4004
        first.close()
        eventually(lambda: engine.library.channel_info(HALL, ["subscription_count"])["subscription_count"] == 1)
        stack.enter_context(joined(engine))


def test_limits_of_a_connection_and_of_a_presence_channel() -> None:
    with serving(limits=Limits(channels_a_connection=3, members=1)) as engine, connect(engine.socket_url) as socket:
        socket_id = json.loads(hear(socket)["data"])["socket_id"]

        def answer(channel: str) -> str:
            say(socket, "pusher:subscribe", {"channel": channel, **engine.library.authenticate(channel, socket_id)})
            return str(hear(socket)["event"])

        for number in range(3):
            assert answer(f"private-{number}") == "pusher_internal:subscription_succeeded"
        assert answer("private-3") == "pusher:subscription_error"
        say(socket, "pusher:unsubscribe", {"channel": "private-0"})
        assert answer("private-3") == "pusher_internal:subscription_succeeded"

        with joined(engine, ROOM, "ada"), joined(engine, ROOM, "ada"):
            with pytest.raises(AssertionError), joined(engine, ROOM, "ben"):
                pass
            assert engine.library.users_info(ROOM)["users"] == [{"id": "ada"}]


@pytest.mark.parametrize(
    "nonsense",
    [
        "", "{", "[]", "null", "7", '{"event":7}', '{"event":"pusher:subscribe"}', "[" * 20_000,
        '{"event":"pusher:subscribe","data":[]}', '{"event":"pusher:subscribe","data":{"channel":7}}',
        '{"event":"pusher:subscribe","data":{"channel":"not a channel"}}',
        '{"event":"pusher:subscribe","data":{"channel":"\\ud800"}}',
        '{"event":"pusher:subscribe","data":{"channel":"presence-x","auth":7,"channel_data":"\\ud800"}}',
        '{"event":"pusher:subscribe","data":{"channel":"public"}}',
        '{"event":"pusher:subscribe","data":{"channel":"private-planning-poker-abc"}}',
        '{"event":"pusher:subscribe","data":{"channel":"#server-to-user-None"}}',
        '{"event":"pusher:unknown"}', '{"event":"client-x","data":{}}',
    ],
)  # fmt: skip
def test_nonsense_is_answered_with_an_error(one: Engine, nonsense: str) -> None:
    with joined(one) as socket:
        socket.send(nonsense)
        assert hear(socket)["event"] in ("pusher:error", "pusher:subscription_error")
        socket.send(b"\x00\xff")
        say(socket, "pusher:ping")
        while (heard := hear(socket)["event"]) != "pusher:pong":
            assert heard == "pusher:subscription_error"


@pytest.fixture(scope="module")
def one() -> Iterator[Engine]:
    with serving() as engine:
        yield engine


def test_paths_that_are_not_there(one: Engine) -> None:
    with connect(f"ws://127.0.0.1:{one.port}/elsewhere?protocol=7") as socket:
        assert code_at_the_end(socket) == 4005


def test_a_lone_surrogate_is_delivered_as_something(one: Engine) -> None:
    with joined(one) as socket:
        one.library.trigger(HALL, "vote", '"\\ud800"')
        assert hear(socket)["data"] == '"\\ud800"'
        one.library.trigger(HALL, "vote", "\ud800")
        assert hear(socket)["data"] == "?"


class Post:
    """Takes webhooks."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.fail = False

    async def __call__(self, headers: dict[str, str], body: bytes) -> None:
        self.taken.append((headers, body))
        await asyncio.sleep(0)  # lets others run in between, as the network would
        if self.fail:
            raise RuntimeError("out of order")

    def events(self) -> list[dict[str, str]]:
        return [event for _, body in self.taken for event in json.loads(body)["events"]]


def test_webhooks() -> None:
    post = Post()
    occupied, vacated = ({"name": f"channel_{what}", "channel": ROOM} for what in ("occupied", "vacated"))
    added, removed = ({"name": f"member_{what}", "channel": ROOM, "user_id": "ada"} for what in ("added", "removed"))
    with serving(deliver=post, hold=1.5) as engine:
        with joined(engine, ROOM, "ada"):
            eventually(lambda: post.events() == [occupied, added])
            with joined(engine, ROOM, "ada"):
                pass
        with joined(engine, ROOM, "ada"):  # a reload
            time.sleep(0.8)  # longer than half of ``hold``, which begins anew when it ends
        left = time.monotonic()
        assert post.events() == [occupied, added]
        eventually(lambda: len(post.events()) == 4)
        assert time.monotonic() - left > 1.4
        assert post.events()[2:] == [removed, vacated]

        for headers, body in post.taken:
            key, signature = headers["X-Pusher-Key"], headers["X-Pusher-Signature"]
            assert headers["Content-Type"] == "application/json"
            assert engine.library.validate_webhook(key, signature, body.decode())["events"]
            assert engine.library.validate_webhook(key, signature, body.decode() + " ") is None
            assert abs(json.loads(body)["time_ms"] / 1000 - time.time()) < 10


def test_a_failing_receiver_ends_nothing() -> None:
    post = Post()
    post.fail = True
    with serving(deliver=post, hold=0.1) as engine:
        with joined(engine, ROOM, "ada"):
            eventually(lambda: post.taken)
        eventually(lambda: len(post.events()) == 4)


def test_a_restart_is_survived(clients: Clients) -> None:
    server = Embedded()
    ada = clients.connect(server.engine, "ada")
    before = ada.connected()
    ada.join("private-room")
    assert server.stop() < LONGEST_GOODBYE
    server = Embedded(server.port)
    try:
        after = ada.expect("state:connected", patience=20)
        assert after != before
        ada.expect("pusher:subscription_succeeded", "private-room")
        server.engine.library.trigger("private-room", "vote", {"n": 1})
        assert ada.expect("vote", "private-room") == {"n": 1}
    finally:
        server.stop()


def test_stopping_is_quick_and_says_goodbye() -> None:
    server = Embedded()
    with joined(server.engine) as first, joined(server.engine), _held(server.engine):
        assert server.stop() < LONGEST_GOODBYE
        assert code_at_the_end(first) == 1012  # "service restart": pusher-js comes back in a second


@contextmanager
def _held(engine: Engine) -> Iterator[None]:
    """An HTTP connection kept alive and idle."""
    with sockets.create_connection((engine.host, engine.port)) as plain:
        plain.sendall(b"GET /apps/ HTTP/1.1\r\nHost: x\r\n\r\n")
        assert plain.recv(100).startswith(b"HTTP/1.1 404")
        yield


def test_it_knows_which_of_its_sockets_hear_a_channel() -> None:
    with serving() as engine:
        hub = running_hub.hub()
        assert hub is not None
        with connect(engine.socket_url, compression=None, ping_interval=None, close_timeout=1) as socket:
            socket_id = json.loads(hear(socket)["data"])["socket_id"]
            assert not hub.is_subscribed(HALL, socket_id)
            say(socket, "pusher:subscribe", {"channel": HALL, **engine.library.authenticate(HALL, socket_id)})
            hear(socket)
            assert hub.is_subscribed(HALL, socket_id)
            assert not hub.is_subscribed("other", socket_id)
            assert not hub.is_subscribed(HALL, "1.2")
        eventually(lambda: not hub.is_subscribed(HALL, socket_id))


def test_the_port_counts_those_that_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_hub, "_hub", None)  # another test's engine may run in this process
    chosen = Settings(_env_file=None, realtime="embedded", secret_key="for tests only")
    realtime.configure(chosen)
    assert realtime.listeners(HALL) is None  # no server runs in this process
    with serving() as engine:
        assert realtime.listeners(HALL) == 0
        with joined(engine), joined(engine), joined(engine, HALL + "-2"):
            assert realtime.listeners(HALL) == 2
        eventually(lambda: realtime.listeners(HALL) == 0)
    realtime.configure(chosen.model_copy(update={"realtime": "none"}))
    assert realtime.listeners(HALL) is None
    assert not realtime.is_on()
