"""Checks how strong a password is: what is left of it once everything that is easily guessed is taken out.

A guesser tries names, common words, years and runs along the keyboard before single characters. So each such part
counts little, however long it is, every other character counts one, and a password needs eight in all.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from operator import itemgetter

from poker_app.rules.common_words import COMMON_WORDS

SHORTEST, LONGEST = 10, 200
ENOUGH = 8
PRODUCT = frozenset({"faceup", "planning", "poker"})

# The count of a part by its kind, and the sentence about a password that is made mostly of such parts.
COUNTS = {"yours": 1, "product": 1, "pattern": 1, "common": 2}
SENTENCES = {
    "yours": "Your name and address are what others would guess first. Choose something without them.",
    "product": "The name of this product is what others would guess first. Choose something without it.",
    "pattern": "Repetitions, years and runs such as 1234 or qwerty are guessed at once. Choose something less regular.",
    "common": "This is among the passwords that are used most, or very like one of them. Choose something else.",
}

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn")
_COLUMNS = ("qazwsxedcrfvtgbyhnujmikolp", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "1q2w3e4r5t6y7u8i9o0p")
_RUNS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "!@#$%^&*()", *_ROWS, *_COLUMNS)
_SHORTEST_RUN, _LONGEST_PART = 3, 60
# Characters that are weighed: far more than any needs to be strong, and what 200 took was 42 ms of processor.
_WEIGHED = 100
_YEAR = re.compile(r"(19|20)\d\d")
_SPELLED = (str.maketrans("@4031!$57+", "aaoeiisstt"), str.maketrans("@4031!$57+", "aaoelisstt"))


def whats_wrong(password: str, about: Iterable[str] = ()) -> str | None:
    """Returns a sentence that says why a password will not do; None if it will. ``about``: the user's name and
    address."""
    if len(password) < SHORTEST:
        return f"A password has at least {SHORTEST} characters; a few words in a row are easy to remember."
    if len(password) > LONGEST:
        return f"A password has at most {LONGEST} characters; this one has {len(password)}."
    if password.isdecimal() and len(password) < 2 * SHORTEST:
        return "Digits alone are guessed quickly. Add some words."
    count, kinds = _weigh(password.casefold()[:_WEIGHED], frozenset(_words(about)))
    if count >= ENOUGH:
        return None
    # The sentence of the kind that covers most of it; single characters have none.
    return SENTENCES[max(SENTENCES, key=lambda kind: kinds.get(kind, 0))]


def _words(about: Iterable[str]) -> set[str]:
    whole = {text.casefold() for text in about}
    return whole | {word for text in whole for word in re.findall(r"[^\W_]{3,}", text)}


def _weigh(text: str, yours: frozenset[str]) -> tuple[int, Mapping[str, int]]:
    """Returns the lowest count of all ways to divide a text into parts, and how many characters each kind of part
    covers."""
    if repeated := re.fullmatch(r"(.+?)\1+", text, re.DOTALL):
        count, _ = _weigh(repeated[1], yours)
        return count + COUNTS["pattern"], {"pattern": len(text)}
    spellings = (text, *(text.translate(table) for table in _SPELLED))
    # At places where no known part begins, none is searched for: that saves most of the time.
    begins = _beginnings() | {word[:2] for word in yours}
    hopeful = [
        text[place] == text[place + 1] or any(spelled[place : place + 2] in begins for spelled in spellings)
        for place in range(len(text) - 1)
    ]
    # For each end: what the text up to there counts, where its last part starts, and of which kind that is.
    best: list[tuple[int, int, str]] = [(0, 0, "")]
    for end in range(1, len(text) + 1):
        way = (best[end - 1][0] + 1, end - 1, "")
        for start in range(max(0, end - _LONGEST_PART), end - 1):
            if hopeful[start] and (kind := _kind([spelled[start:end] for spelled in spellings], yours)):
                way = min(way, (best[start][0] + COUNTS[kind], start, kind), key=itemgetter(0))
        best.append(way)
    kinds: Counter[str] = Counter()
    end = len(text)
    while end:
        _, start, kind = best[end]
        kinds[kind] += end - start
        end = start
    return best[-1][0], kinds


def _kind(spellings: list[str], yours: frozenset[str]) -> str | None:
    """Returns the kind of a part, None for no known one. ``spellings`` are the ways it can be read; the first is as it
    was typed."""
    if not yours.isdisjoint(spellings):
        return "yours"
    if not PRODUCT.isdisjoint(spellings):
        return "product"
    if _is_pattern(spellings[0]):
        return "pattern"
    return None if COMMON_WORDS.isdisjoint(spellings) else "common"


@cache
def _runs() -> tuple[str, ...]:
    return (*_RUNS, *(run[::-1] for run in _RUNS))


def _is_pattern(part: str) -> bool:
    if len(part) < _SHORTEST_RUN:
        return False
    if part[:_SHORTEST_RUN] in _run_starts():
        return part.count(part[0]) == len(part) or any(part in run for run in _runs())
    return part.count(part[0]) == len(part) or bool(_YEAR.fullmatch(part))


@cache
def _beginnings() -> frozenset[str]:
    """The first two characters of each common word, run and year."""
    runs = {run[place : place + 2] for run in _runs() for place in range(len(run) - 1)}
    return frozenset({word[:2] for word in COMMON_WORDS | PRODUCT} | runs | {"19", "20"})


@cache
def _run_starts() -> frozenset[str]:
    ends = range(_SHORTEST_RUN, max(map(len, _runs())) + 1)
    return frozenset(run[end - _SHORTEST_RUN : end] for run in _runs() for end in ends if end <= len(run))
