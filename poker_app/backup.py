"""Backup: copies the database into one file while the service runs, and restores it."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL, Engine, NullPool, create_engine, inspect, make_url


class Failed(Exception):
    """The error's sentence for the command line; the database is unchanged."""


def save(database_url: str, target: Path) -> None:
    """Writes everything that is committed now into ``target``, which is replaced once the copy is whole.

    Blocks no writer: both databases read a snapshot while others write. Raises Failed.
    """
    with _draft(target) as draft:
        if database_url.startswith("sqlite"):
            with closing(sqlite3.connect(_path(database_url))) as source, closing(sqlite3.connect(draft)) as copy:
                source.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE")  # all of it in the one file
                _check(copy)
        else:
            _run(
                "pg_dump", make_url(database_url), "--format=custom", "--no-owner", "--no-privileges", f"--file={draft}"
            )


def restore(database_url: str, source: Path, *, force: bool) -> None:
    """Replaces the database by a copy; one that holds anything only with ``force``. Raises Failed."""
    if not source.is_file():
        raise Failed(f"There is no file {source}.")
    engine = create_engine(database_url, poolclass=NullPool)
    if not force and inspect(engine).get_table_names():
        raise Failed("The database is not empty. With --force it is replaced by the copy, and what it holds is lost.")
    if database_url.startswith("sqlite"):
        _restore_sqlite(database_url, source)
        return
    # Read to its end before anything is dropped, and then all in one transaction. Not by pg_restore alone: a table that
    # is younger than the copy would stay.
    with tempfile.NamedTemporaryFile(suffix=".sql") as script:
        _run("pg_restore", None, "--no-owner", "--no-privileges", f"--file={script.name}", str(source))
        at_once = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1")
        _run("psql", make_url(database_url), *at_once, f"--command={_dropping(engine)}", f"--file={script.name}")


def _dropping(engine: Engine) -> str:
    quote = engine.dialect.identifier_preparer.quote
    return "".join(f"DROP TABLE {quote(name)} CASCADE;" for name in inspect(engine).get_table_names())


def _restore_sqlite(database_url: str, source: Path) -> None:
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as copy:
        try:
            _check(copy)
            with closing(sqlite3.connect(_path(database_url))) as database:
                copy.backup(database)
        except sqlite3.DatabaseError as problem:
            raise Failed(f"{source} could not be restored: {problem}.") from problem


def _check(copy: sqlite3.Connection) -> None:
    [(found,)] = copy.execute("PRAGMA integrity_check(1)").fetchall()
    if found != "ok":
        raise Failed(f"The copy is damaged: {found}")


def _path(database_url: str) -> str:
    return make_url(database_url).database or ""


@contextmanager
def _draft(target: Path) -> Iterator[str]:
    """Yields a temporary file beside ``target``, readable by its owner alone, that replaces it if nothing goes
    wrong."""
    if not target.parent.is_dir():
        raise Failed(f"There is no folder {target.parent}.")
    descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(descriptor)
    try:
        yield draft
        os.replace(draft, target)
    finally:
        Path(draft).unlink(missing_ok=True)


def _run(program: str, url: URL | None, *options: str) -> None:
    path = shutil.which(program)
    if path is None:
        raise Failed(
            f"{program} is missing. Install PostgreSQL's client programs (Debian: postgresql-client), of the server's "
            "version or newer."
        )
    with tempfile.NamedTemporaryFile("w") as passwords:
        where = [] if url is None else [f"--dbname={_address(url, passwords.name)}"]
        if url is not None and url.password:
            # In a file: everybody on the machine sees a command's arguments.
            password = str(url.password).replace("\\", "\\\\").replace(":", "\\:")
            passwords.write(f"*:*:*:*:{password}\n")
            passwords.flush()
        done = subprocess.run([path, *where, *options], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise Failed(f"{program} failed: {done.stderr.strip()}")


def _address(url: URL, passwords: str) -> str:
    from psycopg.conninfo import make_conninfo  # an eighth of a command's start, which SQLite does without

    named = {"user": url.username, "host": url.host, "port": url.port, "dbname": url.database}
    given = {name: value for name, value in {**named, **url.query}.items() if value}
    return make_conninfo(**given, passfile=passwords)  # type: ignore[arg-type]
