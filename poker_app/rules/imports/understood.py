"""The table as understood: what each column means, which rows are tasks, and the tasks that they make."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from poker_app.rules.backlog import TaskLine, within_limits
from poker_app.rules.imports import cells, column_names, page_copies
from poker_app.rules.imports.cells import MAX_ROWS, Grid
from poker_app.rules.imports.column_names import (
    ACCEPTANCE,
    DESCRIPTION,
    KEY,
    LABELS,
    PARENT,
    PRIORITY,
    STATUS,
    TITLE,
    TYPE,
    URL,
)
from poker_app.rules.imports.columns import Column
from poker_app.rules.imports.lines import is_link, named_by, task_of_line
from poker_app.rules.printable import encodable, is_blank, one_line, without_hidden
from poker_app.rules.spreadsheet import unprotected

# Of a list, which takes longer to read than a table: more than a session holds.
MAX_LISTED = 1_000
# With lines that are no tasks, such as rules of dashes.
MAX_LINES = 5 * MAX_LISTED
HEADING, DONE = "A heading, not a task.", "Done already."


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table. ``line``: where it begins, in the text or in the sheet. ``not_a_task`` says why it is no task
    to estimate, "" for one that is."""

    line: int
    cells: tuple[str, ...]
    not_a_task: str = ""


@dataclass(frozen=True, slots=True)
class Understood:
    """A text or file as a table. ``header``: the line that names the columns, None where none does. ``notes`` by line:
    what was left out. ``simple``: lines of a plain list, of which nothing had to be guessed."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    header: int | None = None
    notes: tuple[str, ...] = ()
    simple: bool = field(default=False, kw_only=True)


def understood(text: str) -> Understood:
    """The table that a pasted text is: rows and columns, or a list with a task on each line."""
    text = encodable(text)
    grid = cells.grid_in(text)
    return _of_lines(text) if grid is None else of_grid(grid)


def of_grid(grid: Grid) -> Understood:
    """The table with its rows looked at: which of them are tasks. Rows without anything are left out."""
    columns = list(grid.columns)
    filled = [(line, tuple(row)) for line, row in grid.rows if any(cell.strip() for cell in row)]
    width = max((len(row) for _, row in filled), default=0)
    columns += [Column("", column_names.OTHER)] * (min(width, cells.MAX_COLUMNS) - len(columns))
    columns = _without_opaque_keys(columns, filled)
    names = tuple(each.name for each in columns)
    rows = []
    for line, row in filled[:MAX_ROWS]:
        short = (*row[: len(columns)], *[""] * (len(columns) - len(row)))
        repeated = grid.header is not None and sum(a == b.strip() != "" for a, b in zip(names, short, strict=True)) > 1
        rows.append(Row(line, short, HEADING if repeated else why_not(columns, short)))
    return Understood(tuple(columns), tuple(rows), grid.header, tuple(_notes(grid, filled)))


def _notes(grid: Grid, filled: Sequence[tuple[int, Sequence[str]]]) -> Iterator[str]:
    for line, row in grid.before:
        if text := " ".join(" ".join(row).split()):
            yield f"Line {line}: “{text[:60]}” stands above the columns' names and was left out."
    if len(filled) > MAX_ROWS:
        yield f"The table was too long: nothing was taken from line {filled[MAX_ROWS][0]} on."


def why_not(columns: Sequence[Column], row: Sequence[str]) -> str:
    """Why a row is no task: nothing is filled in but one cell, which is not its title's, or it says that it is done."""
    filled = [each.meaning for each, cell in zip(columns, row, strict=True) if cell.strip()]
    titled = {TITLE, KEY, URL} & {*filled}
    if not titled:
        return HEADING
    if len(filled) == 1 and len(columns) > 2:
        # The name of a group, over its rows.
        name = next(cell for cell in row if cell.strip())
        if filled[0] == KEY or column_names.plain(name) in column_names.STATUS_WORDS:
            return HEADING
    for each, cell in zip(columns, row, strict=True):
        if each.meaning == STATUS and column_names.is_done(cell):
            return DONE
        if each.meaning == column_names.DONE and column_names.is_filled(cell):
            return DONE
    return ""


def _without_opaque_keys(columns: list[Column], rows: Sequence[tuple[int, Sequence[str]]]) -> list[Column]:
    """The columns without a key that no person reads, such as the 24 digits of a card of Trello."""
    for place, column in enumerate(columns):
        if column.meaning == KEY:
            keys = [row[place].strip() for _, row in rows if place < len(row) and row[place].strip()]
            if keys and all(len(key) > 11 and set(key.casefold()) <= set("0123456789abcdef-") for key in keys):
                columns[place] = replace(column, meaning=column_names.UNUSED)
    return columns


def _of_lines(text: str) -> Understood:
    columns = tuple(Column("", meaning) for meaning in (TITLE, KEY, URL, DESCRIPTION))
    pasted = text.splitlines()
    copied = page_copies.copied_page(pasted[:MAX_LINES])
    lines = copied.lines if copied else enumerate(pasted, start=1)
    rows: list[Row] = []
    for place, (number, line) in enumerate(lines):
        if len(rows) == MAX_LISTED or place == MAX_LINES:
            return Understood(columns, tuple(rows), notes=(_too_long(number),))
        if task := task_of_line(line):
            rows.append(Row(number, (task.title, task.key, task.url, task.description)))
    said: tuple[str, ...] = ()
    if copied and copied.between:
        said = (f"Line {copied.between[0]} and others: statuses, types and numbers between the tasks were left out.",)
    return Understood(columns, tuple(rows), notes=said, simple=copied is None)


def _too_long(number: int) -> str:
    return f"The list was too long: nothing was taken from line {number} on."


# --- tasks


def task_of(columns: Sequence[Column], row: Row) -> tuple[TaskLine | None, list[str]]:
    """The task that a row makes, with what fits of it, and what does not; None where it has no title, key or link."""
    cells = [unprotected(cell) for cell in row.cells]
    by_meaning: dict[str, list[tuple[str, str]]] = {}
    for column, cell in zip(columns, cells, strict=True):
        if column.meaning in (LABELS, *column_names.BELOW):
            cell = _without_brackets(cell)
        if cell.strip():
            by_meaning.setdefault(column.meaning, []).append((column.name, cell))

    def first(meaning: str) -> str:
        return one_line(by_meaning.get(meaning, [("", "")])[0][1])

    def all_of(meaning: str) -> list[str]:
        return [cell for _, cell in by_meaning.get(meaning, [])]

    url = first(URL)
    url = url if is_link(url) else ""
    key, title = _key(first(KEY), url), first(TITLE)
    title = title or key or url
    if not title:
        return None, []
    task = TaskLine(title, key, url, _description(columns, by_meaning))
    return within_limits(
        replace(
            task,
            type=first(TYPE),
            priority=first(PRIORITY),
            labels=without_hidden(",".join(all_of(LABELS)), keep="\n"),
            parent=first(PARENT),
            acceptance=_joined(all_of(ACCEPTANCE)),
        )
    )


def _without_brackets(cell: str) -> str:
    """A list as an export writes it, ``[bug,web]``, without its brackets; nothing of one that holds nothing."""
    bare = cell.strip()
    if bare in ("[]", "{}", "null"):
        return ""
    return bare[1:-1] if bare.startswith("[") and bare.endswith("]") and "[" not in bare[1:] else cell


def _key(key: str, url: str) -> str:
    """The key; the one that the link carries where there is none, or where it is the same number with its sign."""
    there = named_by(url)[0] if url else ""
    return there if not key or there == f"#{key}" else key


def _description(columns: Sequence[Column], by_meaning: Mapping[str, list[tuple[str, str]]]) -> str:
    """The description, and below it the columns that a task has no field for, after their names."""
    parts = [cell for _, cell in by_meaning.get(DESCRIPTION, [])]
    below: dict[tuple[str, str], list[str]] = {
        (each.meaning, each.name): [] for each in columns if each.meaning in column_names.BELOW
    }
    for meaning in column_names.BELOW:
        for name, cell in by_meaning.get(meaning, []):
            below[meaning, name].append(_plain(cell))
    for (_, name), said in below.items():
        if not name:
            parts += said
        elif said:
            parts.append(f"{without_hidden(name)}: {', '.join(said)}")
    return _joined(parts)


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in map(_plain, parts) if not is_blank(part))


def _plain(text: str) -> str:
    return without_hidden(text, keep="\t\n").strip()


def tasks_in_rows(table: Understood) -> Iterator[tuple[Row, TaskLine | None, list[str]]]:
    """Each row, the task that it makes, and a sentence for each thing that did not fit."""
    for row in table.rows:
        task, problems = task_of(table.columns, row)
        yield row, task, [f"Line {row.line}: {problem}." for problem in problems]
