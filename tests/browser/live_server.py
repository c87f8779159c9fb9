"""The product as a stranger runs it: the real server in a process of its own, on a database of its own."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from poker_app.settings import ROOT
from tests.browser.clock_ahead import AHEAD
from tests.external_engines import Pushpin, Soketi, free_port
from tests.keys import TRACKER_KEYS


def migrated(folder: Path) -> Path:
    """A database with every migration and nothing in it, to be copied."""
    database = folder / "empty.db"
    command = [sys.executable, "-m", "poker_app.cli", "migrate"]
    subprocess.run(command, cwd=folder, env=_environment(database), check=True)
    return database


def _environment(database: Path) -> dict[str, str]:
    given = {"PYTHONPATH": str(ROOT), "DATABASE_URL": f"sqlite:///{database}", "SECRET_KEY": "for tests only"}
    return {**os.environ, **given}


class House:
    """A server that can be stopped and started again on the same port and database."""

    program = "poker_app.serve"
    options: tuple[str, ...] = ()
    says = "listens on"

    def __init__(self, folder: Path, empty: Path, **settings: str) -> None:
        self.engine: Soketi | Pushpin | None = None
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self.database = folder / "faceup.db"
        self._log = folder / "server.log"
        self.environment = {
            **_environment(self.database),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "LOG_LEVEL": "warning",
            "FILES_FOLDER": str(folder / "files"),
            # Else the server would write one into instance/.
            "TRACKER_KEYS": json.dumps(TRACKER_KEYS),
            **settings,
        }
        if settings.get("AUTH") == "accounts":
            self.environment["PUBLIC_URL"] = self.url
        shutil.copy(empty, self.database)
        self.start()

    def start(self) -> None:
        """Answers once the server says that it listens."""
        command = [sys.executable, "-m", self.program, *self.options]
        into = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        self._server = subprocess.Popen(command, cwd=self._folder, env=self.environment, **into)
        listens = threading.Event()
        self._writing_down = threading.Thread(target=self._write_down, args=(self._server.stdout, listens))
        self._writing_down.start()
        while not listens.wait(0.02):
            assert self._server.poll() is None, f"{self.log()}, ended with {self._server.wait(20)}"

    def _write_down(self, said: IO[str], listens: threading.Event) -> None:
        with said, self._log.open("a", buffering=1) as log:
            for line in said:
                log.write(line)
                if self.says in line:
                    listens.set()

    @property
    def process(self) -> int:
        """The server's."""
        return self._server.pid

    def stop(self) -> None:
        """As Ctrl-C does. Raises unless it ends by itself."""
        self._server.send_signal(signal.SIGINT)
        try:
            assert self._server.wait(20) == 0, self.log()
        finally:
            self.kill()

    def kill(self) -> None:
        """At once, without a chance to finish anything."""
        self._server.kill()
        self._server.wait()
        self._writing_down.join()

    def restart(self) -> None:
        self.stop()
        self.start()

    def log(self) -> str:
        """What the server wrote since it was made: warnings and worse."""
        return self._log.read_text()

    def goes_away(self) -> None:
        """What holds everybody's socket ends: its engine, if it has one beside it, or the house itself."""
        (self.engine or self).stop()

    def comes_back(self) -> None:
        if self.engine:
            self.engine.start(self.port)
        else:
            self.start()

    # --- what no person could do

    def long_ago(self, table_id: str, name: str, column: str, **time: float) -> None:
        """Let a member's ``away_since``, ``seen_at`` or ``left_at`` be as long ago as if somebody had waited."""
        moment = datetime.now(UTC) - timedelta(**time)
        with sqlite3.connect(self.database, timeout=10) as database:
            changed = database.execute(
                f"UPDATE member SET {column} = ? WHERE session_id = ? AND name = ?",
                (moment.replace(tzinfo=None).isoformat(" "), table_id, name),
            ).rowcount
            # So that the house does not go on by what it has in memory.
            counted = "version = version + 1, published_version = published_version + 1"
            database.execute(f"UPDATE poker_session SET {counted} WHERE id = ?", (table_id,))
        database.close()
        assert changed == 1

    def event_failed(self, event_id: str, problem: str) -> None:
        """Let the payment provider have told of something that could not be processed, an hour ago."""
        at = (datetime.now(UTC) - timedelta(hours=1)).replace(tzinfo=None).isoformat(" ")
        row = (event_id, "invoice.payment_failed", "in_1", at, 3, problem)
        with sqlite3.connect(self.database, timeout=10) as database:
            columns = "id, type, object_id, received_at, tries, problem"
            database.execute(f"INSERT INTO webhook_event ({columns}) VALUES (?, ?, ?, ?, ?, ?)", row)
        database.close()

    def teammate(self, user_id: str, name: str, *accounts: str) -> None:
        """Let a user be a facilitator of accounts, without the mails that it takes."""
        at = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
        with sqlite3.connect(self.database, timeout=10) as database:
            database.execute("INSERT INTO app_user (id, name, created_at) VALUES (?, ?, ?)", (user_id, name, at))
            into = "INSERT INTO teammate (account_id, user_id, role, joined_at) VALUES (?, ?, 'facilitator', ?)"
            database.executemany(into, [(account, user_id, at) for account in accounts])
        database.close()

    def value(self, question: str, *about: str) -> object:
        """The one value that a query finds."""
        with sqlite3.connect(self.database, timeout=10) as database:
            found = database.execute(question, about).fetchone()
        database.close()
        return found[0] if found else None


class LaterHouse(House):
    """One in which time passes when a test says so; browsers and other servers do not notice."""

    program = "tests.browser.clock_ahead"

    def passes(self, **time: float) -> None:
        ahead = self._folder / AHEAD
        before = float(ahead.read_text()) if ahead.exists() else 0.0
        # In one step, for the server reads it at any moment.
        written = ahead.with_suffix(".new")
        written.write_text(str(before + timedelta(**time).total_seconds()))
        written.replace(ahead)
