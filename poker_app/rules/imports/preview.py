"""What a table shows before its tasks are added: the columns and rows that are worth a look, within what travels."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from poker_app.rules.backlog import TaskLine
from poker_app.rules.imports.column_names import MEANINGS, UNUSED, plain
from poker_app.rules.imports.columns import Column
from poker_app.rules.imports.remembered import is_as_last_time
from poker_app.rules.imports.understood import Row, Understood, task_of, why_not
from poker_app.rules.session.tasks import MAX_TASKS


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the preview: the task that it makes, None where it makes none; whether it is ticked at first, and why it
    is not; and what did not fit."""

    row: Row
    task: TaskLine | None
    ticked: bool
    why: str
    problems: Sequence[str]
    known: bool


def worth_a_look(table: Understood) -> Understood:
    """The table without empty columns, and with as many rows as a session holds tasks: others are left out before those
    that are tasks."""
    filled = [place for place in range(len(table.columns)) if any(row.cells[place].strip() for row in table.rows)]
    rows, notes = table.rows, list(table.notes)
    if len(rows) > MAX_TASKS:
        # The sort leaves those of a kind in their order.
        rows = tuple(sorted(sorted(rows, key=_is_no_task)[:MAX_TASKS], key=lambda row: row.line))
        others = sum(map(_is_no_task, table.rows)) - sum(map(_is_no_task, rows))
        if more := len(table.rows) - len(rows) - others:
            notes.append(f"The first {MAX_TASKS} tasks are shown, as many as a session holds; {more} more are not.")
        if others:
            notes.append(f"{others} rows that are headings or done are not shown.")
    return replace(
        table,
        columns=tuple(table.columns[place] for place in filled),
        rows=tuple(replace(row, cells=tuple(row.cells[place] for place in filled)) for row in rows),
        notes=tuple(notes),
    )


def _is_no_task(row: Row) -> bool:
    return row.not_a_task != ""


def with_meanings(table: Understood, chosen: Mapping[int, str]) -> Understood:
    """The table with other meanings of columns, by their places; a meaning that there is not is passed over. Where they
    decide anew whether a row is a task, it is marked so."""
    columns = [
        replace(column, meaning=chosen[place]) if chosen.get(place) in MEANINGS else column
        for place, column in enumerate(table.columns)
    ]
    rows = [
        row
        if (why := why_not(columns, row.cells)) == why_not(table.columns, row.cells)
        else replace(row, not_a_task=why)
        for row in table.rows
    ]
    return replace(table, columns=tuple(columns), rows=tuple(rows))


def as_last_time(table: Understood, remembered: Mapping[str, str]) -> Understood:
    """The table with the meanings that columns of its names had, and each column's guess beside its meaning."""
    table = replace(table, columns=tuple(replace(column, guess=column.meaning) for column in table.columns))
    known = {place: remembered.get(plain(column.name), "") for place, column in enumerate(table.columns)}
    return with_meanings(table, known) if any(known.values()) else table


def lines(table: Understood, keys: frozenset[str]) -> list[Line]:
    """The rows with their tasks. ``keys`` are those of the backlog, in lower case."""
    found: list[Line] = []
    seen: set[str] = set()
    for row in table.rows:
        task, problems = task_of(table.columns, row)
        key = task.key.casefold() if task else ""
        why = row.not_a_task if task else "No title, key or link."
        if not why and key and key in seen:
            why = "The same key as above."
        found.append(Line(row, task, not why, why, problems, key in keys))
        seen.add(key)
    return found


def still_ticked(lines: Sequence[Line], before: Sequence[Line], ticked: Collection[str]) -> set[str]:
    """The lines to tick after another choice of meanings: as they were, or as at first where a row's mark changed."""
    return {
        str(line.row.line)
        for line, was in zip(lines, before, strict=True)
        if (str(line.row.line) in ticked if line.why == was.why else line.ticked)
    }


@dataclass(frozen=True, slots=True)
class Example:
    """A column of the preview: its place, the first of its cells that is filled, and whether its meaning was
    remembered."""

    place: int
    column: Column
    cell: str
    remembered: bool

    @property
    def used(self) -> bool:
        return self.column.meaning != UNUSED


def examples(table: Understood, remembered: Mapping[str, str]) -> list[Example]:
    """Each column with an example. ``remembered`` are meanings by plain names."""
    return [
        Example(
            place,
            column,
            next((row.cells[place] for row in table.rows if row.cells[place].strip()), ""),
            is_as_last_time(column, remembered),
        )
        for place, column in enumerate(table.columns)
    ]
