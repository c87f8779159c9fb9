"""Behind a transaction pooler: migrations, and many at once, with a pool of one's own and with none."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from poker_app import create_app, rate_limits
from poker_app.db import db, session
from poker_app.settings import Settings
from tests import postgres
from tests.browser.live_server import House
from tests.concurrency.conftest import each_at_once
from tests.deploy.box import environment
from tests.pooler import SERVERS, pooler
from tests.promises.test_survival import wait_for_estimates
from tests.promises.voters import Player, check_kept, playing

pytestmark = pytest.mark.timeout(300)

PLAYERS = 12


@pytest.fixture(scope="module")
def pooled(postgres_url: str) -> Iterator[str]:
    """A database behind the pooler, migrated through it."""
    folder = postgres_url.partition("?host=")[2]
    postgres.command(folder, "CREATE DATABASE pooled")
    with pooler(folder, "pooled") as url:
        command = [sys.executable, "-m", "poker_app.cli", "migrate"]
        subprocess.run(command, cwd=folder, env=environment(DATABASE_URL=url, DATABASE_POOL="0"), check=True)
        yield url
    postgres.command(folder, "DROP DATABASE pooled WITH (FORCE)")


def test_many_play_at_once(pooled: str, empty: Path, tmp_path: Path) -> None:
    assert PLAYERS > SERVERS
    played = []
    for pool in ("0", "5"):
        played += play(pooled, pool, empty, tmp_path / pool)
        # Everything so far, asked for through the pooler too.
        assert check_kept(pooled, played) >= 2 * len(played)


def play(pooled: str, pool: str, empty: Path, folder: Path) -> list[Player]:
    folder.mkdir()
    house = House(folder, empty, DATABASE_URL=pooled, DATABASE_POOL=pool, PROXIES="1")
    try:
        with playing(house.port, PLAYERS, f"With {pool}") as players:
            for _ in range(2):
                wait_for_estimates(players)
    finally:
        house.stop()
    assert [each.refusals for each in players if each.refusals] == []
    assert sum(each.unanswered for each in players) == 0
    assert "Traceback" not in house.log()
    return players


def test_nobody_looks_for_a_statement_that_another_connection_prepared(pooled: str) -> None:
    """Psycopg prepares what it has sent five times, and the pooler's next connection knows nothing of it."""
    app = create_app(Settings(_env_file=None, database_url=pooled, secret_key="x", realtime="none", database_pool=8))

    def write(number: int) -> None:
        with app.app_context():
            for _ in range(40):
                rate_limits.spend(rate_limits.Limit("pooled", 100, timedelta(hours=1)).of(str(number)))

    each_at_once(write, range(2 * SERVERS))
    with app.app_context():
        counts = session.scalars(select(rate_limits.Tries.count)).all()
        session.remove()
        db.engine.dispose()
    assert sorted(counts)[-2 * SERVERS :] == [40] * 2 * SERVERS
