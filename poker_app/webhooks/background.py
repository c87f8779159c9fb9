"""Sends webhooks without being waited for: on threads of the embedded server, or else once the response is sent. What
fails then is tried again by those threads, or by the job ``send-webhooks``."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import structlog

from poker_app.background_thread import BackgroundThread
from poker_app.db import give_connection_back, session
from poker_app.webhooks import outbox, sending

log = structlog.get_logger(__name__)

THREADS = 4
"""Receivers that are sent to at once, so that one that is slow does not keep all others waiting."""
BETWEEN, AFTER_FAULT = 1.0, 60.0
"""Seconds between two passes at least, and after one that the database ended."""
AFTER_RESPONSE = 10.0
"""Seconds in which sending is begun where a request's own thread does it."""

_run_after_response: Callable[[Callable[[], None]], bool] | None = None
_worker: "Worker | None" = None


def configure(run_after_response: Callable[[Callable[[], None]], bool]) -> None:
    """Listens to the outbox. Once a process is enough, and a second call changes nothing."""
    global _run_after_response
    _run_after_response = run_after_response
    outbox.written.connect(_wake)


def _wake(_account_id: str) -> None:
    if _worker is not None:
        _worker.wake()
    elif _run_after_response is not None:
        _run_after_response(_pass_after_response)


def _pass_after_response() -> None:
    _pass(AFTER_RESPONSE)


def _pass(seconds: float = sending.LONGEST_PASS) -> float | None:
    """Sends what is due. Returns the seconds until more is, None where nothing waits."""
    try:
        sending.send_due(seconds=seconds)
        next_due = sending.next_due()
        give_connection_back()
    except sending.FAULTS:
        session.rollback()
        log.exception("webhooks_fault")
        return AFTER_FAULT
    return None if next_due is None else max(BETWEEN, next_due.total_seconds())


class Worker:
    """The embedded server's threads. ``context`` is the application's, entered for each pass."""

    def __init__(self, context: Callable[[], AbstractContextManager[object]]) -> None:
        self._threads = [BackgroundThread(f"webhooks-{each}", context, _pass) for each in range(THREADS)]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Sends until the block ends. What is under way then is finished first."""
        global _worker
        with ExitStack() as stack:
            for each in self._threads:
                stack.enter_context(each.at_work())
            _worker = self
            try:
                yield
            finally:
                _worker = None

    def wake(self) -> None:
        """Has the threads look for what is due."""
        for each in self._threads:
            each.wake()
