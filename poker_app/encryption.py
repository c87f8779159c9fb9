"""Encryption at rest of secrets of other services: trackers' tokens and webhooks' secrets.

It is Fernet (AES-128-CBC with HMAC-SHA256) with keys from the settings.

The first key encrypts, all of them decrypt: a key is replaced by putting a new one before it, and taken out once the
command ``rotate-tracker-keys`` has run. https://cryptography.io/en/latest/fernet/#cryptography.fernet.MultiFernet
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from poker_app.key_file import kept_key
from poker_app.settings import INSTANCE, Settings

_keys: list[str] = []


def configure(settings: Settings) -> None:
    """Reads the keys."""
    global _keys
    _keys = settings.tracker_keys


class Vault:
    """Encrypts and decrypts with the given keys, the newest first. ``gone`` makes the exception for what was encrypted
    with another key. Raises ValueError for a key that is none."""

    def __init__(self, keys: list[str], gone: Callable[[], Exception]) -> None:
        # Loaded with the first one: it takes its time.
        from cryptography.fernet import Fernet, MultiFernet

        self._fernet, self._gone = MultiFernet([Fernet(key) for key in keys]), gone

    def seal(self, credentials: Mapping[str, str]) -> str:
        """Encrypts credentials."""
        return self._fernet.encrypt(json.dumps(dict(credentials)).encode()).decode()

    def open(self, sealed: str) -> dict[str, str]:
        """Decrypts credentials. Raises what ``gone`` makes where their key is not here."""
        from cryptography.fernet import InvalidToken

        try:
            return dict(json.loads(self._fernet.decrypt(sealed)))
        except InvalidToken:
            raise self._gone() from None

    def rotate(self, rows: Iterable[Any], *fields: str) -> tuple[int, int]:
        """Encrypts with the newest key what the fields of rows hold; an empty one stays so. Returns of how many rows it
        was, and how many have a key that is not here any more."""
        from cryptography.fernet import InvalidToken

        done = unreadable = 0
        for row in rows:
            try:
                for name in fields:
                    if sealed := getattr(row, name):
                        setattr(row, name, self._fernet.rotate(sealed).decode())
                done += 1
            except InvalidToken:
                unreadable += 1
        return done, unreadable


def vault(gone: Callable[[], Exception]) -> Vault:
    """The vault with the keys of the settings. Without ``TRACKER_KEYS`` its key is kept in ``instance/tracker_key``,
    from the first secret on. Raises OSError where there is no key, and none can be written."""
    return Vault(_keys or [fernet_key(kept_key(INSTANCE / "tracker_key"))], gone)


def fernet_key(hexadecimal: str) -> str:
    """32 bytes, written in hexadecimal digits, as a key of Fernet."""
    return urlsafe_b64encode(bytes.fromhex(hexadecimal)).decode()
