"""This release and the one before on one PostgreSQL database: both change one session, and both show the same.

No figure comes of it. It ends with an error where a change was lost or doubled, or where the two show different tables.
"""

import asyncio
import random
import re
from collections.abc import Sequence
from contextlib import ExitStack

from bench.machine import SERVER, on_core
from bench.people import Person
from bench.releases import releases
from bench.seeding import Room, Seeds
from bench.sights import Sights
from bench.table import Reader, Table
from tests import postgres

CHANGES, EACH, VOTERS, WORKERS = 800, 10, 7, 2
NONE = {"REALTIME": "none"}
_TITLES = re.compile(r"Side-\d+")
_ROW = re.compile(r'<li id="task-.*?</li>', re.DOTALL)
_CARDS = re.compile(r'id="seat-(\w+)" data-v="([^"]*)"')


def change_side_by_side(quick: bool) -> None:
    this, *others = releases()
    if not others:
        print("side by side: no release beside this one, since BENCH_BASE is not set")
        return
    with ExitStack() as stack:
        with on_core(SERVER):
            folder = stack.enter_context(postgres.restartable()).folder
        database = stack.enter_context(postgres.of_its_own(folder, "beside", 40))
        others[0].migrate(database)
        this.migrate(database)
        ports = [stack.enter_context(each.serving(database, NONE, WORKERS)).port for each in (this, *others)]
        seeds = Seeds(database, ports[0])
        stack.callback(seeds.close)
        asyncio.run(_change(ports, seeds.rooms(1, VOTERS)[0], CHANGES // 6 if quick else CHANGES))


class Member:
    """A member with a page from each release, who makes one change after the other, each on a page chosen at random."""

    def __init__(self, ports: Sequence[int], room: Room, number: int) -> None:
        self._pages = [Person(port, room.id, room.secrets[number], Sights(), Reader()) for port in ports]
        self._number, self._chance = number, random.Random(number)
        self.titles: list[str] = []
        self.card: str | None = None

    async def load(self) -> None:
        for page in self._pages:
            await page.load_page()
        self.id = self._pages[0].id

    async def change(self) -> None:
        """Makes one change: the facilitator adds a task; a voter votes, or takes the card back."""
        page = self._chance.choice(self._pages)
        if self._number == 0:
            self.titles.append(f"Side-{len(self.titles)}")
            await page.add_task(self.titles[-1])
        elif self._chance.random() < 0.2:
            await page.retract()
            self.card = None
        else:
            self.card = self._chance.choice(("1", "2", "3", "5", "8"))
            await page.vote(self.card)

    async def shown(self) -> list[tuple[Table, dict[str, str], list[str]]]:
        """Returns, by release, the table, the cards on it, and the tasks that this test added."""
        found = []
        for page in self._pages:
            html, backlog = await page.fetch("vote-table"), await page.fetch("backlog")
            page.table = max(page.table, Table(html), key=lambda table: table.version)
            found.append((Table(html), dict(_CARDS.findall(html)), sorted(_titles(backlog))))
        return found

    async def reveal(self) -> None:
        await self._chance.choice(self._pages).reveal()

    async def next_round(self) -> None:
        await self._chance.choice(self._pages).vote_again()

    def close(self) -> None:
        for page in self._pages:
            page.browser.close()


def _titles(backlog: str) -> list[str]:
    """Returns the titles, each as often as it is there as a task's text."""
    return [title for row in _ROW.findall(backlog) for title in set(_TITLES.findall(row))]


async def _change(ports: Sequence[int], room: Room, changes: int) -> None:
    members = [Member(ports, room, number) for number in range(VOTERS + 1)]
    for member in members:
        await member.load()
    leader, *voters = members
    rounds = max(1, changes // (len(members) * EACH))
    for _ in range(rounds):
        await asyncio.gather(*(_several(member) for member in members))
        await leader.reveal()
        await _compare(leader, voters)
        await leader.next_round()
        for voter in voters:
            voter.card = None
            await voter.shown()
    for member in members:
        member.close()
    print(
        f"side by side: {rounds * len(members) * EACH:,} changes at two releases in {rounds} rounds:"
        " nothing lost, nothing doubled, and both show the same"
    )


async def _several(member: Member) -> None:
    for _ in range(EACH):
        await member.change()


async def _compare(leader: Member, voters: Sequence[Member]) -> None:
    cards = {voter.id: voter.card for voter in voters if voter.card}
    titles = sorted(leader.titles)
    for table, shown, tasks in await leader.shown():
        if (shown, tasks) != (cards, titles):
            raise RuntimeError(f"Done: {cards} {titles}. Shown in version {table.version}: {shown} {tasks}.")
    versions = {table.version for table, *_ in await leader.shown()}
    if len(versions) != 1:
        raise RuntimeError(f"The releases show different versions: {versions}.")
