"""Random names: public ids, join codes, and secrets that are stored only as digests."""

import hashlib
import random

# No vowels, so that no word appears; no 0/O, 1/I/L, so that a code survives being read aloud.
_READABLE = "23456789BCDFGHJKMNPQRSTVWXZ"
_PUBLIC = "23456789abcdefghjkmnpqrstuvwxyz"

# The operating system's source; tests put a seeded one in its place.
source: random.Random = random.SystemRandom()


def new_id(length: int = 16) -> str:
    """A public id for URLs, channels and element ids: 16 characters carry 79 bits."""
    return "".join(source.choices(_PUBLIC, k=length))


def derived_id(text: str, length: int) -> str:
    """The same public id for the same text, which holds a random one: of what a retry must not make twice."""
    number = int(digest(text), 16)
    return "".join(_PUBLIC[number // len(_PUBLIC) ** place % len(_PUBLIC)] for place in range(length))


def could_be_id(text: str) -> bool:
    """Whether a text has the form of a public id. Other texts name nothing, so the database need not be asked."""
    return bool(text) and set(text) <= set(_PUBLIC)


def new_code() -> str:
    """A join code such as ``K7QMFD``: about 29 bits, so that looking one up is rate limited."""
    return "".join(source.choices(_READABLE, k=6))


def new_secret() -> str:
    """A bearer secret of 128 bits, as 32 hexadecimal digits."""
    return f"{source.getrandbits(128):032x}"


def digest(secret: str) -> str:
    """SHA-256 of a secret, as it is stored. The secret is random, so a plain hash is enough (no salt, no
    stretching)."""
    return hashlib.sha256(secret.encode()).hexdigest()
