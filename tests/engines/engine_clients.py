"""pusher-js as the tests see it, in Node and in Chromium, and the page it is served from."""

import hashlib
import hmac
import itertools
import json
import subprocess
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs

import requests
from engine_server import Engine

HERE = Path(__file__).parent
PATIENCE = 15.0  # seconds; far more than anything takes, but the machine may be busy
_NUMBERS = itertools.count()


class Driver(Protocol):
    """Something that runs ``player.mjs``."""

    def do(self, **told: Any) -> None: ...
    def news(self) -> list[dict[str, Any]]:
        """What was heard since it was asked last."""


class NodeDriver:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", "driver.mjs"], cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._heard: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            if line.startswith("{"):
                self._heard.append(json.loads(line))

    def do(self, **told: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()

    def news(self) -> list[dict[str, Any]]:
        assert self._process.poll() is None, "Node ended"
        count = len(self._heard)
        heard, self._heard[:count] = self._heard[:count], []
        return heard

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self._process.stdout.close()


class ChromiumDriver:
    def __init__(self, page: Any) -> None:
        self._page = page

    def do(self, **told: Any) -> None:
        self._page.evaluate("told => play(told)", told)

    def news(self) -> list[dict[str, Any]]:
        return self._page.evaluate("() => heard.splice(0)")


def eventually(fact: Callable[[], Any]) -> None:
    """Waits for what another thread or process is about to do."""
    deadline = time.monotonic() + PATIENCE
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.01)  # between two looks


class Clients:
    """Everybody at one test, behind one driver."""

    def __init__(self, driver: Driver, page: "Page") -> None:
        self.driver, self._page = driver, page
        self._everybody: dict[str, Client] = {}

    def connect(self, engine: Engine, who: str, user: str = "", key: str = "", **params: str) -> "Client":
        """A new tab of ``user``; ``forged="1"`` has everything signed with the wrong secret."""
        name = f"{who}-{next(_NUMBERS)}"
        client = self._everybody[name] = Client(self, name)
        params = {"user": user or who, **params}
        options = {
            "cluster": "any",
            "wsHost": engine.host,
            "wsPort": engine.port,
            "wssPort": engine.port,
            "forceTLS": engine.tls,
            "enabledTransports": ["ws"],
            "channelAuthorization": {"endpoint": f"{self._page.url}/channel-auth", "params": params},
            "userAuthentication": {"endpoint": f"{self._page.url}/user-auth", "params": params},
        }
        self._page.engine = engine
        self.driver.do(do="connect", who=name, key=key or engine.own.key, options=options)
        return client

    def listen(self) -> None:
        for heard in self.driver.news():
            if client := self._everybody.get(heard["who"]):  # else it is from the test before
                client.heard.append(heard)

    def close(self) -> None:
        for who in self._everybody:
            self.driver.do(do="disconnect", who=who)


class Client:
    """One pusher-js."""

    def __init__(self, clients: Clients, who: str) -> None:
        self._clients, self._who = clients, who
        self.heard: list[dict[str, Any]] = []

    def do(self, what: str, **told: Any) -> None:
        self._clients.driver.do(do=what, who=self._who, **told)

    def connected(self) -> str:
        """Its socket id."""
        socket_id = self.expect("state:connected")
        assert isinstance(socket_id, str)
        return socket_id

    def join(self, channel: str) -> Any:
        self.do("subscribe", channel=channel)
        return self.expect("pusher:subscription_succeeded", channel)

    def expect(self, event: str, channel: str | None = None, patience: float = PATIENCE) -> Any:
        """The data of the first such event not yet expected."""
        deadline = time.monotonic() + patience
        while True:
            self._clients.listen()
            for heard in self.heard:
                if heard["event"] == event and heard["channel"] == channel:
                    self.heard.remove(heard)
                    return heard["data"]
            assert time.monotonic() < deadline, f"{self._who} heard no {event} on {channel}, only {self.heard[-5:]}"
            time.sleep(0.01)  # until the browser tells more

    def expect_error(self, code: int) -> None:
        """pusher-js tells of a close code and of an error message in two shapes."""
        while True:
            error = self.expect("error")
            told = error.get("data") or error.get("error", {}).get("data") or {}
            if told.get("code") == code:
                return

    def heard_no(self, event: str, channel: str) -> bool:
        """To be asked after something later was heard."""
        return not any(heard["event"] == event and heard["channel"] == channel for heard in self.heard)


class Page:
    """A site on 127.0.0.1 with pusher-js, a player, and the two endpoints that pusher-js asks for signatures."""

    def __init__(self, script: Path) -> None:
        self.engine: Engine | None = None
        files = {
            "/": ("text/html", _HTML),
            "/pusher.js": ("text/javascript", script.read_bytes()),
            "/player.mjs": ("text/javascript", (HERE / "player.mjs").read_bytes()),
        }
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, content = files.get(self.path, ("text/plain", b""))
                self._answer(kind, content)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                asked = {name: values[0] for name, values in parse_qs(body).items()}
                signed = site.sign_in(asked) if self.path == "/user-auth" else site.authorize(asked)
                self._answer("application/json", json.dumps(signed).encode())

            def _answer(self, kind: str, content: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def authorize(self, asked: dict[str, str]) -> Any:
        channel, socket_id = asked["channel_name"], asked["socket_id"]
        member = {"user_id": asked["user"], "user_info": {"name": asked["user"].title()}}
        assert self.engine
        signed = self.engine.library.authenticate(
            channel, socket_id, member if channel.startswith("presence") else None
        )
        return _forged(signed) if "forged" in asked else signed

    def sign_in(self, asked: dict[str, str]) -> Any:
        assert self.engine
        signed = self.engine.library.authenticate_user(asked["socket_id"], {"id": asked["user"]})
        return _forged(signed) if "forged" in asked else signed

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _forged(signed: dict[str, str]) -> dict[str, str]:
    return {**signed, "auth": signed["auth"].partition(":")[0] + ":" + "0" * 64}


def signed_request(
    engine: Engine, method: str, path: str, body: bytes = b"", secret: str = "", **query: str
) -> requests.Response:
    """A request that the library would not send; ``query`` overrides what is signed."""
    path = f"/apps/{engine.own.app_id}{path}"
    query = {
        "auth_key": engine.own.key,
        "auth_timestamp": f"{time.time():.0f}",
        "auth_version": "1.0",
        "body_md5": hashlib.md5(body).hexdigest(),
        **query,
    }
    pairs = "&".join(f"{name}={query[name]}" for name in sorted(query))
    key = (secret or engine.own.secret).encode()
    signature = hmac.new(key, f"{method}\n{path}\n{pairs}".encode(), hashlib.sha256).hexdigest()
    url = f"{engine.url}{path}?{pairs}&auth_signature={signature}"
    return requests.request(method, url, data=body, headers={"Content-Type": "application/json"}, timeout=5)


_HTML = b"""<!doctype html><title>Contract</title><script src="/pusher.js"></script><script type="module">
import { player } from "/player.mjs";
window.heard = [];
window.play = player(Pusher, (told) => heard.push(JSON.parse(JSON.stringify(told))));
</script>"""
