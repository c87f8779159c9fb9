"""A receiver of webhooks on a real socket: it keeps what it was sent, and answers what the test says."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from standardwebhooks import webhooks as library
from standardwebhooks.webhooks import Webhook


@dataclass(frozen=True)
class Received:
    """One request, as it came over the wire."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """``status`` and ``headers`` are its answer; ``hangs`` until that event is set. ``port`` is kept over a time in
    which it is down."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: str = "thanks"
    hangs: threading.Event | None = None
    received: list[Received] = field(default_factory=list)
    port: int = 0
    at_once: int = 0
    most_at_once: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @contextmanager
    def up(self) -> Iterator[None]:
        """It listens within the block."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver._lock:
                    receiver.at_once += 1
                    receiver.most_at_once = max(receiver.most_at_once, receiver.at_once)
                    receiver.received.append(Received(self.path, dict(self.headers), body))
                if receiver.hangs is not None:
                    receiver.hangs.wait(30)
                with receiver._lock:
                    receiver.at_once -= 1
                try:
                    self.send_response(receiver.status)
                    for name, value in receiver.headers.items():
                        self.send_header(name, value)
                    content = receiver.text.encode()
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                except OSError:
                    return

            def log_message(self, *_about: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def verified(secret: str, received: Received, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The body of a request, if the library takes its signature; raises its error otherwise. The library's clock is set
    to the moment that the request names: those of tests stand elsewhere."""

    class AtThatTime(library.datetime):  # type: ignore[misc]
        @classmethod
        def now(cls, tz: object = None) -> object:
            named = {name.lower(): value for name, value in received.headers.items()}
            return cls.fromtimestamp(int(named["webhook-timestamp"]), tz)

    with monkeypatch.context() as patch:
        patch.setattr(library, "datetime", AtThatTime)
        return Webhook(secret).verify(received.body, dict(received.headers))  # type: ignore[no-any-return]
