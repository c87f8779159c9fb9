"""Several email addresses in one field, as people paste them."""

import re

_BETWEEN = re.compile(r"[\s,;]+")
_NAMED = re.compile(r"[^<>,;\n]*<([^<>\s]+)>")


def typed_addresses(text: str) -> list[str]:
    """What stands between commas, semicolons, spaces and lines, each once and in order; ``Ada <ada@x.example>`` is
    ``ada@x.example``."""
    parts = (part.strip("<>\"'") for part in _BETWEEN.split(_NAMED.sub(r"\1 ", text)))
    return list(dict.fromkeys(part for part in parts if part))
