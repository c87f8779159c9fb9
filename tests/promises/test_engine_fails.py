"""Realtime failing never hurts voting: no vote fails or waits, and everybody is current soon after the engine is."""

import itertools
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from tests.browser.house import House, migrated
from tests.faulty import Faulty, forwards, hangs, replies, resets
from tests.outside import Soketi, started
from tests.visitor import Address, Visitor

pytestmark = pytest.mark.timeout(300)

NO_LONGER_THAN = 0.6  # seconds, of a vote, at the 99th percentile
CURRENT_WITHIN = 10.0  # seconds from the engine's return
VOTERS = 4
AT_A_TIME = 60  # seconds
POLL = 3.0  # seconds between the questions of a page that was told that the engine fails
CARDS = ("1", "2", "3", "5", "8", "13")


class Table:
    """A house whose way to a real engine is faulty; the browsers' own sockets to the engine are well."""

    def __init__(self, house: House, faulty: Faulty, engine: Soketi) -> None:
        self.house, self.faulty, self.engine = house, faulty, engine
        door = Address(house.port)
        self.ada = Visitor(door, "Ada")
        self.path = self.ada.opens()
        self.voters = [Visitor(door, f"Voter {number}") for number in range(VOTERS)]
        for voter in self.voters:
            voter.joins(self.path)
            self.round = voter.sits_at(self.path)
        self.acknowledged: dict[str, str] = {}
        self.took: list[float] = []
        self.refused: list[tuple[int, str]] = []

    def votes_for(self, seconds: float) -> None:
        """Everybody plays one card after the other."""
        until = time.monotonic() + seconds
        threads = [threading.Thread(target=self._play, args=(voter, until)) for voter in self.voters]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _play(self, voter: Visitor, until: float) -> None:
        for card in itertools.cycle(CARDS):
            if time.monotonic() > until:
                return
            since = time.monotonic()
            status = voter.post(f"{self.path}/votes", round=self.round, card=card)
            self.took.append(time.monotonic() - since)
            if status == 303:
                self.acknowledged[voter.name] = card
            else:
                self.refused.append((status, voter.text[:200]))
            time.sleep(0.05)

    def failures(self) -> int:
        """How often the house has asked the engine in vain."""
        return sum("realtime.failed" in line for line in self.house.log().splitlines())

    def slowest(self) -> float:
        """The 99th percentile."""
        return sorted(self.took)[int(len(self.took) * 0.99) - 1]

    def versions(self) -> tuple[int, int]:
        """The session's version, and what of it is published."""
        with sqlite3.connect(self.house.database, timeout=10) as database:
            found = database.execute(
                "SELECT version, published_version FROM poker_session WHERE id = ?", [self.path.rsplit("/", 1)[1]]
            ).fetchone()
        database.close()
        return found[0], found[1]

    def cards(self) -> dict[str, str]:
        with sqlite3.connect(self.house.database, timeout=10) as database:
            rows = database.execute("SELECT member.name, vote.card FROM vote JOIN member ON member.id = vote.member_id")
            found = dict(rows.fetchall())
        database.close()
        return found

    def asks_until_told_otherwise(self) -> None:
        """As a page does whose last answer said that the engine fails."""
        voter = self.voters[0]
        while voter.get(f"{self.path}/vote-table") and voter.told["X-Behind"] == "1":
            time.sleep(POLL)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    folder = tmp_path_factory.mktemp("faulty")
    with started(Soketi()) as engine:
        faulty = Faulty()
        own = {**engine.settings, "PUSHER_PORT": str(faulty.port), "PUSHER_CLIENT_PORT": str(engine.port)}
        house = House(folder, migrated(Path(folder)), **own)
        faulty.answer = forwards(engine.port)
        yield Table(house, faulty, engine)
        house.stop()
        faulty.goes_away()
        assert "Traceback" not in house.log()


class Ear:
    """The newest version that a browser's socket has heard of, and when."""

    def __init__(self, tab: ClientConnection) -> None:
        self._tab, self.newest = tab, 0

    def hears(self, version: int, within: float) -> bool:
        until = time.monotonic() + within
        while self.newest < version and (left := until - time.monotonic()) > 0:
            try:
                message = json.loads(self._tab.recv(left))
            except TimeoutError:
                break
            if not message["event"].startswith("pusher"):
                self.newest = max(self.newest, json.loads(message["data"])["version"])
        return self.newest >= version


FAILING: dict[str, Callable[[Any], None]] = {
    "hanging": hangs,
    "resetting": resets,
    "erroring": replies(500, "oops"),
    "an error in 200": replies(200, '{"error":"no","code":4000}'),
    "over quota": replies(403, "The app is over its message quota"),
}


@pytest.mark.parametrize("how", ["slow", "gone", *FAILING])
def test_no_vote_fails_or_waits_and_everybody_is_current_soon(table: Table, how: str) -> None:
    trouble(table, how, seconds=3)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_ten_minutes_without_an_engine_lose_nothing(table: Table) -> None:
    trouble(table, "gone", seconds=600)


def trouble(table: Table, how: str, seconds: int) -> None:
    with table.ada.listens(table.path, table.engine.settings) as tab:
        ear, warnings = Ear(tab), table.failures()
        slow = how == "slow"
        table.faulty.answer = FAILING.get(how) or forwards(table.engine.port, after=0.25)
        if how == "gone":
            table.faulty.goes_away()
        table.took = []
        for _ in range(0, seconds, AT_A_TIME):
            table.votes_for(min(seconds, AT_A_TIME))
            # An engine ends the connection of a browser that says nothing for two minutes.
            tab.send('{"event":"pusher:ping","data":{}}')
        assert table.refused == []
        assert table.slowest() <= NO_LONGER_THAN, sorted(table.took)[-5:]
        told = table.failures() - warnings
        version, published = table.versions()
        if slow:
            # Slow is not wrong: whatever it took was heard.
            assert (told, published) == (0, version)
        else:
            # It is left alone: few of all these votes waited for it.
            assert 3 <= told <= 3 + seconds, told
            assert published < version
            assert not ear.hears(version, within=0.1)

        if how == "gone":
            table.faulty.comes_back()
        table.faulty.answer = forwards(table.engine.port)
        since = time.monotonic()
        table.asks_until_told_otherwise()
        version, published = table.versions()
        assert published == version
        assert ear.hears(version, within=CURRENT_WITHIN - (time.monotonic() - since))
        assert table.cards() == table.acknowledged
        # And it is trusted again: the next vote is heard at once.
        table.voters[0].post(f"{table.path}/votes", round=table.round, card="21")
        table.acknowledged[table.voters[0].name] = "21"
        assert ear.hears(version + 1, within=2)
