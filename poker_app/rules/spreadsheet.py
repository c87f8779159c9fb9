"""CSV that a spreadsheet opens as it was meant: the right letters, and no cell that runs."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from itertools import takewhile

from poker_app.rules.printable import is_hidden

# Without it spreadsheets guess the encoding wrong.
BYTE_ORDER_MARK = "\ufeff"


def as_csv(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The rows below their heads; a row that is too short is filled up with empty cells."""
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\r\n").writerow
    write(heads)
    for row in rows:
        write([_cell(cell) for cell in row] + [""] * (len(heads) - len(row)))
    return BYTE_ORDER_MARK + text.getvalue()


def _cell(text: str) -> str:
    """One line that no spreadsheet runs, not even one that splits at semicolons, as those of many countries do."""
    return ";".join(harmless(part) for part in " ".join(text.split()).split(";"))


# Spreadsheets in several languages also read the full-width signs.
_FORMULA_SIGNS = tuple("=+-@＝＋－＠")
_NEGATIVE_NUMBER = re.compile(r"-[0-9]+(?:[.,][0-9]+)?")


def harmless(cell: str) -> str:
    """The cell, prefixed with an apostrophe if a spreadsheet could run it as a formula; negative numbers stay."""
    if _NEGATIVE_NUMBER.fullmatch(cell):
        return cell
    blank = "".join(takewhile(lambda char: char.isspace() or is_hidden(char), cell))
    runs = "\t" in blank or "\r" in blank or cell[len(blank) :].startswith(_FORMULA_SIGNS)
    return f"'{cell}" if runs else cell
