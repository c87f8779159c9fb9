"""CSV that a spreadsheet opens as it was meant: the right letters, and no cell that runs."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from itertools import takewhile

from poker_app.rules.printable import is_hidden

# Without it spreadsheets guess the encoding wrong.
BYTE_ORDER_MARK = "\ufeff"


def as_csv(heads: Sequence[str], rows: Iterable[Sequence[str]], *, semicolons: bool = False) -> str:
    """The rows below their heads; a row that is too short is filled up with empty cells. With ``semicolons`` the file
    is for countries that write decimals with a comma: it has semicolons between cells, and decimal commas.

    No cell runs, at whichever of the usual delimiters a spreadsheet splits the file, and whether or not it knows
    quotes: semicolons are the default of many countries.
    """
    text = io.StringIO()
    write = csv.writer(text, delimiter=";" if semicolons else ",", lineterminator="\r\n").writerow
    write(heads)
    for row in rows:
        cells = [_unchanged(" ".join(cell.split())) for cell in row]
        if semicolons:
            cells = [cell.replace(".", ",") if _DECIMAL.fullmatch(cell) else cell for cell in cells]
        # Split at another delimiter, the first cell goes on with the next one: `-5,1+…` is no number.
        cells[:1] = [_prefixed(cell) for cell in cells[:1]]
        cells[1:] = [harmless(cell) for cell in cells[1:]]
        write(cells + [""] * (len(heads) - len(row)))
    return BYTE_ORDER_MARK + text.getvalue()


_DECIMAL = re.compile(r"-?[0-9]{1,15}\.[0-9]{1,15}")
_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?|m[äa]r?z|mai|okt(?:ober)?|dez(?:ember)?"
)
_READ_AS_SOMETHING_ELSE = re.compile(
    r"[0-9]{1,2}[/-][0-9]{1,4}(?:[/-][0-9]{1,4})?|[0-9]{4}[/-][0-9]{1,2}|[0-9]{1,2}\.[0-9]{1,2}\.(?:[0-9]{2,4})?"
    rf"|(?:{_MONTHS})[ ./-]?[0-9]{{1,4}}|[0-9]{{1,4}}[ ./-]?(?:{_MONTHS})"
    r"|[0-9]{1,3}:[0-9]{2}(?::[0-9]{2})?|[0-9]{1,15}(?:\.[0-9]{1,15})?e[+-]?[0-9]{1,3}|0[0-9]{1,40}|[0-9]{16,40}",
    re.IGNORECASE,
)
"""Dates, times, powers of ten, zeros before a number, and numbers too long for a spreadsheet: ``1/2``, ``MAR-12``."""


def _unchanged(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would read as a date, a time or another number."""
    return f"'{cell}" if _READ_AS_SOMETHING_ELSE.fullmatch(cell) else cell


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


def unprotected(cell: str) -> str:
    """The cell as it was before an export wrote apostrophes into it."""
    if "'" not in cell:
        return cell
    parts = _DELIMITERS.split(cell)
    bare = "".join(part[1:] if part.startswith("'") and _runs(part[1:]) else part for part in parts)
    for candidate in (bare.removeprefix("'"), bare):
        if candidate != cell and harmless(_unchanged(candidate)) == cell:
            return candidate
    return cell


def _runs(part: str) -> bool:
    """Whether the part is a formula, once the quotes and the blank and hidden characters before it are dropped."""
    blank = "".join(takewhile(lambda char: char.isspace() or char == '"' or is_hidden(char), part))
    return "\t" in blank or "\r" in blank or part[len(blank) :].startswith(_FORMULA_SIGNS)
