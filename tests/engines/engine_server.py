"""An engine to test: the embedded server in a thread, or the address of any other."""

import os
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import pusher
import uvicorn

from poker_app.realtime.engines.embedded.app import EmbeddedServer
from poker_app.realtime.engines.presets import Credentials
from poker_app.serve import configuration

OWN = Credentials("4711", "test-key", "test-secret")


@dataclass
class Engine:
    """Where an engine is, and the library's own client of it."""

    host: str
    port: int
    own: Credentials = OWN
    tls: bool = False
    library: Any = field(init=False)

    def __post_init__(self) -> None:
        self.library = pusher.Pusher(
            self.own.app_id, self.own.key, self.own.secret, ssl=self.tls, host=self.host, port=self.port
        )

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"{'wss' if self.tls else 'ws'}://{self.host}:{self.port}/app/{self.own.key}?protocol=7"


def outside() -> Engine | None:
    """The engine that the environment aims the contract at."""
    told = os.environ.get
    if not told("CONTRACT_HOST"):
        return None
    own = Credentials(told("CONTRACT_APP_ID", ""), told("CONTRACT_KEY", ""), told("CONTRACT_SECRET", ""))
    tls = told("CONTRACT_TLS", "") not in ("", "0")
    return Engine(told("CONTRACT_HOST", ""), int(told("CONTRACT_PORT", "443" if tls else "80")), own, tls)


class Running:
    """A uvicorn server in a thread of its own, on a free port unless one is given."""

    def __init__(self, app: Any, port: int = 0) -> None:
        self.server = uvicorn.Server(configuration(app, "127.0.0.1", port))
        self._thread = threading.Thread(target=self.server.run, daemon=True)
        self._thread.start()
        while not self.server.started:
            assert self._thread.is_alive(), "the server did not start"
            time.sleep(0.005)
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
