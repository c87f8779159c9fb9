"""Many people at one moment, each with a browser and a connection of their own."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tests.cast import Person


def at_once[T](*calls: Callable[[], T]) -> list[T]:
    """Every call in a thread of its own, all let go together; their answers in the order of the calls."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def each_at_once[I, T](action: Callable[[I], T], items: Iterable[I]) -> list[T]:
    """The action on every item, all at once."""
    return at_once(*(partial(action, item) for item in items))


def same_browser(person: Person, copies: int) -> list[Person]:
    """The same browser several times, for requests that it sends at once."""
    person.get("/sessions/new")
    return [person.another_tab() for _ in range(copies)]
