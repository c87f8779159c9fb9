"""Parses several email addresses in one field, as people paste them."""

import re

_BETWEEN = re.compile(r"[\s,;]+")
# It always matches, and gives nothing back: a name without an address behind it is read once, not once a letter.
_NAMED = re.compile(r"[^<>,;\n]*+(?:<([^<>\s]++)>)?")


def typed_addresses(text: str) -> list[str]:
    """Returns the addresses between commas, semicolons, spaces and lines, each once and in order; ``Ada
    <ada@x.example>`` is ``ada@x.example``."""
    plain = _NAMED.sub(lambda found: f"{found[1]} " if found[1] else found[0], text)
    parts = (part.strip("<>\"'") for part in _BETWEEN.split(plain))
    return list(dict.fromkeys(part for part in parts if part))
