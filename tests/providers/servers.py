"""The two real OpenID servers, each behind a relay that can be told to lie, and what any small server runs in."""

import fcntl
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import oidc_provider_mock
import requests
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

HERE = Path(__file__).parent
CALLBACK = "http://localhost/sign-in/with/{name}/callback"
# Whom the servers know, and what they tell about them. Anybody else has a verified address at example.com.
PEOPLE: dict[str, dict[str, object]] = {
    "ada": {"name": "Ada Lovelace", "email": "Ada@Example.com", "email_verified": True},
    "ben": {"name": "Ben", "email": "ben@example.com", "email_verified": True},
    "eve": {"name": "Eve", "email": "ada@example.com", "email_verified": False},
    "nomail": {"name": "Nora"},
    "other-ada": {"name": "Another Ada", "email": "ada@example.com", "email_verified": True},
}


class _Quiet(WSGIRequestHandler):
    def log(self, *_said: object) -> None:
        pass


@contextmanager
def served(app: Callable[..., Any], host: str = "127.0.0.1") -> Iterator[str]:
    """A WSGI application on a port of its own; gives its address."""
    server = make_server(host, 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://{host}:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(10)


class Relay:
    """Stands in front of a provider and passes everything on, unless told what to do about an address.

    ``lies`` holds, by the end of a path, what is done with an answer; ``asks`` what is done with a request before.
    """

    def __init__(self) -> None:
        self.target = ""
        self.lies: dict[str, Callable[[Response], Response | None]] = {}
        self.asks: dict[str, Callable[[dict[str, str], bytes], bytes]] = {}
        self.asked: list[str] = []

    def honest(self) -> None:
        self.lies.clear()
        self.asks.clear()
        self.asked.clear()

    @Request.application
    def __call__(self, request: Request) -> Response:
        self.asked.append(request.path)
        headers, body = dict(request.headers), request.get_data()
        headers["X-Forwarded-Host"] = headers["Host"]
        for end, change in self.asks.items():
            if request.path.endswith(end):
                body = change(headers, body)
                headers["Content-Length"] = str(len(body))
        got = requests.request(
            request.method,
            f"{self.target}{request.full_path.rstrip('?')}",
            headers=headers,
            data=body,
            allow_redirects=False,
            timeout=20,
        )
        answer = Response(got.content, got.status_code)
        for name, value in got.raw.headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "content-encoding"):
                answer.headers.add(name, value)
        for end, change_answer in self.lies.items():
            if request.path.endswith(end):
                answer = change_answer(answer) or answer
        return answer


def as_json(change: Callable[[dict[str, Any]], object]) -> Callable[[Response], Response]:
    """A lie about a JSON document: ``change`` alters it in place."""

    def lie(answer: Response) -> Response:
        said = json.loads(answer.get_data())
        change(said)
        return Response(json.dumps(said), answer.status_code, content_type="application/json")

    return lie


@contextmanager
def mock() -> Iterator[str]:
    """The `oidc-provider-mock` package in a thread of ours."""
    known = [oidc_provider_mock.User(sub=login, claims=claims) for login, claims in PEOPLE.items()]
    with served(oidc_provider_mock.app(require_nonce=True, user_claims=known)) as url:
        yield url


@contextmanager
def npm(issuer: str, *callbacks: str, port: int = 0) -> Iterator[str]:
    """The `oidc-provider` package in Node, installed on the first use."""
    with (HERE / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (HERE / "node_modules/oidc-provider/package.json").exists():
            command = ["npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=HERE, check=True, stdout=subprocess.DEVNULL)
    about = {
        "PORT": str(port),
        "ISSUER": issuer,
        "CALLBACK": " ".join(callbacks or [CALLBACK.format(name=name) for name in ("npm", "twin", "alias")]),
        "PEOPLE": json.dumps(PEOPLE),
    }
    with subprocess.Popen(
        ["node", "provider.mjs"],
        cwd=HERE,
        env={**os.environ, **about},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as running:
        assert running.stdout
        try:
            for line in running.stdout:
                if line.startswith("listens on "):
                    yield line.split()[2]
                    break
        finally:
            running.terminate()
