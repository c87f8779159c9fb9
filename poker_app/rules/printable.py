"""Characters that cannot be seen: they hide inside names, turn text around, or break a database."""

import unicodedata

# The joiners are invisible too, but emoji and several scripts are spelled with them.
JOINERS = "\u200c\u200d"
_HIDDEN = {"Cc", "Cf", "Cs"}


def is_hidden(char: str) -> bool:
    """Whether one character is a control, a format mark or half a surrogate pair; tabs and line ends are too."""
    return unicodedata.category(char) in _HIDDEN and char not in JOINERS


def without_hidden(text: str, keep: str = "") -> str:
    """The text with every hidden character taken out, apart from those in ``keep``."""
    return "".join(char for char in text if char in keep or not is_hidden(char))
