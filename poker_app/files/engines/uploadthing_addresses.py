"""UploadThing's file keys and signed addresses, as its own package for JavaScript makes them."""

import hashlib
import hmac
import math
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote, quote_plus


def file_key(app_id: str, key: str) -> str:
    """The key of a file at UploadThing: twelve characters that stand for the app, which the service checks, and a key
    of ours."""
    return _app_prefix(app_id) + key


def signed_address(address: str, api_key: str, expires: int, data: Mapping[str, str | int] | None = None) -> str:
    """Signs an address without a query, valid until ``expires``, in milliseconds since 1970. ``data`` is signed with
    it.

    The signature is over the text of the whole address, so each character has to be escaped as ``encodeURIComponent``
    and then ``URLSearchParams`` of a browser do.
    """
    query = [f"expires={expires}", *(f"{name}={_escaped(str(value))}" for name, value in (data or {}).items())]
    signed = f"{address}?{'&'.join(query)}"
    signature = hmac.new(api_key.encode(), signed.encode(), hashlib.sha256).hexdigest()
    return f"{signed}&signature=hmac-sha256%3D{signature}"


def _escaped(text: str) -> str:
    # Python leaves a tilde as it is, and escapes an asterisk; URLSearchParams does the opposite.
    return quote_plus(quote(text, safe="!'()*"), safe="*").replace("~", "%7E")


@lru_cache(maxsize=8)
def _app_prefix(app_id: str) -> str:
    # Imported here, so that other engines never load it.
    from sqids import Sqids
    from sqids.constants import DEFAULT_ALPHABET

    return Sqids(_shuffled(DEFAULT_ALPHABET, app_id), min_length=12).encode([abs(_hash(app_id))])


def _hash(text: str) -> int:
    """The hash of a text by the library ``effect``: djb2 from the end, as a signed integer of 32 bits."""
    value = 5381
    for character in reversed(text):
        value = (value * 33 ^ ord(character)) & 0xFFFFFFFF
    value = value & 0xBFFFFFFF | value >> 1 & 0x40000000
    return value - (1 << 32) if value >> 31 else value


def _shuffled(alphabet: str, seed: str) -> str:
    characters, number = list(alphabet), _hash(seed)
    for here in range(len(characters)):
        # The remainder has the sign of the number, as in JavaScript.
        there = (int(math.fmod(number, here + 1)) + here) % len(characters)
        characters[here], characters[there] = characters[there], characters[here]
    return "".join(characters)
