"""A random key in a file of its own, which is created at first use."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path


def kept_key(path: Path) -> str:
    """The key in the file; a new one where there is none yet."""
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        _write_once(path, secrets.token_hex(32))
    return path.read_text()


def _write_once(path: Path, text: str) -> None:
    """Creates the file whole: of processes that start at once one creates it, and none reads a part of it."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    try:
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        os.unlink(draft)
