"""Cleans names and texts: hidden characters, which turn text around or break a database, and links, which mail programs
make by themselves."""

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
    if text.isascii() and text.isprintable():
        return text
    # By the characters that occur, of which there are few, not by their places.
    for char in set(text).difference(keep):
        if is_hidden(char):
            text = text.replace(char, "")
    return text


def encodable(text: str) -> str:
    """The text as UTF-8 and a database take it: without NUL and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "ignore")


# Characters of letters and symbols that leave nothing to see: fillers of Hangul, Khmer and Braille. Marks show beside
# other characters only.
_FILLERS = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_SPACING = "\t\n\r"
MAX_COMPOSED = 1_000
"""How much text is composed: more than any name, since composing takes the square of a run of marks."""


def is_blank(text: str) -> bool:
    """Whether no character of a text shows anything by itself."""
    # By the characters that occur, as above.
    return all(
        char in _FILLERS or char in JOINERS or char.isspace() or unicodedata.category(char)[0] in "MC"
        for char in set(text)
    )


def one_line(typed: str) -> str:
    """Returns a typed name as one line in composed form (NFC), white space folded, without hidden characters. Empty
    where nothing of it could be seen."""
    text = " ".join(without_hidden(typed, keep=_SPACING).split())
    if is_blank(text):
        return ""
    return unicodedata.normalize("NFC", text) if len(text) <= MAX_COMPOSED else text


def likeness(name: str) -> str:
    """Returns the form that two names share where they look alike: without case, form of Unicode and characters that
    are not seen."""
    seen = "".join(char for char in name if char not in _FILLERS and char not in JOINERS)
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen[:MAX_COMPOSED]).casefold())


_REGIONAL = "\U0001f1e6-\U0001f1ff"
_CLUSTER = re.compile(
    rf"(?:[{_REGIONAL}]{{2}}|.)(?:[\ufe00-\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]|\u200d.)*", re.DOTALL
)


def first_letter(word: str) -> str:
    """Returns the first letter that is neither punctuation nor a sign, whole: with its accents, and an emoji with all
    its parts. The first of all where there is nothing else."""
    kinds = map(unicodedata.category, word)
    start = next((place for place, kind in enumerate(kinds) if kind[0] in "LN" or kind == "So"), 0)
    end = _CLUSTER.match(word, start).end()  # type: ignore[union-attr]
    while end < len(word) and unicodedata.category(word[end])[0] == "M":
        end += 1
    return word[start:end]


# The beginnings of an address as mail programs find them, and the dots of a domain, in every form that browsers read.
_SCHEME = re.compile(r":(?=[^\W\d_]|[/\\])|[/\\]{2,}")
_DOT = re.compile(r"(?<=\w)[.\u2024\u3002\uff0e\uff61](?=[^\W\d_])|(?<=\d)\.(?=\d+\.\d+\.\d)")


def unlinked(name: str, most: int) -> str:
    """A name as text that no mail program makes a link of, at most ``most`` characters long: ``evil.example`` becomes
    ``evil·example``, and what would begin an address a space."""
    plain = " ".join(_DOT.sub("·", _SCHEME.sub(" ", without_hidden(name[: 4 * most]))).split())
    return plain if len(plain) <= most else plain[: most - 1] + "…"
