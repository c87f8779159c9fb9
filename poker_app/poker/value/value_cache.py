"""In-memory cache of session values, each with the fragments rendered from it, bounded in bytes.

A cached value may be old: code that needs the newest compares its version with the database's. The least recently used
is dropped first.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from poker_app.poker.value.backlog_view import Recent
from poker_app.rules.session.value import Session

MAX_BYTES = 64_000_000
# Seconds after which a session that was not read is dropped.
IDLE = 3600.0
# Bytes, as measured with CPython 3.14 on sessions of 8 to 200 members and 20 to 500 tasks.
_SESSION, _MEMBER, _TASK, _VOTE, _RESULT = 3_000, 1_000, 700, 250, 900


class Known:
    """One cached value. ``lock`` is held while a fragment is made from it, so that a response and an event that need
    the same fragment at the same moment make it once."""

    __slots__ = (
        "_count",
        "_made",
        "_of_tasks",
        "behind",
        "bytes",
        "lock",
        "recent",
        "rows",
        "tasks_bytes",
        "used",
        "value",
    )

    def __init__(
        self,
        value: Session,
        before: "Known | None" = None,
        count: "Callable[[Known, int], None] | None" = None,
    ) -> None:
        """``before``: the entry that this one replaces. ``count`` adds the bytes of what is made later."""
        self.value, self._count = value, count
        self.lock: threading.Lock = before.lock if before else threading.Lock()
        # What depends on the tasks alone is valid until they change; a task's row is valid while it shows the same.
        self.rows: _Rows = before.rows if before else _Rows()
        same = before is not None and before.value.tasks_version == value.tasks_version
        self._of_tasks: dict[str, object] = before._of_tasks if before and same else {}
        self.recent: Recent = before.recent.after(before.value, value) if before else Recent(value.tasks_version)
        self.tasks_bytes: int = before.tasks_bytes if before and same else size_of_tasks(value)
        self.bytes = size_of(value) + self.tasks_bytes + self.rows.bytes
        self.bytes += sum(len(each) for each in self._of_tasks.values() if isinstance(each, str))
        self.used = time.monotonic()
        # Whether the realtime engine did not take an event, as of the last question for the version.
        self.behind = False
        self._made: dict[str, object] = {}

    def made[T](
        self, what: str, make: Callable[[], T], *, of_tasks: bool = False, size: Callable[[T], int] = lambda made: 0
    ) -> T:
        """Caches what ``make`` returns under a name. ``of_tasks``: it depends on the tasks alone and is valid until
        they change. ``size`` gives the bytes of what is no text. The caller holds the lock."""
        kept = self._of_tasks if of_tasks else self._made
        if what not in kept:
            made = kept[what] = make()
            self._grow(len(made) if isinstance(made, str) else size(made))
        return cast(T, kept[what])

    def row(self, key: str, shows: object, make: Callable[[], str]) -> str:
        """Caches the row of one task; it is made again only when ``shows`` differs. The caller holds the lock."""
        known = self.rows.html.get(key)
        if known is None or known[0] != shows:
            more = -len(known[1]) if known else 0
            known = self.rows.html[key] = (shows, make())
            more += len(known[1])
            self.rows.bytes += more
            self._grow(more)
        return known[1]

    def _grow(self, more: int) -> None:
        if self._count:
            self._count(self, more)
        else:
            self.bytes += more


@dataclass(slots=True)
class _Rows:
    """The rendered rows of a session's tasks, each with what it shows, and the bytes of all."""

    html: dict[str, tuple[object, str]] = field(default_factory=dict)
    bytes: int = 0


def size_of(value: Session) -> int:
    """About how many bytes a value takes, its tasks left out."""
    return (
        _SESSION + _MEMBER * len(value.members) + _VOTE * len(value.round.votes) + _RESULT * len(value.rounds.earlier)
    )


def size_of_tasks(value: Session) -> int:
    """About how many bytes the tasks of a value take."""
    tasks = value.tasks.values()
    texts = sum(
        len(each.title) + len(each.url) + len(each.description) + len(each.acceptance) + len(each.note)
        for each in tasks
    )
    return _TASK * len(value.tasks) + texts


class ValueCache:
    """The newest value of each session that this process has read or written. Safe for threads."""

    def __init__(self, most: int = MAX_BYTES) -> None:
        """``most``: bytes."""
        self._most = most
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._bytes = 0

    def get(self, session_id: str) -> Known | None:
        """Returns the cached entry of a session and marks it as used; None where it is not cached."""
        with self._lock:
            found = self._known.get(session_id)
            if found:
                found.used = time.monotonic()
                self._known.move_to_end(session_id)
            return found

    def put(self, value: Session) -> Known:
        """Caches a value, unless a newer one is cached. Returns the cached entry."""
        with self._lock:
            known = self._known.get(value.id)
            if known and known.value.version >= value.version:
                return known
            made = Known(value, known, self._count)
            self._forget(value.id)
            self._known[value.id] = made
            self._bytes += made.bytes
            self._drop_old(made.used - IDLE)
            return made

    def drop(self, session_id: str) -> None:
        """Drops a session from the cache."""
        with self._lock:
            self._forget(session_id)

    def clear(self) -> None:
        """Drops all sessions from the cache."""
        with self._lock:
            self._known.clear()
            self._bytes = 0

    def _count(self, known: Known, more: int) -> None:
        with self._lock:
            known.bytes += more
            # Bytes made from an entry that was dropped meanwhile are not counted.
            if self._known.get(known.value.id) is known:
                self._bytes += more

    def _forget(self, session_id: str) -> None:
        if known := self._known.pop(session_id, None):
            self._bytes -= known.bytes

    def _drop_old(self, idle_since: float) -> None:
        # Kept in the order of use: the first is the oldest.
        while len(self._known) > 1:
            key, oldest = next(iter(self._known.items()))
            if self._bytes <= self._most and oldest.used >= idle_since:
                return
            self._forget(key)

    @property
    def bytes(self) -> int:
        """About how much all of it takes."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._known)


values = ValueCache()
