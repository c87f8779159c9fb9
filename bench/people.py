"""A member with a browser: a page with its cookies, a signed-in socket, and the newest table of both.

It speaks as the page's scripts do, and to the release before as those of that one did: its forms have a token.
"""

import asyncio
import json
import random
import re
from html import unescape

from bench.sights import Sights
from bench.table import Reader, Table, task_in
from bench.wire import Answer, Browser, Socket

_DATA = re.compile(r"""data-(me|csrf|channels|realtime)=(["'])(.*?)\2""")
_TOKEN = re.compile(r'name="csrf_token" value="([^"]*)"')
PATIENCE = 60  # seconds until a socket is signed in, while many are
_THIN_JITTER, _TASKS_JITTER = 0.4, 0.2  # seconds, as the page's scripts have them


class Person:
    """``sights`` and ``reader`` are those of the table, ``network`` is an address of this machine."""

    def __init__(
        self, port: int, session_id: str, secret: str, sights: Sights, reader: Reader, network: str = "127.0.0.1"
    ) -> None:
        self._port, self._sights, self._reader, self._network = port, sights, reader, network
        self._here = f"/sessions/{session_id}"
        self.facilitates = False
        self.browser = Browser(port, {"guest": secret}, network)
        self._errands: set[asyncio.Task[None]] = set()
        self._subscribed = 0
        self._headers = {"HX-Request": "true"}
        self._token: dict[str, str] = {}
        self.fetches = 0
        """How often the page fetched what an event did not bring."""

    async def join(self, name: str) -> None:
        """Joins by the form."""
        page = _good(await self.browser.get(f"{self._here}/join"))
        form = {"member_name": name, "role": "voter"}
        if token := _TOKEN.search(page):
            form["csrf_token"] = token[1]
        answer = await self.browser.post(f"{self._here}/members", form, {})
        if answer.status != 303:
            raise RuntimeError(f"Nobody joined: {answer.status} {answer.text[:500]}")

    async def sit_down(self) -> None:
        """Loads the page, opens the socket, signs in, and joins the session's two channels."""
        await self.load_page()
        told = json.loads(self._described["realtime"])
        place = told.get("wsPort", self._port)
        self._ready = asyncio.get_running_loop().create_future()
        path = f"/app/{told['key']}?protocol=7&client=js&version=8.6.0"
        self._socket = await Socket.to(place, path, self._hear, self._network)
        self._headers["X-Socket-Id"] = await asyncio.wait_for(self._ready, PATIENCE)
        self._ready = asyncio.get_running_loop().create_future()
        self._say("pusher:signin", await self._authorized("user-auth", {}))
        for name in json.loads(self._described["channels"]):
            self._say("pusher:subscribe", await self._authorized("channel-auth", {"channel_name": name}))
        await asyncio.wait_for(self._ready, PATIENCE)
        self._hold(Table(await self.fetch("vote-table")))

    async def load_page(self) -> None:
        page = _good(await self.browser.get(self._here))
        self._described = {name: unescape(value) for name, _, value in _DATA.findall(page)}
        self.id = self._described["me"]
        if token := self._described.get("csrf"):
            self._headers["X-CSRFToken"] = token
            self._token = {"csrf_token": token}
        self.table = Table(page)
        self._task = task_in(page)
        self._tasks_version, self._controls = self.table.tasks_version, (self.table.round, self.table.phase)

    async def _authorized(self, door: str, form: dict[str, str]) -> dict[str, str]:
        asked = {"socket_id": self._headers["X-Socket-Id"], **self._token, **form}
        told = json.loads(_good(await self.browser.post(f"{self._here}/{door}", asked, self._headers)))
        return {"channel": form["channel_name"], **told} if form else told

    def _say(self, event: str, data: dict[str, str]) -> None:
        self._socket.send(json.dumps({"event": event, "data": data}).encode())

    def get_up(self) -> None:
        for errand in self._errands:
            errand.cancel()
        self._socket.close()
        self.browser.close()

    # --- what the socket brings

    def _hear(self, text: bytes) -> None:
        event = self._reader.read(text)
        if event.table is not None:
            self._hold(event.table)
        elif "version" in event.data:
            if event.data["version"] > self.table.version:
                self._go(self._catch_up())
        elif event.name == "pusher:connection_established":
            self._ready.set_result(event.data["socket_id"])
        elif event.name == "pusher_internal:subscription_succeeded":
            self._subscribed += 1
            if self._subscribed == 2:
                self._ready.set_result(None)
        elif event.name == "pusher:ping":
            self._say("pusher:pong", {})
        elif event.name.startswith("pusher:") and "error" in event.name:
            raise RuntimeError(text.decode())

    def _hold(self, table: Table) -> None:
        """Stores a table if it is newer than the one shown; then fetches what else it says has changed."""
        if table.version <= self.table.version:
            return
        for what in table.news_since(self.table):
            self._sights.seen(what, self)
        self.table = table
        if table.brings_tasks:
            self._tasks_version = table.version
        if table.tasks_version > self._tasks_version:
            self._tasks_version = table.tasks_version
            self._go(self._fetch_tasks())
        if self.facilitates and self._controls != (table.round, table.phase):
            self._controls = (table.round, table.phase)
            self._go(self._fetch_controls())

    def _go(self, errand: "asyncio._CoroutineLike[None]") -> None:
        task = asyncio.ensure_future(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _catch_up(self) -> None:
        await asyncio.sleep(random.random() * _THIN_JITTER)
        self._hold(Table(await self.fetch("vote-table")))

    async def _fetch_tasks(self) -> None:
        await asyncio.sleep(random.random() * _TASKS_JITTER)
        await self.fetch("backlog")
        await self.fetch("task")

    async def _fetch_controls(self) -> None:
        await self.fetch("actions")

    async def fetch(self, region: str) -> str:
        self.fetches += 1
        return _good(await self.browser.get(f"{self._here}/{region}", {"HX-Request": "true"}))

    # --- what the person does; each answers with when it was sent

    async def vote(self, card: str) -> float:
        return await self._do("votes", {"card": card})

    async def reveal(self) -> float:
        return await self._do("reveal", {})

    async def open_next_round(self) -> float:
        """On a fresh task: the old one is taken off the table, so that the hundredth round costs what the first did."""
        return await self._do(f"tasks/{self._task}/deletion", {})

    async def retract(self) -> float:
        return await self._do("votes/retraction", {})

    async def vote_again(self) -> float:
        return await self._do("rounds", {})

    async def add_task(self, title: str) -> float:
        return await self._do("tasks", {"tasks": title})

    async def _do(self, what: str, form: dict[str, str]) -> float:
        filled = {"round": self.table.round, **self._token, **form}
        html = _good(await self.browser.post(f"{self._here}/{what}", filled, self._headers))
        sent = self.browser.sent
        if 'id="vote-table"' in html:
            table = Table(html)
            if 'id="actions"' in html:
                self._controls, self._task = (table.round, table.phase), task_in(html)
            self._hold(table)
        return sent


def _good(answer: Answer) -> str:
    if answer.status != 200:
        raise RuntimeError(f"The server answered {answer.status}: {answer.text[:500]}")
    return answer.text
