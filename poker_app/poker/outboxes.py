"""What waits to be told, and who of this process is telling it."""

import threading
import time
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class News:
    """One change, waiting to be told: about which session, under which name, by whose socket."""

    session_id: str
    event: str
    version: int
    about: dict[str, str] = field(default_factory=dict)
    socket: str | None = None


def _both(earlier: News, later: News) -> News:
    # Changes arrive here in any order, and one event for both has to show the newer. Whoever made one of them needs to
    # hear of the other: exclude nobody.
    return replace(later, version=max(earlier.version, later.version), socket=None)


class Outboxes:
    """What waits to be published, by session, and which sessions a thread of this process is publishing for.

    Votes that arrive while that thread renders and publishes ride along with its next event: the later state holds the
    earlier one. So a busy table costs as many publishes as there is time for, and no more.
    """

    def __init__(self, apart: float) -> None:
        """``apart``: seconds that a large table's events keep apart where that can be waited for."""
        self.apart = apart
        self._lock = threading.Lock()
        self._waiting: dict[str, dict[str, News]] = {}
        self._told: dict[str, float] = {}

    def put(self, news: News) -> bool:
        """True: nobody is publishing for this session, so take and send until ``take`` has nothing left."""
        with self._lock:
            idle = news.session_id not in self._waiting
            waiting = self._waiting.setdefault(news.session_id, {})
            name = f"{news.event} {news.about}"
            waiting[name] = _both(waiting[name], news) if name in waiting else news
            return idle

    def take(self, session_id: str) -> News | None:
        """The next news to send; None ends the thread's turn."""
        with self._lock:
            waiting = self._waiting[session_id]
            if not waiting:
                del self._waiting[session_id]
                return None
            return waiting.pop(next(iter(waiting)))

    def hold_more(self, session_id: str) -> bool:
        """Whether the thread whose turn it is will find more to send."""
        with self._lock:
            return bool(self._waiting[session_id])

    def note_told(self, session_id: str) -> None:
        """A large table was told something."""
        now = time.monotonic()
        with self._lock:
            self._told = {key: at for key, at in self._told.items() if now - at < self.apart} | {session_id: now}

    def too_early(self, session_id: str) -> float:
        """Seconds until a large table may be told something again."""
        with self._lock:
            return max(0.0, self._told.get(session_id, -self.apart) + self.apart - time.monotonic())

    def drop(self, session_id: str) -> list[News]:
        """Give up the thread's turn. Answers with what is not told any more."""
        with self._lock:
            return list(self._waiting.pop(session_id, {}).values())
