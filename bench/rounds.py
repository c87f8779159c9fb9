"""Measures whole rounds: all voters vote at once, the reveal, the next round; in many rooms, or in one.

This release, the one before and the floor take turns on the same core, so that whatever else the machine does affects
all of them alike.
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

from bench.machine import Process, running
from bench.releases import releases
from bench.report import Row, percentile, show
from bench.rooms import FloorRoom, Room, TableRoom

SIZES = [(50, 7), (1, 10), (1, 50), (1, 200)]
ALONE = (1, 10)  # where a lone vote's way to all others is measured
ALONE_A_ROUND = 20
SEATED_AT_A_TIME = 8
TURNS, SECONDS = 3, 2.5


@dataclass
class Side:
    """One server, its rooms, and the figures measured of it."""

    server: Process
    rooms: Sequence[Room]
    votes_a_second: list[float] = field(default_factory=list)
    rounds_a_second: list[float] = field(default_factory=list)
    cpu_a_thousand: list[float] = field(default_factory=list)
    cpu_in_company: list[float] = field(default_factory=list)
    parts: Mapping[str, Callable[[], float]] = field(default_factory=dict)
    """The processes that are measured: functions for their seconds of processor time so far."""
    cpu_of_parts: dict[str, list[float]] = field(default_factory=dict)
    """Seconds for a thousand votes."""
    alone: list[float] = field(default_factory=list)
    """Seconds from sending a lone vote until the last other member saw it."""

    async def play(self, seconds: float) -> None:
        """Lets every room play round after round."""
        start, used = time.perf_counter(), self.server.cpu()
        before = {name: cpu() for name, cpu in self.parts.items()}
        until = start + seconds
        rounds = sum(await asyncio.gather(*(_play(room, until) for room in self.rooms)))
        took, votes = time.perf_counter() - start, rounds * self.rooms[0].voters
        self.rounds_a_second.append(rounds / took)
        self.votes_a_second.append(votes / took)
        self.cpu_a_thousand.append((self.server.cpu() - used) / votes * 1000)
        for name, cpu in self.parts.items():
            self.cpu_of_parts.setdefault(name, []).append((cpu() - before[name]) / votes * 1000)

    async def change(self, seconds: float) -> None:
        """Lets all voters change their card as soon as the change before is acknowledged."""
        start, used = time.perf_counter(), self.server.cpu()
        people = [(room, voter) for room in self.rooms for voter in range(room.voters)]
        votes = sum(await asyncio.gather(*(_change(room, voter, start + seconds) for room, voter in people)))
        self.cpu_in_company.append((self.server.cpu() - used) / votes * 1000)

    async def vote_alone(self, seconds: float) -> None:
        """Measures one vote at a time, of members in random order, and then a reveal."""
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            room = random.choice(self.rooms)
            for voter in random.sample(range(room.voters), min(room.voters, ALONE_A_ROUND)):
                self.alone.append(await room.vote(voter))
            await room.reveal()
            await room.open_next_round()


async def _play(room: Room, until: float) -> int:
    rounds = 0
    while time.perf_counter() < until:
        await asyncio.gather(*(room.vote(voter) for voter in range(room.voters)))
        await room.reveal()
        await room.open_next_round()
        rounds += 1
    return rounds


async def _change(room: Room, voter: int, until: float) -> int:
    votes = 0
    while time.perf_counter() < until:
        await room.change(voter)
        votes += 1
    return votes


async def sit_down(rooms: Sequence[Room]) -> None:
    doors = asyncio.Semaphore(SEATED_AT_A_TIME)

    async def enter(room: Room) -> None:
        async with doors:
            await room.sit_down()

    await asyncio.gather(*(enter(room) for room in rooms))


def measure_rounds(quick: bool) -> None:
    for rooms, voters in SIZES:
        with ExitStack() as stack:
            sides = []
            for release in releases():
                server, seeds = stack.enter_context(release.seeded())
                sides.append(Side(server, [TableRoom(server.port, each) for each in seeds.rooms(rooms, voters)]))
            floor = stack.enter_context(running("bench.floor"))
            sides.append(Side(floor, [FloorRoom(floor.port, f"/{number}", voters) for number in range(rooms)]))
            asyncio.run(measure(sides, quick, alone=(rooms, voters) == ALONE))
        *products, bare = sides
        report(rooms, voters, products, bare)


async def measure(sides: Sequence[Side], quick: bool, *, alone: bool) -> None:
    for side in sides:
        await sit_down(side.rooms)
    for _ in range(1 if quick else TURNS):
        for side in sides:
            await side.play(SECONDS / 2 if quick else SECONDS)
            if len(side.rooms) > 1:
                await side.change(SECONDS / 2)
            if alone:
                await side.vote_alone(SECONDS)
    for side in sides:
        for room in side.rooms:
            room.get_up()
    await asyncio.sleep(0.1)  # until the sockets are closed


def report(rooms: int, voters: int, products: Sequence[Side], floor: Side | None, where: str = "") -> None:
    title = f"{rooms} rooms of {voters} + 1" if rooms > 1 else f"a room of {voters}"
    sides = [*products, *([floor] if floor else [])]
    before = 1 if len(products) > 1 else None

    def row(what: str, unit: str, figures: list[float], target: str = "", *, less: bool = False) -> Row:
        return Row(
            f"{title}{where}: {what}",
            unit,
            figures[0],
            floor=figures[-1] if floor else None,
            before=figures[before] if before else None,
            less_is_better=less,
            target="" if where else target,
        )

    if rooms > 1:
        show(row("whole rounds", "votes/s", [median(side.votes_a_second) for side in sides], "2.2 × before"))
        cpu = [median(side.cpu_a_thousand) for side in sides]
        show(row("CPU", "s per 1,000 votes", cpu, "1.2", less=True))
        cpu = [median(side.cpu_in_company) for side in sides]
        show(row("CPU of a vote in company", "ms", cpu, less=True))
    else:
        target = {10: "2.2 × before", 50: "1.6 × before", 200: "1 × before"}.get(voters, "")
        show(row("whole rounds", "rounds/s", [median(side.rounds_a_second) for side in sides], target))
    if products[0].alone:
        times = [median(side.alone) * 1000 for side in sides]
        show(row("a lone vote is seen by all, median", "ms", times, "5", less=True))
        times = [percentile(side.alone, 0.99) * 1000 for side in sides]
        show(row("a lone vote is seen by all, p99", "ms", times, "8", less=True))
