"""Meanings of columns that were corrected, by the plain names of the columns, for the next table that has them."""

from collections.abc import Mapping, Sequence

from poker_app.rules.imports.column_names import plain
from poker_app.rules.imports.columns import Column

MAX_REMEMBERED = 200
"""Names, each of at most ``column_names.MAX_NAME`` characters."""


def is_as_last_time(column: Column, remembered: Mapping[str, str]) -> bool:
    """Whether a column has its meaning because it was remembered."""
    return column.meaning != column.guess and remembered.get(plain(column.name)) == column.meaning


def corrected(columns: Sequence[Column]) -> Mapping[str, str]:
    """The meanings that differ from the guesses, by plain name; "" for a name whose guess was right. A name of several
    columns whose meanings differ is left out."""
    meanings: dict[str, set[str]] = {}
    for column in columns:
        if (name := plain(column.name)) and column.guess:
            meanings.setdefault(name, set()).add("" if column.meaning == column.guess else column.meaning)
    return {name: chosen.pop() for name, chosen in meanings.items() if len(chosen) == 1}


def with_corrected(remembered: Mapping[str, str], corrected: Mapping[str, str]) -> Mapping[str, str]:
    """What is remembered from now on: the newest last, without the names whose guess was right, the oldest given up."""
    others = {name: meaning for name, meaning in remembered.items() if name not in corrected}
    kept = others | {name: meaning for name, meaning in corrected.items() if meaning}
    return dict([*kept.items()][-MAX_REMEMBERED:])
