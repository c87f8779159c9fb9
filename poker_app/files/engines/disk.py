"""Files in a folder of this machine: ``instance/files``, or the folder that ``FILES_FOLDER`` names."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

# Bytes that are read and written at once.
PIECE = 256 * 1024


class Disk:
    """The store ``disk``. Every method raises OSError where the disk is full, read-only or gone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, key: str, content: IO[bytes], size: int) -> int:
        """Stores a stream's bytes under a key, whole or not at all. Reads one byte more than ``size`` at most, and
        returns how many bytes there were: if that is not ``size``, nothing is stored."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        with _draft(path) as draft:
            count = 0
            while count <= size and (piece := content.read(min(PIECE, size + 1 - count))):
                draft.write(piece)
                count += len(piece)
            if count == size:
                draft.flush()
                os.fsync(draft.fileno())
                os.replace(draft.name, path)
        return count

    def move(self, key: str, to: str) -> None:
        """Move what is under a key, in the place of what is under the other. Raises FileNotFoundError."""
        path = self._path(to)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(self._path(key), path)

    def open(self, key: str) -> IO[bytes]:
        """Opens the bytes under a key; the caller closes them. Raises FileNotFoundError."""
        return self._path(key).open("rb")

    def delete(self, key: str) -> None:
        """Deletes the bytes under a key, if there are any."""
        self._path(key).unlink(missing_ok=True)

    def check(self) -> None:
        """Writes a byte and deletes it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self._folder) as probe:
            probe.write(b"\0")

    def _path(self, key: str) -> Path:
        # A folder with a hundred thousand files is slow to list.
        return self._folder / key[:2] / key


@contextmanager
def _draft(path: Path) -> Iterator[IO[bytes]]:
    """Yields a temporary file beside ``path``, deleted at the end unless it was renamed."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as draft:
        try:
            yield draft
        finally:
            Path(draft.name).unlink(missing_ok=True)
