"""CSV that a spreadsheet opens as it was meant: the right letters, and no cell that runs or turns into a date."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import takewhile

from poker_app.rules.printable import is_hidden

# Without it spreadsheets guess the encoding wrong.
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Style:
    """How a file is written: what stands between its cells, and the mark of its decimals."""

    delimiter: str = ","
    decimal_mark: str = "."


DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
DECIMAL_MARKS = {"point": ".", "comma": ","}
"""What can be chosen, by the names that stand in addresses."""

POINTS, COMMAS = Style(), Style(";", ",")
_DECIMAL_COMMAS = (
    "af az be bg bs ca cs da de el es et eu fi fo fr gl hr hu hy id is it ka kk ky lt lv mk mn nb nl nn no pl pt ro ru "
    "sk sl sq sr sv tr uk uz vi"
)
"""Languages in whose countries spreadsheets write decimals with a comma, and so part cells with semicolons."""
_POINTS_IN_SPANISH = "419 do gt hn mx ni pa pe pr sv us"
_STYLES = {
    **{f"{language}-ch": Style(";", ".") for language in ("de", "fr", "it", "rm")},
    **{f"es-{country}": POINTS for country in _POINTS_IN_SPANISH.split()},
    "en-za": COMMAS,
}
"""Countries that write otherwise than their language does elsewhere."""


def style_of(languages: Iterable[str]) -> Style:
    """Returns the style of the spreadsheets of a country, by the tags of a browser's languages, the preferred first:
    ``de-AT`` is written with semicolons and decimal commas. Without a language it is commas and decimal points."""
    tag = next(iter(languages), "").lower().replace("_", "-")
    return _STYLES.get(tag) or (COMMAS if tag.partition("-")[0] in _DECIMAL_COMMAS.split() else POINTS)


type Cell = str | int | float | Decimal


def as_csv(heads: Sequence[str], rows: Iterable[Sequence[Cell]], style: Style = POINTS) -> str:
    """The rows below their heads; a row that is too short is filled up with empty cells. Numbers have the decimal mark
    of the style, and texts are as they were once ``unprotected`` has read them.

    No text runs, at whichever of the usual delimiters a spreadsheet splits the file, and whether or not it knows
    quotes: semicolons are the default of many countries.
    """
    text = io.StringIO()
    write = csv.writer(text, delimiter=style.delimiter, lineterminator="\r\n").writerow
    write(heads)
    for row in rows:
        cells = [
            protected(cell, style.decimal_mark, first=place == 0)
            if isinstance(cell, str)
            else str(cell).replace(".", style.decimal_mark)
            for place, cell in enumerate(row)
        ]
        write(cells + [""] * (len(heads) - len(row)))
    return BYTE_ORDER_MARK + text.getvalue()


_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?|m[äa]r?z|mai|okt(?:ober)?|dez(?:ember)?"
)
_READ_AS_SOMETHING_ELSE = re.compile(
    r"[0-9]{1,2}[/-][0-9]{1,4}(?:[/-][0-9]{1,4})?|[0-9]{4}[/-][0-9]{1,2}|[0-9]{1,2}\.[0-9]{1,2}\.(?:[0-9]{2,4})?"
    rf"|(?:{_MONTHS})[ ./-]?[0-9]{{1,4}}|[0-9]{{1,4}}[ ./-]?(?:{_MONTHS})"
    r"|[0-9]{1,3}:[0-9]{2}(?::[0-9]{2})?|[0-9]{1,15}(?:[.,][0-9]{1,15})?e[+-]?[0-9]{1,3}|0[0-9]{1,40}|[0-9]{16,40}",
    re.IGNORECASE,
)
"""Dates, times, powers of ten, zeros before a number, and numbers too long for a spreadsheet: ``1/2``, ``MAR-12``."""
_DECIMAL = re.compile(r"[0-9]{1,15}(?P<mark>[.,])[0-9]{1,15}")
_DELIMITERS = re.compile("([,;|\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029])")
"""What a program might split a file at, whether or not it is quoted; lines of a cell among it."""
# Spreadsheets in several languages also read the full-width signs.
_FORMULA_SIGNS = tuple("=+-@＝＋－＠")
_NEGATIVE_NUMBER = re.compile(r"-[0-9]+(?:[.,][0-9]+)?")


def protected(cell: str, decimal_mark: str = ".", *, first: bool = False) -> str:
    """The text with an apostrophe before each part that a spreadsheet could run as a formula, and before what it would
    read as a date, a time or another number. ``unprotected`` takes them off again, and no others.

    A part begins with the cell or after a delimiter. A negative number that is the whole cell stays; not so in the
    ``first`` cell of a row, which goes on with the next one where another delimiter splits them: ``-5,1+…``.
    """
    if _NEGATIVE_NUMBER.fullmatch(cell) and not first:
        return cell
    parts = "".join(f"'{part}" if _runs(part.lstrip("'")) else part for part in _DELIMITERS.split(cell))
    bare = cell.lstrip("'")
    decimal = _DECIMAL.fullmatch(bare)
    changed = decimal and (bare != cell or decimal["mark"] != decimal_mark)
    return f"'{parts}" if changed or _is_changed(bare) else parts


def unprotected(cell: str) -> str:
    """The text as it was before ``protected`` wrote apostrophes into it."""
    if "'" not in cell:
        return cell
    bare = cell.lstrip("'")
    if bare != cell and (_DECIMAL.fullmatch(bare) or _is_changed(bare)):
        cell = cell[1:]
    return "".join(
        part[1:] if part.startswith("'") and _runs(part.lstrip("'")) else part for part in _DELIMITERS.split(cell)
    )


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet could run a part of the text, with or without apostrophes before it."""
    return any(_runs(part.lstrip("'")) for part in _DELIMITERS.split(cell))


def _is_changed(cell: str) -> bool:
    """Whether a spreadsheet reads a whole cell as something else, or drops a tab or return at its beginning."""
    blank = _blank(cell)
    return "\t" in blank or "\r" in blank or bool(_READ_AS_SOMETHING_ELSE.fullmatch(cell))


def _runs(part: str) -> bool:
    """Whether the part is a formula, once the quotes and the blank and hidden characters before it are dropped."""
    return part[len(_blank(part)) :].startswith(_FORMULA_SIGNS)


def _blank(text: str) -> str:
    return "".join(takewhile(lambda char: char.isspace() or char == '"' or is_hidden(char), text))
