"""Rules of tasks that came from a tracker: bringing them in, and keeping them true to their issues."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from poker_app.rules.backlog import TaskLine
from poker_app.rules.session.change import Change, Event
from poker_app.rules.session.tasks import DUPLICATES, import_tasks
from poker_app.rules.session.value import Member, Session, Task


def import_tracked(
    value: Session, me: Member, now: datetime, *, lines: Sequence[TaskLine], new_ids: Sequence[str], round_id: str
) -> Change:
    """Adds tasks that came from a tracker, as ``import_tasks`` does; those that are here already stay as they are."""
    change = import_tasks(
        value, me, now, lines=lines, duplicates=[DUPLICATES[0]] * len(lines), new_ids=new_ids, round_id=round_id
    )
    if change.value.tracked:
        return change
    tracked = replace(change, value=replace(change.value, tracked=True))
    return tracked if change.happened else tracked.then(Event.TASKS_CHANGED, tasks=True)


def refresh_task(
    value: Session, now: datetime, *, task_id: str, title: str, description: str, unchanged: Callable[[Task], bool]
) -> Change:
    """Gives a task the title and description that its issue has now, where it is ``unchanged`` since it had those
    before. Answers whether it did."""
    task = value.tasks.get(task_id)
    if task is None or task.deleted_at or not unchanged(task):
        return Change(value, answer=False)
    if (task.title, task.description) == (title, description):
        return Change(value, answer=True)
    fresh = value.with_task(replace(task, title=title, description=description))
    return replace(Change(fresh).then(Event.TASKS_CHANGED, tasks=True), answer=True)
