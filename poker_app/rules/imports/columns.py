"""Finds out what each column of a table means: by its name, or else by what its cells hold."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from poker_app.rules.imports import column_names as names
from poker_app.rules.imports.column_names import OTHER, plain
from poker_app.rules.imports.lines import is_link, whole_key

MAX_NAME = 100
"""Characters of a column's name, which stands in the preview and in each task's description."""
SURE = frozenset({names.KEY, names.URL, names.TYPE, names.STATUS, names.PRIORITY})
"""Meanings of columns without names by which a table is distinguished from sentences."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name as it stands there, "" for none, and its meaning, one of ``column_names.MEANINGS``. ``guess``
    is the meaning that it was taken for, before any was remembered or chosen; "" where none can be."""

    name: str
    meaning: str
    guess: str = ""


# By a plain name: its meaning, and how far from the surest name of that meaning.
_BY_NAME = {name: (meaning, rank) for meaning, each in names.NAMES.items() for rank, name in enumerate(each)}
_LEVEL = re.compile(r"title [0-9]{1,2}")
# Several columns can have these meanings. A second one of the others is not used, where it says less than the first.
_SHARED = frozenset({names.UNUSED, *names.REPEATED})
_SAYS_LESS = frozenset({names.KEY, names.STATUS, names.PARENT, names.ESTIMATE})


def named(cells: Sequence[str], *, first: bool) -> list[Column] | None:
    """The columns, if a row of cells names them: in the ``first`` row a title's name is enough, elsewhere two
    names that exports have, a title's or a key's among them."""
    plain_names = [plain(cell) for cell in cells]
    known = [_meaning(name) for name in plain_names]
    meanings = {each[0] for each in known if each}
    recognized = sum(each is not None for each in known)
    if not (meanings & {names.TITLE, names.KEY} and recognized > 1) and not (first and names.TITLE in meanings):
        return None
    if names.OWN_EXPORT & {*plain_names}:
        known = [each if each and each[0] in names.OWN_EXPORT_MEANINGS else (names.UNUSED, 0) for each in known]
    surest: dict[str, int] = {}
    for meaning, rank in filter(None, known):
        surest[meaning] = min(rank, surest.get(meaning, rank))
    found = []
    for cell, each in zip(cells, known, strict=True):
        meaning, rank = each or (OTHER, 0)
        if each and rank != surest.get(meaning) and meaning not in _SHARED and rank >= 0:
            meaning = names.UNUSED if meaning in _SAYS_LESS else OTHER
        elif each and rank >= 0 and meaning not in _SHARED:
            # Of two that are called alike the first counts.
            surest[meaning] = -1
        found.append(Column(" ".join(cell.split())[:MAX_NAME], meaning))
    return found if names.TITLE in {each.meaning for each in found} else _with_title(found)


def _meaning(name: str) -> tuple[str, int] | None:
    """What a plain name means, and its rank; -1 for one of the levels of a tree, which all hold titles."""
    if _LEVEL.fullmatch(name):
        return names.TITLE, -1
    if name.startswith(names.UNUSED_BEGINNINGS):
        return names.UNUSED, 0
    return _BY_NAME.get(name)


def _with_title(found: list[Column]) -> list[Column] | None:
    """The columns with the first unknown one as the title."""
    place = next((place for place, each in enumerate(found) if each.meaning == OTHER), None)
    if place is None:
        return None
    return [*found[:place], replace(found[place], meaning=names.TITLE), *found[place + 1 :]]


# --- without names

_NUMBER = re.compile(r"[0-9]{1,12}(?:[.,][0-9]{1,6})?|[½¼¾]")
_DATE = re.compile(r"[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}(?:[ T][0-9:.]{4,15}Z?)?")
# Of the cells of a column that are filled, those that have to be alike: a table copied by hand has slips.
MIN_ALIKE = 0.8
WORDS = {names.STATUS: names.STATUS_WORDS, names.TYPE: names.TYPE_WORDS, names.PRIORITY: names.PRIORITY_WORDS}


def by_content(rows: Sequence[Sequence[str]]) -> list[Column]:
    """The columns of a table without names: keys, links, dates, words of a kind, and of the others the first of several
    words is the title."""
    width = max((len(cells) for cells in rows), default=0)
    cells = [
        [cells[place].strip() for cells in rows if place < len(cells) and cells[place].strip()]
        for place in range(width)
    ]
    found = [_kind(each) for each in cells]
    for meaning in (names.KEY, names.URL, *WORDS):
        for place in [place for place, each in enumerate(found) if each == meaning][1:]:
            found[place] = OTHER
    texts = [place for place, each in enumerate(found) if each == names.TITLE]
    title = next((place for place in texts if _words(cells[place]) >= 2), None)
    if title is None:
        title = max(texts, key=lambda place: _words(cells[place]), default=None)
    if title is None:
        title = next((place for place, each in enumerate(found) if each == OTHER), 0)
    for place in texts:
        found[place] = OTHER
    if found:
        found[title] = names.TITLE
    if names.KEY not in found and title and _are_keys(cells[0]) and found[0] == OTHER:
        found[0] = names.KEY
    return [Column("", each) for each in found]


def _kind(cells: Sequence[str]) -> str:
    """What the cells of a column are; the title's meaning for any text."""
    if not cells:
        return names.UNUSED
    enough = MIN_ALIKE * len(cells)
    if sum(bool(whole_key(cell)) for cell in cells) >= enough:
        return names.KEY
    if sum(is_link(cell) for cell in cells) >= enough:
        return names.URL
    if sum(bool(_DATE.fullmatch(cell[:40])) for cell in cells) >= enough:
        return names.UNUSED
    for meaning, words in WORDS.items():
        if sum(plain(cell) in words for cell in cells) >= enough:
            return meaning
    if sum(bool(_NUMBER.fullmatch(cell[:20])) for cell in cells) >= enough:
        return OTHER
    few = len(cells) >= 4 and 2 * len(set(cells)) <= len(cells)
    return OTHER if few and _words(cells) < 3 else names.TITLE


def _words(cells: Sequence[str]) -> float:
    return sum(len(cell.split()) for cell in cells) / max(len(cells), 1)


def _are_keys(cells: Sequence[str]) -> bool:
    """Whether the cells of a first column are keys of their own kind: a word each, and each another."""
    return len(set(cells)) == len(cells) and all(len(cell.split()) == 1 for cell in cells)
