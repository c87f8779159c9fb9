"""Passwords as they are kept: argon2id, with the library's parameters, taken up anew when those change."""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

_hasher = PasswordHasher()
_nobody = ""


def hashed(password: str) -> str:
    """What is kept of a password. Slow on purpose: about a twentieth of a second and 64 MiB."""
    return _hasher.hash(_composed(password))


def matches(kept: str | None, password: str) -> bool:
    """Whether a password is the one that was kept. Takes as long where none was kept, so that time tells nothing."""
    try:
        _hasher.verify(kept or _decoy(), _composed(password))
    except VerificationError:
        return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether it was made with parameters that are no longer ours."""
    return _hasher.check_needs_rehash(kept)


def _decoy() -> str:
    global _nobody
    _nobody = _nobody or _hasher.hash("nobody's")
    return _nobody


def _composed(password: str) -> str:
    """Keyboards differ in how they put an accent together; what is seen is what counts."""
    return unicodedata.normalize("NFC", password)
