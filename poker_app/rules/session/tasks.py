"""Rules of the backlog: adding, editing, ordering, deleting and undoing tasks; and which task is the current one.

``new_ids`` are the ids of a task and a round, for a change that may have to make them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from poker_app.rules import Refused
from poker_app.rules.backlog import TaskLine, moved, said
from poker_app.rules.round import must_be_current
from poker_app.rules.session.change import Change, Event, require_facilitator, undoable
from poker_app.rules.session.rounds import Round, Rounds
from poker_app.rules.session.value import TEXTS, Member, RoundsNeeded, Session, Task

MAX_TASKS = 500
WAS_DELETED = "That task was deleted."
MOVED_ON = "The table has moved on to another task."


def room_left(value: Session) -> int:
    """How many tasks can be added: an untitled one without votes gives way to the first of them."""
    return max(0, MAX_TASKS - len(value.backlog) + _is_empty_quick_vote(value))


# --- changes


def add_tasks(
    value: Session, me: Member, now: datetime, *, lines: Sequence[TaskLine], new_ids: Sequence[str], round_id: str
) -> Change:
    """Add tasks at the end, with these ids. The first of them takes the place of an untitled one without votes. A
    deleted task with one of the ids comes back to its place, as it was. Answers with the tasks added.

    Raises:
        Refused: forbidden, for a member who is no facilitator; invalid, where there is no room for them.
    """
    require_facilitator(me, "add tasks")
    if len(lines) > room_left(value):
        raise Refused("invalid", f"A session holds at most {MAX_TASKS} tasks.", "tasks")
    end = _end(value)
    added = [
        replace(value.tasks[new_id], deleted_at=None)
        if new_id in value.tasks
        else Task(
            id=new_id,
            session_id=value.id,
            position=end + place,
            created_at=now,
            **said(line),  # type: ignore[arg-type]
        )
        for place, (line, new_id) in enumerate(zip(lines, new_ids, strict=True))
    ]
    after = _in_place_of_untitled(value.with_task(*added), added[0].id, now, round_id)
    return undoable(value, replace(Change(after).then(Event.TASKS_CHANGED, tasks=True), answer=added))


DUPLICATES = ("skip", "update", "add")
"""What becomes of a task whose key is in the backlog already."""


@dataclass(frozen=True, slots=True)
class Imported:
    """The tasks that an import added and updated, and how many it skipped and found no room for."""

    added: Sequence[Task]
    updated: Sequence[Task]
    skipped: int
    too_many: int


def import_tasks(
    value: Session,
    me: Member,
    now: datetime,
    *,
    lines: Sequence[TaskLine],
    duplicates: Sequence[str],
    new_ids: Sequence[str],
    round_id: str,
) -> Change:
    """Adds tasks at the end as far as there is room for them. ``duplicates`` has one of ``DUPLICATES`` for each line: a
    line whose key is in the backlog is skipped, or updates that task's other fields with what it has, or is added all
    the same. One whose id is in the backlog was added by an earlier try. Answers with ``Imported``: a retry that
    changes nothing answers as the first try.

    Raises:
        Refused: forbidden, for a member who is no facilitator; invalid, where no task is chosen, or there is no room
            for any.
    """
    require_facilitator(me, "add tasks")
    if not lines:
        raise Refused("invalid", "No task is ticked, so nothing was added.")
    here = {task.id: task for task in value.backlog}
    earlier = [here[new_id] for new_id in new_ids if new_id in here]
    known = {task.key.casefold(): task for task in here.values() if task.key}
    new, matched = [], []
    for line, choice, new_id in zip(lines, duplicates, new_ids, strict=True):
        if new_id in here:
            continue
        if choice == "add" or line.key.casefold() not in known:
            new.append((line, new_id))
        else:
            matched.append((known[line.key.casefold()], line, choice))
    edited = [
        edit for task, line, choice in matched if choice == "update" and (edit := _updated(task, line)) is not task
    ]
    taken = new[: room_left(value)]
    if new and not taken and not edited and not earlier:
        raise Refused("invalid", f"A session holds at most {MAX_TASKS} tasks, and this one has as many.")
    change = Change(value)
    if taken:
        taken_lines, taken_ids = zip(*taken, strict=True)
        change = add_tasks(value, me, now, lines=taken_lines, new_ids=taken_ids, round_id=round_id)
    added: Sequence[Task] = change.answer or ()
    if edited:
        updated = Change(change.value.with_task(*edited), change.happened)
        change = undoable(value, updated.then(Event.TASKS_CHANGED, tasks=True))
    skipped, too_many = len(matched) - len(edited), len(new) - len(taken)
    if added or edited:
        return replace(change, answer=Imported(added, edited, skipped + len(earlier), too_many))
    texts = value.undo.get("texts", {}) if value.undo else {}
    before = [task for task, _, choice in matched if choice == "update" and task.id in texts]
    return replace(change, answer=Imported(earlier, before, skipped - len(before), too_many))


def _updated(task: Task, line: TaskLine) -> Task:
    """The task with what the line has. A line without a title has its key or link as its title."""
    fields = {name: getattr(line, name) for name in TEXTS}
    if line.title in (line.key, line.url):
        del fields["title"]
    changes = {name: text for name, text in fields.items() if text and text != getattr(task, name)}
    return replace(task, **changes) if changes else task


@dataclass(frozen=True, slots=True)
class Clash:
    """Two edits changed the same ``field``. ``typed`` are the task's fields with both edits merged: what one of them
    changed alone, and of the field the refused text."""

    field: str
    typed: Mapping[str, str]


def edit_task(
    value: Session,
    me: Member,
    now: datetime,
    *,
    task_id: str,
    checked: Callable[[], Mapping[str, str]],
    before: Mapping[str, str],
    short: Callable[[str], str],
) -> Change:
    """Changes a task's fields: ``checked`` returns them, or refuses what was typed. ``before`` is what the member was
    shown, by field and ``short``: where it is given, only what the member changed is written. Answers with a ``Clash``,
    and changes nothing, where another member changed the same field to something else.

    Raises:
        Refused: forbidden, for a member who is no facilitator; missing, for no task of the session; conflict, for a
            deleted one.
    """
    require_facilitator(me, "edit tasks")
    task = value.task_here(task_id)
    if task.deleted_at:
        raise Refused("conflict", WAS_DELETED)
    typed = checked()
    theirs = {name: getattr(task, name) for name in typed}
    both = {name: theirs[name] if short(text) == before.get(name) else text for name, text in typed.items()}
    for name, text in both.items():
        if before and text != theirs[name] and short(theirs[name]) != before.get(name):
            return Change(value, answer=Clash(name, both))
    edited = replace(task, **both)  # type: ignore[arg-type]
    return Change(value.with_task(edited)).then(Event.TASKS_CHANGED, tasks=True)


def move_task(value: Session, me: Member, now: datetime, *, task_id: str, to: int) -> Change:
    """Put a task at a place in the backlog, counted from 0; a place outside it means its nearer end.

    Raises:
        Refused: forbidden, for a member who is no facilitator; missing, for no task of the session; conflict, for a
            deleted one.
    """
    require_facilitator(me, "reorder tasks")
    task = value.task_here(task_id)
    if task.deleted_at:
        raise Refused("conflict", WAS_DELETED)
    here = [each.id for each in value.backlog]
    order = moved(here, task.id, max(0, min(to, len(here) - 1)))
    # A deleted task keeps its neighbour before it, so that it comes back where it was.
    everything = list(value.tasks)
    for place, each in enumerate(value.tasks.values()):
        if each.deleted_at:
            before = next((one for one in reversed(everything[:place]) if one in order), None)
            order.insert(0 if before is None else order.index(before) + 1, each.id)
    tasks = {
        key: each if (each := value.tasks[key]).position == position else replace(each, position=position)
        for position, key in enumerate(order)
    }
    return Change(replace(value, tasks=tasks)).then(Event.TASKS_CHANGED, tasks=True)


def move_task_beside(
    value: Session, me: Member, now: datetime, *, task_id: str, neighbour: str, side: Literal["before", "after"]
) -> Change:
    """Put a task directly before or after another one.

    Raises:
        Refused: forbidden, for a member who is no facilitator; missing, for no task of the session; conflict, for a
            deleted one.
    """
    require_facilitator(me, "reorder tasks")
    beside = value.task_here(neighbour)
    if beside.deleted_at:
        raise Refused("conflict", WAS_DELETED)
    others = [each.id for each in value.backlog if each.id != task_id]
    if neighbour == task_id:
        return Change(value)
    return move_task(value, me, now, task_id=task_id, to=others.index(neighbour) + (side == "after"))


def delete_task(value: Session, me: Member, now: datetime, *, task_id: str, new_ids: tuple[str, str]) -> Change:
    """Deletes a task from the backlog; its rounds are kept, so that ``restore_task`` brings back all of it. Answers
    whether it was the current task."""
    require_facilitator(me, "delete tasks")
    task = value.task_here(task_id)
    if task.deleted_at:
        return Change(value, answer=False)
    value = value.with_task(replace(task, deleted_at=now))
    was_current = task.id == value.current_task_id
    if was_current:
        value = go_on(value, now, new_ids)
    return replace(Change(value).then(Event.TASKS_CHANGED, tasks=True), answer=was_current)


def restore_task(value: Session, me: Member, now: datetime, *, task_id: str, new_id: str) -> Change:
    """Undo a deletion: the task comes back to its place, and to a table that has nothing else to vote on."""
    require_facilitator(me, "restore tasks")
    task = value.task_here(task_id)
    if task.deleted_at is None:
        return Change(value)
    value = value.with_task(replace(task, deleted_at=None))
    if task.estimate is None:
        value = _in_place_of_untitled(value, task.id, now, new_id)
    return Change(value).then(Event.TASKS_CHANGED, tasks=True)


def skip_task(
    value: Session,
    me: Member,
    now: datetime,
    *,
    task_id: str,
    new_ids: tuple[str, str],
    round_id: str | None = None,
) -> Change:
    """Go on to the next task. One left without an estimate is marked as skipped.

    Raises:
        Refused: forbidden, for a member who is no facilitator; missing, for no task of the session; conflict, for a
            task that is not on the table, and in another round than ``round_id``, where that is given.
    """
    require_facilitator(me, "skip a task")
    if value.task_here(task_id).id != value.current_task_id:
        raise Refused("conflict", MOVED_ON)
    must_be_current(round_id, value.round.id)
    left = _without_empty_quick_vote(value, now)
    left = left.with_task(replace(left.task, skipped_at=None if left.task.estimate else now))
    return undoable(value, Change(go_on(left, now, new_ids)).then(Event.ROUND_OPENED, tasks=True))


def select_task(value: Session, me: Member, now: datetime, *, task_id: str, new_id: str) -> Change:
    """Makes a task the current one: with its newest round as it was left, or its first.

    Raises:
        Refused: forbidden, for a member who is no facilitator; missing, for no task of the session; conflict, for a
            deleted one.
    """
    require_facilitator(me, "choose the task")
    task = value.task_here(task_id)
    if task.deleted_at:
        raise Refused("conflict", WAS_DELETED)
    if task.id == value.current_task_id:
        return Change(value)
    value = take_up(_without_empty_quick_vote(value, now), task.id, now, new_id)
    return Change(value).then(Event.ROUND_OPENED, tasks=True)


def reopen_task(value: Session, me: Member, now: datetime, *, task_id: str, new_id: str) -> Change:
    """Removes a task's estimate and makes it the current task, with its newest round face up.

    Raises:
        Refused: forbidden, for a member who is no facilitator; missing, for no task of the session; conflict, for a
            deleted one.
    """
    require_facilitator(me, "reopen a task")
    task = value.task_here(task_id)
    if task.deleted_at:
        raise Refused("conflict", WAS_DELETED)
    if task.estimate is None and task.id == value.current_task_id:
        return Change(value)
    value = value.with_task(replace(task, estimate=None, estimated_at=None))
    return Change(take_up(value, task.id, now, new_id)).then(Event.TASKS_CHANGED, tasks=True)


# --- which task is the current one


def go_on(value: Session, now: datetime, new_ids: tuple[str, str]) -> Session:
    """Take up the next task: the first without an estimate after the current one, else the first of all not skipped,
    else the skipped ones in turn.

    With none left the table stays where it is; one that votes without a backlog gets a new untitled task.
    """
    current = value.task
    waiting = [task for task in value.backlog if task.estimate is None and task.id != current.id]
    fresh = [task for task in waiting if not task.skipped_at]
    for kind in (fresh, waiting):
        if kind:
            following = next((task for task in kind if task.position > current.position), kind[0])
            return take_up(value, following.id, now, new_ids[1])
    if current.deleted_at or current.skipped_at or not current.title:
        return start_untitled(value, now, new_ids)
    return value


def start_untitled(value: Session, now: datetime, new_ids: tuple[str, str]) -> Session:
    """Puts a new task without a title on the table, so that members can vote before, or without, a backlog."""
    task = Task(id=new_ids[0], session_id=value.id, position=_end(value), created_at=now)
    return take_up(value.with_task(task), task.id, now, new_ids[1])


def take_up(value: Session, task_id: str, now: datetime, new_id: str) -> Session:
    """Makes a task the current one, with its newest round; the first one is opened, with ``new_id``, if it has none.
    Raises RoundsNeeded where the task has rounds that are not in the value."""
    task = value.tasks[task_id]
    if task_id == value.current_task_id:
        rounds = value.rounds
    elif task.newest == 0:
        rounds = Rounds(Round(id=new_id, task_id=task.id, number=1, opened_at=now))
    elif task_id in value.others:
        rounds = value.others[task_id]
    else:
        raise RoundsNeeded(task_id)
    value = leave_current(value, now)
    task = replace(value.tasks[task_id], skipped_at=None, current_since=now, newest=rounds.newest.number)
    return replace(
        value.with_task(task).without_timer(),
        current_task_id=task.id,
        current_round_id=rounds.newest.id,
        rounds=rounds,
        others={},
    )


def leave_current(value: Session, now: datetime) -> Session:
    """Adds the time that the current task took to its ``seconds``."""
    task = value.task
    if task.current_since is None:
        return value
    took = round((now - task.current_since).total_seconds())
    return value.with_task(replace(task, seconds=task.seconds + took, current_since=None))


def _end(value: Session) -> int:
    """The position after every task, deleted ones too, so that undoing never puts two tasks in one place."""
    return max((task.position for task in value.tasks.values()), default=-1) + 1


def _in_place_of_untitled(value: Session, task_id: str, now: datetime, new_id: str) -> Session:
    """Makes the task the current one, where the one on the table has no title, estimate or votes: that one is
    deleted."""
    if not _is_empty_quick_vote(value):
        return value
    return take_up(_without_empty_quick_vote(value, now), task_id, now, new_id)


def _without_empty_quick_vote(value: Session, now: datetime) -> Session:
    """Deletes the current task if it is a quick vote without votes."""
    return value.with_task(replace(value.task, deleted_at=now)) if _is_empty_quick_vote(value) else value


def _is_empty_quick_vote(value: Session) -> bool:
    return not (value.task.title or value.task.estimate or value.rounds.voted_on)
