"""What was rendered last, so that a version is rendered once: for answers, events and whoever fetches."""

import threading
from collections import OrderedDict


class _Lately[T]:
    """What was made for the sessions asked for last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._made: OrderedDict[str, T] = OrderedDict()

    def get(self, session_id: str) -> T | None:
        with self._lock:
            return self._made.get(session_id)

    def put(self, session_id: str, made: T) -> None:
        with self._lock:
            self._made[session_id] = made
            self._made.move_to_end(session_id)
            if len(self._made) > self._most:
                self._made.popitem(last=False)


class Newest[Drawn, DrawnAgenda]:
    """The newest table and agenda with their renderings, for the sessions asked for lately."""

    def __init__(self, most: int) -> None:
        self._tables = _Lately[Drawn](most)
        self._agendas = _Lately[DrawnAgenda](most)
        self.get, self.put = self._tables.get, self._tables.put
        self.agenda, self.put_agenda = self._agendas.get, self._agendas.put
        self._drawing = [threading.Lock() for _ in range(16)]

    def drawing(self, session_id: str) -> threading.Lock:
        """Held while a session is rendered: its answer and its event want the same at the same moment."""
        return self._drawing[hash(session_id) % len(self._drawing)]
