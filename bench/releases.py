"""The releases that are measured: this one, and beside it the one in the worktree that BENCH_BASE names.

They are asked only what an operator asks of any release: to migrate, to serve, to answer. So it may be an old one.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.machine import ROOT, Process, running
from bench.seeding import Seeds

KEY = secrets.token_hex(16)  # the same for all, so that they may share a database
PLAIN = {
    "SECRET_KEY": KEY,
    "HOST": "127.0.0.1",
    "LOG_LEVEL": "error",
    "PUBLIC_URL": "",
    "TRUSTED_HOSTS": "[]",
    "PROXIES": "0",
}
EMBEDDED = {"REALTIME": "embedded"}


@dataclass(frozen=True)
class Release:
    name: str
    root: Path

    def migrate(self, database: str) -> None:
        environment = {**os.environ, **PLAIN, "DATABASE_URL": database, "REALTIME": "none"}
        command = [sys.executable, "-m", "poker_app.cli", "migrate"]
        environment["PYTHONPATH"] = str(self.root)
        subprocess.run(command, cwd=self.root, env=environment, check=True, capture_output=True)

    @contextmanager
    def serving(self, database: str, engine: dict[str, str] = EMBEDDED, workers: int = 0) -> Iterator[Process]:
        """The embedded server, or so many ``workers`` under gunicorn as docs/deployment.md sets them up."""
        own = {**PLAIN, **engine, "DATABASE_URL": database}
        if workers:
            gunicorn = ["gunicorn", "--config", "deploy/gunicorn.conf.py", "--bind", "127.0.0.1:{port}"]
            serving = running(*gunicorn, root=self.root, WEB_CONCURRENCY=str(workers), **own)
        else:
            serving = running("poker_app.serve", root=self.root, **own)
        with serving as server:
            yield server

    @contextmanager
    def seeded(
        self, database: str = "", engine: dict[str, str] = EMBEDDED, workers: int = 0
    ) -> Iterator[tuple[Process, Seeds]]:
        """The server with a new database, on SQLite where none is given, and what puts sessions into it."""
        with TemporaryDirectory(prefix="bench-") as folder:
            address = database or f"sqlite:///{Path(folder) / 'faceup.db'}"
            if database:
                self.migrate(address)
            else:
                (Path(folder) / "faceup.db").write_bytes(_migrated(self))
            with self.serving(address, engine, workers) as server:
                seeds = Seeds(address, server.port)
                yield server, seeds
                seeds.close()


@cache
def _migrated(release: Release) -> bytes:
    """An empty SQLite database of a release, made once."""
    with TemporaryDirectory(prefix="bench-") as folder:
        release.migrate(f"sqlite:///{Path(folder) / 'faceup.db'}")
        return (Path(folder) / "faceup.db").read_bytes()


HERE = Release("this release", ROOT)


def releases() -> list[Release]:
    """Returns the releases, this one first."""
    base = os.environ.get("BENCH_BASE")
    return [HERE, *([Release("the one before", Path(base).resolve())] if base else [])]
