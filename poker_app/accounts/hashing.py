"""Passwords as they are kept: argon2id, with the library's parameters, taken up anew when those change."""

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher


def hashed(password: str) -> str:
    """What is kept of a password. Slow on purpose: about a twentieth of a second and 64 MiB."""
    return _hasher().hash(_composed(password))


def matches(kept: str | None, password: str) -> bool:
    """Whether a password is the one that was kept. Takes as long where none was kept, so that time tells nothing."""
    from argon2.exceptions import VerificationError

    try:
        _hasher().verify(kept or _decoy(), _composed(password))
    except VerificationError:
        return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether it was made with parameters that are no longer ours."""
    return _hasher().check_needs_rehash(kept)


@cache
def _hasher() -> "PasswordHasher":
    """Imported where it is used: most requests have no password in them."""
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _decoy() -> str:
    return _hasher().hash("nobody's")


def _composed(password: str) -> str:
    """Keyboards differ in how they put an accent together; what is seen is what counts."""
    return unicodedata.normalize("NFC", password)
