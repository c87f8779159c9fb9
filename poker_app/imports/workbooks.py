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
# Of the lists of parts and sheets, of which the library makes objects: 10 to 60 µs of processor for a tag.
MAX_LISTED_TAGS = 20_000
# Bytes from one "<" to the next there. The library shifts a password's letters by their place, in quadratic time.
MAX_TAG = 10_000
MAX_SHEETS, MAX_COLUMNS = 10, 100
# Bytes that the parser of XML gets at a time. It begins again with each where a tag or comment has not ended: with the
# 16 kB of ElementTree, one of 9 MB takes six seconds.
MAX_PIECE = 1_000_000
# Excel's own limits of a cell and of a format.
MAX_CELL, MAX_FORMAT = 32_767, 255
# Characters of all cells together: any number of them can name the same shared string.
MAX_CHARACTERS = 2_000_000
TOO_LARGE = "This workbook is too large. Save the sheet with the tasks as CSV."
# The latter of them where a part is missing, or is of another kind than the library expects.
_WHERE_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, ParseError, EOFError, OSError, KeyError, ValueError, NotImplementedError),
    *(TypeError, AttributeError, IndexError, AssertionError),
)
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
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
            # What is encrypted, or packed in a way that no workbook is, raises errors of its own.
            if any(part.flag_bits & 1 or part.compress_type not in _PACKED for part in parts):
                raise Invalid(DAMAGED, "file")
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise Invalid(TOO_LARGE, "file")
            if sum(package.read(part).count(b"<") for part in parts) > MAX_TAGS:
                raise Invalid(TOO_LARGE, "file")
    except _WHERE_DAMAGED as problem:
        raise Invalid(DAMAGED, "file") from problem


class _Part(BytesIO):
    """A part, unpacked, that is read in large pieces."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(max(size, MAX_PIECE) if size and size > 0 else size)


class _Package(zipfile.ZipFile):
    """The archive from which the library reads: ``read`` a part of which it makes objects, ``open`` any other."""

    listed = 0

    def open(self, *args: Any, **named: Any) -> Any:
        with super().open(*args, **named) as part:
            return _Part(part.read())

    def read(self, name: Any, pwd: bytes | None = None) -> bytes:
        """The part, unpacked.

        Raises:
            Invalid: (422) the parts read so have more tags than ``MAX_LISTED_TAGS``, or one is longer than ``MAX_TAG``.
        """
        content = super().read(name, pwd)
        tags = content.split(b"<")
        self.listed += len(tags)
        if self.listed > MAX_LISTED_TAGS or max(map(len, tags)) > MAX_TAG:
            raise Invalid(TOO_LARGE, "file")
        return content


def _sheets(content: bytes) -> Iterator[list[Row]]:
    """The rows of each sheet that has any. The library would parse a part again for each sheet that names it: here only
    the first does."""
    from openpyxl.reader.excel import ExcelReader

    reader = ExcelReader(BytesIO(content), read_only=True, data_only=True, keep_links=False)
    with reader.archive, _Package(BytesIO(content)) as package, warnings.catch_warnings():
        # Of extensions, which do not matter here.
        warnings.simplefilter("ignore")
        reader.archive = package
        reader.read_manifest()
        reader.shared_strings = list(_shared_strings(reader))
        reader.read_workbook()
        dates = _date_styles(package)
        named = dict.fromkeys(part.target for _, part in reader.parser.find_sheets() if "chartsheet" not in part.Type)
        characters = 0
        for name in islice((name for name in named if name in reader.valid_files), MAX_SHEETS):
            with package.open(name) as part:
                rows: list[Row] = []
                for line, cells in _rows(part, reader, dates):
                    characters += sum(map(len, cells))
                    if characters > MAX_CHARACTERS:
                        raise Invalid(TOO_LARGE, "file")
                    rows.append((line, cells))
            if rows:
                yield rows


def _shared_strings(reader: Any) -> Iterator[str]:
    """The texts that cells name by their number. The library needs 25 µs of processor for an empty one."""
    from defusedxml.ElementTree import iterparse
    from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

    if listed := reader.package.find(SHARED_STRINGS):
        text = f"{{{SHEET_MAIN_NS}}}t"
        with reader.archive.open(listed.PartName[1:]) as part:
            for _, element in iterparse(part):
                if element.tag == f"{{{SHEET_MAIN_NS}}}si":
                    said = [*element.findall(text), *element.findall(f"{{{SHEET_MAIN_NS}}}r/{text}")]
                    yield "".join(each.text or "" for each in said).replace("x005F_", "")
                    element.clear()


def _date_styles(package: zipfile.ZipFile) -> tuple[set[int], set[int]]:
    """The numbers of the cells' styles that show a date, and of those that show a duration."""
    from defusedxml.ElementTree import iterparse
    from openpyxl.styles import numbers
    from openpyxl.xml.constants import ARC_STYLE, SHEET_MAIN_NS

    if ARC_STYLE not in package.namelist():
        return set(), set()
    own: dict[str, str] = {}
    used: list[str] = []
    with package.open(ARC_STYLE) as part:
        for _, element in iterparse(part):
            if element.tag == f"{{{SHEET_MAIN_NS}}}numFmt":
                own[element.get("numFmtId")] = element.get("formatCode", "")[:MAX_FORMAT]
            elif element.tag == f"{{{SHEET_MAIN_NS}}}cellXfs":
                used = [style.get("numFmtId", "0") for style in element]
    codes = {style: own.get(style) or numbers.builtin_format_code(int(style)) for style in {*used}}
    dates = {style for style, code in codes.items() if numbers.is_date_format(code)}
    durations = {style for style, code in codes.items() if numbers.is_timedelta_format(code)}
    return (
        {place for place, style in enumerate(used) if style in dates},
        {place for place, style in enumerate(used) if style in durations},
    )


def _rows(part: Any, reader: Any, dates: tuple[set[int], set[int]]) -> Iterator[Row]:
    """The rows that have anything. What the sheet says of its own size, and of anything but its cells, is not read."""
    from defusedxml.ElementTree import iterparse
    from openpyxl.worksheet._reader import ROW_TAG, WorkSheetParser

    parser = WorkSheetParser(part, reader.shared_strings, True, reader.wb.epoch, *dates)
    before = 0
    for _, element in iterparse(part):
        if element.tag != ROW_TAG:
            continue
        line, cells = parser.parse_row(element)
        element.clear()
        if line > 2 * MAX_ROWS:
            break
        filled = {cell["column"]: cell["value"] for cell in cells if cell["value"] not in (None, "")}
        width = max((column for column in filled if column <= MAX_COLUMNS), default=0)
        if width and line > before:
            before = line
            yield line, [_plain(filled.get(column))[:MAX_CELL] for column in range(1, width + 1)]


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
