"""In-memory queue of events, by session: the events that wait, and which thread of this process publishes them.

Queued events are lost when the process is killed; the browsers' own fetches repair that.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import reduce

from poker_app.rules.session.change import Event

# Votes, comings and goings: where events are paced, these share one. All others are sent at once.
SHARED = frozenset({Event.VOTE, Event.MEMBER_JOINED, Event.MEMBER_LEFT})
# Seconds after which a thread that waits for other requests' events is relieved by the next request that publishes.
LONGEST_TURN = 5.0
# Seconds that an event may be overdue before another request sends it instead of the thread that waits.
OVERDUE = 0.2


@dataclass(frozen=True, slots=True)
class News:
    """One queued event: its session, its name and version, and the socket to leave out. ``waited``: it was delayed by
    the pace of its session's events."""

    session_id: str
    event: str
    version: int
    about: dict[str, str] = field(default_factory=dict)
    socket: str | None = None
    waited: bool = False


def _both(earlier: News, later: News) -> News:
    # Changes arrive here in any order, and one event for both has to show the newer. A socket is only left out where
    # it asked for both.
    socket = later.socket if earlier.socket == later.socket else None
    return replace(
        later,
        version=max(earlier.version, later.version),
        socket=socket,
        waited=earlier.waited or later.waited,
    )


class PublishQueue:
    """The queued events, by session, and the turns of the threads that publish them.

    A session's events are sent by one thread at a time, which has the session's turn. Changes that arrive while it
    renders and publishes are merged into its next event: the later state holds the earlier one. So a busy session costs
    as many publishes as there is time for, and no more.

    Where a session's events are paced (``pace``), those that are ``SHARED`` wait without a turn until the pace has
    passed since the last event; one thread of the process waits for all sessions (``wait``). Any other event is sent at
    once, and the waiting ones are merged into it.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        rest: Callable[[threading.Condition, float], object] = threading.Condition.wait,
    ) -> None:
        """``rest`` waits on the condition, which is held, for so many seconds at most."""
        self._clock, self._rest = clock, rest
        self._changed = threading.Condition()
        self._waiting: dict[str, dict[str, News]] = {}
        self._turns: set[str] = set()
        self._free_at: dict[str, float] = {}
        self._held: dict[str, float] = {}  # sessions that wait without a turn, and until when
        self._waiter: object | None = None
        self._waiter_since = 0.0

    def put(self, *news: News) -> bool:
        """Queues the events of one change. True: the calling thread has the session's turn, and sends until ``take``
        has nothing left."""
        key = news[0].session_id
        with self._changed:
            waits = self._early(key) > 0
            for each in news:
                self._add(replace(each, waited=waits and each.event in SHARED))
            if key in self._turns:
                return False
            if waits and self._only_shared(key):
                self._hold(key)
                return False
            self._begin(key)
            return True

    def _add(self, news: News) -> None:
        waiting = self._waiting.setdefault(news.session_id, {})
        name = f"{news.event} {news.about}"
        waiting[name] = _both(waiting[name], news) if name in waiting else news

    def _begin(self, session_id: str) -> None:
        self._turns.add(session_id)
        self._held.pop(session_id, None)

    def _hold(self, session_id: str) -> None:
        self._held[session_id] = self._free_at[session_id]
        self._changed.notify_all()

    def _early(self, session_id: str) -> float:
        return max(0.0, self._free_at.get(session_id, 0.0) - self._clock())

    def only_shared(self, session_id: str) -> bool:
        """Whether events of the session wait, and all of them are ``SHARED``."""
        with self._changed:
            waiting = self._waiting.get(session_id)
            return bool(waiting) and self._only_shared(session_id)

    def _only_shared(self, session_id: str) -> bool:
        return all(each.event in SHARED for each in self._waiting[session_id].values())

    def take(self, session_id: str, *, together: bool = False) -> News | None:
        """Pops the next event to send. None ends the thread's turn; an event that may not be sent yet stays in the
        queue.

        ``together``: merges all that are ``SHARED`` into one event, with the next other one where there is one.
        """
        with self._changed:
            waiting = self._waiting.get(session_id)
            if not waiting or (self._only_shared(session_id) and self._early(session_id)):
                self._turns.discard(session_id)
                if waiting:
                    self._hold(session_id)
                else:
                    self._waiting.pop(session_id, None)
                return None
            if not together:
                return waiting.pop(next(iter(waiting)))
            shared = [name for name, each in waiting.items() if each.event in SHARED]
            others = [name for name in waiting if name not in shared]
            return reduce(_both, [waiting.pop(name) for name in [*shared, *others[:1]]])

    def pace(self, session_id: str, apart: float) -> None:
        """Delays the session's next ``SHARED`` events (votes, coming and going) by ``apart`` seconds."""
        with self._changed:
            now = self._clock()
            self._free_at = {key: at for key, at in self._free_at.items() if at > now} | {session_id: now + apart}

    def drop(self, session_id: str) -> list[News]:
        """Ends the thread's turn. Returns the events that are dropped with it."""
        with self._changed:
            self._turns.discard(session_id)
            self._held.pop(session_id, None)
            return list(self._waiting.pop(session_id, {}).values())

    # --- the thread that waits for what may not be sent yet

    def waiter(self) -> object | None:
        """Returns a token for the calling thread to ``wait`` with, where events wait and no other thread waits for
        them, or that thread is to be relieved."""
        with self._changed:
            due = self._next_due()
            now = self._clock()
            if due is None or (
                self._waiter is not None and due[0] > now - OVERDUE and now - self._waiter_since < LONGEST_TURN
            ):
                return None
            self._waiter, self._waiter_since = object(), now
            self._changed.notify_all()
            return self._waiter

    def wait(self, token: object, *, at_once: bool = False) -> str | None:
        """Waits until an event may be sent, and returns its session, whose turn the calling thread then has. None: no
        event waits any more, or another thread waits for them. ``at_once`` sends it now."""
        with self._changed:
            while self._waiter is token:
                due = self._next_due()
                if due is None:
                    self._waiter = None
                    break
                at, session_id = due
                if at_once or at <= self._clock():
                    self._free_at.pop(session_id, None)
                    self._begin(session_id)
                    return session_id
                self._rest(self._changed, at - self._clock())
            return None

    def _next_due(self) -> tuple[float, str] | None:
        return min(((at, key) for key, at in self._held.items()), default=None)
