"""The platform's network in front of a function: files from its edge, everything else by invocation."""

import http.client
import itertools
import re
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.deploy.platform import Build, Function, booted
from tests.external_engines import Soketi, free_port

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"}
TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "woff2": "font/woff2"}


class Front(ThreadingHTTPServer):
    """Listens where browsers come. ``files`` counts what the function was never asked for."""

    daemon_threads = True

    def __init__(self, port: int, built: Build, function: Function) -> None:
        super().__init__(("127.0.0.1", port), _Visit)
        self.built, self.function = built, function
        self.invocations, self.files = itertools.count(1), 0
        self._serving = threading.Thread(target=self.serve_forever, args=(0.05,))
        self._serving.start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()
        self._serving.join()


class _Visit(BaseHTTPRequestHandler):
    server: Front

    def log_message(self, *_about: object) -> None: ...

    def do_GET(self) -> None:
        # As vercel.json rewrites it.
        path = re.sub(r"^/static/v-[^/]+/", "/static/", self.path.partition("?")[0])
        file = self.server.built.output / "static" / path.lstrip("/")
        if not file.is_file():
            return self._invoke(b"")
        self.server.files += 1
        kind = TYPES.get(file.suffix[1:], "application/octet-stream")
        return self._answer(200, [("Content-Type", kind)], file.read_bytes())

    def do_POST(self) -> None:
        self._invoke(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def _invoke(self, body: bytes) -> None:
        number = str(next(self.server.invocations))
        given = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        given |= {"x-forwarded-proto": "http", "x-forwarded-for": self.client_address[0]}
        given |= {"x-vercel-internal-invocation-id": number, "x-vercel-internal-request-id": number}
        function = http.client.HTTPConnection("127.0.0.1", self.server.function.port, timeout=60)
        function.request(self.command, self.path, body or None, given)
        answer = function.getresponse()
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP]
        self._answer(answer.status, headers, answer.read())
        function.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class Platform:
    """A deployment: its function, the network in front of it, and the engine outside. Started, it begins cold."""

    def __init__(self, built: Build, environment: Mapping[str, str], engine: Soketi) -> None:
        self._built, self._environment, self._engine = built, environment, engine
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._running: Any = None
        self._open()

    def _open(self) -> None:
        self._running = ExitStack()
        self.function = self._running.enter_context(booted(self._built, self._environment))
        self.front = Front(self._port, self._built, self.function)
        self._running.callback(self.front.close)

    def comes_back(self) -> None:
        self._engine.start()
        self._open()

    def goes_away(self) -> None:
        self._running.close()
        self._engine.stop()
