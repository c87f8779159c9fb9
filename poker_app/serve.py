"""The embedded server: one process, one port, pages and realtime. ``python -m poker_app.serve``."""

import argparse
import gc
import resource
import socket
import sys
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

import uvicorn

import poker_app
from poker_app import schema
from poker_app.edge.http import HttpConnection
from poker_app.edge.limits import Edge, limits_for
from poker_app.edge.websockets import SocketConnection
from poker_app.poker.publishing.publisher_thread import Publisher
from poker_app.poker.trackers import background
from poker_app.realtime.engines.embedded.app import EmbeddedServer
from poker_app.realtime.engines.endpoints import credentials
from poker_app.settings import Settings
from poker_app.web.http import uploads
from poker_app.webhooks import background as webhooks_background
from poker_app.wsgi_bridge import Bridge

THREADS = 32  # for pages; votes that wait together share their statements and the wait for the disk
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 (compared with, not bound to)
NEW_OBJECTS = 20_000  # between two collections; CPython's own 700 is for programs with less memory to spare
MAX_FILES = 12_000  # open at once
LONGEST_GOODBYE = 3  # seconds for requests under way when the server is stopped


def main() -> None:
    """Serves until interrupted; the settings say where."""
    parser = argparse.ArgumentParser(prog="python -m poker_app.serve", description=__doc__)
    parser.add_argument("--workers", type=int, help="only 1: realtime lives in this process")
    parser.add_argument("--migrate", action="store_true", help="bring the database to the newest schema first")
    arguments = parser.parse_args()
    settings = Settings()
    site = Site(settings)
    if arguments.migrate:
        site.migrate()
    edge = Edge(limits_for(_allow_many_files()), settings.proxies)
    config = configuration(site, settings.host, settings.port, arguments.workers, edge=edge)
    if config.workers != 1:
        sys.exit(
            "The embedded server runs as one process, because every browser's socket has to be in it: "
            "leave out --workers and WEB_CONCURRENCY, or set REALTIME to an engine outside and serve wsgi:app."
        )
    _collect_rarely()
    with suppress(KeyboardInterrupt):
        Server(config).run()


def _allow_many_files() -> int:
    """Raises the process's limit of open files, connections among them, as far as it may. Returns the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def _collect_rarely() -> None:
    """Freezes the objects that are loaded by now, so that the garbage collector skips them, and lets it run more
    rarely: a request leaves few reference cycles. Measured in docs/decisions/publisher-pauses.md."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])


def configuration(
    app: Any, host: str, port: int, workers: int | None = None, *, edge: Edge | None = None
) -> uvicorn.Config:
    """uvicorn's configuration for an application with the embedded server in it."""
    edge = edge or Edge()
    http: Any = partial(HttpConnection, edge=edge)
    ws: Any = partial(SocketConnection, edge=edge)
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        workers=workers,
        loop="uvloop",
        http=http,
        ws=ws,
        ws_per_message_deflate=False,
        ws_max_size=32 * 1024,
        ws_ping_interval=None,  # the protocol above has its own
        interface="asgi3",
        lifespan="on",
        proxy_headers=False,  # whom to trust is for the pages to know
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=LONGEST_GOODBYE,
    )


class Server(uvicorn.Server):
    """uvicorn's server, which prints its address once it is ready."""

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        host, port = self.config.host, self.servers[0].sockets[0].getsockname()[1]
        if host in EVERYWHERE:
            host = _own_address()
        shown = f"[{host}]" if ":" in host else host
        print(f"Faceup listens on http://{shown}:{port} (Ctrl-C ends it)", flush=True)


def _own_address() -> str:
    """This machine's address on the local network: that of its way out. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way_out:
        try:
            way_out.connect(("192.0.2.1", 9))  # an address for documentation, which nobody has
        except OSError:
            return "127.0.0.1"
        return str(way_out.getsockname()[0])


class Site:
    """The ASGI application: sockets and the realtime API to the embedded server, everything else to Flask."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._flask = poker_app.create_app(settings)
        self._pages = Bridge(self._flask, THREADS, uploads.longest_upload)
        self._realtime = None
        if settings.realtime == "embedded":
            self._realtime = EmbeddedServer(credentials(settings), self._deliver)

    def migrate(self) -> None:
        """Brings the database to the newest schema."""
        with self._flask.app_context():
            schema.upgrade()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._realtime is not None and (
            scope["type"] == "websocket" or scope["path"].startswith(("/app/", "/apps/"))
        ):
            await self._realtime(scope, receive, send)
        else:
            await self._pages(scope, receive, send)

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        with ExitStack() as stack:
            # To the end there are webhooks to be answered.
            stack.enter_context(self._pages.at_work())
            if self._realtime is not None:
                stack.enter_context(self._realtime.open())
                stack.enter_context(Publisher(self._flask.app_context, self._pages.quiet.wait).at_work())
            stack.enter_context(background.Worker(self._flask.app_context).at_work())
            stack.enter_context(webhooks_background.Worker(self._flask.app_context).at_work())
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _deliver(self, headers: dict[str, str], body: bytes) -> None:
        """Sends a webhook as the request that any other engine would send. Raises OSError unless it is answered with
        2xx."""
        status = 0

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": body}

        async def send(message: dict[str, Any]) -> None:
            nonlocal status
            status = message.get("status", status)

        hosts = self._settings.trusted_hosts or ["localhost"]
        sent = {"Host": hosts[0].lstrip("."), "Content-Length": str(len(body)), **headers}
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/realtime/webhooks",
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
            "client": ("127.0.0.1", 0),
            "server": (self._settings.host, self._settings.port),
        }
        await self._pages(scope, receive, send)
        if not 200 <= status < 300:
            raise OSError(f"the webhook was answered with {status}")


if __name__ == "__main__":
    main()
