"""A table as a browser shows it, read from the HTML that brought it."""

import base64
import gzip
import json
import re
from collections.abc import Hashable
from typing import Any

# data-agenda: the release before.
_HEAD = re.compile(
    r'id="vote-table" data-version="(\d+)" data-(?:tasks-version|agenda)="(\d+)" '
    r'[^>]*?data-phase="(\w+)" [^>]*?data-round="(\w+)"'
)
_TASK = re.compile(r'id="task" [^>]*data-task="(\w+)"')
_CARD = re.compile(r'id="seat-(\w+)" data-(?:state="voted"|v=)')


class Table:
    """One version of it. ``shows`` holds ``(round, phase)``, and ``(round, seat)`` for each card on the table."""

    def __init__(self, html: str) -> None:
        head = _HEAD.search(html)
        assert head is not None, html[:500]
        self.version, self.tasks_version, self.phase, self.round = int(head[1]), int(head[2]), head[3], head[4]
        self.brings_tasks = 'id="backlog"' in html
        self.shows: set[Hashable] = {(self.round, seat) for seat in _CARD.findall(html)}
        self.shows.add((self.round, self.phase))
        self._news: dict[int, list[Hashable]] = {}

    def news_since(self, earlier: "Table") -> list[Hashable]:
        """Returns what it shows that an earlier table did not. Cached by the earlier version, since most clients come
        from the same one."""
        if earlier.version not in self._news:
            self._news[earlier.version] = list(self.shows - earlier.shows)
        return self._news[earlier.version]


def task_in(html: str) -> str:
    """The task that is on the table."""
    found = _TASK.search(html)
    assert found is not None, html[:500]
    return found[1]


class Event:
    """A message of the realtime protocol, with the table in it, if any."""

    def __init__(self, text: bytes) -> None:
        said = json.loads(text)
        self.name: str = said["event"]
        data = said.get("data", {})
        # Text as the protocol has it; soketi's answer to a sign-in is an object.
        self.data: dict[str, Any] = json.loads(data) if isinstance(data, str) else data
        self.table: Table | None = None
        if "html" in self.data:
            self.table = Table(self.data["html"])
        elif "gz" in self.data:
            self.table = Table(gzip.decompress(base64.b64decode(self.data["gz"])).decode())


class Reader:
    """Reads messages. The same bytes come to everybody at a table, so each is read once."""

    def __init__(self) -> None:
        self._text, self._event = b"", Event(b'{"event":""}')

    def read(self, text: bytes) -> Event:
        if text != self._text:
            self._text, self._event = text, Event(text)
        return self._event
