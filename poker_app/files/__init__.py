"""The files port: bytes under a key, in the store that ``FILES`` chooses.

A file goes three ways: its upload is allowed, with its length (``storage.begin``); its bytes arrive, past the
application where the store is outside; and what arrived is looked at, made anew where it is a picture, and only then
shown to anybody (``storage.take_in``).
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
    """Choose the store, once a process, before anything is stored."""
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
    """What lets a browser send so many bytes for a key, once."""
    assert _signer is not None
    return _signer.sign(f"{key}-{size}").decode()


def allowed_upload(token: str) -> tuple[str, int] | None:
    """The key and the bytes that a token stands for; None for one that was made up or is too old."""
    assert _signer is not None
    try:
        key, _, size = _signer.unsign(token, max_age=ALLOWED_FOR).decode().partition("-")
    except BadSignature:
        return None
    return key, int(size)
