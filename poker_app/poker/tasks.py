"""The backlog: adding, editing, ordering, deleting and undoing; and which task the table is on."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, select

from poker_app import ids
from poker_app.db import session
from poker_app.errors import Conflict, Invalid, NotFound
from poker_app.poker.models import Member, PokerSession, Round, Task, Vote
from poker_app.poker.reveal import reveal_if_complete
from poker_app.poker.turn import Turn, turn
from poker_app.rules.backlog import TaskLine, moved, tasks_in

MAX_TASKS = 500

_ALL = select(Task).where(Task.session_id == bindparam("session_id")).order_by(Task.position, Task.id)
_LIVE = _ALL.where(Task.deleted_at.is_(None))


def live_tasks(session_id: str) -> list[Task]:
    """The backlog in order, deleted tasks left out."""
    return list(session.scalars(_LIVE, {"session_id": session_id}))


def add_tasks(member: Member, pasted: str) -> list[Task]:
    """Add one task a line at the end. The first of them takes the place of an untitled task nobody voted on."""
    lines = tasks_in(pasted)
    with turn(member) as now:
        now.require_facilitator("add tasks")
        here = live_tasks(now.table.id)
        if len(here) + len(lines) > MAX_TASKS:
            raise Invalid(f"A session holds at most {MAX_TASKS} tasks.", "tasks")
        end = _end(now.table)
        added = [_add(now, line, end + place) for place, line in enumerate(lines)]
        _replace_untitled(now, added)
        now.announce("tasks-changed", agenda=True)
    return added


def _add(now: Turn, line: TaskLine, position: int) -> Task:
    task = Task(
        id=ids.new_id(12),
        session_id=now.table.id,
        position=position,
        title=line.title,
        key=line.key,
        url=line.url,
        created_at=now.now,
    )
    session.add(task)
    return task


def _replace_untitled(now: Turn, added: Sequence[Task]) -> None:
    current = session.get(Task, now.table.current_task_id) if now.table.current_task_id else None
    if current and (current.title or current.estimate or _has_votes(current)):
        return
    session.flush()
    if current:
        current.deleted_at = now.now
    take_up(now.table, added[0], now.now)


def _has_votes(task: Task) -> bool:
    voted = select(func.count()).select_from(Vote).join(Round).where(Round.task_id == task.id)
    return session.scalar(voted) != 0


def move_task(member: Member, task_id: str, to: int) -> None:
    """Put a task at a place in the backlog, counted from 0; a place outside it means its nearer end."""
    with turn(member) as now:
        now.require_facilitator("reorder tasks")
        task = now.task(task_id)
        everything = {each.id: each for each in session.scalars(_ALL, {"session_id": now.table.id})}
        here = [key for key, each in everything.items() if not each.deleted_at]
        if task.id not in here:
            raise Conflict("That task was deleted.")
        # A deleted task keeps its neighbour before it, so that it comes back where it was.
        order = moved(here, task.id, max(0, min(to, len(here) - 1)))
        for key, each in everything.items():
            if each.deleted_at:
                before = list(everything)[: list(everything).index(key)]
                order.insert(next((order.index(one) + 1 for one in reversed(before) if one in order), 0), key)
        for position, key in enumerate(order):
            everything[key].position = position
        now.announce("tasks-changed", agenda=True)


def delete_task(member: Member, task_id: str) -> bool:
    """Take a task off the backlog; its rounds are kept, so that ``restore_task`` brings back all of it.

    Answers whether it lay on the table.
    """
    with turn(member) as now:
        now.require_facilitator("delete tasks")
        task = now.task(task_id)
        if task.deleted_at:
            return False
        task.deleted_at = now.now
        was_current = task.id == now.table.current_task_id
        if was_current:
            session.flush()
            go_on(now)
        now.announce("tasks-changed", agenda=True)
        reveal_if_complete(now)
        return was_current


def restore_task(member: Member, task_id: str) -> None:
    """Undo a deletion: the task comes back to its place, and to a table that has nothing else to vote on."""
    with turn(member) as now:
        now.require_facilitator("restore tasks")
        task = now.task(task_id)
        if task.deleted_at is None:
            return
        task.deleted_at = None
        if task.estimate is None:
            _replace_untitled(now, [task])
        now.announce("tasks-changed", agenda=True)
        reveal_if_complete(now)


def skip_task(member: Member, task_id: str) -> None:
    """Go on to the next task. One left without an estimate is marked as skipped."""
    with turn(member) as now:
        now.require_facilitator("skip a task")
        task = now.task(task_id)
        if task.id != now.table.current_task_id:
            raise Conflict("The table has moved on to another task.")
        _clear_away(now, task)
        task.skipped_at = None if task.estimate else now.now
        session.flush()
        go_on(now)
        now.announce("round-opened", agenda=True)
        reveal_if_complete(now)


def _clear_away(now: Turn, task: Task) -> None:
    """A quick vote that nobody voted on leaves nothing behind."""
    if not (task.title or task.estimate or _has_votes(task)):
        task.deleted_at = now.now


def select_task(member: Member, task_id: str) -> None:
    """Bring a task to the table: its last round as it was left, or its first."""
    with turn(member) as now:
        now.require_facilitator("choose the task")
        task = now.task(task_id)
        if task.deleted_at:
            raise Conflict("That task was deleted.")
        if task.id == now.table.current_task_id:
            return
        if now.table.current_task_id:
            _clear_away(now, now.task(now.table.current_task_id))
        take_up(now.table, task, now.now)
        now.announce("round-opened", agenda=True)
        reveal_if_complete(now)


def reopen_task(member: Member, task_id: str) -> None:
    """Take an estimate back: the task comes to the table with its last round face up."""
    with turn(member) as now:
        now.require_facilitator("reopen a task")
        task = now.task(task_id)
        if task.deleted_at:
            raise Conflict("That task was deleted.")
        if task.estimate is None and task.id == now.table.current_task_id:
            return
        task.estimate = task.estimated_at = None
        take_up(now.table, task, now.now)
        now.announce("tasks-changed", agenda=True)


def go_on(now: Turn) -> None:
    """Take up the next task: the first without an estimate after the current one, else the first of all not skipped,
    else the skipped ones in turn.

    With none left the table stays where it is; one that votes without a backlog gets a new untitled task.
    """
    here = live_tasks(now.table.id)
    current = session.get(Task, now.table.current_task_id) if now.table.current_task_id else None
    place = current.position if current else -1
    waiting = [task for task in here if task.estimate is None and task is not current]
    fresh = [task for task in waiting if not task.skipped_at]
    following = next(
        (found for kind in (fresh, waiting) if (found := [task for task in kind if task.position > place] or kind)), []
    )
    if following:
        take_up(now.table, following[0], now.now)
    elif current is None or current.deleted_at or current.skipped_at or not current.title:
        start_untitled(now.table, now.now)


def start_untitled(table: PokerSession, at: datetime) -> Task:
    """A task without a title, so that people can vote before, or without, a backlog."""
    task = Task(id=ids.new_id(12), session_id=table.id, position=_end(table), created_at=at)
    session.add(task)
    session.flush()
    take_up(table, task, at, open_round(task, 1, at))
    return task


def _end(table: PokerSession) -> int:
    """The position after every task, deleted ones too, so that undoing never puts two tasks in one place."""
    last = session.scalar(select(func.max(Task.position)).where(Task.session_id == table.id))
    return 0 if last is None else last + 1


def take_up(table: PokerSession, task: Task, at: datetime, newest: Round | None = None) -> None:
    """Make a task the current one, with its newest round; the first round is opened if it has none."""
    leave_current(table, at)
    newest = (
        newest or session.scalars(select(Round).where(Round.task_id == task.id).order_by(Round.number.desc())).first()
    )
    if newest is None:
        newest = open_round(task, 1, at)
    table.current_task_id, table.current_round_id = task.id, newest.id
    task.skipped_at = None
    task.current_since = at
    table.timer_ends_at = table.timer_remaining = None


def leave_current(table: PokerSession, at: datetime) -> None:
    """Count the time that the current task took."""
    task = session.get(Task, table.current_task_id) if table.current_task_id else None
    if task and task.current_since:
        task.seconds += round((at - task.current_since).total_seconds())
        task.current_since = None


def open_round(task: Task, number: int, at: datetime) -> Round:
    """A new round on a task, cards face down."""
    opened = Round(id=ids.new_id(12), task_id=task.id, number=number, opened_at=at)
    session.add(opened)
    session.flush()
    return opened


def find_task(member: Member, task_id: str) -> Task:
    """A task of the member's session, to show or edit."""
    task = session.get(Task, task_id)
    if task is None or task.session_id != member.session_id:
        raise NotFound("That task is not in this session.")
    return task
