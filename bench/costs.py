"""Measures the cost of each request: milliseconds of processor time, and SQL statements, at several sizes.

Each release answers in a process of its own on the server's core, by turns: one pass of this one, one of the other.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.machine import ROOT, SERVER, on_core
from bench.releases import PLAIN, Release, releases
from bench.report import Row, show
from bench.seeding import Room

VOTERS = 7
# Tasks, rounds before, files beside each task.
SHAPES = [(0, 0, 0), (0, 10, 0), (0, 100, 0), (40, 0, 0), (40, 0, 5), (100, 0, 0), (499, 0, 0)]
TIMES = 12
TARGETS = {("join", 0, 0): "8", ("next round", 499, 0): "5", ("vote alone", 0, 100): "1.1 times one without"}
Taken = dict[str, list[tuple[float, float]]]


def measure_costs(quick: bool) -> None:
    taken: list[list[Taken]] = []
    with ExitStack() as stack:
        sides = [stack.enter_context(_asked(release)) for release in releases()]
        for at in range(len(SHAPES)):
            taken.append([{} for _ in sides])
            for _ in range(TIMES // 4 if quick else TIMES):
                for (running, rooms), all_ in zip(sides, taken[-1], strict=True):
                    for what, cost in _pass(running, rooms[at]).items():
                        all_.setdefault(what, []).append(cost)
    for what in taken[0][0]:
        for (tasks, rounds, files), costs in zip(SHAPES, taken, strict=True):
            milliseconds = [median(one for one, _ in each[what]) for each in costs]
            statements = " instead of ".join(f"{median(two for _, two in each[what]):.0f}" for each in costs)
            show(
                Row(
                    f"{what}, {tasks} tasks, {rounds} rounds before{f', {files} files a task' * bool(files)}",
                    "ms CPU",
                    milliseconds[0],
                    before=milliseconds[1] if len(sides) > 1 else None,
                    less_is_better=True,
                    target=TARGETS.get((what, tasks, rounds), "") if not files else "",
                    note=f"{statements} statements",
                )
            )


def _pass(running: "subprocess.Popen[str]", room: Room) -> dict[str, tuple[float, float]]:
    assert running.stdin is not None
    assert running.stdout is not None
    running.stdin.write(json.dumps([room.id, room.secrets]) + "\n")
    running.stdin.flush()
    costs: dict[str, tuple[float, float]] = json.loads(running.stdout.readline())
    return costs


@contextmanager
def _asked(release: Release) -> Iterator[tuple["subprocess.Popen[str]", list[Room]]]:
    """``bench/costs_of.py`` in the release, with a room of each shape in its database."""
    with TemporaryDirectory(prefix="bench-") as folder:
        database = f"sqlite:///{Path(folder) / 'faceup.db'}"
        with release.seeded(database) as (_, seeds):
            rooms = [seeds.rooms(1, VOTERS, *shape)[0] for shape in SHAPES]
        own = {**PLAIN, "DATABASE_URL": database, "REALTIME": "none", "PYTHONPATH": str(release.root)}
        with on_core(SERVER):
            running = subprocess.Popen(
                [sys.executable, str(ROOT / "bench" / "costs_of.py")],
                cwd=release.root,
                env={**os.environ, **own},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        with running:
            try:
                yield running, rooms
            finally:
                running.kill()
