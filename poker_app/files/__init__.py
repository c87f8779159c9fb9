"""The files port: stores bytes under a key, in the store that ``FILES`` chooses.

A file takes three steps. ``task_files.begin`` allows its upload, with its length. The browser sends the bytes, past the
application where the store is outside. ``storage.take_in`` checks what arrived, encodes a picture anew, and only then
may anybody see it.
"""

from collections.abc import Callable
from pathlib import Path

from poker_app.files.engines.base import Store
from poker_app.files.engines.disk import Disk
from poker_app.files.engines.s3 import S3
from poker_app.files.engines.uploadthing import UploadThing
from poker_app.settings import INSTANCE, Settings

_store: Store | None = None


def _disk(settings: Settings) -> Store:
    return Disk(Path(settings.files_folder or INSTANCE / "files"), settings.signing_key)


# None imports its library before it is used, so that other engines never load it.
ENGINES: dict[str, Callable[[Settings], Store]] = {"disk": _disk, "s3": S3.of, "uploadthing": UploadThing.of}


def configure(settings: Settings) -> None:
    """Creates the store, once a process, before anything is stored."""
    global _store
    _store = ENGINES[settings.files](settings) if settings.stores_files else None


def is_on() -> bool:
    """Whether files can be added."""
    return _store is not None


def store() -> Store:
    """The store."""
    if _store is None:
        raise RuntimeError("files.configure(settings) comes first, and FILES is not off")
    return _store


def origins() -> tuple[str, ...]:
    """Origins of a store outside, for the content policy."""
    return _store.origins if _store is not None else ()


def allowed_upload(token: str) -> tuple[str, int] | None:
    """Verifies the token of an upload through the application, and returns its key and its size in bytes; None for one
    that is forged or too old, and where the store is outside."""
    return _store.allowed(token) if isinstance(_store, Disk) else None
