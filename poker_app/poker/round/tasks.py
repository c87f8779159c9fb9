"""Changes of the backlog: adding, ordering, deleting and undoing tasks, and choosing the current task."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Literal, NamedTuple

from sqlalchemy import bindparam, select

from poker_app import ids, imports
from poker_app.db import session
from poker_app.errors import Invalid
from poker_app.poker import models
from poker_app.poker.change import Holder, change
from poker_app.rules.backlog import TaskLine
from poker_app.rules.session import tasks as rules
from poker_app.rules.session.change import Change
from poker_app.rules.session.value import Task

TOO_LONG_FOR_UNDO = "So much text was replaced that this cannot be undone."

_LIVE = (
    select(models.Task)
    .where(models.Task.session_id == bindparam("session_id"), models.Task.deleted_at.is_(None))
    .order_by(models.Task.position, models.Task.id)
)


class Added(NamedTuple):
    """The tasks of a pasted list that were added, a sentence for each thing that was left out or cut, and the version
    that ``voting.undo`` takes back."""

    tasks: Sequence[Task]
    left_out: Sequence[str]
    undo: int | None


def live_tasks(session_id: str) -> list[models.Task]:
    """Returns the rows of the backlog in order, deleted tasks left out: for reports and copies."""
    return list(session.scalars(_LIVE, {"session_id": session_id}))


def add_tasks(who: Holder, pasted: str) -> Added:
    """Add one task a line at the end. The first of them takes the place of an untitled task nobody voted on.

    Raises:
        Invalid: (422) there is no task in the list, or no room for it in the session.
    """
    read = imports.tasks_in(pasted)
    new_ids = [ids.new_id(12) for _ in read.tasks]
    made = change(who, partial(rules.add_tasks, lines=read.tasks, new_ids=new_ids, round_id=ids.new_id(12)))
    return Added(made.answer, read.left_out, made.undo)


class Outcome(NamedTuple):
    """What an import did, in a few sentences, whether something was left out, and the version that ``voting.undo``
    takes back."""

    sentence: str
    left_out: bool
    undo: int | None


def import_tasks(
    who: Holder, import_id: str, lines: Mapping[int, TaskLine], duplicates: str, chosen: Mapping[int, str]
) -> Outcome:
    """Adds the tasks of a preview, as ``add_lines``, and says what was done."""
    return outcome_of(add_lines(who, import_id, lines, duplicates, chosen))


def add_lines(
    who: Holder, import_id: str, lines: Mapping[int, TaskLine], duplicates: str, chosen: Mapping[int, str] | None = None
) -> Change:
    """Adds the tasks of a table, by its lines; ``duplicates`` is ``skip``, ``update`` or ``add`` for the lines that
    have no choice of their own in ``chosen``. The same task of the same import is added once, however often it is
    tried. Returns the change, whose answer is ``Imported``.

    Raises:
        Invalid: (422) there is none, no room for any, or no such choice.
    """
    chosen = chosen or {}
    choices = [chosen.get(line, duplicates) for line in lines]
    if not {duplicates, *choices} <= {*rules.DUPLICATES}:
        raise Invalid("Choose what becomes of tasks that are here already.", "duplicates")
    return change(
        who,
        partial(
            rules.import_tasks,
            lines=[*lines.values()],
            duplicates=choices,
            new_ids=[ids.derived_id(f"{import_id} {line} {task}", 12) for line, task in lines.items()],
            round_id=ids.new_id(12),
        ),
    )


def outcome_of(made: Change) -> Outcome:
    """What an import did, in words."""
    done: rules.Imported = made.answer
    counts = (
        (len(done.added), "added"),
        (len(done.updated), "updated"),
        (done.skipped, "here already, not changed"),
        (done.too_many, f"left out: a session holds at most {rules.MAX_TASKS}"),
    )
    said = " ".join(f"{count} {'task' if count == 1 else 'tasks'} {what}." for count, what in counts if count)
    # Of a retry, this is the undo of the first try.
    undo, changed = made.value.undo, {task.id for task in (*done.added, *done.updated)}
    if done.updated and undo is None:
        said = f"{said} {TOO_LONG_FOR_UNDO}"
    undoes = undo and changed and changed <= undo["tasks"].keys()
    return Outcome(said, done.too_many > 0, undo["version"] if undo and undoes else None)


def move_task(who: Holder, task_id: str, to: int) -> None:
    """Put a task at a place in the backlog, counted from 0; a place outside it means its nearer end."""
    change(who, partial(rules.move_task, task_id=task_id, to=to))


def move_task_beside(who: Holder, task_id: str, neighbour: str, side: Literal["before", "after"]) -> None:
    """Put a task directly before or after another one."""
    change(who, partial(rules.move_task_beside, task_id=task_id, neighbour=neighbour, side=side))


def delete_task(who: Holder, task_id: str) -> bool:
    """Deletes a task from the backlog. Returns whether it was the current task."""
    return bool(change(who, partial(rules.delete_task, task_id=task_id, new_ids=_new_ids())).answer)


def restore_task(who: Holder, task_id: str) -> None:
    """Undo a deletion: the task comes back to its place, and to a table that has nothing else to vote on."""
    change(who, partial(rules.restore_task, task_id=task_id, new_id=ids.new_id(12)))


def skip_task(who: Holder, task_id: str, round_id: str | None = None) -> int | None:
    """Goes on to the next task. One left without an estimate is marked as skipped. Raises Conflict (409) in another
    round than the one that is named. Returns the version that ``voting.undo`` takes back."""
    return change(who, partial(rules.skip_task, task_id=task_id, new_ids=_new_ids(), round_id=round_id)).undo


def select_task(who: Holder, task_id: str) -> None:
    """Makes a task the current one: with its newest round as it was left, or its first."""
    change(who, partial(rules.select_task, task_id=task_id, new_id=ids.new_id(12)))


def reopen_task(who: Holder, task_id: str) -> None:
    """Removes a task's estimate and makes it the current task, with its newest round face up."""
    change(who, partial(rules.reopen_task, task_id=task_id, new_id=ids.new_id(12)))


def _new_ids() -> tuple[str, str]:
    return ids.new_id(12), ids.new_id(12)
