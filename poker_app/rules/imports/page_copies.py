"""Tells the tasks of a list that was copied out of a tracker's page from the words between them: keys on lines of their
own, statuses, types, priorities and numbers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from poker_app.rules.imports.column_names import PRIORITY_WORDS, STATUS_WORDS, TYPE_WORDS, plain
from poker_app.rules.imports.lines import whole_key

MAX_FIRST = 20
_BETWEEN = STATUS_WORDS | TYPE_WORDS | PRIORITY_WORDS
_POINTS = re.compile(r"(?:[0-9]{1,3}(?:[.,][0-9])?|[½¼¾])(?: ?(?:sp|pts?|points?|h|d))?|[-–—]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Copied:
    """The lines with a task each, as ``(number, line)``, and the numbers of the lines that are none."""

    lines: Sequence[tuple[int, str]]
    between: Sequence[int]


def copied_page(pasted: Sequence[str]) -> Copied | None:
    """The tasks of a list copied out of a page; None for any other list."""
    lines = [(number, line.strip()) for number, line in enumerate(pasted, start=1) if line.strip()]
    # Of a copied page at least one of the first lines is something else than a title.
    if all(_kind(line) == "text" for _, line in lines[:MAX_FIRST]) or any("\t" in line for _, line in lines):
        return None
    kinds = [_kind(line) for _, line in lines]
    if kinds.count("text") < 2 or kinds[0] == "word":
        return None
    words = [line.casefold() for (_, line), kind in zip(lines, kinds, strict=True) if kind == "word"]
    keys = kinds.count("key")
    # A list of tasks called "Story" and "Task" has neither keys on lines of their own nor words again and again.
    if not (_alternate(kinds) and keys > 1) and not (len(words) > 1 and (keys > 1 or len(set(words)) < len(words))):
        return None
    return _tasks(lines, kinds)


def _kind(line: str) -> str:
    if whole_key(line):
        return "key"
    return "word" if len(line) < 40 and (plain(line) in _BETWEEN or _POINTS.fullmatch(line)) else "text"


def _alternate(kinds: Sequence[str]) -> bool:
    """Whether each key has a text of its own, on one side all over."""
    apart = [kind for kind in kinds if kind != "word"]
    pairs = set(zip(apart[::2], apart[1::2], strict=False))
    return len(apart) % 2 == 0 and len(pairs) == 1 and pairs != {("text", "text")} and pairs != {("key", "key")}


def _tasks(lines: Sequence[tuple[int, str]], kinds: Sequence[str]) -> Copied:
    first = next(kind for kind in kinds if kind != "word")
    tasks: list[tuple[int, str]] = []
    between: list[int] = []
    # Keys whose text has not come yet, at most one, with its line's number.
    waiting: list[tuple[int, str]] = []
    for (number, line), kind in zip(lines, kinds, strict=True):
        if kind == "word":
            between.append(number)
        elif kind == "text":
            tasks.append((number, "\t".join([*(key for _, key in waiting), line])))
            waiting = []
        elif first == "key" or not tasks or "\t" in tasks[-1][1]:
            tasks += waiting
            waiting = [(number, line)]
        else:
            tasks[-1] = tasks[-1][0], f"{line}\t{tasks[-1][1]}"
    return Copied(tasks + waiting, between)
