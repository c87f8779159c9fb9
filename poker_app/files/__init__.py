"""The files port: stores bytes under a key, in the store that ``FILES`` chooses.

A file takes three steps. ``task_files.begin`` allows its upload, with its length. The browser sends the bytes, past the
application where the store is outside. ``storage.take_in`` checks what arrived, encodes a picture anew, and only then
may anybody see it.
"""

from pathlib import Path

from itsdangerous import BadSignature, TimestampSigner

from poker_app.files.engines.disk import Disk
from poker_app.settings import INSTANCE, Settings

# Seconds in which an upload that was allowed has to begin.
ALLOWED_FOR = 3_600

_disk: Disk | None = None
_signer: TimestampSigner | None = None


def configure(settings: Settings) -> None:
    """Creates the store, once a process, before anything is stored."""
    global _disk, _signer
    _disk = Disk(Path(settings.files_folder or INSTANCE / "files")) if settings.stores_files else None
    _signer = TimestampSigner(settings.signing_key, salt="upload")


def is_on() -> bool:
    """Whether files can be added."""
    return _disk is not None


def disk() -> Disk:
    """The store."""
    if _disk is None:
        raise RuntimeError("files.configure(settings) comes first, and FILES is not off")
    return _disk


def upload_token(key: str, size: int) -> str:
    """Signs a token that allows a browser to upload ``size`` bytes under a key, once. The upload has to begin within
    ALLOWED_FOR seconds."""
    assert _signer is not None
    return _signer.sign(f"{key}-{size}").decode()


def allowed_upload(token: str) -> tuple[str, int] | None:
    """Verifies a token, and returns its key and its size in bytes; None for one that is forged or too old."""
    assert _signer is not None
    try:
        key, _, size = _signer.unsign(token, max_age=ALLOWED_FOR).decode().partition("-")
    except BadSignature:
        return None
    return key, int(size)
