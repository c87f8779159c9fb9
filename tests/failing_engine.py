"""An engine that fails in whatever way it is told."""

import select
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from poker_app import realtime
from poker_app.settings import Settings

KEYS = {"pusher_app_id": "1", "pusher_key": "k", "pusher_secret": "s"}


def settings(engine: str, **told: Any) -> Settings:
    return Settings(_env_file=None, realtime=engine, secret_key="signs", **told)


class Faulty:
    """An engine on a free port that answers as it is told, and counts."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bytes]] = []
        self.headers: list[dict[str, str]] = []
        self.answer: Callable[[Any], None] = replies(200, "{}")
        self.gone = threading.Event()
        faulty = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.gone = faulty.gone
                self.body = body = self.rfile.read(int(self.headers["Content-Length"]))
                faulty.headers.append(dict(self.headers))
                faulty.asked.append((self.path, body))
                faulty.answer(self)

            def do_GET(self) -> None:
                self.body = b""
                faulty.asked.append((self.path, b""))
                faulty.answer(self)

            def log_message(self, *args: object) -> None:
                pass

        self._handler, self.port = Handler, 0
        self.comes_back()

    def comes_back(self) -> None:
        self.gone.clear()
        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def goes_away(self) -> None:
        """Nobody listens at its port any more."""
        self.gone.set()
        self.server.shutdown()
        self.server.server_close()

    def configure(self, engine: str = "soketi", **told: Any) -> None:
        where = {"pusher_host": "127.0.0.1", "pusher_port": self.port, "pusher_tls": False}
        realtime.configure(settings(engine, **{**KEYS, **where, **told}))


def replies(status: int, text: str) -> Callable[[Any], None]:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text.encode())

    return reply


def hangs(handler: Any) -> None:
    """Answers nothing for as long as the engine is there and the client waits."""
    while not handler.gone.wait(0.02):
        if select.select([handler.connection], [], [], 0)[0] and not handler.connection.recv(1, socket.MSG_PEEK):
            return


def resets(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    handler.connection.close()
    handler.close_connection = True


def forwards(port: int, after: float = 0) -> Callable[[Any], None]:
    """To the real engine, perhaps not at once."""

    def forward(handler: Any) -> None:
        time.sleep(after)  # stands for the way to a far engine
        answer = requests.request(
            handler.command,
            f"http://127.0.0.1:{port}{handler.path}",
            data=handler.body,
            headers={"Content-Type": "application/json"},
            timeout=5,
        )
        replies(answer.status_code, answer.text)(handler)

    return forward
