"""Members' names: checking, shortening, initials."""

from collections import Counter
from collections.abc import Iterable

from poker_app.errors import Invalid
from poker_app.rules.printable import first_letter, one_line

MAX_NAME = 40


def clean_name(typed: str) -> str:
    """A member's name: white space folded, 1 to 40 printable characters.

    Raises:
        Invalid: (422) no name, or a longer one.
    """
    name = one_line(typed)
    if not name:
        raise Invalid("Enter your name.", "member_name")
    if len(name) > MAX_NAME:
        raise Invalid(f"A name has at most {MAX_NAME} characters; this one has {len(name)}.", "member_name")
    return name


def shortened(names: Iterable[str]) -> dict[str, str]:
    """Maps each name to the one under a card: the first name alone, with an initial where two share it, else the
    whole."""
    whole = list(names)
    words = {name: name.split() for name in whole}
    alike = Counter(words[name][0] for name in whole)
    # Two names that are alike with the initial share the first name too, so only those are counted.
    shared = {name: _with_initial(name, each) for name, each in words.items() if alike[each[0]] > 1}
    twice = Counter(shared[name] for name in whole if name in shared)
    short = {name: each[0] for name, each in words.items()}
    return short | {name: each if twice[each] == 1 else name for name, each in shared.items()}


def _with_initial(name: str, words: list[str]) -> str:
    return f"{words[0]} {first_letter(words[-1])}" if len(words) > 1 else name


def initials(name: str) -> str:
    """One or two letters, or emoji, for a small round badge."""
    words = [word for word in name.split() if any(char.isalnum() for char in word)] or name.split()
    return "".join(map(first_letter, words[:1] + words[1:][-1:])).upper()
