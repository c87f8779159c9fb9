"""A real pgbouncer in transaction mode: between two transactions a connection belongs to nobody."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.debian_programs import program

PORT = 6432  # of its socket's name; nothing listens on the network
SERVERS = 4  # connections that it has to PostgreSQL, however many come
PATIENCE = 30  # seconds
CONFIGURATION = """\
[databases]
{database} = host={server} dbname={database} user=postgres
[pgbouncer]
pool_mode = transaction
default_pool_size = {servers}
max_client_conn = 200
auth_type = any
listen_port = {port}
unix_socket_dir = {home}
logfile = {home}/log
"""


@contextmanager
def pooler(server: str, database: str) -> Iterator[str]:
    """In front of a database of the server behind a socket; gives the URL that leads through it."""
    path = program("pgbouncer", "pgbouncer")
    home = Path(tempfile.mkdtemp(prefix="faceup-pooler-"))
    told = CONFIGURATION.format(database=database, server=server, servers=SERVERS, port=PORT, home=home)
    (home / "pgbouncer.ini").write_text(told)
    as_nobody = {"user": "nobody", "extra_groups": []} if os.geteuid() == 0 else {}
    if as_nobody:
        subprocess.run(["chown", "-R", "nobody", home], check=True)
    running = subprocess.Popen([path, "-q", home / "pgbouncer.ini"], cwd=home, stderr=subprocess.DEVNULL, **as_nobody)
    try:
        _wait(home, database, running)
        yield f"postgresql+psycopg://postgres@/{database}?host={home}&port={PORT}"
    finally:
        running.terminate()
        running.wait(PATIENCE)
        shutil.rmtree(home)


def _wait(home: Path, database: str, running: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            psycopg.connect(host=str(home), port=PORT, user="postgres", dbname=database).close()
            return
        except psycopg.OperationalError:
            if running.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.05)  # until the other process listens
