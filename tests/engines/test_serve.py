"""Pages and realtime on one port: what goes where, webhooks, and the one process."""

import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from engine_clients import eventually
from engine_server import Engine, Running
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

import poker_app
from poker_app import realtime, serve
from poker_app.realtime.engines.embedded.app import EmbeddedServer
from poker_app.realtime.engines.endpoints import credentials
from poker_app.settings import Settings

ROOM = realtime.presence_channel("abc")


class Pages:
    """A WSGI application that remembers its requests and answers in two pieces."""

    app_context = nullcontext

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []
        self.together = threading.Barrier(serve.THREADS)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.asked.append(environ)
        self.bodies.append(body)
        if environ["PATH_INFO"] == "/together":
            self.together.wait(5)
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "6")])
        return [b"a page"[:3], b"a page"[3:]]


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Pages:
    pages = Pages()
    monkeypatch.setattr(poker_app, "create_app", lambda settings: pages, raising=False)
    monkeypatch.setattr(serve, "EmbeddedServer", partial(EmbeddedServer, hold=0.2))
    # These pages have no database in which anything for trackers could be due.
    for each in (serve.background, serve.webhooks_background):
        monkeypatch.setattr(each, "Worker", lambda context: SimpleNamespace(at_work=nullcontext))
    return pages


@pytest.fixture
def settings() -> Settings:
    return Settings(_env_file=None, realtime="embedded", secret_key="signs", trusted_hosts=[".faceup.example"])


@pytest.fixture
def site(pages: Pages, settings: Settings) -> Iterator[Engine]:
    realtime.configure(settings)
    server = Running(serve.Site(settings))
    yield Engine("127.0.0.1", server.port, credentials(settings))
    server.stop()
    realtime.configure(Settings(_env_file=None, realtime="none"))


def test_each_request_goes_where_it_belongs(site: Engine, pages: Pages) -> None:
    answer = requests.post(f"{site.url}/sessions?a=b", data=b"x" * 200_000, timeout=5)
    assert (answer.status_code, answer.text) == (200, "a page")
    assert pages.bodies == [b"x" * 200_000]
    assert (pages.asked[0]["PATH_INFO"], pages.asked[0]["QUERY_STRING"]) == ("/sessions", "a=b")
    assert requests.get(f"{site.url}/application", timeout=5).text == "a page"
    assert requests.get(f"{site.url}/apps/{site.own.app_id}/channels", timeout=5).status_code == 401
    assert site.library.channels_info()["channels"] == {}
    with connect(site.socket_url) as socket:
        assert "connection_established" in socket.recv(5)


def test_pages_are_answered_side_by_side(site: Engine) -> None:
    answers: list[str] = []

    def ask() -> None:
        answers.append(requests.get(f"{site.url}/together", timeout=9).text)

    threads = [threading.Thread(target=ask) for _ in range(serve.THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert answers == ["a page"] * serve.THREADS


def test_no_header_passes_for_another(site: Engine, pages: Pages) -> None:
    headers = {"X_Forwarded_For": "6.6.6.6", "X-Forwarded-Proto": "https", "HX-Request": "true"}
    requests.get(f"{site.url}/", headers=headers, timeout=5)
    asked = pages.asked[0]
    assert "HTTP_X_FORWARDED_FOR" not in asked
    assert asked["HTTP_HX_REQUEST"] == "true"
    assert asked["wsgi.url_scheme"] == "http", "forwarded headers are for the application to trust"


def test_webhooks_reach_the_pages_signed(site: Engine, pages: Pages) -> None:
    with connect(site.socket_url) as socket:
        socket_id = json.loads(json.loads(socket.recv(5))["data"])["socket_id"]
        signed = realtime.authorize(ROOM, socket_id, "ada", {"name": "Ada"}, time.monotonic())
        socket.send(json.dumps({"event": "pusher:subscribe", "data": {"channel": ROOM, **signed}}))
        assert "subscription_succeeded" in socket.recv(5)
    eventually(lambda: b"channel_vacated" in b"".join(pages.bodies))
    events = []
    for asked, body in zip(pages.asked, pages.bodies, strict=True):
        assert (asked["REQUEST_METHOD"], asked["PATH_INFO"]) == ("POST", "/realtime/webhooks")
        assert asked["HTTP_HOST"] == "faceup.example"
        assert asked["CONTENT_TYPE"] == "application/json"
        key, signature = asked["HTTP_X_PUSHER_KEY"], asked["HTTP_X_PUSHER_SIGNATURE"]
        events += realtime.read_webhook({"X-Pusher-Key": key, "X-Pusher-Signature": signature}, body)
    assert [event["name"] for event in events] == [
        "channel_occupied", "member_added", "member_removed", "channel_vacated",
    ]  # fmt: skip


def test_without_the_embedded_engine_there_are_only_pages(pages: Pages) -> None:
    server = Running(serve.Site(Settings(_env_file=None, realtime="none")))
    try:
        assert requests.get(f"http://127.0.0.1:{server.port}/apps/1/channels", timeout=5).text == "a page"
        with pytest.raises(InvalidStatus), connect(f"ws://127.0.0.1:{server.port}/app/k?protocol=7"):
            pass
    finally:
        server.stop()


@pytest.mark.parametrize("how", ["argument", "environment"])
def test_more_than_one_worker_is_refused_with_a_reason(how: str, pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "signs")
    monkeypatch.setattr(serve.Server, "run", lambda server: pytest.fail("it must not start"))
    monkeypatch.setattr(sys, "argv", ["serve", "--workers", "2"] if how == "argument" else ["serve"])
    if how == "environment":
        monkeypatch.setenv("WEB_CONCURRENCY", "4")
    with pytest.raises(SystemExit, match="one process"):
        serve.main()


def test_the_address_is_told_once_it_listens(
    pages: Pages, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    server = serve.Server(serve.configuration(serve.Site(settings), "127.0.0.1", 0))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    eventually(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    assert f"http://127.0.0.1:{port}" in capsys.readouterr().out
    server.should_exit = True
    thread.join(5)


def test_a_server_for_the_network_says_an_address_of_this_machine() -> None:
    with socket.socket() as here:
        here.bind((serve._own_address(), 0))
