"""People who play without pause against a running server, and remember what it told them is kept.

An answer that came is an acknowledgement. A request without an answer may have been kept or not, and is sent again.
"""

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException
from ipaddress import IPv4Address
from itertools import count, cycle

from sqlalchemy import create_engine, text

from tests.visitor import Address, Answer, Visitor

PATIENCE = 120  # seconds for an answer; a server that is killed is noticed at once, a busy machine is no fault
CARDS = ("1", "2", "3", "5", "8", "13")


class Everywhere(Address):
    """A server behind a proxy, asked from another address each time: nobody is asking too often."""

    _addresses = count(1)

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> Answer:
        address = str(IPv4Address("10.0.0.0") + next(self._addresses))
        return super().ask(method, path, body, x_forwarded_for=address, **headers)


class Player:
    """Opens a session, votes, reveals, saves the estimate, and opens the next one."""

    def __init__(self, port: int, name: str) -> None:
        self.name = name
        self._visitor = Visitor(Everywhere(port, patience=PATIENCE), name)
        self._table = self._round = ""
        self.sessions: set[str] = set()
        self.votes: dict[str, str] = {}
        self.estimates: dict[str, str] = {}
        # Sent, and never answered: kept or not.
        self.open_questions: dict[str, str] = {}
        self.unanswered = 0
        self.doing = ""
        self.gave_up: Exception | None = None
        self.refusals: list[tuple[int, str, str | None]] = []

    def play(self, done: threading.Event) -> None:
        """Until it is done, whatever becomes of the server meanwhile. Raises what no server may answer."""
        try:
            self._play(done)
        except Exception as trouble:
            self.gave_up = trouble
            raise

    def _play(self, done: threading.Event) -> None:
        for number, card in zip(count(1), cycle(CARDS), strict=False):
            key = f"{self.name} {number}"
            for step in (self._opens, self._votes, self._reveals, self._estimates):
                while not self._managed(step, key, card):
                    if done.wait(0.05):
                        return
            if done.is_set():
                return

    def _managed(self, step: Callable[[str, str], bool], key: str, card: str) -> bool:
        self.doing = f"{step.__name__} {key}"
        try:
            return step(key, card)
        except (OSError, HTTPException):
            self.unanswered += 1
            return False

    def _opens(self, key: str, _card: str) -> bool:
        if self._seen(self._visitor.get("/sessions/new")) != 200:
            return False
        form = {"name": key, "deck": "fibonacci", "member_name": self.name, "form_key": key}
        self.open_questions[key] = key
        if not self._answered(key, self._visitor.post("/sessions", **form)):
            return False
        self.sessions.add(key)
        self._table = self._visitor.location
        return True

    def _votes(self, _key: str, card: str) -> bool:
        if self._seen(self._visitor.get(self._table)) != 200:
            return False
        self._round = self._found(r'data-round="([^"]+)"')
        self.open_questions[self._round] = card
        if not self._answered(self._round, self._visitor.post(f"{self._table}/votes", round=self._round, card=card)):
            return False
        self.votes[self._round] = card
        return True

    def _reveals(self, _key: str, _card: str) -> bool:
        return self._seen(self._visitor.post(f"{self._table}/reveal", round=self._round)) == 303

    def _estimates(self, _key: str, card: str) -> bool:
        if self._seen(self._visitor.get(self._table)) != 200:
            return False
        task = self._found(r"/tasks/([a-z0-9]+)/estimate")
        self.open_questions[task] = card
        if not self._answered(task, self._visitor.post(f"{self._table}/tasks/{task}/estimate", estimate=card)):
            return False
        self.estimates[task] = card
        return True

    def _found(self, what: str) -> str:
        found = re.search(what, self._visitor.text)
        assert found, f"{what} is not on the page: {self._visitor.text}"
        return found[1]

    def _answered(self, question: str, status: int) -> bool:
        self.open_questions.pop(question)
        return self._seen(status) == 303

    def _seen(self, status: int) -> int:
        assert status < 400 or status >= 500, f"{status}: {self._visitor.text}"
        if status >= 500:
            self.refusals.append((status, self._visitor.text, self._visitor.told.get("retry-after")))
        return status


@contextmanager
def playing(port: int, how_many: int, name: str = "Player") -> Iterator[list[Player]]:
    """So many people at once, until the block ends."""
    players = [Player(port, f"{name} {number}") for number in range(how_many)]
    done = threading.Event()
    with ThreadPoolExecutor(how_many) as threads:
        at_play = [threads.submit(each.play, done) for each in players]
        try:
            yield players
        finally:
            done.set()
            # Why somebody gave up explains best what the others waited for.
            for each in at_play:
                each.result()


def check_kept(database_url: str, players: list[Player]) -> int:
    """What was acknowledged is there, once, and nothing else but what nobody was answered. How many votes are kept."""
    engine = create_engine(database_url)
    with engine.connect() as connection:
        sessions = list(connection.scalars(text("SELECT name FROM poker_session")))
        votes = dict(connection.execute(text("SELECT round_id, card FROM vote")).all())
        casts = connection.scalar(text("SELECT count(*) FROM vote"))
        estimates = dict(connection.execute(text("SELECT id, estimate FROM task WHERE estimate IS NOT NULL")).all())
        if connection.dialect.name == "sqlite":
            assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    engine.dispose()
    assert len(sessions) == len(set(sessions)), "a session was made twice"
    assert casts == len(votes), "a vote was cast twice"
    questions = {what: value for each in players for what, value in each.open_questions.items()}
    for kept, told in (
        ({name: name for name in sessions}, {key: key for each in players for key in each.sessions}),
        (votes, {key: card for each in players for key, card in each.votes.items()}),
        (estimates, {key: card for each in players for key, card in each.estimates.items()}),
    ):
        assert told.items() <= kept.items(), f"lost: {told.items() - kept.items()}"
        assert kept.items() - told.items() <= questions.items(), "kept, but never acknowledged"
    return len(votes)
