"""The limits at the edge, and counts of what each network uses of them.

A network is one IPv4 address or one IPv6 /64. An office of 200 people behind one address needs a socket each, and at
most six connections for the moment of loading a page; one thousand of each leaves room for it. A /56 may use twice as
much and a /48 four times, as far as a quarter of the connections and half of the bytes reach.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from poker_app.rules.networks import networks_of

MIB = 1024 * 1024
# The key of a request's network in the `state` of its ASGI scope.
NETWORK = "network"
# The key of what says there that bytes of its body went on to a disk.
ON_DISK = "on_disk"
SPARE_FILES = 200  # for the database, the log and what else is no connection


@dataclass(frozen=True)
class EdgeLimits:
    """Sizes in bytes, times in seconds, rates a second."""

    request_line: int = 16 * 1024
    head: int = 64 * 1024
    headers: int = 200
    # A line of a socket's handshake, which the library behind it takes no longer.
    handshake_line: int = 8 * 1024
    pipelined: int = 16

    connections: int = 8_000
    connections_a_network: int = 1_000
    sockets_a_network: int = 1_000
    # Beyond those as many are told why they are closed.
    sockets_refused: int = 100
    # Requests that are not whole yet, and answers that are not read yet. A process takes 110 MB without them.
    held: int = 96 * MIB
    held_a_network: int = 24 * MIB
    # Bytes of an answered request that are read and dropped, so that the client gets to see the answer.
    drained: int = 2 * MIB

    head_deadline: float = 10.0
    body_deadline: float = 60.0
    # A body that goes on to a disk has the same time for each so many bytes.
    body_piece: int = 256 * 1024
    answer_deadline: float = 60.0
    # How long a refusal may take to be read, and a socket's goodbye to be answered.
    linger: float = 1.0
    goodbye: float = 5.0

    # A page says five things when it opens and one every two minutes.
    frames: float = 10.0
    frames_at_once: int = 120
    frame_bytes: float = 16 * 1024
    frame_bytes_at_once: int = 64 * 1024
    # Answers to pings that may wait for a socket to read them.
    pongs: int = 64 * 1024


def limits_for(files: int) -> EdgeLimits:
    """Limits of a process that may have that many open files. No network gets more than half of the connections."""
    connections = files - SPARE_FILES
    each = min(EdgeLimits.connections_a_network, connections // 4)
    return EdgeLimits(connections=connections, connections_a_network=each, sockets_a_network=each)


class Bucket:
    """A token bucket: holds ``burst`` and fills by ``rate`` a second."""

    __slots__ = ("_at", "_burst", "_clock", "_left", "_rate")

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._left, self._at = float(burst), clock()

    def take(self, amount: float) -> bool:
        """Takes an amount and returns True if the bucket holds that much; else takes nothing."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if amount > self._left:
            return False
        self._left -= amount
        return True


class Share:
    """Counts of what one network uses now: connections, sockets, and bytes held in memory."""

    __slots__ = ("connections", "held", "sockets")

    def __init__(self) -> None:
        self.connections = self.sockets = self.held = 0


class Edge:
    """The limits of one server, and the counts of each network. Used on the event loop only."""

    def __init__(self, limits: EdgeLimits | None = None, proxies: int = 0) -> None:
        """``proxies``: how many trusted proxies in front add to ``X-Forwarded-For``."""
        self.limits = limits or EdgeLimits()
        self._proxies = proxies
        self._shares: dict[str, Share] = {}
        self._held = 0

    @property
    def proxied(self) -> bool:
        """Whether connections come from a proxy, so that only a request's headers tell the client's network."""
        return self._proxies > 0

    def network(self, client: tuple[str, int] | None, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """The network that a request comes from: the client's, or the one that the outermost trusted proxy names."""
        peer = client[0] if client else ""
        if self._proxies:
            told = b",".join(value for name, value in headers if name == b"x-forwarded-for").decode("latin-1")
            hops = [hop.strip() for hop in told.split(",")]
            if len(hops) >= self._proxies and hops[-self._proxies]:
                peer = hops[-self._proxies]
        return networks_of(peer)[0][0]

    def connect(self, network: str) -> bool:
        """Counts one more connection of the network until ``disconnect``, if it may have one. Returns whether it was
        counted."""
        limits, steps = self.limits, self._steps(network)
        each, wide = limits.connections_a_network, limits.connections // 4
        if any(share.connections >= _most(each, times, wide) for share, times in steps):
            self._forget(network)
            return False
        for share, _ in steps:
            share.connections += 1
        return True

    def disconnect(self, network: str) -> None:
        for share, _ in self._steps(network):
            share.connections -= 1
        self._forget(network)

    def open_socket(self, network: str) -> int:
        """Counts one more socket of the network until ``close_socket``. Returns how many sockets the network has beyond
        its share with this one; 0 or less where there is room for it."""
        steps, wide = self._steps(network), self.limits.connections // 4
        for share, _ in steps:
            share.sockets += 1
        each = self.limits.sockets_a_network
        return max(share.sockets - _most(each, times, wide) for share, times in steps)

    def close_socket(self, network: str) -> None:
        for share, _ in self._steps(network):
            share.sockets -= 1
        self._forget(network)

    def hold(self, network: str, size: int) -> bool:
        """Counts bytes held for the network until ``release``, if there is room for them. Returns whether they were
        counted."""
        limits, steps = self.limits, self._steps(network)
        each, wide = limits.held_a_network, limits.held // 2
        if self._held + size > limits.held or any(
            share.held + size > _most(each, times, wide) for share, times in steps
        ):
            self._forget(network)
            return False
        for share, _ in steps:
            share.held += size
        self._held += size
        return True

    def release(self, network: str, size: int) -> None:
        if size:
            for share, _ in self._steps(network):
                share.held -= size
            self._held -= size
            self._forget(network)

    def _steps(self, network: str) -> list[tuple[Share, int]]:
        """Counts of the network and of each wider network that holds it, each with the factor by which its limit is
        multiplied."""
        return [(self._shares.setdefault(name, Share()), times) for name, times in _wider(network)]

    def _forget(self, network: str) -> None:
        for name, _ in _wider(network):
            share = self._shares.get(name)
            if share and not (share.connections or share.sockets or share.held):
                del self._shares[name]


@lru_cache(maxsize=4096)
def _wider(network: str) -> tuple[tuple[str, int], ...]:
    return tuple(networks_of(network.partition("/")[0]))


def _most(each: int, times: int, wide: int) -> int:
    """The limit of a wider network (/56, /48): ``times`` that of a /64, which is ``each``, and at most ``wide``, so
    that something is left for the others."""
    return max(each, min(times * each, wide))


def as_table() -> str:
    """The limits as ``docs/operating.md`` shows them."""
    limits = EdgeLimits()
    rows = [
        ("the request line", _size(limits.request_line), "414"),
        ("all headers of a request, the request line among them", _size(limits.head), "431"),
        ("how many headers", f"{limits.headers}", "431"),
        ("requests sent before the first is answered", f"{limits.pipelined}", "the connection ends after that answer"),
        ("connections of a network", f"{limits.connections_a_network:,}", "429"),
        ("sockets of a network", f"{limits.sockets_a_network:,}", "close code 4004"),
        ("what is half sent or not read, of a network", _size(limits.held_a_network), "429, or the connection ends"),
        ("the same of all networks", _size(limits.held), "429, or the connection ends"),
        ("until the headers are whole", _seconds(limits.head_deadline), "408"),
        (f"until the body is whole; of a file each {_size(limits.body_piece)}", _seconds(limits.body_deadline), "408"),
        ("until an answer is read", _seconds(limits.answer_deadline), "the connection ends"),
        (
            "messages, pings and pieces of messages on a socket",
            f"{limits.frames:.0f} a second, {limits.frames_at_once} at once",
            "close code 4303",
        ),
        (
            "bytes on a socket",
            f"{_size(limits.frame_bytes)} a second, {_size(limits.frame_bytes_at_once)} at once",
            "close code 4303",
        ),
        ("answers to pings that a socket does not read", _size(limits.pongs), "the connection ends"),
    ]
    lines = ["| what | at most | beyond it |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {what} | {most} | {answer} |" for what, most, answer in rows)])


def _size(count: float) -> str:
    return f"{count / MIB:.0f} MiB" if count >= MIB else f"{count / 1024:.0f} KiB"


def _seconds(count: float) -> str:
    return f"{count:.0f} seconds"
