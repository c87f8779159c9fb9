"""The ASGI application: sockets under ``/app/``, the HTTP API under ``/apps/``.

To be served in one process, by a server that lends the sockets' transports (``sockets.TRANSPORT``).
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from poker_app.realtime.engines.embedded import http, running_hub, sockets
from poker_app.realtime.engines.embedded.hub import Hub
from poker_app.realtime.engines.embedded.protocol import Limits
from poker_app.realtime.engines.embedded.webhooks import Deliver, Webhooks
from poker_app.realtime.engines.endpoints import Credentials


class EmbeddedServer:
    """One app's server. While it is ``open``, publishing in this process reaches its hub."""

    def __init__(
        self, own: Credentials, deliver: Deliver | None = None, limits: Limits | None = None, hold: float = 3.0
    ) -> None:
        self._own = own
        self._webhooks = Webhooks(own, deliver, hold) if deliver is not None else None
        self._hub = Hub(limits or Limits(), self._webhooks)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Runs the hub and its webhooks. To be entered on the event loop, before the first connection."""
        tasks = [asyncio.ensure_future(self._hub.run())]
        if self._webhooks is not None:
            tasks.append(asyncio.ensure_future(self._webhooks.run()))
        running_hub.set_hub(self._hub)
        try:
            yield
        finally:
            running_hub.set_hub(None)
            for task in tasks:
                task.cancel()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        match scope["type"]:
            case "websocket":
                await sockets.converse(self._hub, self._own, scope, receive, send)
            case "http":
                await http.answer(self._hub, self._own, scope, receive, send)
            case "lifespan":
                await receive()
                with self.open():
                    await send({"type": "lifespan.startup.complete"})
                    await receive()
                await send({"type": "lifespan.shutdown.complete"})
