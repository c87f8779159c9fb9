"""A room of people, and how a round is played in it: at the product's table, and on the floor beside it."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Protocol

from bench.people import Person, Seat
from bench.sights import Sight, Sights
from bench.table import Reader
from bench.wire import Socket

CARDS = ("1", "2", "3", "5", "8", "13")


class Room(Protocol):
    """What can be measured. Voters are numbered; the times are seconds from sending until the last other one saw it.

    ``change`` is a vote like any other, for which nobody watches the others: it ends when it is acknowledged.
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

    def __init__(self, port: int, seats: list[Seat]) -> None:
        self._sights = Sights()
        reader = Reader()
        self._leader, *self._voters = (Person(port, seat, self._sights, reader) for seat in seats)
        self._people = [self._leader, *self._voters]
        self.voters = len(self._voters)

    async def sit_down(self) -> None:
        for person in self._people:
            await person.sit_down()

    def get_up(self) -> None:
        for person in self._people:
            person.get_up()

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
    """As many sockets at the server that only forwards. What a message shows is the message."""

    def __init__(self, port: int, name: str, voters: int) -> None:
        self._port, self._path = port, f"/{name}"
        self._sights = Sights()
        self._sockets: list[Socket] = []
        self._round = 0
        self.voters = voters

    async def sit_down(self) -> None:
        for number in range(self.voters + 1):
            self._sockets.append(await Socket.to(self._port, self._path, self._ear(number)))
        await asyncio.sleep(0.05)  # an open socket is in the room a moment later

    def _ear(self, number: int) -> Callable[[bytes], None]:
        return lambda text: self._sights.seen(text, number)

    def get_up(self) -> None:
        for socket in self._sockets:
            socket.close()

    async def vote(self, voter: int) -> float:
        return await self._tell(f"vote of {voter + 1} in round {self._round}", voter + 1)

    async def change(self, voter: int) -> None:
        await self.vote(voter)

    async def reveal(self) -> float:
        return await self._tell(f"round {self._round} revealed", 0)

    async def open_next_round(self) -> float:
        self._sights.clear()
        self._round += 1
        return await self._tell(f"round {self._round} opened", 0)

    async def _tell(self, what: str, number: int) -> float:
        text = what.encode()
        self._sights[text] = sight = Sight(self.voters, number)
        sent = asyncio.get_running_loop().time()
        self._sockets[number].send(text)
        return await sight.everywhere() - sent
