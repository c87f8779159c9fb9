"""Files in a folder of this machine: ``instance/files``, or the folder that ``FILES_FOLDER`` names."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from itsdangerous import BadSignature, TimestampSigner

from poker_app.files.engines.base import ALLOWED_FOR, OCTETS, Upload, copied


class Disk:
    """The store ``disk``: its uploads go through the application, by a signed token. A file's media type is not stored
    with it."""

    origins: tuple[str, ...] = ()

    def __init__(self, folder: Path, signing_key: str) -> None:
        self._folder = folder
        self._signer = TimestampSigner(signing_key, salt="upload")

    def upload(self, key: str, size: int, name: str) -> Upload:
        token = self._signer.sign(f"{key}-{size}").decode()
        return Upload(f"/uploads/{token}", {"Content-Type": OCTETS}, "")

    def allowed(self, token: str) -> tuple[str, int] | None:
        """Verifies a token, and returns its key and its size in bytes; None for one that is forged or too old."""
        try:
            key, _, size = self._signer.unsign(token, max_age=ALLOWED_FOR).decode().rpartition("-")
        except BadSignature:
            return None
        return key, int(size)

    def write(self, key: str, content: IO[bytes], size: int, kind: str, save_as: str | None = None) -> int:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        with _draft(path) as draft:
            count = copied(content, draft, size)
            if count == size:
                draft.flush()
                os.fsync(draft.fileno())
                os.replace(draft.name, path)
        return count

    def open(self, key: str, limit: int) -> IO[bytes]:
        return self._path(key).open("rb")

    def address(self, key: str, kind: str, save_as: str | None) -> str | None:
        return None

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def check(self) -> None:
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
