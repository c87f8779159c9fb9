"""The report: totals, and the tasks worth a second look."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from poker_app.rules.deck import figure, is_numeric, nearest, places

MANY_ROUNDS = 2
WIDE_STEPS = 3
FAR_STEPS = 2
TWO_TASKS_ROUNDS = 3
MAX_LOOKS = 5


@dataclass(frozen=True, slots=True)
class TaskFigures:
    """The figures of a task's rounds. ``first_…`` is the first round; ``first_median`` a card or a shown figure."""

    title: str
    key: str
    rounds: int
    first_spread_steps: int
    first_spread: tuple[str, str] | None
    first_median: str | None
    estimate: str | None


def second_look(cards: Sequence[str], tasks: Sequence[TaskFigures]) -> list[tuple[str, str]]:
    """Up to five tasks worth a second look, as subject (key, else title) and the rest of the sentence.

    The most rounds (at least two), the widest first spread (at least three deck steps), an estimate at least two
    steps from the first median; in this order, each task once with all that speaks for it.
    """
    most_rounds = max([MANY_ROUNDS, *(task.rounds for task in tasks)])
    widest = max([WIDE_STEPS, *(task.first_spread_steps for task in tasks)])
    looks = []
    for task in tasks:
        long = task.rounds == most_rounds
        # A task that took the most rounds also tells its spread when another's was wider still.
        wide = task.first_spread_steps >= (WIDE_STEPS if long else widest)
        far = _steps_between(cards, task.first_median, task.estimate) >= FAR_STEPS
        clauses = []
        if long:
            clauses.append(f"took {_count(task.rounds)} rounds")
        if wide and task.first_spread:
            clauses.append("spread from {} to {} at the first vote".format(*task.first_spread))
        if far:
            clauses.append(f"moved from a first-vote median of {task.first_median} to a final {task.estimate}")
        if clauses:
            split = " It may be two tasks." if wide and task.rounds >= TWO_TASKS_ROUNDS else ""
            looks.append(((not long, not wide), (task.key or task.title, f"{_joined(clauses)}.{split}")))
    looks.sort(key=lambda look: look[0])
    return [look for _, look in looks[:MAX_LOOKS]]


def _steps_between(cards: Sequence[str], one: str | None, other: str | None) -> int:
    """Deck steps between two values, each taken at its nearest card; 0 where either has no place in the deck."""
    ladder = list(places(cards))
    rungs = [ladder.index(card) for value in (one, other) if (card := _card(cards, value)) is not None]
    return abs(rungs[0] - rungs[1]) if len(rungs) == 2 else 0


def _card(cards: Sequence[str], value: str | None) -> str | None:
    if value is None or value in places(cards):
        return value
    worth = figure(value)
    return nearest(cards, worth) if worth is not None and is_numeric(cards) else None


_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def _count(number: int) -> str:
    return _COUNTS[number] if number < len(_COUNTS) else str(number)


def _joined(clauses: Sequence[str]) -> str:
    *others, last = clauses
    return f"{', '.join(others)} and {last}" if others else last


def points(cards: Sequence[str], estimates: Iterable[str | None]) -> Fraction | None:
    """The sum of the estimates of a numeric deck, words left out; None for decks of words."""
    if not is_numeric(cards):
        return None
    figures = (figure(estimate) for estimate in estimates if estimate is not None)
    return sum((value for value in figures if value is not None), Fraction())


def mean_agreement(agreements: Iterable[Fraction | None]) -> Fraction | None:
    """Returns the mean agreement of several tasks' first votes; None where no vote counted."""
    counted = [agreement for agreement in agreements if agreement is not None]
    return sum(counted, Fraction()) / len(counted) if counted else None
