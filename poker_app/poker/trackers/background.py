"""What is done at trackers without being waited for: bringing in the issues of series' searches, reading the current
task's issue again, and writing estimates.

The embedded server has a thread for it, which waits until undo is past before it writes an estimate. Elsewhere it is
done once the response is sent, estimates at once, and what fails then is tried again by the job ``write-estimates``.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

import structlog

from poker_app.background_thread import BackgroundThread
from poker_app.db import give_connection_back
from poker_app.poker.change import tracked_tasks_changed
from poker_app.poker.trackers import refresh, series_search, write_back
from poker_app.poker.trackers.contained import contained

log = structlog.get_logger(__name__)

BETWEEN = 1.0
"""Seconds between two passes at least."""
AFTER_FAULT = 60.0
MAX_ISSUES = 1_000
"""Issues of webhooks that wait for the next pass."""

_run_after_response: Callable[[Callable[[], None]], bool] | None = None
_worker: "Worker | None" = None


def configure(run_after_response: Callable[[Callable[[], None]], bool]) -> None:
    """Listens to changes of tasks. Once a process is enough, and a second call changes nothing."""
    global _run_after_response
    _run_after_response = run_after_response
    tracked_tasks_changed.connect(wake)


def wake(session_id: str) -> None:
    """Has a session's tracker tasks handled in the next pass: on the thread, or else after the response."""
    if _worker is not None:
        _worker.wake(session_id)
    elif _run_after_response is not None:
        _run_after_response(lambda: run_pass([session_id], at_once=True))


def wake_issues(connection_id: str, issue_ids: Sequence[str]) -> None:
    """Reads a tracker's issues again soon, in running sessions."""
    issues = [(connection_id, each) for each in issue_ids]
    if _worker is not None:
        _worker.wake_issues(issues)
    elif _run_after_response is not None:
        _run_after_response(lambda: run_pass([], issues, at_once=True))


def run_pass(session_ids: Sequence[str], issues: Sequence[tuple[str, str]] = (), *, at_once: bool = False) -> None:
    """Brings in all issues that are awaited, reads the current tasks of these sessions and these issues of connections
    again, and writes every estimate that is due, or ``at_once`` those too that can be undone still."""
    with contained():
        series_search.bring_in_due()
    for session_id in session_ids:
        with contained():
            refresh.refresh_current(session_id)
    for connection_id, issue_id in issues:
        with contained():
            refresh.refresh_issue(connection_id, issue_id)
    with contained():
        write_back.write_due(at_once=at_once)


class Worker:
    """The embedded server's thread. ``context`` is the application's, entered for each pass."""

    def __init__(self, context: Callable[[], AbstractContextManager[object]]) -> None:
        self._thread = BackgroundThread("trackers", context, self._pass)
        self._sessions: dict[str, None] = {}
        self._issues: dict[tuple[str, str], None] = {}
        self._lock = threading.Lock()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Works until the block ends. What is under way then is finished first."""
        global _worker
        with self._thread.at_work():
            _worker = self
            try:
                yield
            finally:
                _worker = None

    def wake(self, session_id: str) -> None:
        """Adds a session to the next pass."""
        with self._lock:
            self._sessions[session_id] = None
        self._thread.wake()

    def wake_issues(self, issues: Sequence[tuple[str, str]]) -> None:
        """Adds issues to the next pass. Beyond ``MAX_ISSUES`` they are left out: they are read when their task comes to
        the table."""
        with self._lock:
            self._issues |= dict.fromkeys(issues[: MAX_ISSUES - len(self._issues)])
        self._thread.wake()

    def _pass(self) -> float | None:
        """One pass. Returns the seconds until the next one, None for when it is woken."""
        with self._lock:
            sessions, self._sessions = [*self._sessions], {}
            issues, self._issues = [*self._issues], {}
        run_pass(sessions, issues)
        wait: float | None = AFTER_FAULT
        with contained():
            next_due = write_back.next_due()
            wait = None if next_due is None else max(BETWEEN, next_due.total_seconds())
            give_connection_back()
        return wait
