"""The thread that tells: nobody waits for it, it tells the newest state once, and it ends with nothing untold."""

import threading
import time
from collections.abc import Iterator
from queue import Queue

import pytest
from flask import Flask

from poker_app.poker.publishing import events, publisher_thread
from poker_app.poker.publishing.events import News, State, publish
from poker_app.poker.publishing.publisher_thread import LONGEST_REST, Publisher
from poker_app.rules.message_budget import LARGE_ABOVE
from tests.world.actions import Room

PATIENCE = 30  # seconds; far more than anything takes, but the machine may be busy


class Engine:
    """Takes events, one at a time when it is held."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int]] = []
        self.go = threading.Event()
        self.go.set()
        self.asked = threading.Event()

    def publish(self, channels: list[str], event: str, data: dict[str, int], exclude_socket: str | None = None) -> bool:
        self.asked.set()
        assert self.go.wait(PATIENCE)
        self.heard.append((event, data["version"]))
        return True


@pytest.fixture
def engine(room: Room, monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine()
    monkeypatch.setattr("poker_app.realtime.publish", engine.publish)
    return engine


@pytest.fixture
def at_work(app: Flask) -> Iterator[None]:
    with Publisher(app.app_context).at_work():
        yield


def test_who_changes_something_does_not_wait(room: Room, engine: Engine, at_work: None) -> None:
    engine.go.clear()
    room.plays(room.ben, "5")
    assert engine.asked.wait(PATIENCE)
    assert engine.heard == []
    engine.go.set()


def test_it_ends_with_nothing_untold(room: Room, engine: Engine, app: Flask) -> None:
    engine.go.clear()
    with Publisher(app.app_context).at_work():
        publish(News(room.table.id, "vote", 1))
        assert engine.asked.wait(PATIENCE)
        for number in (2, 3, 4):
            publish(News(room.table.id, "vote", number))
        publish(News(room.table.id, "round-revealed", 5))
        publish(News("another", "vote", 6))
        threading.Timer(0.1, engine.go.set).start()
    assert sorted(engine.heard) == [("round-revealed", 5), ("vote", 1), ("vote", 4), ("vote", 6)]
    assert events._wiring.hand_over is None
    publish(News(room.table.id, "vote", 7))
    assert engine.heard[-1] == ("vote", 7)


def test_a_fault_in_one_event_does_not_silence_the_others(
    room: Room, engine: Engine, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop, dropped = events._publish_queue.drop, threading.Event()

    def drop_and_say(session_id: str) -> list[News]:
        unsaid = drop(session_id)
        dropped.set()
        return unsaid

    def broken_once(session_id: str, version: int) -> State:
        if version == 1:
            raise KeyError("template")
        return State(version, 0, "", 0)

    monkeypatch.setattr(events._wiring, "render", broken_once)
    monkeypatch.setattr(events._publish_queue, "drop", drop_and_say)
    with Publisher(app.app_context).at_work():
        publish(News(room.table.id, "vote", 1))
        assert dropped.wait(PATIENCE)
        publish(News(room.table.id, "vote", 2))
    assert engine.heard == [("vote", 2)]


def test_it_rests_between_events(room: Room, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice as long as it works, so that others have two thirds of the processor."""
    rested: Queue[float] = Queue()

    def slow(*_: object) -> bool:
        time.sleep(0.01)  # the work
        return True

    monkeypatch.setattr("poker_app.realtime.publish", slow)
    with Publisher(app.app_context, rested.put).at_work():
        for number in range(4):
            publish(News(f"table {number}", "vote", 1))
        rests = [rested.get(timeout=PATIENCE) for _ in range(4)]
    assert 2 * 0.01 <= min(rests) <= max(rests) <= LONGEST_REST


def test_a_large_sessions_votes_share_an_event_while_requests_are_under_way(
    room: Room, engine: Engine, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first is sent at once, and so is what is no vote; the others with it, or when nothing is under way."""
    looks: Queue[bool] = Queue()  # whether no request is under way, for each look at what waits
    looked = threading.Semaphore(0)

    def rest(seconds: float) -> bool:
        if seconds != publisher_thread.MOMENT:
            return False  # after an event
        looked.release()
        return looks.get(timeout=PATIENCE)

    def large(_session_id: str, version: int) -> State:
        return State(version, 0, "", LARGE_ABOVE + 1)

    def vote(version: int) -> None:
        publish(News(room.table.id, "vote", version))

    monkeypatch.setattr(publisher_thread, "APART_AT_LARGE", 1_000_000)
    monkeypatch.setattr(events._wiring, "render", large)
    with Publisher(app.app_context, rest).at_work():
        vote(1)
        assert engine.asked.wait(PATIENCE)
        vote(2)
        assert looked.acquire(timeout=PATIENCE)
        vote(3)
        looks.put(False)
        assert looked.acquire(timeout=PATIENCE)
        told = engine.heard.copy()
        publish(News(room.table.id, "round-revealed", 4))
        looks.put(False)
        vote(5)
        for quiet in (False, True, True, True):
            looks.put(quiet)
    assert told == [("vote", 1)]
    assert ("round-revealed", 4) in engine.heard
    assert 3 <= len(engine.heard) <= 4, "two votes shared an event"
