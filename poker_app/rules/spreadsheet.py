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
    """The rows below their heads; a row that is too short is filled up with empty cells.

    No cell runs, at whichever of the usual delimiters a spreadsheet splits the file, and whether or not it knows
    quotes: semicolons are the default of many countries.
    """
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\r\n").writerow
    write(heads)
    for row in rows:
        cells = [" ".join(cell.split()) for cell in row]
        # Split at another delimiter, the first cell goes on with the next one: `-5,1+…` is no number.
        cells[:1] = [_prefixed(cell) for cell in cells[:1]]
        cells[1:] = [harmless(cell) for cell in cells[1:]]
        write(cells + [""] * (len(heads) - len(row)))
    return BYTE_ORDER_MARK + text.getvalue()


_DELIMITERS = re.compile("([,;|])")
# Spreadsheets in several languages also read the full-width signs.
_FORMULA_SIGNS = tuple("=+-@＝＋－＠")
_NEGATIVE_NUMBER = re.compile(r"-[0-9]+(?:[.,][0-9]+)?")


def harmless(cell: str) -> str:
    """The cell with an apostrophe before each part that a spreadsheet could run as a formula.

    A part begins with the cell or after a delimiter; a negative number that is the whole cell stays.
    """
    return cell if _NEGATIVE_NUMBER.fullmatch(cell) else _prefixed(cell)


def _prefixed(cell: str) -> str:
    return "".join(f"'{part}" if _runs(part) else part for part in _DELIMITERS.split(cell))


def _runs(part: str) -> bool:
    """Whether the part is a formula, once the quotes and the blank and hidden characters before it are dropped."""
    blank = "".join(takewhile(lambda char: char.isspace() or char == '"' or is_hidden(char), part))
    return "\t" in blank or "\r" in blank or part[len(blank) :].startswith(_FORMULA_SIGNS)
