"""The tally: the figures of a revealed round, which never depend on the order of the votes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from statistics import median

from poker_app.rules.deck import OUTSIDE, is_numeric, nearest, places, words_beside

TALK_FIRST_STEPS = 2
"""How many deck steps from the suggested card an outlier lies, whose member is asked to talk first."""
CAMP_SHARE = Fraction(1, 3)
"""The share of the counted votes from which on a card is a camp, if more than one member voted it."""


@dataclass(frozen=True, slots=True)
class Tally:
    """The figures of one round. ``?``, ``☕`` and words beside numbers are in no figure but ``distribution``; how many
    voted such a word is ``words``."""

    votes: int = 0
    """Votes counted."""
    words: int = 0
    """Votes on words beside numbers."""
    mean: Fraction | None = None
    """Of numeric decks only."""
    median: Fraction | None = None
    """Of numeric decks only; may fall between two cards."""
    median_card: str | None = None
    """The card the median falls on. Between two: None in a numeric deck, the higher of words."""
    mode: tuple[str, ...] = ()
    """The most voted cards, lowest first."""
    spread: tuple[str, str] | None = None
    """The lowest and the highest card voted."""
    steps: int = 0
    """Deck steps from the lowest to the highest card voted."""
    distribution: tuple[tuple[str, int], ...] = ()
    """Each card from the lowest to the highest voted with its votes, none included; then words beside numbers, then
    outside cards voted."""
    agreement: Fraction | None = None
    """The share of the counted votes that lies on a most voted card, above 0 and at most 1; None for a single vote,
    which agrees with no other."""
    consensus: bool = False
    """Every vote counted is the same card, and there is one."""
    suggested: str | None = None
    """The card nearest the median; halfway between two, the higher."""
    lowest: tuple[str, ...] = ()
    """Ids of the members who talk first for the lowest card voted, sorted; none where most votes lie on that card."""
    highest: tuple[str, ...] = ()
    """As ``lowest``, for the highest card voted."""
    split: tuple[str, ...] = ()
    """The cards of the two camps, lower first, where the votes fall into two that lie at least two deck steps apart."""


def tally(cards: Sequence[str], votes: Mapping[str, str]) -> Tally:
    """The tally of votes (member id to card) in a deck. Raises ValueError for a card that is not in the deck."""
    if strange := sorted(set(votes.values()).difference(cards)):
        raise ValueError(f"not in the deck: {', '.join(strange)}")
    voted = Counter(votes.values())
    beside = words_beside(cards)
    words = sum(voted[card] for card in beside)
    outside = tuple((card, voted[card]) for card in (*beside, *OUTSIDE) if card in voted)
    standing = places(cards)
    counted = [standing[card] for card in votes.values() if card in standing]
    if not counted:
        return Tally(words=words, distribution=outside)

    numeric = is_numeric(cards)
    middle = median(counted)
    suggested = nearest(cards, middle)
    assert suggested is not None
    between = numeric and standing[suggested] != middle

    ladder = list(standing)
    rungs = [rung for rung, card in enumerate(ladder) if card in voted]
    low, high, centre = rungs[0], rungs[-1], ladder.index(suggested)
    most = max(voted[ladder[rung]] for rung in rungs)

    # Where each voted another card there is no commonest one, and the ends talk first.
    modes = [rung for rung in rungs if voted[ladder[rung]] == most]
    camps = [rung for rung in rungs if voted[ladder[rung]] >= max(Fraction(2), CAMP_SHARE * len(counted))]
    is_split = len(camps) == 2 and camps[1] - camps[0] >= TALK_FIRST_STEPS

    def outliers(rung: int) -> tuple[str, ...]:
        if abs(rung - centre) < TALK_FIRST_STEPS or (most > 1 and rung in modes):
            return ()
        return tuple(sorted(member for member, card in votes.items() if card == ladder[rung]))

    return Tally(
        votes=len(counted),
        words=words,
        mean=sum(counted, Fraction()) / len(counted) if numeric else None,
        median=middle if numeric else None,
        median_card=None if between else suggested,
        mode=tuple(ladder[rung] for rung in modes),
        spread=(ladder[low], ladder[high]),
        steps=high - low,
        distribution=(*((card, voted[card]) for card in ladder[low : high + 1]), *outside),
        agreement=Fraction(most, len(counted)) if len(counted) > 1 else None,
        consensus=low == high,
        suggested=suggested,
        lowest=outliers(low),
        highest=outliers(high),
        split=tuple(ladder[rung] for rung in camps) if is_split else (),
    )


def shown(value: Fraction) -> str:
    """A figure for people: at most one decimal, half up, no trailing zero (``"6.4"``, ``"5"``)."""
    tenths = floor(value * 10 + Fraction(1, 2))
    whole, tenth = divmod(abs(tenths), 10)
    return f"{'-' if tenths < 0 else ''}{whole}{f'.{tenth}' if tenth else ''}"


def percent(share: Fraction) -> str:
    """A share for people, in whole per cent, half up (``"50%"``)."""
    return f"{floor(share * 100 + Fraction(1, 2))}%"
