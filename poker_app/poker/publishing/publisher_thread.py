"""The embedded server's thread that tells the browsers, so that nobody's answer waits for it."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import structlog

from poker_app.poker.publishing import events, message_usage
from poker_app.rules.message_budget import LARGE_ABOVE

log = structlog.get_logger(__name__)

# While others want the processor, it rests for twice as long as it worked, so that requests have two thirds, and at a
# large table, whose events are dear and serve many votes each, for four times; but never for so long that it is seen.
REST, REST_AT_LARGE = 2, 4
LONGEST_REST = 0.1  # seconds


class Publisher:
    """Sends what waits, session after session.

    ``context`` is the application's, entered for each. ``rest`` waits for so many seconds, or until nobody else has
    anything to do.
    """

    def __init__(
        self, context: Callable[[], AbstractContextManager[object]], rest: Callable[[float], object] = time.sleep
    ) -> None:
        self._context = context
        self._rest = rest
        self._lock = threading.Lock()
        self._open = False

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Takes over the publishing; when the block ends, what still waits is sent first."""
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
        with self._lock:
            if self._open:
                self._thread.submit(self._send, session_id).add_done_callback(_tell_fault)
            return self._open

    def _send(self, session_id: str) -> None:
        began = time.perf_counter()
        with self._context():
            sent = events.send_next(session_id)
            # At the end there is no queueing up again for what else the session has to tell.
            while sent and not self._take(session_id):
                sent = events.send_next(session_id)
        if sent:
            rest = REST_AT_LARGE if sent.members > LARGE_ABOVE else REST
            self._rest(min(rest * (time.perf_counter() - began), LONGEST_REST))


def _tell_fault(done: Future[None]) -> None:
    if fault := done.exception():
        log.error("publish_fault", exc_info=fault)
