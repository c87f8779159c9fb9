"""One socket of the hub: its channels, its user, and its transport."""

from typing import Protocol

from poker_app.realtime.engines.embedded.protocol import new_socket_id


class Transport(Protocol):
    """The part of an asyncio transport that a connection needs."""

    def write(self, data: bytes) -> None: ...
    def get_write_buffer_size(self) -> int: ...
    def is_closing(self) -> bool: ...
    def abort(self) -> None: ...


class Closer(Protocol):
    """Closes a socket with a code and a reason. May wait for a slow reader, and raises OSError for one that is gone."""

    async def __call__(self, code: int, reason: str) -> None: ...


class Connection:
    """One socket. Its queue is the transport's own write buffer, so a waiting event costs a pointer."""

    __slots__ = ("channels", "close", "dropped", "heard", "id", "lent_to", "pinged", "transport", "user_id")

    def __init__(self, transport: Transport, close: Closer, now: float) -> None:
        self.id = new_socket_id()
        self.transport, self.close = transport, close
        self.channels: set[str] = set()
        self.user_id: str | None = None
        # Users who were authorized on this socket: ending their connections closes it, whatever it signed in as.
        self.lent_to: set[str] = set()
        self.heard, self.pinged, self.dropped = now, False, False
