"""The read model of the tasks: the backlog, and the one on the table."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import bindparam, select

from poker_app.db import session
from poker_app.errors import NotFound
from poker_app.poker.models import PokerSession, Round, Task
from poker_app.rules.report import points

# Columns, not objects: what is read here is kept for everybody who asks for the same version.
_TABLE = (
    select(PokerSession.agenda, PokerSession.cards, PokerSession.ended_at, PokerSession.current_task_id, Round.number)
    .join(Round, Round.id == PokerSession.current_round_id)
    .where(PokerSession.id == bindparam("session_id"))
)
_COLUMNS = select(
    Task.id,
    Task.session_id,
    Task.title,
    Task.key,
    Task.url,
    Task.description,
    Task.estimate,
    Task.note,
    Task.skipped_at,
)
_TASKS = _COLUMNS.where(Task.session_id == bindparam("session_id"), Task.deleted_at.is_(None)).order_by(
    Task.position, Task.id
)
_TASK = _COLUMNS.where(Task.id == bindparam("task_id"))


@dataclass(frozen=True, slots=True)
class Agenda:
    """The backlog and the task on the table, at the ``agenda`` version."""

    agenda: int
    tasks: tuple[Any, ...]
    current: Any
    round_number: int
    cards: tuple[str, ...]
    ended: bool

    @property
    def place(self) -> int:
        """Which task of how many the current one is, counted from 1."""
        return self.tasks.index(self.current) + 1 if self.current in self.tasks else 0

    @property
    def estimated(self) -> int:
        return sum(task.estimate is not None for task in self.tasks)

    @property
    def points(self) -> Fraction | None:
        """The estimates' sum; None for decks of words."""
        return points(self.cards, [task.estimate for task in self.tasks])

    @property
    def last(self) -> bool:
        """Whether no other task waits for an estimate."""
        return all(task.estimate is not None or task.id == self.current.id for task in self.tasks)


def agenda_of(session_id: str) -> Agenda:
    """The backlog as everybody may see it. Raises NotFound.

    The version is read first: what is read after it may be newer than it says, never older.
    """
    database = session.connection()
    table = database.execute(_TABLE, {"session_id": session_id}).one_or_none()
    if table is None:
        raise NotFound("There is no such session.")
    tasks = tuple(database.execute(_TASKS, {"session_id": session_id}))
    current = next((task for task in tasks if task.id == table.current_task_id), None)
    return Agenda(
        agenda=table.agenda,
        tasks=tasks,
        current=current or database.execute(_TASK, {"task_id": table.current_task_id}).one(),
        round_number=table.number,
        cards=tuple(table.cards),
        ended=table.ended_at is not None,
    )
