"""A thread of the embedded server for work that no response waits for."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager


class BackgroundThread:
    """Calls ``work`` in ``context``, the application's, again and again. ``work`` returns the seconds until the next
    time, None for when it is woken."""

    def __init__(
        self, name: str, context: Callable[[], AbstractContextManager[object]], work: Callable[[], float | None]
    ) -> None:
        self._name, self._context, self._do = name, context, work
        self._woken = threading.Event()
        self._open = False

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Works until the block ends. What is under way then is finished first."""
        self._open = True
        # What was due when a process ended is done by the next one.
        self._woken.set()
        thread = threading.Thread(target=self._work, name=self._name, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._open = False
            self._woken.set()
            thread.join()

    def wake(self) -> None:
        """Has the thread work soon."""
        self._woken.set()

    def _work(self) -> None:
        wait: float | None = None
        while True:
            self._woken.wait(wait)
            if not self._open:
                return
            self._woken.clear()
            with self._context():
                wait = self._do()
