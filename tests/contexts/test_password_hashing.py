"""Hashing passwords: how many at once, how many wait, and what the others are told."""

import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from typing import Any

import pytest
from argon2 import PasswordHasher

from poker_app.accounts.signin import password_hashing
from poker_app.accounts.signin.password_hashing import MAX_AT_ONCE, MAX_OF_NETWORK, MAX_WAITING, Busy

ROOM = MAX_AT_ONCE + MAX_WAITING
PATIENCE = 20  # seconds for threads that are sure to come


class Gated(PasswordHasher):
    """Hashes once the test opens the gate; knows how many are at it."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.kept = super().hash("vier kleine Igel")
        self.gate = threading.Event()
        self.full = threading.Event()
        self.now = self.most = self.calls = 0
        self._lock = threading.Lock()

    def verify(self, *given: Any) -> Any:
        with self._lock:
            self.now, self.calls = self.now + 1, self.calls + 1
            self.most = max(self.most, self.now)
            if self.now == MAX_AT_ONCE:
                self.full.set()
        try:
            assert self.gate.wait(PATIENCE)
            return super().verify(*given)
        finally:
            with self._lock:
                self.now -= 1


@pytest.fixture
def gated(context: None, monkeypatch: pytest.MonkeyPatch) -> Gated:
    password_hashing._decoy()
    gated = Gated()
    monkeypatch.setattr(password_hashing, "_hasher", lambda: gated)
    return gated


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(3 * ROOM) as pool:
        yield pool


def matching(app: Any, kept: str | None, password: str, *, together: bool = False) -> bool:
    with app.app_context():
        return password_hashing.matches(kept, password, together=together)


def test_few_at_once_some_wait_and_the_rest_are_told(
    app: Any, gated: Gated, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(password_hashing, "MAX_WAIT", PATIENCE)
    asked = [threads.submit(matching, app, gated.kept, f"wrong {number}") for number in range(3 * ROOM)]
    # Nothing moves on yet: only those end that find no room.
    for refused in islice(as_completed(asked, PATIENCE), 2 * ROOM):
        problem = refused.exception()
        assert isinstance(problem, Busy)
        assert (problem.status, problem.retry_after) == (503, password_hashing.RETRY_AFTER)
    gated.gate.set()
    assert [each.result(PATIENCE) for each in asked if each.exception(PATIENCE) is None] == [False] * ROOM
    assert (gated.most, gated.calls) == (MAX_AT_ONCE, ROOM)
    # And afterwards there is room again.
    assert password_hashing.matches(gated.kept, "vier kleine Igel")


def test_one_network_leaves_room_for_the_others(
    app: Any, gated: Gated, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(password_hashing, "MAX_WAIT", PATIENCE)

    def asks(network: str, password: str) -> bool:
        password_hashing.asking_network.set(network)
        return matching(app, gated.kept, password)

    asked = [threads.submit(asks, "10.0.0.1", f"wrong {number}") for number in range(ROOM)]
    for refused in islice(as_completed(asked, PATIENCE), ROOM - MAX_OF_NETWORK):
        assert isinstance(refused.exception(), Busy)
    other = threads.submit(asks, "10.0.0.2", "vier kleine Igel")
    gated.gate.set()
    assert other.result(PATIENCE)
    assert [each.result(PATIENCE) for each in asked if each.exception(PATIENCE) is None] == [False] * MAX_OF_NETWORK
    assert not password_hashing._places


def test_hashing_yields_to_requests(context: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where threads have a priority of their own; the thread that asks keeps its own."""
    seen = []

    class Watched(PasswordHasher):
        def hash(self, *given: Any, **more: Any) -> str:
            seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
            return super().hash(*given, **more)

    monkeypatch.setattr(password_hashing, "_hasher", lambda: Watched(time_cost=1, memory_cost=64, parallelism=1))
    before = os.getpriority(os.PRIO_PROCESS, 0)
    password_hashing.hashed("grüne Wolken über Ulm")
    assert seen == [password_hashing.NICENESS if sys.platform == "linux" else before]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


def test_waiting_is_bounded(
    app: Any, gated: Gated, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(password_hashing, "MAX_WAIT", 0.05)
    first = [threads.submit(matching, app, gated.kept, f"wrong {number}") for number in range(MAX_AT_ONCE)]
    assert gated.full.wait(PATIENCE)
    with pytest.raises(Busy):
        password_hashing.matches(gated.kept, "vier kleine Igel")
    with pytest.raises(Busy):
        password_hashing.hashed("grüne Wolken über Ulm")
    gated.gate.set()
    assert [each.result(PATIENCE) for each in first] == [False] * MAX_AT_ONCE
    assert password_hashing.hashed("grüne Wolken über Ulm")


def test_the_same_password_from_a_whole_team_is_worked_out_once(
    app: Any, gated: Gated, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = threading.Semaphore(0)
    monkeypatch.setattr(password_hashing, "give_connection_back", there.release)
    team = [threads.submit(matching, app, gated.kept, "vier kleine Igel", together=True) for _ in range(3 * ROOM)]
    assert all(there.acquire(timeout=PATIENCE) for _ in team)
    gated.gate.set()
    assert [each.result(PATIENCE) for each in team] == [True] * 3 * ROOM
    assert gated.calls == 1


def test_those_who_wait_for_the_same_answer_do_not_wait_without_end(
    app: Any, gated: Gated, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = threading.Semaphore(0)
    monkeypatch.setattr(password_hashing, "give_connection_back", there.release)
    monkeypatch.setattr(password_hashing, "MAX_WAIT", 0.05)
    first = threads.submit(matching, app, gated.kept, "vier kleine Igel", together=True)
    assert there.acquire(timeout=PATIENCE)
    second = threads.submit(matching, app, gated.kept, "vier kleine Igel", together=True)
    assert isinstance(second.exception(PATIENCE), Busy)
    gated.gate.set()
    assert first.result(PATIENCE)


@pytest.mark.parametrize("has_account", [True, False])
def test_the_same_password_of_users_is_worked_out_for_each(
    app: Any, gated: Gated, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch, has_account: bool
) -> None:
    """Else the answer for an address without an account came at once beside another without one, and told of it."""
    kept = gated.kept if has_account else None
    there = threading.Semaphore(0)
    monkeypatch.setattr(password_hashing, "give_connection_back", there.release)
    asked = [threads.submit(matching, app, kept, "wrong") for _ in range(3)]
    assert all(there.acquire(timeout=PATIENCE) for _ in asked)
    gated.gate.set()
    assert [each.result(PATIENCE) for each in asked] == [False] * 3
    assert gated.calls == 3


def test_what_is_far_too_long_is_wrong_without_work(gated: Gated) -> None:
    assert not password_hashing.matches(gated.kept, "x" * (password_hashing.MAX_TYPED + 1))
    assert gated.calls == 0


def test_what_an_unknown_address_is_compared_with_is_made_in_turn(
    context: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 32 threads that asked for it first, each made its own, with 64 MiB each."""
    free: list[int] = []
    made = password_hashing._decoy

    def decoy() -> str:
        free.append(password_hashing._turns._value)
        return made()

    monkeypatch.setattr(password_hashing, "_decoy", decoy)
    assert not password_hashing.matches(None, "guessed")
    assert free == [password_hashing.MAX_AT_ONCE - 1]
