"""What was acknowledged survives: the server killed, the disk full, the database restarted, under load each time."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from poker_app.settings import ROOT
from tests import postgres
from tests.browser.live_server import House
from tests.promises.voters import Player, check_kept, playing
from tests.visitor import Address

pytestmark = pytest.mark.timeout(900)

PLAYERS = 6
PATIENCE = 200  # seconds for an estimate; a second where nothing else runs on the machine


@pytest.fixture(scope="module")
def durable() -> Iterator[postgres.Server]:
    """A PostgreSQL that answers when what it was told is written, as a real one does, and that may be restarted."""
    with postgres.restartable() as server:
        postgres.command(server.folder, "CREATE DATABASE migrated")
        given = {"DATABASE_URL": postgres.url(server.folder, "migrated"), "SECRET_KEY": "x", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "poker_app.cli", "migrate"]
        subprocess.run(command, cwd=ROOT / "tests", env={**os.environ, **given}, check=True)
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, empty: Path, tmp_path: Path) -> Iterator[tuple[House, str]]:
    """The server as a stranger runs it, on either database, and that database's URL."""
    if request.param == "sqlite":
        yield from served(tmp_path, empty, f"sqlite:///{tmp_path}/faceup.db")
        return
    folder = request.getfixturevalue("durable").folder
    postgres.command(folder, "CREATE DATABASE survives TEMPLATE migrated")
    yield from served(tmp_path, empty, postgres.url(folder, "survives"))
    postgres.command(folder, "DROP DATABASE survives WITH (FORCE)")


def served(folder: Path, empty: Path, url: str) -> Iterator[tuple[House, str]]:
    house = House(folder, empty, DATABASE_URL=url, PROXIES="1")
    yield house, url
    house.stop()


def killed(place: tuple[House, str], times: int) -> None:
    """kill -9 again and again while people play."""
    house, url = place
    with playing(house.port, PLAYERS) as players:
        for _ in range(times):
            wait_for_estimates(players)
            house.kill()
            house.start()
        wait_for_estimates(players)
    kept = check_kept(url, players)
    unanswered = sum(each.unanswered for each in players)
    print(f"{times} times killed, {kept} votes kept, {unanswered} requests without an answer")
    assert unanswered >= times
    assert not [each.refusals for each in players if each.refusals]


def test_an_acknowledged_write_survives_the_server(place: tuple[House, str]) -> None:
    killed(place, 3)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_an_acknowledged_write_survives_the_server_a_hundred_times(place: tuple[House, str]) -> None:
    killed(place, 100)


def restarted(place: tuple[House, str], server: postgres.Server, how: signal.Signals) -> None:
    house, url = place
    with playing(house.port, PLAYERS) as players:
        wait_for_estimates(players)
        server.stop(how)
        server.start()
        counted = {each.name: len(each.refusals) for each in players}
        wait_for_estimates(players)
        wait_for_estimates(players)
        since = {each.name: len(each.refusals) - counted[each.name] for each in players}
    assert check_kept(url, players) > 0
    print(f"{sum(counted.values())} refusals while the database was away, {sum(since.values())} after it was back")
    # The one that was in flight when it came back.
    assert max(since.values()) <= 1
    refusals = [refusal for each in players for refusal in each.refusals]
    assert {(status, wait) for status, _, wait in refusals} == {(503, "5")}
    assert all("The database does not answer just now." in told for _, told, _ in refusals)
    assert sum(each.unanswered for each in players) == 0


def wait_for_estimates(players: list[Player]) -> None:
    """Until each of them has saved one more. Fails at once for a player who gave up."""
    before = [len(each.estimates) for each in players]
    until = time.monotonic() + PATIENCE
    while any(len(each.estimates) == had for each, had in zip(players, before, strict=True)):
        waiting = [each.doing for each, had in zip(players, before, strict=True) if len(each.estimates) == had]
        assert not any(each.gave_up for each in players), [(each.doing, each.gave_up) for each in players]
        assert time.monotonic() < until, f"they do not get on: {waiting}"
        time.sleep(0.01)  # between two looks at what other threads count


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
def test_a_restarted_database_loses_nothing(
    place: tuple[House, str], durable: postgres.Server, how: signal.Signals
) -> None:
    restarted(place, durable, how)


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_full_disk_fails_cleanly_and_only_as_long_as_it_is_full(place: tuple[House, str]) -> None:
    house, url = place
    unlimited = resource.prlimit(house.process, resource.RLIMIT_FSIZE)
    with playing(house.port, PLAYERS) as players:
        wait_for_estimates(players)
        # To the server no file may grow or change beyond its first kilobyte: a disk without room.
        resource.prlimit(house.process, resource.RLIMIT_FSIZE, (1024, unlimited[1]))
        while not all(each.refusals for each in players):
            time.sleep(0.01)  # between two looks at what other threads note
        assert Address(house.port).ask("GET", "/")[0] == 200
        status, _headers, told = Address(house.port).ask("GET", "/readyz")
        assert (status, "The disk is full, read-only or failing." in told) == (503, True)
        resource.prlimit(house.process, resource.RLIMIT_FSIZE, unlimited)
        wait_for_estimates(players)
    check_refused_for_the_disk(players)
    assert check_kept(url, players) > PLAYERS


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_what_postgresql_says_of_its_disk_is_passed_on(place: tuple[House, str]) -> None:
    """No disk is filled here: the real server gives the answer that it gives then, as long as it is told to."""
    house, url = place
    full = "CREATE FUNCTION full_disk() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END"
    engine = create_engine(url)
    with playing(house.port, PLAYERS) as players:
        wait_for_estimates(players)
        with engine.begin() as connection:
            connection.execute(text(f"{full} $$ LANGUAGE plpgsql"))
            connection.execute(
                text("CREATE TRIGGER full_disk BEFORE INSERT ON vote FOR EACH ROW EXECUTE FUNCTION full_disk()")
            )
        while not all(each.refusals for each in players):
            time.sleep(0.01)  # between two looks at what other threads note
        with engine.begin() as connection:
            connection.execute(text("DROP FUNCTION full_disk CASCADE"))
        wait_for_estimates(players)
    engine.dispose()
    check_refused_for_the_disk(players)
    assert check_kept(url, players) > PLAYERS


def check_refused_for_the_disk(players: list[Player]) -> None:
    refusals = [refusal for each in players for refusal in each.refusals]
    assert {status for status, _, _ in refusals} == {507}
    assert all("full, read-only or failing, so nothing was saved" in told for _, told, _ in refusals)
    assert not any(each.open_questions or each.unanswered for each in players)
