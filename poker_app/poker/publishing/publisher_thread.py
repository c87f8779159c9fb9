"""The embedded server's publisher thread: renders and sends events, so that no response waits for them."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import structlog

from poker_app.poker.publishing import events, message_usage
from poker_app.rules.message_budget import LARGE_ABOVE

log = structlog.get_logger(__name__)

# While requests are under way, it rests for twice as long as it worked, so that they have two thirds of the processor;
# but never for so long that it is seen.
REST = 2
LONGEST_REST = 0.1  # seconds
# While requests are under way, the votes of a large session (and comings and goings) wait for so many seconds after its
# last event, and share the next: each is rendered anew and written to hundreds of sockets.
APART_AT_LARGE = 1 / 3
MOMENT = 0.02  # seconds between two looks at what waits so


class Publisher:
    """Sends the queued events, session after session, on one thread.

    ``context`` is the application's, entered for each. ``rest`` waits for a number of seconds, or until no request is
    under way; it returns whether none is.
    """

    def __init__(
        self, context: Callable[[], AbstractContextManager[object]], rest: Callable[[float], object] = time.sleep
    ) -> None:
        self._context = context
        self._rest = rest
        # Used by the thread alone: large sessions that may send votes again at a time, and those that wait for it.
        self._free_at: dict[str, float] = {}
        self._held: list[str] = []
        self._lock = threading.Lock()
        self._open = False

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Publishes on the thread until the block ends. What is still queued then is sent first, and the message counts
        are written."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="publisher")
        self._open = True
        try:
            with events.handed_over(self._take):
                yield
        finally:
            with self._lock:
                self._open = False
            self._thread.shutdown()
            with self._context():
                message_usage.write_all_down()

    def _take(self, session_id: str) -> bool:
        return self._do_later(self._send, session_id)

    def _do_later(self, action: Callable[..., None], *what: str) -> bool:
        """Submits an action to the thread, after those that are queued. Returns False once the publisher is closed."""
        with self._lock:
            if self._open:
                self._thread.submit(action, *what).add_done_callback(_tell_fault)
            return self._open

    def _send(self, session_id: str) -> None:
        if self._is_early(session_id) and (self._held or self._do_later(self._send_held)):
            self._held.append(session_id)
            return
        began = time.perf_counter()
        with self._context():
            sent = events.send_next(session_id)
            # Once the publisher is closed, the session's other events cannot be submitted again and are sent here.
            while sent and not self._take(session_id):
                sent = events.send_next(session_id)
        if sent:
            now = time.perf_counter()
            if sent.members > LARGE_ABOVE:
                self._free_at = {key: at for key, at in self._free_at.items() if at > now}
                self._free_at[session_id] = now + APART_AT_LARGE
            self._rest(min(REST * (now - began), LONGEST_REST))

    def _is_early(self, session_id: str) -> bool:
        return self._free_at.get(session_id, 0.0) > time.perf_counter() and events.may_wait(session_id)

    def _send_held(self) -> None:
        """Sends the delayed sessions after a moment: all of them where no request is under way, else those that have
        waited long enough."""
        if self._rest(MOMENT):
            self._free_at.clear()
        held, self._held = self._held, []
        for session_id in held:
            if not self._take(session_id):
                self._send(session_id)


def _tell_fault(done: Future[None]) -> None:
    if fault := done.exception():
        log.error("publish_fault", exc_info=fault)
