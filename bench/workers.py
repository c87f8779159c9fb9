"""The same rounds and joins on PostgreSQL, with two workers under gunicorn and an engine outside, as on a box of one's
own: see docs/deployment.md. Each release has a database and a soketi to itself; all of them share the servers' core.
"""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench import joining, rounds
from bench.machine import SERVER, Process, on_core
from bench.releases import Release, releases
from bench.rooms import TableRoom
from bench.seeding import Seeds
from tests import postgres
from tests.external_engines import Soketi, started

WORKERS, CONNECTIONS = 2, 40
SIZES = [(20, 7), (1, 50)]
WHERE = ", 2 workers"


def measure_workers(quick: bool) -> None:
    """Measures votes, and then joins. The processor time is the workers' alone."""
    with ExitStack() as stack:
        with on_core(SERVER):
            folder = stack.enter_context(postgres.restartable()).folder
        served = [
            stack.enter_context(_served(folder, f"release_{number}", release))
            for number, release in enumerate(releases())
        ]
        for count, voters in SIZES:
            sides = [
                rounds.Side(server, [TableRoom(server.port, each) for each in seeds.rooms(count, voters)])
                for server, seeds in served
            ]
            asyncio.run(rounds.measure(sides, quick, alone=False))
            rounds.report(count, voters, sides, None, WHERE)
        turns = 1 if quick else joining.TURNS
        newcomers = [joining.Side(server, seeds.rooms(2 * turns + 1, 0)) for server, seeds in served]
        asyncio.run(joining.measure(newcomers, turns))
        joining.report(newcomers, WHERE)


@contextmanager
def _served(folder: str, name: str, release: Release) -> Iterator[tuple[Process, Seeds]]:
    with ExitStack() as stack:
        engine = Soketi(max_members=1_000)
        with on_core(SERVER):
            stack.enter_context(started(engine))
        database = stack.enter_context(postgres.of_its_own(folder, name, CONNECTIONS))
        yield stack.enter_context(release.seeded(database, engine.settings, WORKERS))
