"""The public view of the tasks: the backlog, and the one on the table."""

from dataclasses import dataclass
from fractions import Fraction

from poker_app.rules.report import points
from poker_app.rules.session.value import Session, Task


@dataclass(frozen=True, slots=True)
class BacklogView:
    """The backlog and the task on the table, at the ``agenda`` version."""

    agenda: int
    tasks: tuple[Task, ...]
    current: Task
    round_number: int
    cards: tuple[str, ...]
    ended: bool

    @property
    def place(self) -> int:
        """Which task of how many the current one is, counted from 1; 0 for one that is not in the backlog."""
        return next((place for place, task in enumerate(self.tasks, start=1) if task.id == self.current.id), 0)

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


def backlog_view(value: Session) -> BacklogView:
    """The backlog as everybody may see it."""
    return BacklogView(
        agenda=value.agenda,
        tasks=tuple(value.backlog),
        current=value.task,
        round_number=value.round.number,
        cards=value.cards,
        ended=value.ended_at is not None,
    )
