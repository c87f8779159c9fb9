"""No input causes a 500: malformed requests by everybody against every route, in sessions in every phase."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import structlog
import uvicorn
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask

from poker_app import create_app, schema
from poker_app.db import db
from poker_app.serve import Site, configuration
from poker_app.settings import Settings
from tests.cast import Cast
from tests.promises.malformed import FORM, Fuzz
from tests.promises.replay import logged


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application with its migrations done and the embedded engine's credentials."""
    made = create_app(settings.model_copy(update={"realtime": "embedded"}))
    with made.app_context(), db.engine.begin() as connection:
        MigrationContext.configure(connection).stamp(ScriptDirectory(str(schema.MIGRATIONS)), "heads")
    yield made
    with made.app_context():
        db.engine.dispose()


ROOMS_LAST = 250  # requests


def run(app: Flask, seed: int, requests: int) -> Fuzz:
    fuzz = Fuzz(app, seed)
    with logged(fuzz.logs.append):
        for number in range(requests):
            if number % ROOMS_LAST == 0:
                fuzz.seat_people()
            fuzz.send()
    fuzz.check_consistency()
    return fuzz


def test_no_request_is_a_fault(app: Flask) -> None:
    fuzz = run(app, 1, 1_500)
    missed = {rule.endpoint for rule in fuzz.rules} - fuzz.sent.keys()
    assert not missed, f"never asked: {missed}"
    for status in (200, 303, 308, 400, 403, 404, 405, 409, 413, 422):
        assert fuzz.statuses[status], f"no {status} among {fuzz.statuses}"


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 105))
def test_no_request_of_10_000_is_a_fault(app: Flask, seed: int) -> None:
    run(app, seed, 2_000)


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("length", "status"),
    [(64 * 1024 + 1, 413), (200_000, 413), (64 * 1024, 422)],
    ids=["one more", "many more", "most"],
)
def test_a_body_has_64_kib_at_most(app: Flask, length: int, status: int) -> None:
    cast = Cast(app)
    answer = cast.ben.post(f"{cast.table.path}/votes", data="round=x&card=".ljust(length, "5"), content_type=FORM)
    # The round is told first: it is not the current one, whatever the card.
    assert answer.status_code == (409 if status == 422 else status)


# --- the same over real sockets, where a client may lie about lengths and break off

LIES = [
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
    b"POST /sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcdefgh",
    b"POST /sessions HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"POST /sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"POST /sessions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
    b"POST /sessions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n"
    b"5\r\nabcde\r\n0\r\n\r\n",
    b"POST /sessions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"4000\r\n"
    + b"a" * 0x4000
    + b"\r\n"
    + b"10000\r\n"
    + b"b" * 0x10000
    + b"\r\n0\r\n\r\n",
    b"POST /realtime/webhooks HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"1\r\n[\r\n" * 9_000
    + b"0\r\n\r\n",
    b"GET /\xff\xfe%00 HTTP/1.1\r\nHost: \xff\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    b"GET /apps/1/events HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET http://evil.example/ HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET //evil.example//%00/..//%2f%2f HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 70_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nCookie: guest=\x00\x01\r\n\r\n",
    b"GET /app/key HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"GET /sessions/x HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"\r\n" * 100,
    b"GET",
    b"",
]


@pytest.mark.any_database
def test_no_lie_on_the_wire_is_a_fault(settings: Settings) -> None:
    """The embedded server answers each with less than 500 or hangs up, and then serves the next one."""
    logs: list[str] = []
    with logged(logs.append), serving(settings) as (host, port):
        for lie in LIES:
            told = _converse(host, port, lie, 0.3)
            assert not re.match(rb"HTTP/1.\d 5(?!05)", told), f"{lie[:100]!r}: {told[:200]!r}"
            told = _converse(host, port, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 10)
            assert told.startswith(b"HTTP/1.1 200 "), f"after {lie[:100]!r}: {told[:200]!r}"
    assert not [line for line in logs if "'error'" in line or " ERROR " in line or "Traceback" in line]


SERVED = {"realtime": "embedded", "trusted_hosts": ["x"]}


@contextmanager
def serving(settings: Settings) -> Iterator[tuple[str, int]]:
    """The embedded server in a thread, on a free port."""
    server = uvicorn.Server(configuration(Site(settings.model_copy(update=SERVED)), "127.0.0.1", 0))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.005)  # until its thread listens
    try:
        yield server.servers[0].sockets[0].getsockname()
    finally:
        server.should_exit = True
        thread.join(10)


def _converse(host: str, port: int, said: bytes, patience: float) -> bytes:
    """What comes back before the client loses patience and hangs up."""
    told = b""
    with socket.create_connection((host, port), patience) as wire:
        try:
            wire.sendall(said)
            while part := wire.recv(65_536):
                told += part
        except OSError:
            pass  # it hung up on us
    return told


# --- planted faults


def an_exception(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("poker_app.web.room.tasks.tasks.move_task", lambda member, task_id, to: [][to])


def a_number_taken_as_it_comes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("poker_app.web.room.session_page.options_from", lambda form: int(form.get("timer_minutes", "3")))


def a_silent_refusal(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("poker_app.web.http.fragments.notice", lambda sentence, alert=False, undo=None: "")
    patch.setattr("poker_app.web.http.fragments._everything", lambda member: [])


def a_logged_fault(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        "poker_app.web.http.fragments.back_to_session", lambda member: structlog.get_logger("web").error("oh") or ""
    )


def any_card_is_taken(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("poker_app.rules.round.may_vote", lambda **_: None)


@pytest.mark.any_database
@pytest.mark.parametrize(
    "fault", [an_exception, a_number_taken_as_it_comes, a_silent_refusal, a_logged_fault, any_card_is_taken]
)
def test_a_fault_is_noticed(settings: Settings, monkeypatch: pytest.MonkeyPatch, fault: Callable[..., None]) -> None:
    app = create_app(settings.model_copy(update={"realtime": "embedded"}))
    fault(monkeypatch)
    with pytest.raises(AssertionError):
        run(app, 5, 1_000)
    with app.app_context():
        db.engine.dispose()
