"""What trackers have in common: issues, searches, the fields that hold estimates, and what is written into them."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from poker_app.rules import Refused
from poker_app.rules.backlog import MAX_KEY
from poker_app.rules.deck import figure

NUMBER: Final = "number"
TEXT: Final = "text"
CHOICE: Final = "choice"
LABEL: Final = "label"
ACTIVE = frozenset(("active", "current"))
"""The notes of a place that goes on now, such as a sprint, in the trackers' own words."""
_THE_ACTIVE = "@active "
MAX_VALUE = 100
"""Characters of a value that is written into a tracker."""
MAX_LABEL = 255
"""Characters of a label, in any tracker."""
_ESTIMATES = re.compile(r"\b(points?|sp|estimat\w*|size|sizing|effort|complexity|weight)\b", re.IGNORECASE)
_SIZES = frozenset(("XXS", "XS", "S", "M", "L", "XL", "XXL", "XXXL"))


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue as its tracker has it. ``id`` is what the tracker finds it by, ``project`` the id of where it belongs;
    ``description`` and ``acceptance`` are Markdown, as long as the tracker has them; ``kind`` is its type there."""

    id: str
    project: str
    key: str
    title: str
    url: str
    description: str = ""
    kind: str = ""
    status: str = ""
    priority: str = ""
    labels: tuple[str, ...] = ()
    parent: str = ""
    acceptance: str = ""
    done: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Something of a tracker that has issues in it: a project, or in one a board, sprint, iteration, milestone, column
    or label. ``group`` is its kind in the tracker's own word, such as "Sprint"; ``note`` distinguishes places of one
    name, such as "active"."""

    id: str
    name: str
    group: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for. ``project`` and ``place`` are ids of ``Place``, "" for all; ``words`` are searched as the
    tracker searches text; ``query`` is in the tracker's own language, such as JQL, and goes before ``words``."""

    project: str = ""
    place: str = ""
    words: str = ""
    query: str = ""

    @property
    def looks_for_something(self) -> bool:
        """Whether it names a project, words or a query: without any of them it is not made."""
        return bool(self.project or self.words or self.query)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of issues. ``cursor`` asks for the next page, "" for the last; ``total`` is how many there are, None where
    the tracker does not say."""

    issues: tuple[Issue, ...]
    cursor: str = ""
    total: int | None = None


@dataclass(frozen=True, slots=True)
class EstimateField:
    """A field that an estimate can be written into. ``kind``: ``number``; ``text``; ``choice``, one of ``choices`` by
    their names; or ``label``, whose ``id`` is what the label begins with, such as ``points: ``."""

    id: str
    name: str
    kind: Literal["number", "text", "choice", "label"]
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose token it is, as the tracker names them, and what the tracker grants it, a short phrase each."""

    name: str
    granted: tuple[str, ...] = ()


def is_active(place: Place) -> bool:
    """Whether a place goes on now."""
    return not ACTIVE.isdisjoint(place.note.split(", "))


def with_active(places: Sequence[Place]) -> tuple[Place, ...]:
    """The places, and before them "the active one" of each group that has one active place now. It stands for another
    place once that one is over."""
    groups = dict.fromkeys(place.group for place in places if is_active(place))
    standing = (Place(_THE_ACTIVE + group, f"The active {group.lower()}", group) for group in groups)
    return (*(each for each in standing if len(active_places(each.id, places)) == 1), *places)


def is_the_active(place: str) -> bool:
    """Whether the id of a place stands for the active one of a group."""
    return place.startswith(_THE_ACTIVE)


def active_places(place: str, places: Sequence[Place]) -> list[Place]:
    """The places for which "the active one" of a group stands now."""
    group = place.removeprefix(_THE_ACTIVE)
    return [each for each in places if each.group == group and is_active(each)]


def value_for(field: EstimateField, card: str, mapping: Mapping[str, str]) -> str:
    """The text of what is written into a field for a card: what the account chose for it in ``mapping``, else its
    figure as a decimal number (``½`` is ``0.5``), or the card itself where the field is not a number.

    Raises:
        Refused: invalid, with the reason why the field cannot have it.
    """
    text = mapping.get(card, "").strip()
    number = figure(text or card)
    if field.kind == NUMBER:
        if number is None:
            raise Refused("invalid", f"“{text or card}” is not a number, and {field.name} holds numbers.")
        return f"{float(number):g}"
    text = text or card
    if field.kind == CHOICE:
        alike = [each for each in field.choices if each.casefold() == text.casefold()]
        # A choice "5" is meant by the card 5, and "0.5" by ½.
        alike += [each for each in field.choices if number is not None and figure(each) == number]
        if not alike:
            raise Refused("invalid", f"{field.name} has no choice “{text}”.")
        return alike[0]
    return text[:MAX_VALUE]


def numbered_key(project: str, number: str | int) -> str:
    """A key such as ``website#12``, where each project counts its issues from 1."""
    end = f"#{number}"
    return project[: MAX_KEY - len(end)] + end


def names_an_estimate(name: str) -> bool:
    """Whether a field of this name is likely to hold estimates."""
    return _ESTIMATES.search(name) is not None


def label_prefixes(labels: Iterable[str]) -> list[str]:
    """What labels of estimates begin with, such as ``points: `` where there is ``points: 5`` and ``size/`` where there
    is ``size/M``, the most frequent first."""
    prefixes: Counter[str] = Counter()
    for label in (each for each in labels if len(each) <= MAX_LABEL):
        for end in (end for end, mark in enumerate(label, 1) if mark in ":/="):
            card = label[end:].strip()
            prefix = label[: len(label) - len(card)]
            if (figure(card) is not None or card.upper() in _SIZES) and names_an_estimate(prefix):
                prefixes[prefix] += 1
                break
    return [prefix for prefix, _ in prefixes.most_common()]


def labels_field(prefix: str) -> EstimateField:
    """The field for estimates that labels with this prefix are."""
    return EstimateField(prefix, f"Labels “{prefix}…”", LABEL)


def labels_fields(names: Iterable[str], offered: str) -> list[EstimateField]:
    """The labels of estimates among a project's labels as fields; of none the one that begins with ``offered``."""
    return [labels_field(prefix) for prefix in label_prefixes(names) or [offered]]


def labelled_estimate(labels: Iterable[str], field: EstimateField) -> str:
    """The estimate in an issue's labels, "" for none."""
    return next((each[len(field.id) :] for each in labelled(labels, field)), "")


def labelled(labels: Iterable[str], field: EstimateField) -> list[str]:
    """Those of an issue's labels that are an estimate in this field."""
    return [each for each in labels if each.casefold().startswith(field.id.casefold())]
