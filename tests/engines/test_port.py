"""The port's functions: engines that fail, signatures, and what the browser is told."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from engine_server import Engine, Running
from websockets.sync.client import connect

from poker_app import realtime
from poker_app.errors import Forbidden, Invalid
from poker_app.realtime.circuit_breaker import Breaker
from poker_app.realtime.engines.embedded import app as embedded
from poker_app.realtime.engines.embedded import running_hub
from poker_app.realtime.engines.endpoints import credentials
from poker_app.settings import Settings
from tests.failing_engine import KEYS, Faulty, hangs, replies, resets, settings


@pytest.fixture(autouse=True)
def every_level() -> None:
    """Whatever application was made before in this process, warnings are heard here."""
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def _configured() -> Iterator[None]:
    realtime.configure(settings("none"))
    yield
    realtime.configure(settings("none"))


def publish() -> bool:
    return realtime.publish(["private-planning-poker-1"], "vote", {"version": 1})


def test_an_engine_that_takes_it(faulty: Faulty) -> None:
    assert realtime.publish(["a", "b"], "vote", {"html": "☕"}, exclude_socket="1.2")
    path, body = faulty.asked[0]
    assert path.startswith("/apps/1/events?")
    assert json.loads(body) == {"name": "vote", "channels": ["a", "b"], "data": '{"html":"☕"}', "socket_id": "1.2"}


@pytest.mark.parametrize(
    "answer",
    [
        hangs, resets, replies(500, "oops"), replies(401, "who?"), replies(403, "no"), replies(413, "large"),
        replies(200, "<html>"), replies(200, '{"error": "no", "code": 4000}'), replies(200, '["error"]'),
    ],
)  # fmt: skip
def test_an_engine_that_fails_is_asked_three_times_then_left_alone(
    faulty: Faulty, answer: Callable[[Any], None]
) -> None:
    faulty.answer = answer
    for _ in range(3):
        with structlog.testing.capture_logs() as logged:
            assert publish() is False
        assert logged[0]["log_level"] == "warning"
    assert not realtime.ready()
    faulty.answer = replies(200, "{}")
    assert publish() is False
    assert realtime.present("presence-x") is None
    assert realtime.end_connections("ada") is False
    assert len(faulty.asked) == 3


def test_an_engine_that_recovers_is_asked_again(faulty: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("poker_app.realtime.engines.client.Breaker", lambda: Breaker(clock=lambda: now[0]))
    faulty.configure()
    faulty.answer = replies(500, "")
    assert [publish() for _ in range(3)] == [False] * 3
    faulty.answer = replies(200, "{}")
    assert not realtime.ready()
    now[0] += 2
    assert realtime.ready()
    assert publish() is True
    assert publish() is True


def test_nobody_listens_at_the_port() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        told = {"pusher_host": "127.0.0.1", "pusher_port": free.getsockname()[1], "pusher_tls": False}
        realtime.configure(settings("reverb", **KEYS, **told))
        assert publish() is False


@pytest.mark.parametrize("found", [True, False])
def test_nobody_waits_twice_for_a_name_that_is_looked_up_for_long(
    faulty: Faulty, monkeypatch: pytest.MonkeyPatch, found: bool
) -> None:
    looked_up: list[str] = []

    def look_up(host: str, port: int, *_: object) -> list[tuple[object, ...]]:
        looked_up.append(host)
        time.sleep(0.25)  # longer than TOO_LONG
        if not found:
            raise socket.gaierror("Temporary failure in name resolution")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr("poker_app.realtime.engines.client.TOO_LONG", 0.2)
    faulty.configure(pusher_host="engine.example")
    monkeypatch.setattr("socket.getaddrinfo", look_up)
    assert publish() is found
    assert not realtime.ready()
    assert publish() is False
    assert looked_up == ["engine.example"]


def test_what_was_wrong_with_the_question_does_not_count_against_the_engine(faulty: Faulty) -> None:
    faulty.answer = replies(400, "bad channel")
    assert [publish() for _ in range(4)] == [False] * 4
    assert len(faulty.asked) == 4
    faulty.answer = replies(200, "{}")
    assert not any(realtime.publish(channels, "vote", {}) for channels in (["not a channel"], ["c"] * 101))
    assert not realtime.publish(["c"], "e" * 201, {})
    assert not realtime.publish(["c"], "vote", {"html": "x" * 10_240})
    assert not realtime.publish(["c"], "vote", {}, exclude_socket="nonsense")
    assert len(faulty.asked) == 4
    assert publish() is True


def test_an_emoji_does_not_make_a_fragment_too_large(faulty: Faulty) -> None:
    html = "🂡" + "é" * 500 + "x" * 8_000
    assert realtime.publish(["c"], "vote", {"html": html})
    assert json.loads(json.loads(faulty.asked[0][1])["data"])["html"] == html


def test_an_app_id_need_not_be_digits(faulty: Faulty) -> None:
    faulty.configure("ably", pusher_app_id="aBc-1.x")
    assert publish()
    assert faulty.asked[0][0].startswith("/apps/aBc-1.x/events?")


def test_ending_connections_names_the_app(faulty: Faulty) -> None:
    assert realtime.end_connections("ada")
    assert faulty.asked[0][0].startswith("/apps/1/users/ada/terminate_connections?")


def test_who_is_present(faulty: Faulty) -> None:
    faulty.answer = replies(200, '{"users": [{"id": "ada"}, {"id": 7}]}')
    assert realtime.present("presence-x") == {"ada", "7"}
    faulty.answer = replies(200, '{"users": []}')
    assert realtime.present("presence-x") == set()
    faulty.answer = replies(200, "{}")
    assert realtime.present("presence-x") is None


def test_the_breaker() -> None:
    now = [0.0]
    breaker = Breaker(threshold=2, rest=2, longest=5, clock=lambda: now[0])
    assert breaker.allows()
    assert breaker.failed() == 0
    breaker.succeeded()
    assert breaker.failed() == 0, "only failures in a row count"
    assert breaker.failed() == 2
    for rest in (4, 5, 5):
        assert not breaker.allows()
        now[0] += 5
        assert breaker.allows()
        now[0] += 20
        assert not breaker.allows(), "one probe at a time, however long it takes"
        assert breaker.failed() == rest
    now[0] += 5
    assert breaker.allows()
    now[0] += 30
    assert breaker.allows(), "a probe that never ended does not block for good"
    breaker.succeeded()
    assert breaker.allows()
    assert breaker.failed() == 0
    assert breaker.failed() == 2, "and the pause starts from the beginning"


def test_no_engine() -> None:
    assert publish() is True
    assert realtime.ready()
    assert realtime.present("presence-x") == set()
    assert realtime.end_connections("ada") is True
    assert realtime.browser_options() is None
    assert realtime.connect_sources() == []
    with pytest.raises(Invalid):
        realtime.authorize("private-x", "1.2", "ada", {}, time.monotonic())
    with pytest.raises(Forbidden):
        realtime.read_webhook({}, b"")


def test_publishing_into_the_same_process(monkeypatch: pytest.MonkeyPatch) -> None:
    # The contract suite's server may be up in this process.
    monkeypatch.setattr(running_hub, "_hub", None)
    chosen = settings("embedded")
    realtime.configure(chosen)
    with structlog.testing.capture_logs() as logged:
        assert [publish(), publish()] == [False, False]
    assert [line["event"] for line in logged] == ["realtime.absent"]
    assert not realtime.ready()

    own = credentials(chosen)
    server = Running(embedded.EmbeddedServer(own))
    try:
        with connect(Engine("127.0.0.1", server.port, own).socket_url, compression=None) as tab:
            socket_id = json.loads(json.loads(tab.recv())["data"])["socket_id"]
            for channel in (realtime.state_channel("1"), realtime.presence_channel("1")):
                signed = realtime.authorize(channel, socket_id, "ada", {"name": "Ada"}, time.monotonic())
                tab.send(json.dumps({"event": "pusher:subscribe", "data": {"channel": channel, **signed}}))
                assert "subscription_succeeded" in tab.recv(5)
            assert realtime.ready()
            assert realtime.publish([realtime.state_channel("1")], "skipped", {}, exclude_socket=socket_id)
            assert realtime.publish([realtime.state_channel("1")], "vote", {"html": "☕"})
            heard = json.loads(tab.recv(5))
            assert (heard["event"], json.loads(heard["data"])) == ("vote", {"html": "☕"})
            assert realtime.present(realtime.presence_channel("1")) == {"ada"}
            assert realtime.publish(["not a channel"], "vote", {}) is False

            signed = realtime.authenticate_user(socket_id, "ada", {"name": "Ada"}, time.monotonic())
            tab.send(json.dumps({"event": "pusher:signin", "data": signed}))
            assert "signin_success" in tab.recv(5)
            assert realtime.end_connections("ada")
            with pytest.raises(Exception, match="4009"):
                tab.recv(5)
    finally:
        server.stop()
    assert publish() is False


@pytest.mark.parametrize("signs_in_as", ["", "another"])
def test_whom_a_socket_was_authorized_for_can_end_it(signs_in_as: str) -> None:
    """A page always signs in. Whoever wants to go on listening does not, or as somebody else."""
    chosen = settings("embedded")
    realtime.configure(chosen)
    own, state = credentials(chosen), realtime.state_channel("1")
    server = Running(embedded.EmbeddedServer(own))
    try:
        with connect(Engine("127.0.0.1", server.port, own).socket_url, compression=None) as tab:
            socket_id = json.loads(json.loads(tab.recv())["data"])["socket_id"]
            signed = realtime.authorize(state, socket_id, "ada", {"name": "Ada"}, time.monotonic())
            if signs_in_as:
                told = realtime.authenticate_user(socket_id, signs_in_as, {"name": "Other"}, time.monotonic())
                tab.send(json.dumps({"event": "pusher:signin", "data": told}))
                assert "signin_success" in tab.recv(5)
            # Kept for later, it opens nothing either: the socket is gone.
            assert realtime.end_connections("ada")
            with pytest.raises(Exception, match="4009"):
                tab.recv(5)
            with pytest.raises(Exception, match="4009"):
                tab.send(json.dumps({"event": "pusher:subscribe", "data": {"channel": state, **signed}}))
    finally:
        server.stop()


def test_what_was_asked_before_the_connections_ended_is_not_authorized(faulty: Faulty) -> None:
    """Whether Ada may listen was decided, then she was removed, and only now is the answer made."""
    before = time.monotonic()
    assert realtime.end_connections("ada")
    for refused in (
        lambda: realtime.authorize("private-x", "1.2", "ada", {}, before),
        lambda: realtime.authenticate_user("1.2", "ada", {}, before),
    ):
        with pytest.raises(Forbidden, match="ended a moment ago"):
            refused()
    assert realtime.authorize("private-x", "1.2", "ben", {}, before)
    assert realtime.authorize("private-x", "1.2", "ada", {}, time.monotonic()), "she joined again"


def test_publishing_costs_next_to_nothing() -> None:
    chosen = settings("embedded")
    realtime.configure(chosen)
    server = Running(embedded.EmbeddedServer(credentials(chosen)))
    try:
        since = time.process_time()
        assert all(publish() for _ in range(500))
        assert time.process_time() - since < 1
    finally:
        server.stop()


def test_authorizing_only_what_needs_it() -> None:
    realtime.configure(settings("embedded"))
    answer = realtime.authorize("presence-x", "1.2", "ada", {"name": "Ada"}, time.monotonic())
    assert json.loads(answer["channel_data"]) == {"user_id": "ada", "user_info": {"name": "Ada"}}
    assert set(realtime.authorize("private-x", "1.2", "ada", {}, time.monotonic())) == {"auth"}
    for channel, socket_id in [
        ("public", "1.2"), ("private-encrypted-x", "1.2"), ("private-ü", "1.2"), ("private-" + "x" * 200, "1.2"),
        ("private-x", ""), ("private-x", "1.2:private-y"), ("private-x", "1"), ("", "1.2"),
    ]:  # fmt: skip
        with pytest.raises(Invalid):
            realtime.authorize(channel, socket_id, "ada", {}, time.monotonic())
    with pytest.raises(Invalid):
        realtime.authenticate_user("1", "ada", {}, time.monotonic())


def test_reading_webhooks() -> None:
    chosen = settings("embedded")
    realtime.configure(chosen)
    signer = Engine("x", 1, credentials(chosen))

    def read(body: object, key: str = signer.own.key, signature: str | None = None, **lower: bool) -> Any:
        from poker_app.realtime.engines.embedded.protocol import signature as sign

        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"X-Pusher-Key": key, "X-Pusher-Signature": signature or sign(signer.own.secret, content)}
        return realtime.read_webhook({name.lower() if lower else name: headers[name] for name in headers}, content)

    now = int(time.time() * 1000)
    events = [{"name": "channel_vacated", "channel": "x"}]
    assert read({"time_ms": now, "events": events}) == events
    assert read({"time_ms": now, "events": events}, lower=True) == events
    for arguments in [
        ({"time_ms": now - 310_000, "events": events},), ({"events": events},), (b"{",), (b"\xff",),
        ({"time_ms": "now", "events": events},), ({"time_ms": now, "events": events}, "other"),
        ({"time_ms": now, "events": events}, signer.own.key, "0" * 64),
        ({"time_ms": now, "events": events}, signer.own.key, "ü"),
    ]:  # fmt: skip
        with pytest.raises(Forbidden):
            read(*arguments)
    with pytest.raises(Forbidden):
        realtime.read_webhook({}, b"{}")


def test_what_the_browser_is_told() -> None:
    def told(engine: str, **more: Any) -> tuple[Any, list[str]]:
        realtime.configure(settings(engine, **{**KEYS, **more}))
        return realtime.browser_options(), realtime.connect_sources()

    common = {"key": "k", "enabledTransports": ["ws"], "activityTimeout": 8_000, "pongTimeout": 4_000}
    assert told("pusher", pusher_cluster="eu") == (
        {**common, "cluster": "eu", "wsHost": "ws-eu.pusher.com", "wsPort": 443, "wssPort": 443, "forceTLS": True},
        ["wss://ws-eu.pusher.com"],
    )
    assert told("ably") == (
        {
            **common,
            "cluster": "ably",
            "wsHost": "main.pusher.ably.net",
            "wsPort": 443,
            "wssPort": 443,
            "forceTLS": True,
        },
        ["wss://main.pusher.ably.net"],
    )
    assert told("soketi", pusher_host="inside", pusher_port=6001, pusher_tls=False, pusher_client_host="out") == (
        {**common, "cluster": "soketi", "wsHost": "out", "wsPort": 6001, "wssPort": 6001, "forceTLS": False},
        ["ws://out:6001", "wss://out:6001"],
    )
    assert told("embedded") == ({**common, "cluster": "embedded"}, [])
    assert told("embedded", public_url="https://faceup.example")[1] == ["wss://faceup.example"]
    assert "s" not in json.dumps(told("reverb", pusher_host="h")[0]["key"])


def test_the_embedded_engines_keys_last() -> None:
    first, again = credentials(settings("embedded")), credentials(settings("embedded"))
    assert first == again
    assert first.app_id.isdecimal()
    other = credentials(Settings(_env_file=None, realtime="embedded", secret_key="another"))
    assert len({first.key, first.secret, other.key, other.secret}) == 4
    assert credentials(settings("embedded", **KEYS)).key == "k"


def test_channels() -> None:
    assert realtime.session_of(realtime.state_channel("abc")) == "abc"
    assert realtime.session_of(realtime.presence_channel("abc")) == "abc"
    assert [realtime.session_of(name) for name in ("private-x", "private-planning-poker-", "")] == [None] * 3
