"""What is in names beside what one reads: characters that cannot be seen, which turn text around or break a database,
and links, which mail programs make by themselves."""

import re
import unicodedata

# The joiners are invisible too, but emoji and several scripts are spelled with them.
JOINERS = "\u200c\u200d"
_HIDDEN = {"Cc", "Cf", "Cs"}


def is_hidden(char: str) -> bool:
    """Whether one character is a control, a format mark or half a surrogate pair; tabs and line ends are too."""
    return unicodedata.category(char) in _HIDDEN and char not in JOINERS


def without_hidden(text: str, keep: str = "") -> str:
    """The text with every hidden character taken out, apart from those in ``keep``."""
    # By the characters that occur, of which there are few, not by their places.
    for char in set(text).difference(keep):
        if is_hidden(char):
            text = text.replace(char, "")
    return text


# What mail programs take for the beginning of an address, and the dots of a domain, in every form that browsers read.
_SCHEME = re.compile(r":(?=[^\W\d_]|[/\\])|[/\\]{2,}")
_DOT = re.compile(r"(?<=\w)[.\u2024\u3002\uff0e\uff61](?=[^\W\d_])|(?<=\d)\.(?=\d+\.\d+\.\d)")


def unlinked(name: str, most: int) -> str:
    """A name as text that no mail program makes a link of, at most ``most`` characters long: ``evil.example`` becomes
    ``evil·example``, and what would begin an address a space."""
    plain = " ".join(_DOT.sub("·", _SCHEME.sub(" ", without_hidden(name[: 4 * most]))).split())
    return plain if len(plain) <= most else plain[: most - 1] + "…"
