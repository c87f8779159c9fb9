"""One scenario: the product and the floor by turns, so that whatever else the machine does befalls both."""

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

from bench.machine import Process, core_busy, running
from bench.rooms import FloorRoom, Room, TableRoom
from bench.site import site

SEATED_AT_A_TIME = 8
ALONE_A_ROUND = 20  # of a large room only some vote one at a time, so that there are reveals to measure


@dataclass(frozen=True)
class Scenario:
    rooms: int
    voters: int

    @property
    def title(self) -> str:
        who = f"{self.voters} voters and a facilitator"
        return f"one room of {who}" if self.rooms == 1 else f"{self.rooms} rooms of {who}"


@dataclass
class Times:
    """Seconds from sending until the last other member saw it."""

    vote: list[float] = field(default_factory=list)
    reveal: list[float] = field(default_factory=list)


@dataclass
class Side:
    """What was measured of one of the two servers."""

    idle_mb: float
    alone: Times = field(default_factory=Times)
    at_once: Times = field(default_factory=Times)
    rounds_a_second: list[float] = field(default_factory=list)
    votes_a_second: list[float] = field(default_factory=list)
    changes_a_second: list[float] = field(default_factory=list)
    votes: int = 0
    cpu: float = 0.0
    others: list[float] = field(default_factory=list)
    """The share of the server's core that went to anything else."""
    connected_mb: float = 0.0
    fetches: int = 0

    @property
    def cpu_a_thousand(self) -> float:
        return self.cpu / self.votes * 1000

    @property
    def rounds(self) -> float:
        return median(self.rounds_a_second)

    @property
    def votes_rate(self) -> float:
        """Within whole rounds: reveals and next rounds take their time too."""
        return median(self.votes_a_second)

    @property
    def changes_rate(self) -> float:
        """Of votes alone: everybody changes their card again and again."""
        return median(self.changes_a_second)


@dataclass
class Result:
    scenario: Scenario
    product: Side
    floor: Side


async def measure(scenario: Scenario, slices: int, seconds: float) -> Result:
    """In each slice ``seconds`` alone, as long at once, and as long without reveals for the product, half of that for
    the floor."""
    with ExitStack() as stack:
        server, seats = stack.enter_context(site(scenario.rooms, scenario.voters))
        floor_server = stack.enter_context(running("bench.floor"))
        product, floor = Side(server.memory()), Side(floor_server.memory())
        tables = [TableRoom(server.port, each) for each in seats]
        plains = [FloorRoom(floor_server.port, str(number), scenario.voters) for number in range(scenario.rooms)]
        await _sit_down(tables)
        await _sit_down(plains)
        for _ in range(slices):
            await _alone(tables, seconds, product.alone)
            await _alone(plains, seconds / 2, floor.alone)
            await _at_once(server, tables, seconds, product)
            await _at_once(floor_server, plains, seconds / 2, floor)
            await _changing(tables, seconds, product)
            await _changing(plains, seconds / 2, floor)
        product.connected_mb, floor.connected_mb = server.memory(), floor_server.memory()
        product.fetches = sum(table.fetches for table in tables)
        for room in [*tables, *plains]:
            room.get_up()
        await asyncio.sleep(0.1)
    return Result(scenario, product, floor)


async def _sit_down(rooms: Sequence[Room]) -> None:
    doors = asyncio.Semaphore(SEATED_AT_A_TIME)

    async def enter(room: Room) -> None:
        async with doors:
            await room.sit_down()

    await asyncio.gather(*(enter(room) for room in rooms))


async def _alone(rooms: Sequence[Room], seconds: float, times: Times) -> None:
    """One vote at a time, whoever's turn it is, and then a reveal."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        room = random.choice(rooms)
        for voter in random.sample(range(room.voters), min(room.voters, ALONE_A_ROUND)):
            times.vote.append(await room.vote(voter))
        times.reveal.append(await room.reveal())
        await room.open_next_round()


async def _at_once(server: Process, rooms: Sequence[Room], seconds: float, side: Side) -> None:
    """Every room plays round after round: all vote at once, reveal, next."""
    start, used, busy = time.perf_counter(), server.cpu(), core_busy()
    until = start + seconds
    rounds = sum(await asyncio.gather(*(_play(room, until, side.at_once) for room in rooms)))
    took, cpu = time.perf_counter() - start, server.cpu() - used
    votes = rounds * rooms[0].voters
    side.rounds_a_second.append(rounds / took)
    side.votes_a_second.append(votes / took)
    side.votes += votes
    side.cpu += cpu
    side.others.append(max(0.0, core_busy() - busy - cpu) / took)


async def _play(room: Room, until: float, times: Times) -> int:
    rounds = 0
    while time.perf_counter() < until:
        times.vote += await asyncio.gather(*(room.vote(voter) for voter in range(room.voters)))
        times.reveal.append(await room.reveal())
        await room.open_next_round()
        rounds += 1
    return rounds


async def _changing(rooms: Sequence[Room], seconds: float, side: Side) -> None:
    """Everybody changes their card as soon as the one before is acknowledged."""
    start = time.perf_counter()
    until = start + seconds
    people = [(room, voter) for room in rooms for voter in range(room.voters)]
    votes = sum(await asyncio.gather(*(_change(room, voter, until) for room, voter in people)))
    side.changes_a_second.append(votes / (time.perf_counter() - start))


async def _change(room: Room, voter: int, until: float) -> int:
    votes = 0
    while time.perf_counter() < until:
        await room.change(voter)
        votes += 1
    return votes
