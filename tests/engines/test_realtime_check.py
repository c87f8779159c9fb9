"""`realtime check`: as a browser and the server would, with one sentence for each thing that can be wrong."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.sync.server import ServerConnection, serve

from poker_app.realtime.engine_check import CheckFailed, _address, check
from poker_app.realtime.engines import endpoints
from poker_app.settings import ROOT
from tests.browser.live_server import House
from tests.external_engines import Pushpin, Soketi, free_port, started
from tests.failing_engine import KEYS, Faulty, replies, settings


def checked(**settings: str) -> tuple[int, str]:
    """The command's exit code and what it said."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SECRET_KEY": "for tests only", "DATABASE_URL": "sqlite://"}
    command = [sys.executable, "-m", "poker_app.cli", "realtime", "check", "--tries", "3"]
    done = subprocess.run(command, env={**environment, **settings}, capture_output=True, text=True, cwd="/")
    return done.returncode, done.stdout + done.stderr


LINE = r"REALTIME=%s: 3 events heard after [\d.]+ ms at least, [\d.]+ ms \(median\), [\d.]+ ms at most\."


@pytest.fixture(scope="module")
def soketi() -> Iterator[dict[str, str]]:
    with started(Soketi(app_id="aBc-1.x")) as engine:
        yield engine.settings


def test_an_engine_outside_whose_app_id_is_no_number(soketi: dict[str, str]) -> None:
    code, said = checked(**soketi)
    assert (code, bool(re.search(LINE % "soketi", said))) == (0, True), said


def test_the_engines_of_our_own(empty: Path, tmp_path: Path) -> None:
    house = House(tmp_path, empty)
    try:
        code, said = checked(PORT=str(house.port))
        assert (code, bool(re.search(LINE % "embedded", said))) == (0, True), said
        code, said = checked(PORT=str(house.port), SECRET_KEY="another")
        assert (code, "refused PUSHER_KEY" in said, "Traceback" in said) == (1, True, False), said
    finally:
        house.stop()


def test_a_proxy(empty: Path, tmp_path: Path) -> None:
    proxy = Pushpin()
    house = House(tmp_path, empty, **proxy.settings)
    try:
        with started(proxy, house.port):
            code, said = checked(**proxy.settings, PORT=str(proxy.port))
            assert (code, bool(re.search(LINE % "fanout", said))) == (0, True), said
    finally:
        house.stop()


@pytest.mark.parametrize(
    ("tls", "page", "address"),
    [
        # As deploy/env comes: the engine is beside the server, and nginx in front of both.
        (False, "https://faceup.example", "wss://faceup.example:443/app/k"),
        (False, "http://faceup.example", "ws://faceup.example:443/app/k"),
        (True, "http://faceup.example", "wss://faceup.example:443/app/k"),
    ],
)
def test_a_page_on_https_takes_tls(tls: bool, page: str, address: str) -> None:
    where = {"pusher_host": "127.0.0.1", "pusher_client_host": "faceup.example", "pusher_client_port": 443}
    told = settings("soketi", **KEYS, **where, pusher_tls=tls)
    assert _address(endpoints.browser_options(told) or {}, page).partition("?")[0] == address


def fails(sentence: str, told: dict[str, str]) -> None:
    """Without the command around it, which takes longer to start than the check to fail; one test above is of both."""
    given = {name.lower(): value for name, value in told.items()}
    with pytest.raises(CheckFailed) as failure:
        check(settings(given.pop("realtime"), **given), "http://127.0.0.1:5000", tries=3)
    assert sentence in str(failure.value)


def test_what_can_be_wrong(soketi: dict[str, str]) -> None:
    def fails_with(sentence: str, **other: str) -> None:
        fails(sentence, {**soketi, **other})

    fails_with("The engine refused PUSHER_KEY", PUSHER_KEY="other")
    fails_with("so PUSHER_SECRET is wrong", PUSHER_SECRET="other")
    fails_with("took the browser, but not the event", PUSHER_APP_ID="other")
    fails_with("Nobody answers at ws://127.0.0.1:", PUSHER_PORT=str(free_port()))
    fails_with("there is no engine, and browsers poll", REALTIME="none")
    faulty = Faulty()
    faulty.answer = replies(200, "a page")
    fails_with("does not answer as a realtime engine", PUSHER_CLIENT_PORT=str(faulty.port))
    # Another than the one that hears: the event goes nowhere.
    faulty.answer = replies(200, "{}")
    fails_with(
        "took the event and never delivered it", PUSHER_PORT=str(faulty.port), PUSHER_CLIENT_PORT=soketi["PUSHER_PORT"]
    )
    faulty.goes_away()


def test_an_engine_that_says_nothing(soketi: dict[str, str]) -> None:
    def silent(connection: ServerConnection) -> None:
        connection.recv()

    with serve(silent, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        silence = {**soketi, "PUSHER_CLIENT_PORT": str(server.socket.getsockname()[1])}
        fails("accepted the connection and said nothing", silence)
        server.shutdown()
