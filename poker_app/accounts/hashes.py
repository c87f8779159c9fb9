"""Slow hashes of what people make up themselves: argon2, with its salt and cost inside."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()


def of(secret: str) -> str:
    """The hash to store."""
    return _hasher.hash(secret)


def match(known: str, secret: str) -> bool:
    """Whether a secret is the one that a stored hash was made of."""
    try:
        return _hasher.verify(known, secret)
    except (VerificationError, InvalidHashError):
        return False
