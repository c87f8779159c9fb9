"""A copy made under writes is whole, and what is restored from it is what there was."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from poker_app.settings import ROOT
from tests import postgres
from tests.browser.live_server import House
from tests.promises.test_survival import wait_for_estimates
from tests.promises.voters import check_kept, playing

pytestmark = pytest.mark.timeout(300)


def cli(url: str, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    """A command for operators, told which database; ``path`` is where it finds programs."""
    programs = f"{postgres.installed()}/pginstall/bin:{os.environ['PATH']}"
    given = {"DATABASE_URL": url, "SECRET_KEY": "x", "PYTHONPATH": str(ROOT), "PATH": path or programs}
    command = [sys.executable, "-m", "poker_app.cli", *arguments]
    return subprocess.run(command, cwd=ROOT / "tests", env={**os.environ, **given}, capture_output=True, text=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request: pytest.FixtureRequest, tmp_path: Path, empty: Path) -> Iterator[tuple[str, str]]:
    """A migrated database that is in use, and an empty one."""
    if request.param == "sqlite":
        shutil.copy(empty, tmp_path / "faceup.db")
        yield f"sqlite:///{tmp_path}/faceup.db", f"sqlite:///{tmp_path}/fresh.db"
        return
    folder = request.getfixturevalue("postgres_url").partition("?host=")[2]
    with postgres.of_its_own(folder, "used", 12) as used, postgres.of_its_own(folder, "fresh", 12) as fresh:
        assert cli(used, "migrate").returncode == 0
        yield used, fresh


def rows(url: str) -> dict[str, list[str]]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    tables = sa.MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        return {
            name: sorted(str(row) for row in connection.execute(sa.select(table)))
            for name, table in tables.tables.items()
        }


def test_a_copy_under_writes_is_whole_and_comes_back(urls: tuple[str, str], empty: Path, tmp_path: Path) -> None:
    used, fresh = urls
    copy, later = tmp_path / "copy", tmp_path / "later"
    (tmp_path / "house").mkdir()
    house = House(tmp_path / "house", empty, DATABASE_URL=used, PROXIES="1")
    try:
        with playing(house.port, 4) as players:
            wait_for_estimates(players)
            before = [{**each.votes} for each in players]
            saved = cli(used, "backup", str(copy))
            wait_for_estimates(players)
        assert (saved.returncode, saved.stdout) == (0, f"Everything up to now is in {copy}.\n"), saved.stderr
        assert copy.stat().st_mode & 0o77 == 0

        # What was there when it was asked for is in it, and nothing of it is torn.
        assert cli(fresh, "restore", str(copy)).stdout == f"The database is what {copy} held.\n"
        engine = sa.create_engine(fresh, poolclass=sa.NullPool)
        with engine.connect() as connection:
            held = dict(connection.execute(sa.text("SELECT round_id, card FROM vote")).all())
            orphans = "SELECT count(*) FROM vote LEFT JOIN round ON round.id = round_id WHERE round.id IS NULL"
            assert connection.scalar(sa.text(orphans)) == 0
        assert all(each.items() <= held.items() for each in before)
        assert held.items() <= {key: card for each in players for key, card in each.votes.items()}.items()

        # Once nobody writes: equal, row by row, over what another copy left.
        assert cli(used, "backup", str(later)).returncode == 0
        refused = cli(fresh, "restore", str(later))
        assert refused.returncode == 1
        assert "The database is not empty. With --force it is replaced" in refused.stderr
        assert rows(fresh) != rows(used)
        assert cli(fresh, "restore", "--force", str(later)).returncode == 0
        assert rows(fresh) == rows(used)
        assert check_kept(fresh, players) > 0
    finally:
        house.stop()


def test_what_is_no_copy_changes_nothing(urls: tuple[str, str], tmp_path: Path) -> None:
    used, _ = urls
    before = rows(used)
    (tmp_path / "letter").write_text("Dear Ada, " * 1000)
    for file in ("letter", "nothing"):
        refused = cli(used, "restore", "--force", str(tmp_path / file))
        assert refused.returncode == 1, refused.stdout
        assert "Traceback" not in refused.stderr
        assert file in refused.stderr or "archive" in refused.stderr
    assert rows(used) == before


def test_what_cannot_be_put_back_leaves_what_there_is(postgres_url: str, tmp_path: Path) -> None:
    """A copy that breaks off, though its table of contents is whole; and one that something in the database resists."""
    folder, copy, short = postgres_url.partition("?host=")[2], tmp_path / "copy", tmp_path / "short"
    with postgres.of_its_own(folder, "viewed", 12) as used:
        assert cli(used, "migrate").returncode == 0
        engine = sa.create_engine(used, poolclass=sa.NullPool)
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE VIEW names AS SELECT name FROM member"))
        assert cli(used, "backup", str(copy)).returncode == 0
        short.write_bytes(copy.read_bytes()[:-20])
        with engine.begin() as connection:
            connection.execute(sa.text("DROP VIEW names"))
            connection.execute(sa.text("CREATE VIEW names AS SELECT 1"))
        before = rows(used)
        assert before.keys() >= {"member", "vote"}
        for file in (short, copy):
            refused = cli(used, "restore", "--force", str(file))
            assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)
            assert rows(used) == before


def test_missing_programs_are_said(postgres_url: str, tmp_path: Path) -> None:
    missing = cli(postgres_url, "backup", str(tmp_path / "copy"), path=str(tmp_path))
    assert missing.returncode == 1
    assert missing.stderr.startswith("pg_dump is missing. Install PostgreSQL's client programs")
    assert list(tmp_path.iterdir()) == []
