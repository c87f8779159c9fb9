"""HTTP connections with limits, as uvicorn's own protocol has none.

Too long an address or head is answered with 414 or 431, too slow a request with 408, too much from one network with
429. A body beyond the pages' limit is left to the pages, which refuse it (413) with a page that people can read.
"""

from enum import Enum, auto
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from poker_app.edge.limits import NETWORK, ON_DISK, Edge

# A chunk from the network may hold the end of one request and the beginning of the next; what is counted is exact to
# as many bytes.
PIECE = 16 * 1024

LINE_TOO_LONG = 414, "This address is too long."
HEAD_TOO_LARGE = 431, "This request has more headers than are read here."
TOO_SLOW = 408, "The request took too long to arrive."
TOO_MUCH = 429, "Too many requests from your network. Try again in a moment."
MALFORMED = 400, "This is not an HTTP request."


class Phase(Enum):
    """The part of a request that is read next."""

    IDLE = auto()
    HEAD = auto()
    BODY = auto()


class HttpConnection(HttpToolsProtocol):
    """One connection. A single timer checks all its deadlines, so that a request costs none."""

    def __init__(self, *args: Any, edge: Edge, **options: Any) -> None:
        super().__init__(*args, **options)
        self._edge, self._limits = edge, edge.limits
        self._phase, self._since, self._head = Phase.HEAD, self.loop.time(), 0
        self._network = ""
        self._counted = self._refused = self._last = self._upgraded = False
        # Bytes counted for the network: of requests that are not answered, and of an answer that is not read.
        self._received = self._unread = self._drained = self._written = 0
        self._stuck_since: float | None = None
        self._refusal = MALFORMED
        self._timer: Any = None
        self._answering: RequestResponseCycle | None = None

    # --- from beginning to end

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._network = self._edge.network(self.client, [])
        if len(self.connections) > self._limits.connections:
            transport.abort()
        elif not self._edge.proxied and not self._count(self._network):
            self._refuse(*TOO_MUCH)
        self._look_later()

    def _count(self, network: str) -> bool:
        """Counts the connection for this network alone, if the network may have one more. Returns whether it is
        counted."""
        if self._counted and network == self._network:
            return True
        self._uncount()
        self._network = network
        self._counted = self._edge.connect(network)
        return self._counted

    def _uncount(self) -> None:
        self._edge.release(self._network, self._received + self._unread)
        self._received = self._unread = 0
        if self._counted:
            self._counted = False
            self._edge.disconnect(self._network)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        super().connection_lost(exc)
        if self._answering is not None and not self._answering.response_complete:
            # uvicorn tells only the request that came last.
            _give_up(self._answering)

    def handle_websocket_upgrade(self) -> None:
        # The socket is counted by its hub from now on.
        self._upgraded = True
        self._end()
        super().handle_websocket_upgrade()

    def _end(self) -> None:
        self._uncount()
        if self._timer is not None:
            self._timer.cancel()

    # --- reading

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        for start in range(0, len(data), PIECE):
            piece = data if len(data) <= PIECE else data[start : start + PIECE]
            if self._admits(len(piece)):
                self._parse(piece)
            if self._upgraded or self.transport.is_closing():
                return

    def _admits(self, size: int) -> bool:
        """Counts received bytes, and refuses those beyond a limit. Returns whether to parse them."""
        if self._refused or self._last or (self._phase is Phase.BODY and not self._awaited()):
            self._drained += size
            if self._drained > self._limits.drained:
                self.transport.abort()
            return not self._refused and not self._last
        if self._phase is Phase.IDLE:
            self._begin_head()
        if self._phase is Phase.HEAD:
            self._head += size
            if self._head > self._limits.head + PIECE:
                self._refuse(*HEAD_TOO_LARGE)
                return False
        if not self._edge.hold(self._network, size):
            self._refuse(*TOO_MUCH)
            return False
        self._received += size
        return True

    def _begin_head(self) -> None:
        self._phase, self._since, self._head = Phase.HEAD, self.loop.time(), 0

    def _parse(self, piece: bytes) -> None:
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserError:
            self._refuse(*self._refusal)
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                self.handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._begin_head()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > self._limits.request_line:
            raise self._stop(LINE_TOO_LONG)

    def on_headers_complete(self) -> None:
        limits = self._limits
        if len(self.headers) > limits.headers or sum(len(n) + len(v) + 4 for n, v in self.headers) > limits.head:
            raise self._stop(HEAD_TOO_LARGE)
        if self.parser.should_upgrade() and max(len(n) + len(v) for n, v in self.headers) > limits.handshake_line:
            raise self._stop(HEAD_TOO_LARGE)
        if len(self.pipeline) >= limits.pipelined:
            raise self._stop(TOO_MUCH)
        if self._edge.proxied and not self._count(self._edge.network(self.client, self.headers)):
            raise self._stop(TOO_MUCH)
        self.scope["state"] |= {NETWORK: self._network, ON_DISK: self._on_disk}
        super().on_headers_complete()
        self._phase, self._since = Phase.BODY, self.loop.time()

    def _on_disk(self, size: int) -> None:
        """Takes ``size`` bytes of the body, which were moved from memory to disk, off the network's count. Restarts the
        body's deadline after each ``body_piece`` bytes."""
        size = min(size, self._received)
        self._edge.release(self._network, size)
        self._received -= size
        self._written += size
        if self._written >= self._limits.body_piece:
            self._written, self._since = 0, self.loop.time()

    def _stop(self, refusal: tuple[int, str]) -> Exception:
        """Stores a refusal, and returns the exception that a callback raises to end the parser; ``_parse`` then reads
        the refusal."""
        self._refusal = refusal
        return ValueError(refusal[1])

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._phase = Phase.IDLE

    # --- answering

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        self._edge.release(self._network, self._received)
        self._received = 0
        if self._last and not self.transport.is_closing():
            self.transport.close()
        super().on_response_complete()
        if self.pipeline:
            # The others are answered first.
            self.flow.pause_reading()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stuck_since = self.loop.time()
        waiting = self.transport.get_write_buffer_size()
        if self._edge.hold(self._network, waiting):
            self._unread += waiting
        else:
            self.transport.abort()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stuck_since = None
        self._edge.release(self._network, self._unread)
        self._unread = 0

    def _awaited(self) -> bool:
        """Whether the latest request still waits for its answer."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _refuse(self, status: int, sentence: str) -> None:
        """Sends a refusal and closes the connection. Where another answer is under way, closes after that one without
        sending any."""
        if self._awaited():
            cycle = self.cycle
            if self.pipeline or cycle.response_started or self._phase is not Phase.BODY:
                self.pipeline.clear()
                self._last = True
                return
            _give_up(cycle)
        self._refused = True
        text = sentence.encode()
        about = b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(
            text
        )
        self.transport.write(STATUS_LINE[status] + about + text)
        # With more of the request on its way, closing at once would take the answer from the client as well.
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(self._limits.linger, self.transport.abort)

    # --- deadlines

    def _look_later(self) -> None:
        limits = self._limits
        shortest = min(limits.head_deadline, limits.body_deadline, limits.answer_deadline)
        self._timer = self.loop.call_later(shortest / 4, self._look)

    def _look(self) -> None:
        self._look_later()
        now, limits, late = self.loop.time(), self._limits, self.loop.time() - self._since
        if self.transport.is_closing() and self._stuck_since is None:
            self._stuck_since = now
        if self._stuck_since is not None and now - self._stuck_since > limits.answer_deadline:
            self.transport.abort()
        elif self._refused or self._last or self.transport.is_closing():
            pass
        elif self._phase is Phase.HEAD and late > limits.head_deadline:
            self._refuse(*TOO_SLOW) if self._received else self.transport.close()
        elif self._phase is Phase.BODY and late > limits.body_deadline:
            self._refuse(*TOO_SLOW) if self._awaited() else self.transport.close()


def _give_up(cycle: RequestResponseCycle) -> None:
    """Ends a request: stops waiting for the rest of its body, and drops its answer."""
    cycle.disconnected = True
    cycle.message_event.set()
