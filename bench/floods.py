"""``python -m bench floods``: another client's ``/healthz`` and the process's memory while a flood is going on.

With ``BENCH_BASE=path`` the release in that worktree is measured beside this one, by turns.
"""

import http.client
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.flooding import ACCOUNT, FLOODS, KEY, OWNER, PASSWORD
from bench.machine import CLIENT, ROOT, Process, pin, running
from bench.report import percentile

SECONDS = 4.0  # of each flood
A_SECOND = 40  # probes
LOST = 5.0  # seconds that a probe without an answer counts as

MEDIAN_MS, P99_MS, MAX_MB = 100.0, 500.0, 400.0

# Another network than the floods', which come from 127.0.0.1.
ELSEWHERE = ("127.0.0.2", 0)

# Run by the release that is measured, with what it knows of its own tables.
SEED = """
import os
from poker_app import create_app
try:
    from poker_app.accounts.memberships import make_account
    from poker_app.accounts.signin.password_hashing import hashed
except ImportError:  # a release before those were named so
    from poker_app.accounts.acting import make_account
    from poker_app.accounts.hashing import hashed
from poker_app.accounts.users import add_user
from poker_app.db import db, transaction
with create_app().app_context():
    db.create_all()
    with transaction():
        user = add_user(name="Olga", email=os.environ["OWNER"])
        user.password_hash = hashed(os.environ["PASSWORD"])
    print(make_account(user, "Flooded").account.id)
"""


@dataclass
class Measured:
    """The seconds until each probe was answered, the most memory in MB, and the flood's responses by status."""

    took: list[float] = field(default_factory=list)
    memory: float = 0.0
    told: dict[str, int] = field(default_factory=dict)

    @property
    def median_ms(self) -> float:
        return median(self.took) * 1000

    @property
    def p99_ms(self) -> float:
        return percentile(self.took, 0.99) * 1000

    @property
    def within(self) -> bool:
        return self.median_ms <= MEDIAN_MS and self.p99_ms <= P99_MS and self.memory <= MAX_MB


@contextmanager
def flooded_site(root: Path) -> Iterator[tuple[Process, str]]:
    """The server of the release in ``root``, and the account that Olga owns there."""
    with TemporaryDirectory(prefix="bench-") as folder:
        own = {
            "DATABASE_URL": f"sqlite:///{Path(folder) / 'faceup.db'}",
            "SECRET_KEY": "for floods only",
            "HOST": "127.0.0.1",
            "PUBLIC_URL": "http://127.0.0.1",
            "TRUSTED_HOSTS": "[]",
            "PROXIES": "0",
            "AUTH": "accounts",
            "REALTIME": "embedded",
            "PUSHER_KEY": KEY,
            "LOG_LEVEL": "error",
        }
        told = {**os.environ, **own, "PYTHONPATH": str(root), "OWNER": OWNER, "PASSWORD": PASSWORD}
        seeding = subprocess.run(
            [sys.executable, "-c", SEED], cwd=root, env=told, check=True, stdout=subprocess.PIPE, text=True
        )
        with running("poker_app.serve", root=root, **own) as server:
            yield server, seeding.stdout.split()[-1]


def measure_flood(name: str, server: Process, account: str, seconds: float = SECONDS) -> Measured:
    """Runs one flood against a server, and measures the probes of another network's client meanwhile."""
    measured = Measured()
    _answered(server.port)  # the first request of a process loads what the others find loaded
    command = [sys.executable, "-m", "bench.flooding", name, str(server.port), str(seconds)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, ACCOUNT: account},
        preexec_fn=_beside,
        stdout=subprocess.PIPE,
        text=True,
    ) as flood:
        try:
            _probe(server, flood, measured)
            measured.told = json.loads(flood.communicate()[0])
        finally:
            flood.kill()
    return measured


def _probe(server: Process, flood: subprocess.Popen[str], measured: Measured) -> None:
    began = time.monotonic()
    for number in itertools.count():
        due = began + number / A_SECOND
        time.sleep(max(0.0, due - time.monotonic()))
        if flood.poll() is not None:
            return
        # Counted from when it was due: a server that does not answer delays the next probes as well.
        lost = not _answered(server.port)
        measured.took.append(LOST if lost else time.monotonic() - due)
        measured.memory = max(measured.memory, server.memory())


def _beside() -> None:
    """Runs the flood on the client's core with low priority, so that the measuring process comes first."""
    pin(CLIENT)
    os.nice(10)


def _answered(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LOST, source_address=ELSEWHERE)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        answer.read()
        return answer.status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def measure_floods(only: str | None = None) -> None:
    """Prints a table, a line a flood."""
    if only is not None and only not in FLOODS:
        raise SystemExit(f"There is no flood {only}. There are {', '.join(FLOODS)}.")
    base = os.environ.get("BENCH_BASE")
    releases = {"this release": ROOT} | ({"the one before": Path(base).resolve()} if base else {})
    print(
        f"Another client's /healthz, median / p99 in ms, and the server's memory, during {SECONDS:.0f} s of each flood."
    )
    print(f"Wanted: {MEDIAN_MS:.0f} / {P99_MS:.0f} ms and {MAX_MB:.0f} MB.")
    print(f"  {'':20}" + "".join(f"{name:>32}" for name in releases))
    missed = []
    for name in FLOODS:
        if only in (None, name):
            columns = []
            for root in releases.values():
                with flooded_site(root) as (server, account):
                    columns.append(measure_flood(name, server, account))
            print(f"  {name.replace('_', ' '):20}" + "".join(f"{_described(each):>32}" for each in columns), flush=True)
            missed += [] if columns[0].within else [name.replace("_", " ")]
    print(f"Missed: {', '.join(missed)}." if missed else "All of them are within what is wanted.")


def _described(measured: Measured) -> str:
    return f"{measured.median_ms:.1f} / {measured.p99_ms:.0f} ms {measured.memory:5.0f} MB"
