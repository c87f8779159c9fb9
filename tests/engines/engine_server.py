"""An engine to test: the embedded server in a thread, or the address of any other."""

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from weakref import WeakSet

import pusher
import uvicorn
from websockets.sync.client import connect

from poker_app.edge.limits import Edge
from poker_app.realtime.engines.client import Straight
from poker_app.realtime.engines.embedded.app import EmbeddedServer
from poker_app.realtime.engines.embedded.protocol import Event
from poker_app.realtime.engines.endpoints import Credentials
from poker_app.realtime.engines.fanout.hub import Hub
from poker_app.realtime.engines.fanout.proxy import Proxy
from poker_app.realtime.engines.fanout.sockets import View
from poker_app.serve import configuration
from tests import external_engines as engines_outside

OWN = Credentials("4711", "test-key", "test-secret")


# What an engine is known to do otherwise, which the product needs none of. What it does instead is asserted where the
# contract asks `differs`; whatever is not in this table is not forgiven.
DIFFERENCES = {
    "soketi": {
        "no user counts": "lists channels without their user_count",
        "any version": "takes any version of the protocol, or none",
        "errors in 200": "refuses with status 200 and an error in the body",
        "old requests": "takes requests whatever their age, and whatever key they name beside the right signature",
        "any size": "takes larger events, and channels of any name",
        "public channels": "lets anybody listen to public channels, on which the product publishes nothing",
    },
    "pushpin": {
        "no API": "has no HTTP API of this protocol: the product publishes by GRIP, and cannot ask who listens",
        "presence once": "tells who is on a presence channel once, as the product knows it, and not who comes and goes",
    },
}


@dataclass
class Engine:
    """Where an engine is, and the library's own client of it."""

    host: str
    port: int
    own: Credentials = OWN
    tls: bool = False
    name: str = "embedded"
    api_host: str = ""
    backend: Any = None
    library: Any = field(init=False)

    def __post_init__(self) -> None:
        options = {} if self.backend is None else {"backend": self.backend}
        self.library = _Library(
            self.own.app_id,
            self.own.key,
            self.own.secret,
            ssl=self.tls,
            host=self.api_host or self.host,
            port=self.port,
            **options,
        )

    def differs(self, how: str) -> bool:
        """Whether the engine is known to do otherwise; what it does instead is asserted where this is asked."""
        return how in DIFFERENCES.get(self.name, {})

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.api_host or self.host}:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"{'wss' if self.tls else 'ws'}://{self.host}:{self.port}/app/{self.own.key}?protocol=7"


class _Library(pusher.Pusher):
    """The official client, which else takes no app id but digits."""

    def __init__(self, app_id: str, key: str, secret: str, **options: Any) -> None:
        super().__init__("0", key, secret, **options)
        self._pusher_client._app_id = app_id
        _made.add(self)

    def hang_up(self) -> None:
        """Closes the connections that it keeps."""
        if session := getattr(self._pusher_client.http, "session", None):
            session.close()


_made: WeakSet[_Library] = WeakSet()


def hang_up() -> None:
    """Closes what every client of this process keeps open: a test would leave its connection to the next one."""
    for library in _made:
        library.hang_up()


def outside() -> Engine | None:
    """The engine that the environment aims the contract at."""
    told = os.environ.get
    if not told("CONTRACT_HOST"):
        return None
    own = Credentials(told("CONTRACT_APP_ID", ""), told("CONTRACT_KEY", ""), told("CONTRACT_SECRET", ""))
    tls = told("CONTRACT_TLS", "") not in ("", "0")
    port = int(told("CONTRACT_PORT") or (443 if tls else 80))
    name, api_host = told("CONTRACT_ENGINE", "hosted"), told("CONTRACT_API_HOST", "")
    return Engine(told("CONTRACT_HOST", ""), port, own, tls, name, api_host)


def soketi(told: dict[str, str]) -> Engine:
    """The engine that settings lead to."""
    own = Credentials(told["PUSHER_APP_ID"], told["PUSHER_KEY"], told["PUSHER_SECRET"])
    return Engine(told["PUSHER_HOST"], int(told["PUSHER_PORT"]), own, name="soketi")


class Proxied:
    """An ASGI site of nothing but the view behind a proxy. As far as it knows, Eve is everywhere."""

    def __init__(self) -> None:
        self.view: View | None = None
        self.left: list[tuple[str, str]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        body, more = b"", True
        while more:
            event = await receive()
            body, more = body + event["body"], event.get("more_body", False)
        if not scope["path"].startswith("/app/"):
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body"})
            return
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        assert self.view
        told, answer = self.view.answer(
            scope["path"], scope["query_string"].decode(), headers, body, self.here, self.leave
        )
        pairs = [(name.encode(), value.encode()) for name, value in told.items()]
        await send({"type": "http.response.start", "status": 200, "headers": pairs})
        await send({"type": "http.response.body", "body": answer})

    def here(self, channel: str) -> dict[str, object]:
        return {"eve": {"name": "Eve"}}

    def leave(self, channel: str, member: str) -> None:
        self.left.append((channel, member))


@contextmanager
def pushpin() -> Iterator[Engine]:
    """A real one in front of a view that remembers nothing."""
    site = Proxied()
    running = Running(site)
    with engines_outside.started(engines_outside.Pushpin(), running.port) as real:
        proxy = Proxy(real.settings["GRIP_URL"])
        site.view = View(OWN, proxy)
        hub = Hub(proxy)
        _wake(real.port, hub)
        yield Engine("127.0.0.1", real.port, name="pushpin", backend=partial(Straight, lambda: hub))
    running.stop()


def _wake(port: int, hub: Hub) -> None:
    """Until Pushpin's parts have found one another, what is published is lost, though it answers already."""
    until = time.monotonic() + 20
    with connect(f"ws://127.0.0.1:{port}/app/{OWN.key}?protocol=7") as socket:
        socket_id = json.loads(json.loads(socket.recv(10))["data"])["socket_id"]
        signed = pusher.Pusher("0", OWN.key, OWN.secret, cluster="any").authenticate("private-awake", socket_id)
        socket.send(json.dumps({"event": "pusher:subscribe", "data": {"channel": "private-awake", **signed}}))
        socket.recv(10)
        while True:
            hub.publish([Event(["private-awake"], "awake", "{}")])
            try:
                socket.recv(0.5)
                return
            except TimeoutError:
                assert time.monotonic() < until, "Pushpin delivers nothing"


class Running:
    """A uvicorn server in a thread of its own, on a free port unless one is given."""

    def __init__(self, app: Any, port: int = 0, edge: Edge | None = None) -> None:
        self.server = uvicorn.Server(configuration(app, "127.0.0.1", port, edge=edge))
        self._thread = threading.Thread(target=self.server.run, daemon=True)
        self._thread.start()
        while not self.server.started:
            assert self._thread.is_alive(), "the server did not start"
            time.sleep(0.005)  # until its thread listens
        self.port: int = self.server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> float:
        """Seconds it took to end."""
        since = time.monotonic()
        self.server.should_exit = True
        self._thread.join(10)
        assert not self._thread.is_alive(), "the server did not stop"
        return time.monotonic() - since


class Embedded(Running):
    """The embedded server alone, with whatever limits a test wants."""

    def __init__(self, port: int = 0, **options: Any) -> None:
        super().__init__(EmbeddedServer(OWN, **options), port)
        self.engine = Engine("127.0.0.1", self.port)
