"""Password hashing with argon2id: one hash at a time, a bounded queue of waiting threads, and a check for outdated
parameters."""

import os
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial
from threading import BoundedSemaphore, Lock, get_native_id
from typing import TYPE_CHECKING

from poker_app.db import give_connection_back
from poker_app.errors import TooMany

if TYPE_CHECKING:
    from argon2 import PasswordHasher

# Each takes 64 MiB and four threads of the library's own, which keep up to four cores busy.
MAX_AT_ONCE = 1
# The priority of those four threads, as `nice` counts: together they weigh as much as one thread of a request. Beside
# 96 wrong passwords on one core the median of `/healthz` is 7 ms with it, 600 ms without (`make bench ARGS=floods`).
NICENESS = 5
# Threads that wait for the one that hashes. A process with pages has eight threads or more (deploy/gunicorn.conf.py):
# one is left for everything else.
MAX_WAITING = 6
# Hashing and waiting threads that one network holds at most: two are left for the others.
MAX_OF_NETWORK = 5
# Seconds to wait for a turn (the whole queue takes less than one on two idle cores), and until a retry when refused.
MAX_WAIT, RETRY_AFTER = 3, 2
# Characters of a password that is looked at. Twice and more what may be chosen, however an accent is put together.
MAX_TYPED = 1_000

# The network that the request of this thread comes from; empty for a command, which has no share of its own.
asking_network: ContextVar[str] = ContextVar("asking_network", default="")
_places: Counter[str] = Counter()  # taken, by network
_places_lock = Lock()
_turns = BoundedSemaphore(MAX_AT_ONCE)
_under_way: dict[tuple[str, str], Future[bool]] = {}
_under_way_lock = Lock()


class Busy(TooMany):
    """The queue of passwords to hash is full. It says nothing about the sender."""

    status = 503

    def __init__(self) -> None:
        super().__init__(
            "Too many passwords are being checked just now. Wait a few seconds and try again.", RETRY_AFTER
        )


def hashed(password: str) -> str:
    """Hashes a password for storage. Slow on purpose: about a twentieth of a second and 64 MiB.

    Raises:
        Busy: (503) too many are hashed already.
    """
    with _turn():
        return _at_low_priority(lambda: _hasher().hash(_composed(password)))


def matches(kept: str | None, password: str, *, together: bool = False) -> bool:
    """Whether a password matches the stored hash. Takes as long without a hash, so that the time reveals nothing.

    With ``together`` the same question from several threads at once is worked out once: a team that types its session's
    password. Not for the password of a user: an answer that comes sooner than a hash takes would reveal that another
    address has no password, or the same one.

    Raises:
        Busy: (503) too many are hashed already.
    """
    if len(password) > MAX_TYPED:
        return False
    verify = partial(_verify, kept, _composed(password))
    return (_once((kept or "", password), verify) if together else verify()) and kept is not None


def _verify(kept: str | None, password: str) -> bool:
    from argon2.exceptions import VerificationError

    with _turn():
        try:
            # The decoy is made within the turn as well: else each of many first requests would make its own.
            return _at_low_priority(lambda: _hasher().verify(kept or _decoy(), password))
        except VerificationError:
            return False


def refuse_if_full() -> None:
    """Checks that a password would be hashed now, before any other work for a request.

    Raises:
        Busy: (503) too many are hashed already.
    """
    network = asking_network.get()
    if _places.total() >= MAX_AT_ONCE + MAX_WAITING or (network and _places[network] >= MAX_OF_NETWORK):
        raise Busy


@contextmanager
def _turn() -> Iterator[None]:
    network = asking_network.get()
    with _places_lock:
        refuse_if_full()
        _places[network] += 1
    try:
        give_connection_back()
        if not _turns.acquire(timeout=MAX_WAIT):
            raise Busy
        try:
            yield
        finally:
            _turns.release()
    finally:
        with _places_lock:
            _places[network] -= 1
            if not _places[network]:
                del _places[network]


def _at_low_priority[T](work: Callable[[], T]) -> T:
    """Runs ``work`` in a new thread of low priority, which the library's own threads inherit."""
    with ThreadPoolExecutor(1, initializer=_lower_priority) as thread:
        return thread.submit(work).result()


def _lower_priority() -> None:
    # Only Linux gives a thread a priority of its own; elsewhere it would be the whole process's.
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, get_native_id(), NICENESS)


def _once(question: tuple[str, str], answer: Callable[[], bool]) -> bool:
    with _under_way_lock:
        first = question not in _under_way
        outcome = _under_way.setdefault(question, Future())
    if not first:
        give_connection_back()
        try:
            return outcome.result(MAX_WAIT)
        except TimeoutError:
            raise Busy from None
    try:
        outcome.set_result(answer())
    except BaseException as problem:
        outcome.set_exception(problem)
        raise
    finally:
        with _under_way_lock:
            del _under_way[question]
    return outcome.result()


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with parameters other than today's."""
    return _hasher().check_needs_rehash(kept)


@cache
def _hasher() -> "PasswordHasher":
    """Imports the library on first use: most requests have no password in them."""
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _decoy() -> str:
    return _hasher().hash("nobody's")


def _composed(password: str) -> str:
    """The password in Unicode's form NFC: keyboards differ in how they compose an accent."""
    return unicodedata.normalize("NFC", password)
