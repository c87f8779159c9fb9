"""Sessions for a benchmark: the release opens one by its own form, and its rows are copied for all others.

So nothing here names the release's code, and of its tables only what tells one row from another.
"""

import asyncio
import hashlib
import html
import random
import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import MetaData, create_engine, insert, inspect, select

from bench.wire import Browser

# Names as people have them: long enough that a table's size, and how well it packs, is a real one's.
_FIRST = "Ada Ben Cleo Gus Mallory Priya Tomasz Yuki Lena Omar Ines Kofi Marta Ravi Sofia Hugo Nadia Pavel Aisha Mei"
_LAST = "Alder Brandt Costa Demir Eriksen Fischer Goto Hansen Ivanova Jansen Kowalski Lopez Mbeki Novak Okafor"
NAMES = [f"{first} {last}" for last in _LAST.split() for first in _FIRST.split()]

_ID, _CODE = "23456789abcdefghjkmnpqrstuvwxyz", "23456789BCDFGHJKMNPQRSTVWXZ"
# Parents before children.
_KINDS, _FILES = ("poker_session", "member", "task", "round", "vote"), "task_file"
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
Row = dict[str, Any]


@dataclass(frozen=True)
class Room:
    """``secrets`` are the members' cookies; the first one facilitates."""

    id: str
    secrets: list[str]


class Seeds:
    """Inserts sessions into a server's database before the server reads any of them."""

    def __init__(self, database: str, port: int) -> None:
        asyncio.run(_open_session(port))
        self._engine = create_engine(database)
        self._chance = random.Random(1)
        self._tables = MetaData()
        known = inspect(self._engine).get_table_names()
        # A release before files has no table of them; its sessions are those without.
        self._kinds = [name for name in (*_KINDS, _FILES) if name in known]
        self._tables.reflect(self._engine, only=self._kinds)
        with self._engine.connect() as connection:
            self._first = {
                name: dict(connection.execute(select(table)).mappings().one())
                for name, table in self._tables.tables.items()
                if name in ("poker_session", "member", "task", "round")
            }

    def close(self) -> None:
        self._engine.dispose()

    def rooms(self, count: int, voters: int, tasks: int = 0, rounds: int = 0, files: int = 0) -> list[Room]:
        """Returns new rooms, each with a facilitator who watches, ``tasks`` beside the current one, ``rounds`` on it
        before, and so many ``files`` beside every task."""
        rows: dict[str, list[Row]] = {name: [] for name in (*_KINDS, _FILES)}
        rooms = [self._room(rows, number, voters, tasks, rounds) for number in range(count)]
        for task in rows["task"]:
            rows[_FILES] += [_picture(self._id(), task, place) for place in range(files)]
        with self._engine.begin() as connection:
            for name, all_ in rows.items():
                if all_ and name in self._kinds:
                    connection.execute(insert(self._tables.tables[name]), all_)
        return rooms

    def _room(self, rows: dict[str, list[Row]], number: int, voters: int, tasks: int, rounds: int) -> Room:
        room, secrets = self._id(), [f"{self._chance.getrandbits(128):032x}" for _ in range(voters + 1)]

        def add(table: str, **changes: Any) -> Row:
            rows[table].append({**self._first.get(table, {}), **changes})
            return rows[table][-1]

        session = add("poker_session", id=room, form_key=secrets[0], name=f"Room {number + 1}")
        session["code"] = "".join(self._chance.choices(_CODE, k=6))
        members = [
            add(
                "member",
                id=self._id(),
                session_id=room,
                secret_digest=hashlib.sha256(secret.encode()).hexdigest(),
                name=NAMES[place],
                facilitates=place == 0,
                votes=place > 0,
            )
            for place, secret in enumerate(secrets)
        ]
        task = add("task", id=self._id(), session_id=room)
        for place in range(1, tasks + 1):
            title = f"PAY-{place} A task with a title as long as they are"
            add("task", id=self._id(), session_id=room, position=task["position"] + place, title=title)
        for earlier in range(1, rounds + 1):
            closed = add("round", id=self._id(), task_id=task["id"], number=earlier)
            closed["revealed_at"] = closed["opened_at"]
            for member in members[1:]:
                add("vote", round_id=closed["id"], member_id=member["id"], card="5", cast_at=closed["opened_at"])
        current = add("round", id=self._id(), task_id=task["id"], number=rounds + 1)
        session |= {"current_task_id": task["id"], "current_round_id": current["id"]}
        return Room(room, secrets)

    def _id(self) -> str:
        return "".join(self._chance.choices(_ID, k=16))


def _picture(file_id: str, task: Row, place: int) -> Row:
    row = {"id": file_id, "session_id": task["session_id"], "task_id": task["id"], "position": place}
    row |= {"added_at": task["created_at"], "name": f"Screenshot {place}.png", "kind": "image/png", "size": 200_000}
    return row | {"width": 1_600, "height": 900, "caption": "", "alt": ""}


async def _open_session(port: int) -> None:
    browser = Browser(port, {})
    page = (await browser.get("/sessions/new")).text
    form = {name: html.unescape(value) for name, value in _HIDDEN.findall(page)}
    form |= {"name": "The first", "member_name": "Robin Facilitator", "deck": "fibonacci"}
    answer = await browser.post("/sessions", form, {})
    browser.close()
    if answer.status != 303:
        raise RuntimeError(f"No session was opened: {answer.status} {answer.text[:500]}")
