"""HTTP/1.1 and WebSocket as browsers speak them, with as little work as will do: the client must not be slow."""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple, cast
from urllib.parse import urlencode

_COOKIE = re.compile(rb"\r\nset-cookie: ([^=;\r]+)=([^;\r]*)", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)

_CLOSING = b"\r\nconnection: close"

# What a browser sends along; reading it is a part of the server's work.
_USUAL = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 "
    "Safari/537.36\r\n"
    "Accept: */*\r\nAccept-Language: en-GB,en;q=0.9\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
    "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n"
)


class Answer(NamedTuple):
    status: int
    text: str


class Browser:
    """A cookie jar and one kept-alive connection, one request at a time."""

    def __init__(self, port: int, cookies: dict[str, str], network: str = "127.0.0.1") -> None:
        """``network``: the address of this machine that it comes from."""
        self._port, self._cookies, self._network = port, cookies, network
        self._connection: _Connection | None = None
        self._turn = asyncio.Lock()
        self.sent = 0.0
        """The time at which the last request was written."""

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return await self._ask("GET", path, headers or {}, b"")

    async def post(self, path: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        typed = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{self._port}"}
        return await self._ask("POST", path, {**typed, **headers}, urlencode(form).encode())

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        length = f"Content-Length: {len(body)}\r\n" if method == "POST" else ""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nConnection: keep-alive\r\n"
            f"{_USUAL}{lines}{length}Cookie: {cookies}\r\n\r\n"
        )
        async with self._turn:
            answer_head, content = await self._send(head.encode() + body)
        self._cookies.update((name.decode(), value.decode()) for name, value in _COOKIE.findall(answer_head))
        return Answer(int(answer_head[9:12]), content.decode())

    async def _send(self, request: bytes) -> tuple[bytes, bytes]:
        loop = asyncio.get_running_loop()
        kept = self._connection is not None
        if self._connection is None or self._connection.closed:
            _, self._connection = await loop.create_connection(
                _Connection, "127.0.0.1", self._port, local_addr=(self._network, 0)
            )
        self.sent = time.perf_counter()
        try:
            return await self._connection.send(request)
        except ConnectionError:
            if not kept:
                raise
            # The server closes what was idle for a while; a request that crosses that is sent again.
            self._connection = None
            return await self._send(request)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.transport.close()


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self.closed = False
        self._received = bytearray()
        self._end = 0  # where the answer ends, once its head is here
        self._body = 0
        self._answer: asyncio.Future[tuple[bytes, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, _problem: Exception | None) -> None:
        self.closed = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError())

    async def send(self, request: bytes) -> tuple[bytes, bytes]:
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._end:
            head = self._received.find(b"\r\n\r\n")
            if head < 0:
                return
            self._body = head + 4
            length = _LENGTH.search(self._received, 0, self._body)
            self._end = self._body + (int(length[1]) if length else 0)
        if len(self._received) >= self._end and self._answer is not None:
            answer = bytes(self._received[: self._body]), bytes(self._received[self._body : self._end])
            self.closed = _CLOSING in answer[0].lower()
            del self._received[: self._end]
            self._end = 0
            if not self._answer.done():
                self._answer.set_result(answer)


class Socket(asyncio.Protocol):
    """A WebSocket that hands every text message to ``hear``."""

    def __init__(self, hear: Callable[[bytes], None]) -> None:
        self._hear = hear
        self._received = b""
        self._open = asyncio.get_running_loop().create_future()

    @classmethod
    async def to(cls, port: int, path: str, hear: Callable[[bytes], None], network: str = "127.0.0.1") -> "Socket":
        _, made = await asyncio.get_running_loop().create_connection(
            lambda: cls(hear), "127.0.0.1", port, local_addr=(network, 0)
        )
        made._transport.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        await made._open
        return made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, _problem: Exception | None) -> None:
        if not self._open.done():
            self._open.set_exception(ConnectionResetError("The server refused a socket."))

    def send(self, text: bytes) -> None:
        # A mask of zeroes leaves the text as it is.
        length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2)
        self._transport.write(b"\x81" + length + b"\0\0\0\0" + text)

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        data = self._received + data if self._received else data
        if not self._open.done():
            head = data.find(b"\r\n\r\n")
            if head < 0:
                self._received = data
                return
            if not data.startswith(b"HTTP/1.1 101"):
                self._transport.close()
                return
            self._open.set_result(None)
            data = data[head + 4 :]
        at, end = 0, len(data)
        while end - at >= 2:
            size, start = data[at + 1], at + 2
            if size == 126:
                size, start = int.from_bytes(data[at + 2 : at + 4]), at + 4
            elif size == 127:
                size, start = int.from_bytes(data[at + 2 : at + 10]), at + 10
            if start + size > end:
                break
            if data[at] == 0x81:
                self._hear(data[start : start + size])
            elif data[at] == 0x88:
                print("A socket was closed:", data[start + 2 : start + size].decode(), flush=True)
            at = start + size
        self._received = data[at:]
