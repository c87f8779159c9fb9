"""The read model of the tasks: the backlog, and the one on the table."""

from dataclasses import dataclass
from fractions import Fraction

from poker_app.db import session
from poker_app.errors import NotFound
from poker_app.poker.models import PokerSession, Round, Task
from poker_app.poker.tasks import live_tasks
from poker_app.rules.report import points


@dataclass(frozen=True, slots=True)
class Agenda:
    """The backlog and the task on the table, at the ``agenda`` version."""

    agenda: int
    tasks: tuple[Task, ...]
    current: Task
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
    """The backlog as everybody may see it. Raises NotFound."""
    table = session.get(PokerSession, session_id)
    if table is None:
        raise NotFound("There is no such session.")
    return Agenda(
        agenda=table.agenda,
        tasks=tuple(live_tasks(session_id)),
        current=session.get_one(Task, table.current_task_id),
        round_number=session.get_one(Round, table.current_round_id).number,
        cards=tuple(table.cards),
        ended=table.ended_at is not None,
    )
