"""The public view of the tasks: the backlog, and the current task.

Of a list of hundreds a page first renders the rows around the current task, and events carry only the rows that
changed.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from poker_app.rules.report import points
from poker_app.rules.session.value import Session, Task, TaskFile

# A list of so many tasks is rendered whole; of a longer one these around the current task, and the rest on demand.
MAX_WHOLE = 60
SHOWN_BEFORE, SHOWN_AFTER = 10, 40
# Rows of the newest changes that events and answers carry; with more, browsers ask for the list.
MAX_CHANGED = 12

# A task, the id of the one before it in the list, and whether it is on the table.
_Row = tuple[Task, str, bool]


@dataclass(frozen=True)
class BacklogView:
    """The backlog and the task on the table, at the ``tasks_version``."""

    tasks_version: int
    tasks: tuple[Task, ...]
    current: Task
    # Those beside the task on the table.
    files: tuple[TaskFile, ...]
    anyone_adds_files: bool
    round_number: int
    cards: tuple[str, ...]
    ended: bool

    @cached_property
    def place(self) -> int:
        """Which task of how many the current one is, counted from 1; 0 for one that is not in the backlog."""
        return next((place for place, task in enumerate(self.tasks, start=1) if task.id == self.current.id), 0)

    @cached_property
    def estimated(self) -> int:
        return sum(task.estimate is not None for task in self.tasks)

    @cached_property
    def points(self) -> Fraction | None:
        """The estimates' sum; None for decks of words."""
        return points(self.cards, [task.estimate for task in self.tasks])

    @cached_property
    def titled(self) -> bool:
        """Whether any task has a title."""
        return any(task.title for task in self.tasks)

    @cached_property
    def last(self) -> bool:
        """Whether no other task waits for an estimate."""
        return all(task.estimate is not None or task.id == self.current.id for task in self.tasks)

    @cached_property
    def shown(self) -> range:
        """The places, counted from 0, of the rows that a page first renders."""
        count = len(self.tasks)
        if count <= MAX_WHOLE:
            return range(count)
        first = max(0, min(self.place - 1 - SHOWN_BEFORE, count - SHOWN_BEFORE - SHOWN_AFTER))
        return range(first, first + SHOWN_BEFORE + SHOWN_AFTER)


def backlog_view(value: Session) -> BacklogView:
    """Builds the public view of the tasks."""
    return BacklogView(
        tasks_version=value.tasks_version,
        tasks=tuple(value.backlog),
        current=value.task,
        files=tuple(value.files_of(value.current_task_id)),
        anyone_adds_files=value.anyone_adds_files,
        round_number=value.round.number,
        cards=value.cards,
        ended=value.ended_at is not None,
    )


@dataclass(frozen=True, slots=True)
class Recent:
    """Which rows of the backlog changed lately, by task, each with the ``tasks_version`` that changed it, the oldest
    first: all of them for a browser that shows the version ``since`` or a newer one."""

    since: int
    rows: dict[str, int] = field(default_factory=dict)

    def after(self, before: Session, value: Session) -> "Recent":
        """Returns it with the rows that differ between two values, at most ``MAX_CHANGED``."""
        if before.tasks_version == value.tasks_version:
            return self
        changed = _changed_rows(before, value)
        rows = {key: at for key, at in self.rows.items() if key not in changed}
        rows |= dict.fromkeys(changed, value.tasks_version)
        since = self.since
        while len(rows) > MAX_CHANGED:
            since = next(iter(rows.values()))
            rows = {key: at for key, at in rows.items() if at != since}
        return Recent(since, rows)


def shows(task: Task) -> tuple[object, ...]:
    """Returns the fields of a task that its row in the backlog shows."""
    return task.key, task.title, task.estimate, task.skipped_at is not None


def _changed_rows(before: Session, value: Session) -> set[str]:
    was, now = _rows(before), _rows(value)
    return was.keys() ^ now.keys() | {key for key in was.keys() & now.keys() if _differ(was[key], now[key])}


def _differ(was: _Row, now: _Row) -> bool:
    return was[1:] != now[1:] or (was[0] is not now[0] and shows(was[0]) != shows(now[0]))


def _rows(value: Session) -> dict[str, _Row]:
    rows, last = {}, ""
    for task in value.backlog:
        rows[task.id] = (task, last, task.id == value.current_task_id)
        last = task.id
    return rows
