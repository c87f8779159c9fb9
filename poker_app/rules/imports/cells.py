"""Divides a text into rows of cells: JSON, Markdown tables, CSV with any delimiter, and cells of a spreadsheet."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from typing import Any

from poker_app.rules.imports import columns
from poker_app.rules.imports.column_names import OTHER
from poker_app.rules.imports.columns import Column
from poker_app.rules.printable import encodable

DELIMITERS = "\t,;|"
MAX_COLUMNS = 400
MAX_ROWS = 5_000
# Rows in which the names of the columns are looked for, and those by which columns without names are distinguished.
MAX_BEFORE_HEADER, MAX_SAMPLE = 20, 200
# Lines of one cell: past them a quotation mark was never closed.
MAX_CELL_LINES = 1_000

Row = tuple[int, Sequence[str]]
"""The line on which a row begins, and its cells."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The rows of a table, those before the names of its columns and the names left out. ``header``: the line of the
    names, None where there are none. ``before``: rows above them."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    header: int | None = None
    before: Sequence[Row] = ()


def grid_in(text: str) -> Grid | None:
    """The table that a text is; None where it is none, but lines."""
    text = text.removeprefix("\ufeff")
    return _json(text) or _markdown(text) or _delimited(text)


def named_grid(rows: Sequence[Row]) -> Grid | None:
    """The table with its columns named by one of its first rows; None where none of them names any."""
    first = True
    for index, (line, cells) in enumerate(rows[:MAX_BEFORE_HEADER]):
        if not any(cell.strip() for cell in cells):
            continue
        found = columns.named(cells[:MAX_COLUMNS], first=first)
        first = False
        if found:
            return Grid(found, rows[index + 1 :], line, rows[:index])
    return None


def nameless_grid(rows: Sequence[Row]) -> Grid:
    """The table with its columns distinguished by what is in them."""
    return Grid(columns.by_content([cells[:MAX_COLUMNS] for _, cells in rows[:MAX_SAMPLE]]), rows)


# --- JSON


def _json(text: str) -> Grid | None:
    text = text.strip()
    if not text.startswith(("{", "[")) or not text.endswith(("}", "]")):
        return None
    try:
        return records_grid(json.loads(text))
    except (ValueError, RecursionError):
        return None


def records_grid(said: Any) -> Grid | None:
    """The table of a list of objects, or of an object that has one: our own report, or what a tracker's API answers
    with."""
    if isinstance(said, dict):
        lists = [said[name] for name in ("tasks", "issues", "items", "nodes", "value", "cards") if name in said]
        said = lists[0] if lists else None
    if not isinstance(said, list) or not said or not all(isinstance(each, dict) for each in said):
        return None
    # Jira's interface has most fields of an issue in an object of their own.
    said = [{**each, **within} if isinstance(within := each.get("fields"), dict) else each for each in said]
    names = list(islice(dict.fromkeys(name for each in said[:MAX_SAMPLE] for name in each), MAX_COLUMNS))
    # An escape, unlike the text around it, can be a NUL or half a surrogate pair.
    rows = [
        (place, [encodable(_plain(each.get(name))) for name in names])
        for place, each in enumerate(said[: MAX_ROWS + 1], start=1)
    ]
    found = columns.named([encodable(name) for name in names], first=True)
    return Grid(found, rows, 0) if found else None


def _plain(value: Any) -> str:
    """A value of JSON as a cell: of an object its name, or itself where it is a document, of a list all that it
    holds."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case list():
            return ", ".join(filter(None, (_plain(each) for each in value if not isinstance(each, list))))
        case {"type": "doc"}:
            return json.dumps(value)
        case dict():
            name: Any = next((value[key] for key in ("name", "title", "key", "login") if key in value), "")
            return name if isinstance(name, str) else ""
        case _:
            return ""


# --- Markdown


def _markdown(text: str) -> Grid | None:
    lines = text.split("\n")
    for index, line in enumerate(lines[1 : MAX_BEFORE_HEADER + 1], start=1):
        if "-" in line and "|" in line and set(line) <= set(" \t\r|:-"):
            rows = [(number, _cells(row)) for number, row in enumerate(lines, start=1) if "|" in row]
            header = columns.named(cells := _cells(lines[index - 1]), first=True)
            below = [row for row in rows if row[0] > index + 1]
            found = header or [
                Column(name[: columns.MAX_NAME], each.meaning)
                for name, each in zip(
                    cells, columns.by_content([cells for _, cells in below[:MAX_SAMPLE]]), strict=False
                )
            ]
            return Grid(found, below[: MAX_ROWS + 1], index, [row for row in rows if row[0] < index]) if found else None
    return None


def _cells(line: str) -> list[str]:
    text = line.strip().removeprefix("|").removesuffix("|")
    return [cell.replace("\0", "|").strip() for cell in text.replace("\0", "").replace("\\|", "\0").split("|")][
        :MAX_COLUMNS
    ]


# --- delimiters


def _delimited(text: str) -> Grid | None:
    best: tuple[int, Grid] | None = None
    for delimiter in DELIMITERS:
        if delimiter not in text:
            continue
        rows = list(islice(_rows(text, delimiter), MAX_BEFORE_HEADER))
        found = named_grid(rows)
        if found and sum(bool(cell.strip()) for cell in _header(rows, found)) > 1:
            known = sum(each.meaning != OTHER for each in found.columns)
            if best is None or known > best[0]:
                whole = list(islice(_rows(text, delimiter), MAX_ROWS + MAX_BEFORE_HEADER + 1))
                best = known, named_grid(whole) or found
    return best[1] if best else _nameless(text)


def _header(rows: Iterable[Row], grid: Grid) -> Sequence[str]:
    return next(cells for line, cells in rows if line == grid.header)


def _nameless(text: str) -> Grid | None:
    for delimiter in DELIMITERS:
        if delimiter not in text:
            continue
        rows = [row for row in islice(_rows(text, delimiter), MAX_ROWS + 1) if any(cell.strip() for cell in row[1])]
        divided = [cells for _, cells in rows if len(cells) > 1]
        if not divided:
            continue
        if delimiter == "\t":
            # A line of another kind between them, such as a heading, is none of the table's rows.
            if 5 * len(divided) >= 4 * len(rows) and (len(divided) > 1 or any("\n" in cell for cell in divided[0])):
                return nameless_grid(rows)
        elif len(rows) > 1 and len({len(cells) for _, cells in rows}) == 1 and len(divided[0]) <= MAX_COLUMNS:
            # Commas and semicolons stand in sentences, too.
            grid = nameless_grid(rows)
            if {each.meaning for each in grid.columns} & columns.SURE:
                return grid
    return None


def _rows(text: str, delimiter: str) -> Iterator[Row]:
    """The rows of a text. Where a quotation mark is never closed, marks are letters from its row on."""
    # With ``newline=""`` lines end where CSV has them end, not at every separator of Unicode.
    quoted = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    try:
        for cells in quoted:
            if quoted.line_num - line >= MAX_CELL_LINES:
                break
            yield line, cells
            line = quoted.line_num + 1
        else:
            return
    except csv.Error:
        pass
    for number, rest in enumerate(StringIO(text, newline=""), start=1):
        if number >= line:
            yield number, rest.rstrip("\r\n").split(delimiter)
