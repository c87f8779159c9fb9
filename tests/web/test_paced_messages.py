"""What a session costs where messages are billed, played as the handbook reckons it: through requests, the queue and
the official library, against an engine that counts. Only the time that the queue's pace is measured in is held."""

import base64
import gzip
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from poker_app import realtime
from poker_app.poker.publishing import events, message_usage
from poker_app.poker.publishing.publish_queue import PublishQueue
from poker_app.realtime.engines import client
from poker_app.realtime_settings import BILLED
from poker_app.rules.message_budget import Meeting, messages_of
from poker_app.rules.session.change import Event
from tests.cast import Clock, Person, Table
from tests.failing_engine import KEYS, Faulty, replies

CARDS = ("walrus", "gibbon", "koala")  # nowhere else in a page, and no id has an i, l or o
MOMENT = 1e-6


@dataclass(frozen=True)
class Heard:
    at: float
    event: str
    version: int
    left_out: str | None
    text: str


@dataclass
class Billing:
    """A strict engine: it refuses what the service would, knows its sockets, and counts each publish, delivery, webhook
    and question."""

    now: Callable[[], float]
    sockets: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    counted: int = 0
    refused: list[str] = field(default_factory=list)

    def __call__(self, handler: Any) -> None:
        path = urlsplit(handler.path).path
        if handler.command == "GET" and path.startswith("/apps/1/channels/presence-planning-poker-"):
            self.counted += 1
            replies(200, json.dumps({"users": [{"id": each} for each in self.present]}))(handler)
        elif path == "/apps/1/events" and self._takes(json.loads(handler.body)):
            replies(200, "{}")(handler)
        else:
            self.refused.append(handler.path)
            replies(400, "what is that?")(handler)

    def _takes(self, asked: dict[str, Any]) -> bool:
        [channel] = asked["channels"]
        left_out = asked.get("socket_id")
        if len(asked["data"].encode()) > 10_240 or not channel.startswith("private-planning-poker-"):
            return False
        data = json.loads(asked["data"])
        text = gzip.decompress(base64.b64decode(data["gz"])).decode() if "gz" in data else data.get("html", "")
        self.heard.append(Heard(self.now(), Event(asked["name"]), data["version"], left_out, text))
        self.counted += 1 + len(self.sockets) - (left_out in self.sockets)
        return True


class Suspended(Exception):
    """The thread that waits would wait for longer than the test lets time pass."""


class Played:
    """People at one table, whose requests leave things to be done after their answers; time moves by ``forward``."""

    def __init__(self, app: Flask, faulty: Faulty, patch: pytest.MonkeyPatch) -> None:
        self._app = app
        self.now = self._until = 1_000.0
        self.changes: list[tuple[float, int, str | None]] = []
        self._afterwards: list[Callable[[], None]] = []
        self.engine = faulty.answer = Billing(lambda: self.now)
        # However busy the machine is, the engine answers in time.
        patch.setattr(client, "TIMEOUT", 600)
        patch.setattr(client, "TOO_LONG", 600)
        faulty.configure("pusher", pusher_cluster="eu")
        patch.setattr(events, "_publish_queue", PublishQueue(lambda: self.now, self._rest))
        patch.setattr(events._wiring, "run_after_response", lambda action: self._afterwards.append(action) or True)
        self.table: Table
        self.people: list[Person] = []

    def _rest(self, _condition: threading.Condition, seconds: float) -> None:
        if self.now + seconds > self._until:
            raise Suspended
        self.now += seconds

    def forward(self, seconds: float) -> None:
        self._until = self.now + seconds
        with self._app.app_context():
            for action in self._afterwards.copy():
                try:
                    action()
                    self._afterwards.remove(action)
                except Suspended:
                    pass
        self.now = self._until

    def rests(self) -> None:
        """Until whatever waits is sent."""
        self.forward(BILLED.apart + MOMENT)

    def asks(self, who: Person, action: Callable[[], Any]) -> None:
        """A person's request, and what it changed."""
        assert action().status_code == 200
        self.changes.append((self.now, self.table.row.version, who.browser.environ_base.get("HTTP_X_SOCKET_ID")))

    def comes(self, who: Person) -> None:
        if self.people:
            who.joins(self.table)
            self.changes.append((self.now, self.table.row.version, None))
        else:
            self.table = who.opens(deck="own", own=", ".join(CARDS))
        self.people.append(who)
        socket = f"1.{len(self.people)}"
        self.engine.sockets.append(socket)
        who.browser.environ_base["HTTP_X_SOCKET_ID"] = socket
        self.engine.present.append(who.seat(self.table).id)
        self._webhook("member_added", self.engine.present[-1])

    def goes(self) -> None:
        self.engine.sockets.pop()
        self._webhook("member_removed", self.engine.present.pop())

    def _webhook(self, name: str, member_id: str) -> None:
        others = len(self.engine.present) - (name == "member_added")
        self.engine.counted += 1 + others
        channel = realtime.presence_channel(self.table.id)
        # The time is the machine's, which the library compares with.
        told = [{"name": name, "channel": channel, "user_id": member_id}]
        body = json.dumps({"time_ms": int(time.time() * 1000), "events": told}).encode()
        signature = hmac.new(KEYS["pusher_secret"].encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Pusher-Key": KEYS["pusher_key"], "X-Pusher-Signature": signature}
        answer = self._app.test_client().post("/realtime/webhooks", data=body, headers=headers)
        assert answer.status_code == 204

    def round(self, seconds: float) -> None:
        """All vote, evenly, and Ada reveals as the time is over."""
        gap = seconds / len(self.people)
        for number, who in enumerate(self.people):
            card = CARDS[number % 2]
            self.asks(who, lambda who=who, card=card: who.votes(self.table, card))
            self.forward(gap)
        self.asks(self.people[0], lambda: self.people[0].reveals(self.table))

    def meeting(self, plan: Meeting) -> None:
        """The whole session, with pauses in which whatever waits is sent."""
        ada, *others = [Person(self._app, f"Guest {number}" if number else "Ada") for number in range(plan.members)]
        self.comes(ada)
        for other in others:
            # The founder came before the first.
            self.comes(other)
            self.forward(plan.arriving / len(others))
        self.rests()
        self.asks(ada, lambda: ada.adds(self.table, "\n".join(f"Task {number}" for number in range(plan.tasks))))
        revotes = plan.rounds - plan.tasks
        for number in range(plan.tasks):
            for again in range(1 + (number < revotes)):
                if again:
                    self.rests()
                    self.asks(ada, lambda: ada.calls_another_vote(self.table))
                self.rests()
                self.round(plan.seconds)
            self.rests()
            self.asks(ada, lambda: ada.finalizes(self.table, CARDS[0]))
        self.rests()
        self.asks(ada, lambda: ada.ends(self.table))
        self.rests()


@pytest.fixture
def played(app: Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Played]:
    faulty = Faulty()
    try:
        yield Played(app, faulty, monkeypatch)
    finally:
        realtime.configure(app.config["SETTINGS"])
        faulty.goes_away()


@pytest.mark.any_database
@pytest.mark.parametrize("plan", [Meeting(8, tasks=3, rounds=4), Meeting(50, tasks=1, rounds=1)], ids=["8", "50"])
def test_a_session_costs_what_is_reckoned(played: Played, plan: Meeting, app: Flask) -> None:
    """What further tasks and rounds cost is the same again: ``tests/rules`` reckons the whole session."""
    played.meeting(plan)
    with app.app_context():
        counted = message_usage.messages_of(played.table.id).total
    assert counted == played.engine.counted, "what the report tells is what the engine counted"
    for _ in range(plan.members):
        played.goes()
    assert played.engine.refused == []
    assert played.engine.counted == messages_of(plan, BILLED)
    assert_nobody_is_behind(played, plan)
    assert_cards_are_hidden(played.engine.heard)


def assert_nobody_is_behind(played: Played, plan: Meeting) -> None:
    """Of each change, every socket but the one that asked hears within the pace; of a reveal at once."""
    for at, version, socket in played.changes:
        told = [each for each in played.engine.heard if each.version >= version and each.left_out in (None, socket)]
        assert told, f"version {version} was never sent"
        assert min(each.at for each in told) <= at + BILLED.apart + MOMENT
    reveals = [each for each in played.engine.heard if each.event == Event.ROUND_REVEALED]
    asked = {at for at, _, _ in played.changes}
    assert len(reveals) == plan.rounds
    assert all(each.at in asked for each in reveals)


def assert_cards_are_hidden(heard: list[Heard]) -> None:
    """No card travels before the reveal. A revote's table shows the round before, so it is not asked about here."""
    asked, revote = 0, False
    for each in heard:
        if each.event in (Event.ROUND_OPENED, Event.TASK_FINALIZED):
            revote = each.event == Event.ROUND_OPENED
        elif each.event == Event.ROUND_REVEALED:
            assert CARDS[1] in each.text
        elif each.event == Event.VOTE and not revote:
            asked += 1
            assert not any(card in each.text for card in CARDS[1:])
    assert asked


def test_the_last_vote_of_a_burst_is_sent_though_nothing_follows(played: Played) -> None:
    ada, ben, gus = (Person(played._app, name) for name in ("Ada", "Ben", "Gus"))
    for who in (ada, ben, gus):
        played.comes(who)
        played.rests()
    played.engine.heard.clear()
    for who in (ada, ben, gus):
        played.asks(who, lambda who=who: who.votes(played.table, CARDS[0]))
    assert [each.event for each in played.engine.heard] == ["vote"]
    played.forward(BILLED.apart - MOMENT)
    assert len(played.engine.heard) == 1
    played.forward(2 * MOMENT)
    [_, last] = played.engine.heard
    assert (last.version, last.left_out) == (played.table.row.version, None)
    assert last.text.count(">Voted<") == 3


def test_an_automatic_reveal_is_one_event_with_the_last_vote(played: Played) -> None:
    ada, ben = (Person(played._app, name) for name in ("Ada", "Ben"))
    played.comes(ada)
    played.comes(ben)
    options = {"name": "Checkout team", "auto_reveal": "1"}
    assert ada.post(f"{played.table.path}/options", options).status_code == 200
    played.rests()
    played.engine.heard.clear()
    for who in (ada, ben):
        played.asks(who, lambda who=who: who.votes(played.table, CARDS[0]))
    assert [each.event for each in played.engine.heard] == ["vote", "round-revealed"]
