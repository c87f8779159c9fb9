"""WSGI under ASGI: a request is read whole, answered on a thread, and its answer sent whole.

So each request crosses between loop and thread twice, however many pieces its body and its answer come in. Files are
read into and sent out of a file, piece by piece: neither the memory nor a thread waits for a slow network.
"""

import asyncio
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from functools import lru_cache
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, Any

import structlog

from poker_app.edge.fair_queue import FairQueue
from poker_app.edge.limits import NETWORK, ON_DISK
from poker_app.web.http.after_response import AFTER_RESPONSE

log = structlog.get_logger(__name__)

# A longer body is not read, or only its beginning where it does not say its length: the pages refuse it (413). Only
# what ``longest`` allows may be longer.
MAX_BODY = 1024 * 1024
# Bytes of a file that are sent at once.
PIECE = 256 * 1024
# Files that are read at once; more wait for their turn.
MAX_UPLOADS = 16

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class FileAnswer:
    """An answer that is a file, as WSGI's ``wsgi.file_wrapper`` makes it."""

    def __init__(self, file: IO[bytes], _size: int = PIECE) -> None:
        self.file = file

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.file.read(PIECE), b"")

    def close(self) -> None:
        self.file.close()


Answer = tuple[int, list[tuple[bytes, bytes]], bytes | FileAnswer]


class Bridge:
    """An ASGI application that has its requests answered by a WSGI application, ``threads`` at a time. ``longest``
    answers with how many bytes a file may have that is sent to a path, 0 where none is taken."""

    def __init__(self, app: WsgiApp, threads: int, longest: Callable[[str], int] = lambda path: 0) -> None:
        self._app = app
        self._longest = longest
        self._uploads = asyncio.Semaphore(MAX_UPLOADS)
        self._threads = threads
        self._team: list[threading.Thread] = []
        self._waiting: FairQueue[Callable[[], None]] = FairQueue()
        self._under_way = 0
        self.quiet = threading.Event()
        """Set while no request is under way."""
        self.quiet.set()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Answers requests; when the block ends, what is under way is finished first."""
        for number in range(self._threads):
            self._hire(f"pages-{number}")
        try:
            yield
        finally:
            for _ in range(self._threads):
                self._waiting.end()
            while self._team:
                self._team.pop().join()

    def _hire(self, name: str) -> None:
        # Not an executor: its locks and futures cost ten times what this handing over does, a tenth of a vote.
        thread = threading.Thread(target=self._work, name=name)
        self._team.append(thread)
        thread.start()

    def _work(self) -> None:
        while (errand := self._waiting.get()) is not None:
            try:
                errand()
            except BaseException:
                # No page raises. Should one do it, there are as many threads as before.
                log.exception("pages_fault")
                self._hire(threading.current_thread().name)
                raise

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        longest = max(MAX_BODY, self._longest(scope["path"]))
        if _declared(scope) > longest:
            await self._respond(scope, send, BytesIO(), 0)
        elif longest <= MAX_BODY:
            if (body := await _read(receive)) is not None:
                await self._respond(scope, send, BytesIO(body), len(body))
        else:
            async with self._uploads:
                with TemporaryFile() as file:
                    if await _read_into(file, receive, longest, scope.get("state", {}).get(ON_DISK)):
                        await self._respond(scope, send, file, file.tell())

    async def _respond(self, scope: Any, send: Any, body: IO[bytes], length: int) -> None:
        body.seek(0)
        environ = environment(scope, body, length)
        self._begin()
        try:
            status, headers, content = await self._on_a_thread(environ, scope.get("state", {}).get(NETWORK, ""))
        finally:
            self._end()
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if isinstance(content, FileAnswer):
            await _send_file(content, send)
        else:
            await send({"type": "http.response.body", "body": content})
        for action in environ[AFTER_RESPONSE]:
            self._waiting.put(action)

    def _begin(self) -> None:
        self._under_way += 1
        if self._under_way == 1:
            self.quiet.clear()

    def _end(self) -> None:
        self._under_way -= 1
        if not self._under_way:
            self.quiet.set()

    def _on_a_thread(self, environ: dict[str, Any], network: str) -> "asyncio.Future[Answer]":
        loop = asyncio.get_running_loop()
        settled: asyncio.Future[Answer] = loop.create_future()
        here = copy_context()

        def answer() -> None:
            made = None
            try:
                made = here.run(self._answer, environ)
            finally:
                loop.call_soon_threadsafe(_settle, settled, made)

        self._waiting.put(answer, network)
        return settled

    def _answer(self, environ: dict[str, Any]) -> Answer:
        told: list[Any] = []
        pieces: list[bytes] = []

        def start_response(status: str, headers: list[tuple[str, str]], _problem: Any = None) -> Callable[..., None]:
            told[:] = status, headers
            return pieces.append

        answer = self._app(environ, start_response)
        if isinstance(answer, FileAnswer):
            return *_head(*told), answer
        try:
            pieces.extend(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        return *_head(*told), b"".join(pieces)


def _head(status: str, headers: list[tuple[str, str]]) -> tuple[int, list[tuple[bytes, bytes]]]:
    return int(status[:3]), [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def _settle(settled: "asyncio.Future[Answer]", made: Answer | None) -> None:
    if settled.done():
        return  # whoever waited was stopped meanwhile
    if made is None:
        settled.set_exception(RuntimeError("The page failed; its thread has logged how."))
    else:
        settled.set_result(made)


def _declared(scope: Any) -> int:
    """The body's length as its request says it, 0 where it does not."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(length) if length.isdigit() else 0


async def _read(receive: Any) -> bytes | None:
    """The body, at most ``MAX_BODY`` of it and a little; None if the client left in the middle."""
    body: bytes = b""
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            return None
        body += event.get("body", b"")
        if not event.get("more_body", False) or len(body) > MAX_BODY:
            return body


async def _read_into(file: IO[bytes], receive: Any, longest: int, on_disk: Callable[[int], None] | None) -> bool:
    """Write the body into a file, at most ``longest`` bytes of it and a little; False if the client left in the
    middle. ``on_disk`` is called with the number of bytes after each write."""
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            return False
        written = await asyncio.to_thread(file.write, event.get("body", b""))
        if on_disk:
            on_disk(written)
        if not event.get("more_body", False) or file.tell() > longest:
            return True


async def _send_file(answer: FileAnswer, send: Any) -> None:
    try:
        while piece := await asyncio.to_thread(answer.file.read, PIECE):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        answer.close()


def environment(scope: Any, body: IO[bytes], length: int) -> dict[str, Any]:
    """The request as WSGI has it."""
    (server, port), (client, client_port) = scope["server"], scope["client"] or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server,
        "SERVER_PORT": str(port),
        "REMOTE_ADDR": client,
        "REMOTE_PORT": str(client_port),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.file_wrapper": FileAnswer,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        AFTER_RESPONSE: [],
    }
    for name, value in scope["headers"]:
        if (variable := _variable(name)) is not None:
            text = value.decode("latin-1")
            environ[variable] = f"{environ[variable]},{text}" if variable in environ else text
    # A body sent in chunks comes without its length, and WSGI reads none without one.
    environ.setdefault("CONTENT_LENGTH", str(length))
    return environ


@lru_cache(maxsize=256)
def _variable(header: bytes) -> str | None:
    if b"_" in header:
        # To WSGI ``X_Forwarded_For`` is ``X-Forwarded-For``, so that a client could slip it past a proxy.
        return None
    name = header.decode("latin-1").upper().replace("-", "_")
    return name if name in ("CONTENT_LENGTH", "CONTENT_TYPE") else f"HTTP_{name}"
