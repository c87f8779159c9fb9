"""What a store of files is: the methods that every engine has, and what those of stores outside share."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import IO, NamedTuple, Protocol


class StoreError(OSError):
    """A store outside is down, slow, refuses, or is not set up; ``advice`` says what an operator does about it."""

    def __init__(self, problem: str, advice: str = "") -> None:
        super().__init__(problem)
        self.advice = advice


class Upload(NamedTuple):
    """Where a browser sends a file's bytes by PUT, and how."""

    url: str
    headers: dict[str, str]
    """Headers that the request must have, such as the media type that was signed."""
    field: str
    """Name of the form's field for a multipart body; empty where the body is the bytes."""


class Store(Protocol):
    """Bytes under keys. A key is at most 40 letters, digits and hyphens.

    Every method raises OSError where the store is full, slow, gone, refuses, or is not set up. Engines translate their
    libraries' exceptions, bound every wait, and retry once at most.
    """

    origins: tuple[str, ...]
    """Origins that pages send files to and show pictures from, for the content policy."""

    def upload(self, key: str, size: int, name: str) -> Upload:
        """Signs a request by which a browser stores ``size`` bytes under a key. It is valid for ALLOWED_FOR seconds.
        ``name`` is for display only."""

    def write(self, key: str, content: IO[bytes], size: int, kind: str, save_as: str | None = None) -> int:
        """Stores a stream's bytes of a media type under a key, whole or not at all, to be shown in place or saved under
        a name. Reads one byte more than ``size`` at most, and returns how many bytes there were: if that is not
        ``size``, nothing is stored."""

    def open(self, key: str, limit: int) -> IO[bytes]:
        """Opens the bytes under a key, seekable; the caller closes them. A store outside is read up to ``limit`` bytes
        and one byte more, to detect a file that is too long. Raises FileNotFoundError."""

    def address(self, key: str, kind: str, save_as: str | None) -> str | None:
        """Signs an address at which a browser gets the bytes as this media type, valid for SIGNED_FOR seconds: shown
        in place, or saved under a name. None where the application sends the bytes itself."""

    def delete(self, key: str) -> None:
        """Deletes the bytes under a key, if there are any."""

    def check(self) -> None:
        """Stores a few bytes and deletes them. What is raised says what to do about it."""


# Seconds in which an upload that was allowed has to begin.
ALLOWED_FOR = 3_600
# Seconds for which the address of a file in a store outside is valid, also for a member who is removed meanwhile.
SIGNED_FOR = 300
# Bytes that are read and written at once, and bytes of a file that are held in memory.
PIECE, IN_MEMORY = 256 * 1024, 1_000_000
# What arrived and is not checked yet has keys that begin so, for a rule of the store that deletes what is left there.
WAITING = "new-"
# Media type of what was not looked at.
OCTETS = "application/octet-stream"


class Timeouts(NamedTuple):
    """Seconds that a store may take: to be connected to, to send or take the next bytes, and to send a whole file; and
    how often it is asked where it fails."""

    connect: float = 3
    read: float = 10
    whole: float = 20
    tries: int = 2


TIMEOUTS = Timeouts()


def copied(content: IO[bytes], into: IO[bytes], limit: int) -> int:
    """Copies at most ``limit`` bytes and one more, and returns how many."""
    count = 0
    while count <= limit and (piece := content.read(min(PIECE, limit + 1 - count))):
        into.write(piece)
        count += len(piece)
    return count


def spooled(pieces: Iterator[bytes], limit: int) -> IO[bytes]:
    """Copies what a store sends to a temporary file, at its beginning: ``limit`` bytes and one more at most."""
    with ExitStack() as stack:
        spool = stack.enter_context(SpooledTemporaryFile(max_size=IN_MEMORY))
        for piece in pieces:
            spool.write(piece[: limit + 1 - spool.tell()])
            if spool.tell() > limit:
                break
        spool.seek(0)
        stack.pop_all()
        return spool


def in_time(pieces: Iterator[bytes], within: float) -> Iterator[bytes]:
    """Yields the pieces of a file that is sent. Raises StoreError after ``within`` seconds."""
    ends = time.monotonic() + within
    for piece in pieces:
        if time.monotonic() > ends:
            raise StoreError("the store takes too long for a file", "Check the network.")
        yield piece
