"""The embedded server's thread that tells the browsers, so that nobody's answer waits for it."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import structlog

from poker_app.poker import events

log = structlog.get_logger(__name__)

# It rests for twice as long as it worked, so that requests have two thirds of the processor and a busy table's votes
# share an event; but never for so long that somebody would see it.
REST, LONGEST_REST = 2, 0.03  # times, seconds


class Publisher:
    """Sends what waits, session after session. ``context`` is the application's, entered for each."""

    def __init__(self, context: Callable[[], AbstractContextManager[object]]) -> None:
        self._context = context
        self._open = False

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Takes over the publishing; when the block ends, what still waits is sent first."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="publisher")
        self._open, events.hand_over = True, self._take
        try:
            yield
        finally:
            self._open, events.hand_over = False, None
            self._thread.shutdown()

    def _take(self, session_id: str) -> None:
        self._thread.submit(self._send, session_id).add_done_callback(_tell_fault)

    def _send(self, session_id: str) -> None:
        began = time.perf_counter()
        with self._context():
            more = events.send_next(session_id)
            # At the end the rest of the session's news cannot queue up again.
            while more and not self._open:
                more = events.send_next(session_id)
        if more:
            self._take(session_id)
            time.sleep(min(REST * (time.perf_counter() - began), LONGEST_REST))


def _tell_fault(done: Future[None]) -> None:
    if fault := done.exception():
        log.error("publish_fault", exc_info=fault)
