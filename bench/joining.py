"""Joining: what one newcomer costs the server, and how long 200 at once take until everybody is seated."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

from bench.machine import Process
from bench.people import Person
from bench.releases import releases
from bench.report import Row, show
from bench.seeding import NAMES, Room
from bench.sights import Sights
from bench.table import Reader

ONE_BY_ONE, AT_ONCE, TURNS = 20, 200, 2


@dataclass
class Side:
    """A server, and rooms whose only member is a facilitator."""

    server: Process
    rooms: list[Room]
    cpu: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    async def one_by_one(self) -> None:
        """Lets newcomers join one by one, and notes the milliseconds of processor time for each: form, page, socket."""
        used = self.server.cpu()
        newcomers = self._newcomers(ONE_BY_ONE)
        for number, person in enumerate(newcomers):
            await _take_a_seat(person, number)
        self.cpu.append((self.server.cpu() - used) / ONE_BY_ONE * 1000)
        _leave(newcomers)

    async def at_once(self, count: int) -> None:
        newcomers, began = self._newcomers(count), time.perf_counter()
        await asyncio.gather(*(_take_a_seat(person, number) for number, person in enumerate(newcomers)))
        self.seconds.append(time.perf_counter() - began)
        _leave(newcomers)

    def _newcomers(self, count: int) -> list[Person]:
        """Makes newcomers, each with an address of its own: the limits of a network are not measured here."""
        room, sights, reader = self.rooms.pop(), Sights(), Reader()
        return [
            Person(
                self.server.port,
                room.id,
                f"{number:032x}",
                sights,
                reader,
                f"127.0.{number // 250 + 1}.{number % 250 + 1}",
            )
            for number in range(count)
        ]


async def _take_a_seat(person: Person, number: int) -> None:
    await person.join(NAMES[number % len(NAMES)])
    await person.sit_down()


def _leave(people: Sequence[Person]) -> None:
    for person in people:
        person.get_up()


def measure_joining(quick: bool) -> None:
    with ExitStack() as stack:
        sides = []
        for release in releases():
            server, seeds = stack.enter_context(release.seeded())
            sides.append(Side(server, seeds.rooms(2 * TURNS + 1, 0)))
        asyncio.run(measure(sides, 1 if quick else TURNS))
    report(sides)


async def measure(sides: Sequence[Side], turns: int) -> None:
    for side in sides:
        await side.at_once(5)  # the first ones of a process load what the others find loaded
        side.seconds.clear()
    for _ in range(turns):
        for side in sides:
            await side.one_by_one()
            await side.at_once(AT_ONCE)
    await asyncio.sleep(0.1)  # until the sockets are closed


def report(sides: Sequence[Side], where: str = "") -> None:
    def row(what: str, unit: str, figures: list[float], target: str) -> Row:
        before = figures[1] if len(figures) > 1 else None
        return Row(what + where, unit, figures[0], before=before, less_is_better=True, target="" if where else target)

    show(row("one joins: form, page, socket", "ms CPU", [median(side.cpu) for side in sides], "8"))
    show(row("200 join at once, until all are seated", "s", [median(side.seconds) for side in sides], "1.5"))
