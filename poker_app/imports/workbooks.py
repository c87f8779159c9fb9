"""Reads a workbook (XLSX): of its sheets the first with tasks, within limits that no archive gets around."""

import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from io import BytesIO
from itertools import islice
from typing import Any
from xml.etree.ElementTree import ParseError

from poker_app.errors import Invalid
from poker_app.rules.imports.cells import MAX_ROWS, Row, named_grid, nameless_grid
from poker_app.rules.imports.understood import Understood, of_grid

# Bytes of all parts together, unpacked. Python's zipfile unpacks no more of a part than its entry says.
MAX_UNPACKED = 20_000_000
MAX_PARTS = 1_000
# Tags of all parts together, of which a cell has four to eight. The library takes 40 µs of processor for a cell.
MAX_TAGS = 600_000
MAX_SHEETS, MAX_COLUMNS = 10, 100
TOO_LARGE = "This workbook is too large. Save the sheet with the tasks as CSV."
# The latter of them where a part is missing, or is of another kind than the library expects.
_WHERE_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, ParseError, EOFError, OSError, KeyError, ValueError, NotImplementedError),
    *(TypeError, AttributeError, IndexError, AssertionError),
)
DAMAGED = "This workbook cannot be read. Save it again as XLSX, or as CSV."


def understood_workbook(content: bytes) -> Understood:
    """The table of the first sheet that has the names of columns, else of the first sheet with anything.

    Raises:
        Invalid: (422) it is no workbook, damaged, empty, or unpacks to too much.
    """
    _check_size(content)
    try:
        sheets = list(_sheets(content))
    except _WHERE_DAMAGED as problem:
        raise Invalid(DAMAGED, "file") from problem
    grid = next(filter(None, map(named_grid, sheets)), None)
    if grid is None:
        if not sheets:
            raise Invalid("There is nothing in this workbook.", "file")
        grid = nameless_grid(sheets[0])
    return of_grid(grid)


def _check_size(content: bytes) -> None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as package:
            parts = package.infolist()
            if "xl/workbook.xml" not in {part.filename for part in parts}:
                raise Invalid("This archive is no workbook. CSV, XLSX, XML from Jira, JSON and text are read.", "file")
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise Invalid(TOO_LARGE, "file")
            if sum(package.read(part).count(b"<") for part in parts) > MAX_TAGS:
                raise Invalid(TOO_LARGE, "file")
    except _WHERE_DAMAGED as problem:
        raise Invalid(DAMAGED, "file") from problem


def _sheets(content: bytes) -> Iterator[list[Row]]:
    """The rows of each sheet that has any."""
    import openpyxl

    with warnings.catch_warnings():
        # Of styles and extensions, which do not matter here.
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
    try:
        for sheet in book.worksheets[:MAX_SHEETS]:
            if rows := list(_rows(sheet)):
                yield rows
    finally:
        book.close()


def _rows(sheet: Any) -> Iterator[Row]:
    # What the sheet says of its own size is not asked: a wrong one would hide rows, or make millions.
    sheet.reset_dimensions()
    found = sheet.iter_rows(max_row=2 * MAX_ROWS, max_col=MAX_COLUMNS, values_only=True)
    for line, values in enumerate(islice(found, 2 * MAX_ROWS), start=1):
        filled = [place for place, value in enumerate(values) if value not in (None, "")]
        if filled:
            yield line, [_plain(value) for value in values[: filled[-1] + 1]]


def _plain(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return str(value)
