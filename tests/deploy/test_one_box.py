"""One box: gunicorn with several workers behind nginx, PostgreSQL with twelve connections to give, and soketi."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser

from tests.browser import story
from tests.browser.person import people
from tests.deploy.box import DEPLOY, Box, environment
from tests.external_engines import Soketi
from tests.visitor import Address, Visitor, play_and_listen

pytestmark = pytest.mark.timeout(600)

BUDGET = 12
VISITORS = 16


@pytest.fixture(scope="module")
def box(deployed: str, engine: Soketi, nginx: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    engine.stop()
    box = Box(tmp_path_factory.mktemp("box"), nginx, deployed, engine)
    yield box
    log = box.log()
    box.goes_away()
    engine.start()
    assert "Traceback" not in log, log


@pytest.mark.parametrize("options", [["--config", str(DEPLOY / "gunicorn.conf.py")], ["wsgi:app"]])
def test_the_embedded_engine_is_refused_with_a_sentence(options: list[str], tmp_path: Path) -> None:
    given = environment(REALTIME="embedded", WEB_CONCURRENCY="2", DATABASE_URL=f"sqlite:///{tmp_path}/faceup.db")
    command = [sys.executable, "-m", "gunicorn", *options, "--bind", f"unix:{tmp_path}/web.sock"]
    done = subprocess.run(command, cwd=tmp_path, env=given, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode != 0
    assert "run `python -m poker_app.serve` instead, or set REALTIME to an engine outside" in done.stderr


def test_a_session_is_played_and_heard_through_nginx(box: Box) -> None:
    site = Address(box.port)
    play_and_listen(Visitor(site, "Ada"), Visitor(site, "Ben"), {**box.engine.settings, "PUSHER_PORT": str(box.port)})


def test_nobody_reaches_the_engines_own_interface(box: Box) -> None:
    status, _, text = Address(box.port).ask("GET", "/apps/faceup/channels")
    assert (status, "auth_signature" in text) == (404, False)


def test_who_asks_cannot_pretend_to_be_somebody_else(box: Box) -> None:
    forged = {"x_forwarded_proto": "https", "x_forwarded_host": "evil.example", "x_forwarded_for": "6.6.6.6"}
    status, headers, text = Address(box.port).ask("GET", "/", **forged)
    assert (status, headers["strict-transport-security"], "evil.example" in text) == (200, None, False)


def test_a_deploy_is_noticed_by_nobody_and_stays_within_the_budget(box: Box, deployed: str) -> None:
    """More people than connections (promise 14), and one release that takes over from the other: no request fails."""
    with counted(deployed) as most:
        # The visitors play for so long.
        assert under_load(box, lambda: time.sleep(2)) == []
        alone = most()
        assert under_load(box, box.deploy) == []
        together = most()
    print(f"{alone} connections at most for {VISITORS} people at once, {together} while one release takes over")
    assert alone <= BUDGET // 2 < together <= BUDGET


@contextmanager
def counted(database_url: str) -> Iterator[Callable[[], int]]:
    """The greatest number of connections to a database so far."""
    name, folder = database_url.partition("@/")[2].split("?host=")
    counts = [0]
    done = threading.Event()
    with psycopg.connect(host=folder, user="postgres", autocommit=True) as onlooker:

        def count() -> None:
            while not done.wait(0.01):
                asking = onlooker.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = %s", [name])
                counts.extend(asking.fetchone() or ())

        looking = threading.Thread(target=count)
        looking.start()
        try:
            yield lambda: max(counts)
        finally:
            done.set()
            looking.join()


def under_load(box: Box, meanwhile: Callable[[], None]) -> list[str]:
    """What went wrong for people who vote and reveal while something happens."""
    troubles: list[str] = []
    done = threading.Event()

    def play(number: int) -> None:
        ada = Visitor(Address(box.port), f"Ada{number}")
        try:
            table = ada.opens(f"under load {number} {time.monotonic()}")
            while True:
                current = ada.sits_at(table)
                for verb, form in (("votes", {"card": "8"}), ("reveal", {}), ("rounds", {})):
                    if (status := ada.post(f"{table}/{verb}", round=current, **form)) != 303:
                        troubles.append(f"{verb}: {status} {ada.text}")
                if done.is_set():
                    return
        except (OSError, HTTPException, AssertionError) as trouble:
            troubles.append(repr(trouble))

    with ThreadPoolExecutor(VISITORS) as threads:
        playing = [threads.submit(play, number) for number in range(VISITORS)]
        try:
            meanwhile()
        finally:
            done.set()
        for each in playing:
            each.result()
    return troubles


@pytest.mark.browser
def test_a_team_estimates_its_backlog_there(box: Box, browser: Browser) -> None:
    """The same story as on the embedded server, the machine's restart included."""
    with people(browser) as person:
        story.a_team_estimates_its_backlog(box, person)


@pytest.mark.browser
def test_who_closes_their_tab_is_away_by_the_engines_webhook(box: Box, browser: Browser) -> None:
    """Their silence would say so only much later."""
    with people(browser) as person:
        ada, ben = (person(name, home=box.url) for name in ("Ada", "Ben"))
        ben.joins(ada.opens())
        ada.sees_seat("Ben", "thinking")
        ben.page.close()
        ada.sees_seat("Ben", "away")


def test_when_no_release_answers_nginx_says_so(box: Box) -> None:
    box.releases[box.live].stop()
    status, headers, text = Address(box.port).ask("GET", "/")
    assert (status, headers["retry-after"], "being restarted" in text) == (503, "5", True)
    box.releases[box.live] = box.release(box.live)
    assert Address(box.port).ask("GET", "/")[0] == 200


def test_the_example_settings_fit(tmp_path: Path) -> None:
    """deploy/env is complete but for its secrets, and a shell reads it as well as systemd does."""
    shown = "import json, os, wsgi; print(json.dumps([wsgi.settings.trusted_hosts, dict(os.environ)]))"
    command = 'set -a; . "$0"; SECRET_KEY=x PUSHER_SECRET=x; exec "$@"'
    told = subprocess.run(
        ["sh", "-c", command, DEPLOY / "env", sys.executable, "-c", shown],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        check=True,
    )
    hosts, given = json.loads(told.stdout)
    assert hosts == ["faceup.example"]
    assert 2 * int(given["WEB_CONCURRENCY"]) * int(given["DATABASE_POOL"]) <= BUDGET
    words = ["sh", "-c", '. "$0"; echo "$SOKETI_DEFAULT_APP_WEBHOOKS"', DEPLOY / "soketi.env"]
    [webhook] = json.loads(subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout)
    assert webhook["url"] == "https://faceup.example/realtime/webhooks"
