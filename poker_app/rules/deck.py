"""Decks: the cards one may vote with, what each is worth, and which is lower."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType

from poker_app.rules import Unusable
from poker_app.rules.printable import is_blank, is_hidden

UNSURE = "?"
BREAK = "☕"
OUTSIDE = (UNSURE, BREAK)
"""Cards that may be voted but stay outside all figures."""

MIN_CARDS, MAX_CARDS = 2, 30
MAX_CARD = 8
MAX_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class Deck:
    """A named set of cards, lowest first, the two outside cards at the end."""

    name: str
    label: str
    cards: tuple[str, ...]


def _deck(name: str, label: str, cards: str) -> Deck:
    return Deck(name, label, (*cards.split(), *OUTSIDE))


DECKS: Mapping[str, Deck] = MappingProxyType(
    {
        deck.name: deck
        for deck in (
            _deck("fibonacci", "Fibonacci", "0 1 2 3 5 8 13 21 34"),
            _deck("modified-fibonacci", "Modified Fibonacci", "0 ½ 1 2 3 5 8 13 20 40 100"),
            _deck("t-shirts", "T-shirts", "XS S M L XL XXL"),
            _deck("powers-of-two", "Powers of two", "0 1 2 4 8 16 32 64"),
            # Words: how many hours make a day is each team's own business.
            _deck("hours", "Hours and days", "1h 2h 4h 1d 2d 3d 5d 10d"),
        )
    }
)

_SEPARATORS = re.compile(r"[,;\n\v\f\r]")
_SPACES = re.compile(r"\s+")
_SPACING = "\t\n\v\f\r"
_EMOJI_STYLE = "\ufe0f"

# Other keyboards' marks: their commas part cards, since none of them is written in a number.
_ASCII_MARKS = {ord(mark): ";" for mark in "，、､،﹐﹑；؛﹔"} | {ord("٫"): ".", ord("−"): "-", ord("⁄"): "/"}
_FULL_WIDTH, _FULL_WIDTH_ABOVE_ASCII = range(0xFF01, 0xFF5F), 0xFEE0

_DIGITS = re.compile(r"\d+")
_SINGLE_COMMA = re.compile(r"(?<![0-9.-])(?<!\S,)(-?[0-9]{1,8}),([0-9]{1,8})(?![0-9.])(?!,\S)")
"""A comma between two numbers that may be a decimal comma: ``1,2,3`` is a list and has none."""


def own_cards(text: str) -> tuple[str, ...]:
    """Parses typed cards, with the outside cards once at the end.

    Commas, semicolons and lines separate, or spaces where there are none of these. Digits and marks of every script are
    read as ASCII, and a decimal comma as a point: ``0,5; 1`` and ``0,5, 1`` have the card ``0.5``. 2 to 30 cards of 1
    to 8 characters, no two alike: numbers compare by value, words without regard to case.

    Raises:
        Unusable: with the exact problem, such as a comma that may be decimal or stand between two cards.
    """
    if len(text) > MAX_TEXT:
        raise Unusable(f"A deck is written in at most {MAX_TEXT} characters; these are {len(text)}.")
    text = unicodedata.normalize("NFC", text).replace(BREAK + _EMOJI_STYLE, BREAK)
    for char in text:
        if is_hidden(char) and char not in _SPACING:
            raise Unusable(f"The deck holds a character that cannot be shown (U+{ord(char):04X}).")
    text = _with_points(_in_ascii(text))
    return checked_cards([card for card in _parts(text) if card not in OUTSIDE])


def checked_cards(cards: Sequence[str]) -> tuple[str, ...]:
    """Returns the cards of a deck with the outside cards after them: 2 to 30 cards of 1 to 8 characters, no two alike.

    Raises:
        Unusable: with the exact problem.
    """
    if len(cards) < MIN_CARDS:
        raise Unusable(
            f"A deck needs at least {MIN_CARDS} cards besides {UNSURE} and {BREAK}; this one has {len(cards)}."
        )
    if len(cards) > MAX_CARDS:
        raise Unusable(f"A deck has at most {MAX_CARDS} cards; this one has {len(cards)}.")
    seen: dict[Fraction | str, str] = {}
    for card in cards:
        if len(card) > MAX_CARD:
            raise Unusable(f"A card has at most {MAX_CARD} characters; “{card[:MAX_CARD]}…” has {len(card)}.")
        if is_blank(card):
            raise Unusable("The deck holds a card with nothing to see on it.")
        value = figure(card)
        worth = card.casefold() if value is None else value
        if twin := seen.get(worth):
            same = f"“{card}” is in the deck twice" if twin == card else f"“{twin}” and “{card}” are the same card"
            raise Unusable(f"{same}; keep one of them.")
        seen[worth] = card
    return (*cards, *OUTSIDE)


def _in_ascii(text: str) -> str:
    """The text with the digits of every script, full-width characters and the marks beside them in ASCII."""
    text = text.translate(_ASCII_MARKS)
    text = text.translate({char: chr(char - _FULL_WIDTH_ABOVE_ASCII) for char in _FULL_WIDTH})
    return _DIGITS.sub(lambda digits: "".join(str(unicodedata.decimal(digit)) for digit in digits[0]), text)


def _parts(text: str) -> list[str]:
    # Where commas or lines part the cards, a space belongs to one: "too big" is a card.
    parted = _SEPARATORS.split(text) if _SEPARATORS.search(text.strip()) else _SPACES.split(text)
    return [card for part in parted if (card := _SPACES.sub(" ", part.strip()))]


def _with_points(text: str) -> str:
    """The text with a point for each decimal comma.

    A comma between two numbers is decimal where semicolons alone part the cards, or where only so the numbers rise.
    Raises Unusable where it may be either.
    """
    pairs = list(_SINGLE_COMMA.finditer(text))
    pointed = _SINGLE_COMMA.sub(r"\1.\2", text)
    if not pairs or len(_parts(pointed)) < MIN_CARDS:
        return text
    if ";" in pointed and "," not in pointed:
        return pointed
    as_list = _SINGLE_COMMA.sub(r"\1;\2" if _SEPARATORS.search(pointed.strip()) else r"\1 \2", text)
    if _rises(pointed) and not _rises(as_list):
        return pointed
    whole, part = pairs[0].groups()
    raise Unusable(
        f"“{whole},{part}” may be one card or two. Write {whole}.{part} for one, or {whole}; {part} for two, with a"
        " semicolon after each card."
    )


def _rises(text: str) -> bool:
    worths = [worth for card in _parts(text) if (worth := figure(card)) is not None]
    return all(one < other for one, other in pairwise(worths))


_DECIMAL = re.compile(rf"-?(?:[0-9]{{1,{MAX_CARD}}}(?:\.[0-9]{{1,{MAX_CARD}}})?|\.[0-9]{{1,{MAX_CARD}}})")
_RATIO = re.compile(rf"-?[0-9]{{1,{MAX_CARD}}}/0*[1-9][0-9]{{0,{MAX_CARD}}}")
_PARTS = {char: Fraction(unicodedata.normalize("NFKC", char).replace("⁄", "/")) for char in "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"}
_MIXED = re.compile(rf"(?P<whole>[0-9]{{0,{MAX_CARD}}})(?P<part>[{''.join(_PARTS)}])")


@lru_cache(maxsize=1_000)
def figure(card: str) -> Fraction | None:
    """Returns a card's value (``"0"``, ``"0.5"``, ``"1/2"``, ``"½"``, ``"2½"``), or None for words and outside
    cards."""
    if _DECIMAL.fullmatch(card) or _RATIO.fullmatch(card):
        return Fraction(card)
    if mixed := _MIXED.fullmatch(card):
        return int(mixed["whole"] or 0) + _PARTS[mixed["part"]]
    return None


def is_numeric(cards: Iterable[str]) -> bool:
    """Whether more of the cards are numbers than words, the outside ones apart. Such a deck counts by its numbers."""
    counting = [card for card in cards if card not in OUTSIDE]
    return 2 * sum(figure(card) is not None for card in counting) > len(counting)


def places(cards: Sequence[str]) -> dict[str, Fraction]:
    """Returns the place of each card that counts, lowest first: its value in a numeric deck, whose words do not count;
    its position in a deck of words."""
    counting = [card for card in cards if card not in OUTSIDE]
    if not is_numeric(cards):
        return {card: Fraction(position) for position, card in enumerate(counting)}
    values = {card: value for card in counting if (value := figure(card)) is not None}
    return dict(sorted(values.items(), key=lambda entry: entry[1]))


def words_beside(cards: Sequence[str]) -> tuple[str, ...]:
    """The words of a numeric deck, as listed: they may be voted and be an estimate, and stand outside all figures."""
    return tuple(card for card in cards if figure(card) is None and card not in OUTSIDE) if is_numeric(cards) else ()


def ranked(cards: Sequence[str]) -> tuple[str, ...]:
    """The cards that a task may be estimated with: those that count, lowest first, then the words beside them."""
    return (*places(cards), *words_beside(cards))


def nearest(cards: Sequence[str], place: Fraction) -> str | None:
    """The card that stands nearest to a place; halfway between two, the higher. None when no card counts."""
    standing = places(cards)
    return max(standing, key=lambda card: (-abs(standing[card] - place), standing[card]), default=None)
