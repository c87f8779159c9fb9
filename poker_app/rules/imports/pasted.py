"""The tasks of a text as it is pasted, without a question asked."""

from dataclasses import dataclass

from poker_app.rules import Refused
from poker_app.rules.backlog import TaskLine
from poker_app.rules.imports.understood import HEADING, Understood, tasks_in_rows, understood

MAX_TASKS = 200
MAX_LIST = 64 * 1024
"""Characters of a plain list."""


@dataclass(frozen=True, slots=True)
class Pasted:
    """The tasks of a pasted list, and ``left_out``: a sentence for each thing that was not taken as it stood."""

    tasks: list[TaskLine]
    left_out: list[str]


def is_list(text: str) -> bool:
    """Whether a text is a plain list, whose tasks are added without a preview. One without any task is, and is refused
    as such. A longer text is none, and is not read for that."""
    if len(text) > MAX_LIST:
        return False
    table = understood(text)
    return table.simple or not table.rows


def tasks_in(text: str) -> Pasted:
    """The tasks of a pasted list, as ``tasks_of`` its table."""
    return tasks_of(understood(text))


def tasks_of(table: Understood) -> Pasted:
    """The tasks of a pasted list, one a line, or of a table; blank lines, headings of a table and rules of dashes are
    passed over. Of a list that is too long the first 200 tasks are taken; a title that is too long is cut after a word,
    a key or address that is too long is left out.

    Raises:
        Refused: invalid, where there is no task in the list.
    """
    tasks: list[TaskLine] = []
    left_out = list(table.notes)
    for row, task, problems in tasks_in_rows(table):
        if task is None or row.not_a_task == HEADING:
            continue
        if len(tasks) == MAX_TASKS:
            left_out.append(f"The list was too long: nothing was taken from line {row.line} on.")
            break
        tasks.append(task)
        left_out += problems
    if not tasks:
        raise Refused("invalid", "There is no task in this list. Write one a line.")
    return Pasted(tasks, left_out)
