"""A room of clients, and how a round is played in it: in a session of the product, and on the floor beside it."""

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable
from typing import Protocol

from bench.people import Person
from bench.seeding import Room as Seeded
from bench.sights import Sight, Sights
from bench.table import Reader
from bench.wire import Browser, Socket

CARDS = ("1", "2", "3", "5", "8", "13")


class Room(Protocol):
    """The steps of a round that are measured. Voters are numbered; the times are seconds from sending until the last
    other member received it.

    ``change`` is a vote like any other, for which the other members' sockets are not watched: it ends when it is
    acknowledged.
    """

    voters: int

    async def sit_down(self) -> None: ...
    async def vote(self, voter: int) -> float: ...
    async def change(self, voter: int) -> None: ...
    async def reveal(self) -> float: ...
    async def open_next_round(self) -> float: ...
    def get_up(self) -> None: ...


class TableRoom:
    """A session of the product: a facilitator, who watches, and voters."""

    def __init__(self, port: int, room: Seeded, network: str = "127.0.0.1") -> None:
        self._sights = Sights()
        reader = Reader()
        self._leader, *self._voters = (
            Person(port, room.id, secret, self._sights, reader, network) for secret in room.secrets
        )
        self._leader.facilitates = True
        self._people = [self._leader, *self._voters]
        self.voters = len(self._voters)

    async def sit_down(self) -> None:
        for person in self._people:
            await person.sit_down()

    def get_up(self) -> None:
        for person in self._people:
            person.get_up()

    def close_browsers(self) -> None:
        """Closes the HTTP connections; the sockets stay open."""
        for person in self._people:
            person.browser.close()

    @property
    def fetches(self) -> int:
        return sum(person.fetches for person in self._people)

    async def vote(self, voter: int) -> float:
        person = self._voters[voter]
        sight = self._await((person.table.round, person.id), person)
        return await self._until(sight, person.vote(random.choice(CARDS)))

    async def change(self, voter: int) -> None:
        await self._voters[voter].vote(random.choice(CARDS))

    async def reveal(self) -> float:
        sight = self._await((self._leader.table.round, "revealed"), self._leader)
        return await self._until(sight, self._leader.reveal())

    async def open_next_round(self) -> float:
        sent = await self._leader.open_next_round()
        self._sights.clear()
        sight = self._await((self._leader.table.round, "voting"), self._leader)
        return await sight.everywhere() - sent

    def _await(self, what: tuple[str, str], by: Person) -> Sight:
        missing = sum(person is not by and what not in person.table.shows for person in self._people)
        self._sights[what] = sight = Sight(missing, by)
        return sight

    @staticmethod
    async def _until(sight: Sight, deed: Awaitable[float]) -> float:
        sent = await deed
        return await sight.everywhere() - sent


class FloorRoom:
    """As many sockets at the server that only forwards, and a connection for POSTs each."""

    def __init__(self, port: int, name: str, voters: int) -> None:
        self._port, self._path = port, f"/{name}"
        self._sights = Sights()
        self._sockets: list[Socket] = []
        self._browsers = [Browser(port, {}) for _ in range(voters + 1)]
        self._round, self._count = 0, itertools.count()
        self.voters = voters

    async def sit_down(self) -> None:
        for number in range(self.voters + 1):
            self._sockets.append(await Socket.to(self._port, self._path, self._ear(number)))
        await asyncio.sleep(0.05)  # an open socket is in the room a moment later

    def _ear(self, number: int) -> Callable[[bytes], None]:
        return lambda text: self._sights.seen(text, number)

    def get_up(self) -> None:
        for each in [*self._sockets, *self._browsers]:
            each.close()

    async def vote(self, voter: int) -> float:
        return await self._tell(f"vote-{voter + 1}-{self._round}-{next(self._count)}", voter + 1)

    async def change(self, voter: int) -> None:
        await self.vote(voter)

    async def reveal(self) -> float:
        return await self._tell(f"revealed-{self._round}", 0)

    async def open_next_round(self) -> float:
        self._sights.clear()
        self._round += 1
        return await self._tell(f"opened-{self._round}", 0)

    async def _tell(self, what: str, number: int) -> float:
        text = f"what={what}".encode()
        self._sights[text] = sight = Sight(self.voters, number)
        browser = self._browsers[number]
        await browser.post(self._path, {"what": what}, {})
        return await sight.everywhere() - browser.sent
