"""The double's HTTP: keys, versions, idempotency and errors as Stripe has them."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import stripe

from tests.stripe_double import api, pages
from tests.stripe_double.shapes import Refused, nested, read

if TYPE_CHECKING:
    from tests.stripe_double.double import StripeDouble


class Trouble(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, kind: str, message: str, **more: str) -> None:
        super().__init__(message)
        self.status, self.body = status, {"error": {"type": kind, "message": message, **more}}


class Server(ThreadingHTTPServer):
    """On a port of its own, on this machine only. ``double`` is whose address it is at the moment."""

    daemon_threads = True
    request_queue_size = 256
    double: "StripeDouble"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.0"  # a connection is one request's, so that none is left behind by a test

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, *_args: Any) -> None:
        """Tests say what went wrong."""

    def _answer(self) -> None:
        address = urlsplit(self.path)
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        form = parse_qsl(sent or address.query, keep_blank_values=True)
        double = self.server.double
        if address.path.startswith("/pages/"):
            status, body, headers = pages.answer(double, self.command, address.path, dict(form))
            self._send(status, body.encode(), {"Content-Type": "text/html; charset=utf-8", **headers})
            return
        double.asked.append(f"{self.command} {address.path}")
        headers = {"Content-Type": "application/json", "Request-Id": f"req_{len(double.asked)}"}
        try:
            if double.failing:
                raise Trouble(500, "api_error", "Something is wrong on Stripe's side.")
            self._check_headers()
            status, made, more = self._with_key(address.path, form)
        except Trouble as trouble:
            status, made, more = trouble.status, trouble.body, {}
        self._send(status, json.dumps(made).encode(), headers | more)

    def _check_headers(self) -> None:
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if key != self.server.double.key:
            raise Trouble(401, "invalid_request_error", "Invalid API Key provided.")
        if self.headers.get("Stripe-Version") != stripe.api_version:
            raise Trouble(400, "invalid_request_error", "Invalid Stripe API version.", code="invalid_version")

    def _with_key(self, path: str, form: list[tuple[str, str]]) -> tuple[int, Any, dict[str, str]]:
        """The same key is the same request: answered once, repeated word for word, refused with other parameters."""
        key, double = self.headers.get("Idempotency-Key"), self.server.double
        if self.command == "GET" or not key:
            return self._call(path, form)
        with double.lock:
            known = double.keys.get(key)
            if known is None:
                double.keys[key] = (path, form, None)
        if known:
            if known[:2] != (path, form):
                text = (
                    "Keys for idempotent requests can only be used with the same parameters they were first used with."
                )
                raise Trouble(400, "idempotency_error", text)
            if known[2] is None:
                text = "There is currently another in-progress request using this Idempotent Key."
                raise Trouble(409, "invalid_request_error", text, code="idempotency_key_in_use")
            return (*known[2], {"Idempotent-Replayed": "true"})
        double.pause()
        try:
            status, made, more = self._call(path, form)
        except Trouble:
            del double.keys[key]  # what was never begun is not remembered
            raise
        double.keys[key] = (path, form, (status, made))
        return status, made, more

    def _call(self, path: str, form: list[tuple[str, str]]) -> tuple[int, Any, dict[str, str]]:
        found, double = api.find(self.command, path), self.server.double
        if found is None:
            raise Trouble(404, "invalid_request_error", f"Unrecognized request URL ({self.command}: {path}).")
        kind, answer, key = found
        try:
            given = read(kind, nested(form))
            with double.lock:
                expand = tuple(given.get("expand", ()))
                made = answer(double, given, key)
                made = made if made["object"] == "list" else double.shown(made, expand)
        except Refused as refused:
            status = 404 if refused.code == "resource_missing" and refused.param == "id" else 400
            about = {"param": refused.param, "code": refused.code}
            raise Trouble(status, "invalid_request_error", refused.message, **about) from refused
        double.deliver()
        return 200, made, {}

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
