"""Parses a pasted table, from a spreadsheet or as CSV, whose first line names its columns."""

import csv
from collections.abc import Iterator, Mapping
from itertools import islice

HEADS: Mapping[str, frozenset[str]] = {
    "title": frozenset({"summary", "title", "subject", "task", "story", "issue"}),
    "key": frozenset({"key", "issue key", "id", "issue id", "task id", "ticket", "number"}),
    "url": frozenset({"url", "link", "address"}),
    "description": frozenset({"description", "details"}),
}
"""Names of columns, in lower case. A table has a title's column; of two that are called alike the first counts, in the
order of the names' columns from left to right."""
DELIMITERS = "\t,;|"
MAX_COLUMNS = 100


def rows_of(text: str) -> Iterator[tuple[int, dict[str, str]]] | None:
    """The rows below the line of column names, each with its line number and its cells by field; a cell of any other
    column follows the description, after that column's name. None where the first line names no columns."""
    text = text.lstrip("\ufeff\r\n\v\f ")
    first = text.partition("\n")[0]
    for delimiter in DELIMITERS:
        if not 0 < first.count(delimiter) < MAX_COLUMNS:
            continue
        fields = _fields([" ".join(head.casefold().split()) for head in _cells(first, delimiter)])
        if "title" in fields:
            return _rows(text, delimiter, fields)
    return None


def _fields(heads: list[str]) -> dict[str, int]:
    """The column of each field."""
    found: dict[str, int] = {}
    for column, head in enumerate(heads):
        for field, names in HEADS.items():
            if head in names:
                found.setdefault(field, column)
    return found


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _rows(text: str, delimiter: str, fields: Mapping[str, int]) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    names = next(reader)
    line = reader.line_num + 1
    for cells in reader:
        row = {field: cells[column].strip() for field, column in fields.items() if column < len(cells)}
        others = [
            (names[column].strip() if column < len(names) else "", cell.strip())
            for column, cell in enumerate(islice(cells, MAX_COLUMNS))
            if column not in fields.values() and cell.strip()
        ]
        told = [f"{name}: {cell}" if name else cell for name, cell in others]
        row["description"] = "\n\n".join(filter(None, [row.get("description", ""), *told]))
        yield line, row
        line = reader.line_num + 1
