"""A queue between threads in which each network waits behind its own requests alone.

In a single queue for all networks, 96 requests at once from one address delayed everybody else until all of them were
done: a second, for passwords (`make bench ARGS=floods`).
"""

from collections import OrderedDict, deque
from queue import SimpleQueue
from threading import Lock


class FairQueue[T]:
    """Serves the networks in turn, one item each, and one network's items in their order."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, deque[T]] = OrderedDict()
        self._lock = Lock()
        # One for each item, and one for each thread that is to end.
        self._tokens: SimpleQueue[None] = SimpleQueue()

    def put(self, item: T, network: str = "") -> None:
        """Appends an item to its network's queue; all items without a network share one."""
        with self._lock:
            self._lines.setdefault(network, deque()).append(item)
        self._tokens.put(None)

    def get(self) -> T | None:
        """Waits for the next item. Returns None, once for each `end`, when all items are taken."""
        self._tokens.get()
        with self._lock:
            if not self._lines:
                return None
            network, line = self._lines.popitem(last=False)
            item = line.popleft()
            if line:
                self._lines[network] = line
        return item

    def end(self) -> None:
        """Ends one waiting thread, after the items in the queue."""
        self._tokens.put(None)
