"""Encryption of trackers' tokens at rest: Fernet (AES-128-CBC with HMAC-SHA256) with keys from the settings.

The first key encrypts, all of them decrypt: a key is replaced by putting a new one before it, and taken out once the
command ``rotate-tracker-keys`` has run. https://cryptography.io/en/latest/fernet/#cryptography.fernet.MultiFernet
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from poker_app.trackers.failures import Sealed


class Vault:
    """Encrypts and decrypts with the given keys, the newest first. Raises ValueError for a key that is none."""

    def __init__(self, keys: list[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, credentials: Mapping[str, str]) -> str:
        """Encrypts credentials."""
        return self._fernet.encrypt(json.dumps(dict(credentials)).encode()).decode()

    def open(self, sealed: str) -> dict[str, str]:
        """Decrypts credentials. Raises Sealed where their key is not here."""
        try:
            return dict(json.loads(self._fernet.decrypt(sealed)))
        except InvalidToken:
            raise Sealed() from None

    def rotate(self, sealed: str) -> str:
        """Encrypts with the newest key what was encrypted with any. Raises Sealed."""
        try:
            return self._fernet.rotate(sealed).decode()
        except InvalidToken:
            raise Sealed() from None


def fernet_key(hexadecimal: str) -> str:
    """32 bytes, written in hexadecimal digits, as a key of Fernet."""
    return urlsafe_b64encode(bytes.fromhex(hexadecimal)).decode()
