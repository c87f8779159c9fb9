"""What all doubles of trackers share: the world in them, the faults that a test asks for, and the server."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Request, Response

TASKS = 120
"""Open issues of the project Checkout: more than two pages of any tracker."""
SPRINT = 60
"""Of them, those in the sprint, milestone or iteration."""
MARKDOWN = "# Goal\n\n- one\n- two\n\nIt **must** follow [the spec](https://example.com/spec)."
"""The description of "Task 1", for trackers that have Markdown."""
# Tokens: of somebody who may do all, who may read only, and one that has expired.
WRITER, READER, EXPIRED = "token-of-olga", "token-of-rita", "token-of-yesterday"


@dataclass(frozen=True)
class Entry:
    """An issue in a double's world. ``markup`` is its description in the tracker's own form; ``estimate`` is in the
    project's field; ``place`` is the sprint's name where it is in one."""

    id: str
    project: str
    key: str
    title: str
    markup: Any = ""
    estimate: float | str | None = None
    place: str = ""
    kind: str = "Story"
    done: bool = False
    labels: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()


@dataclass
class Fault:
    """An answer that is given in place of the right one: for the next ``times`` requests whose path contains ``path``.
    ``method`` "" is any. ``after``: what was asked is done
    all the same, so that only the answer is lost."""

    status: int
    times: int = 1
    path: str = ""
    method: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    after: bool = False


class Double(ABC):
    """One tracker, on a port of 127.0.0.1, until ``stop``. Subclasses answer requests from ``entries``, refuse what the
    real one refuses (a wrong token, method, header, parameter or field), and never answer more than a page."""

    kind: str
    """Its name in ``TRACKERS``."""
    field: str = "Story points"
    """The name of the field for estimates that the project Checkout has, and Billing has not."""
    writes: ClassVar[dict[str, str]] = {"method": "PUT"}
    """The method and part of the path by which estimates are written, for ``Fault``."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.requests: list[tuple[str, str]] = []
        self.faults: list[Fault] = []
        self.pause = 0.0
        self._lock = threading.RLock()
        self.fill()
        self._server: BaseWSGIServer = make_server("127.0.0.1", 0, self._wsgi, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()

    # --- what each tracker has of its own

    @abstractmethod
    def fill(self) -> None:
        """Makes the world anew: a project Checkout with issues "Task 1" to "Task 120" in this order, the first
        ``SPRINT`` of them in the place "Sprint 42"; "Task 1" with a description of a heading "Goal", a list of "one"
        and "two", a bold "must" and a link named "the spec" to https://example.com/spec, in the tracker's own markup,
        and with the labels "web" and "urgent"; an issue "Finished" there that is done; and a project Billing with
        "Invoice 1" to "Invoice 3", whose issues have no field for estimates."""

    @abstractmethod
    def answer(self, request: Request) -> Response:
        """Answers one request."""

    @abstractmethod
    def credentials(self, token: str = WRITER) -> dict[str, str]:
        """What the form that connects it is filled in with, without what has a default."""

    # --- what tests do and look at

    def reset(self) -> None:
        """Makes the world anew, without faults and without requests."""
        self.entries.clear()
        self.requests.clear()
        self.faults.clear()
        self.pause = 0.0
        self.fill()

    def titled(self, title: str) -> Entry:
        """The issue of this title."""
        return next(each for each in self.entries.values() if each.title == title)

    def edit(self, title: str, /, **changed: Any) -> None:
        """Edits an issue there, as a person would in the tracker."""
        with self._lock:
            entry = self.titled(title)
            self.entries[entry.id] = replace(entry, **changed)

    def delete(self, title: str) -> None:
        """Deletes an issue there."""
        with self._lock:
            del self.entries[self.titled(title).id]

    # --- the server

    def _wsgi(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        request = Request(environ)
        time.sleep(self.pause)  # a slow tracker, as the test asks for
        with self._lock:
            self.requests.append((request.method, request.path))
            fault = next(
                (
                    each
                    for each in self.faults
                    if each.times and each.path in request.path and each.method in ("", request.method)
                ),
                None,
            )
            if fault:
                fault.times -= 1
            answer = self.answer(request) if not fault or fault.after else Response()
            if fault:
                answer = Response(fault.body, fault.status, dict(fault.headers))
        return answer(environ, start)
