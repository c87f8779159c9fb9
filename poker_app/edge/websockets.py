"""WebSockets with limits: uvicorn's ``websockets-sansio``, lending each socket's transport to the application.

Traffic is counted before it is known which member the socket belongs to: bytes, frames of every kind, and unread
answers to pings. Past a limit the socket is closed with 4303.
"""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from poker_app.edge.limits import Bucket, Edge
from poker_app.realtime.engines.embedded.protocol import Code
from poker_app.realtime.engines.embedded.sockets import TRANSPORT

# The smallest frame of a client has six bytes: as many as are parsed before they are counted.
PIECE = 1024


class SocketConnection(WebSocketsSansIOProtocol):
    def __init__(self, *args: Any, edge: Edge, **options: Any) -> None:
        super().__init__(*args, **options)
        self._edge, self._limits = edge, edge.limits
        self._bytes = Bucket(edge.limits.frame_bytes, edge.limits.frame_bytes_at_once, self.loop.time)
        self._frames = Bucket(edge.limits.frames, edge.limits.frames_at_once, self.loop.time)
        self._refused, self._drained = False, 0
        self._network: str | None = None

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.handshake_complete:
            return  # refused
        self._network = self._edge.network(self.client, self.scope["headers"])
        more = self._edge.open_socket(self._network)
        self.scope["extensions"][TRANSPORT] = {"transport": self.transport, "crowded": more > 0}
        if more > self._limits.sockets_refused:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._network is not None:
            self._edge.close_socket(self._network)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self.handshake_initiated:
            super().data_received(data)
            if not self.handshake_initiated:
                # The library found something wrong with the handshake, and waits for its end.
                self.transport.abort()
            return
        for start in range(0, len(data), PIECE):
            if not self._refused:
                self._count_bytes(data[start : start + PIECE])
            if self._refused:
                self._drain(min(PIECE, len(data) - start))
            if self.transport.is_closing():
                return

    def _count_bytes(self, piece: bytes) -> None:
        if not self._bytes.take(len(piece)):
            self._refuse()
            return
        self.conn.receive_data(piece)
        if not self._frames.take(len(self.conn.events)):
            self._refuse()
        elif self.conn.parser_exc is not None:
            self.handle_parser_exception()
        else:
            self.handle_events()

    def handle_ping(self) -> None:
        super().handle_ping()
        if self.transport.get_write_buffer_size() > self._limits.pongs:
            self.transport.abort()

    async def send(self, message: Any) -> None:
        await super().send(message)
        if self.close_timer is not None:
            self._end_soon(self._limits.goodbye)

    def _refuse(self) -> None:
        """Closes the socket because of too many messages, and ends the connection soon, whether that is read or not."""
        self._refused = True
        if self.close_sent:
            self.transport.abort()
            return
        code, reason = Code.TOO_MUCH, "Too many messages"
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self._end_soon(self._limits.linger)

    def _end_soon(self, seconds: float) -> None:
        """Ends the connection after a deadline. Closing at once would take the goodbye from a client that is still
        sending; without a deadline the server would wait for a client that does not read."""
        if self.close_timer is not None:
            self.close_timer.cancel()
        self.close_timer = self.loop.call_later(seconds, self.transport.abort)

    def _drain(self, size: int) -> None:
        self._drained += size
        if self._drained > self._limits.drained:
            self.transport.abort()
