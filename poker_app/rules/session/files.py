"""Rules of a task's files: adding, describing, ordering, removing and restoring."""

from dataclasses import replace
from datetime import datetime

from poker_app.rules import Refused
from poker_app.rules.backlog import moved
from poker_app.rules.session.change import Change, Event, require_facilitator
from poker_app.rules.session.tasks import WAS_DELETED
from poker_app.rules.session.value import Member, Session, TaskFile

MAX_FILES = 20
FULL = f"A task has at most {MAX_FILES} files. Remove one first."
GONE_TASK = "The task of this file was deleted. Bring the task back first."


def check_room(value: Session, me: Member, task_id: str) -> None:
    """Check that a member may add a file to a task.

    Raises:
        Refused: forbidden, for a member who may not; missing, for no task of the session; conflict, for a deleted one,
            and for one that has ``MAX_FILES``.
    """
    _check_may_add(value, me)
    if value.task_here(task_id).deleted_at:
        raise Refused("conflict", WAS_DELETED)
    if len(value.files_of(task_id)) >= MAX_FILES:
        raise Refused("conflict", FULL)


def add_file(value: Session, me: Member, now: datetime, *, file: TaskFile) -> Change:
    """Adds a file after the others of its task. One that is there already, because it is announced twice, stays as it
    is. Raises like ``check_room``."""
    _check_may_add(value, me)
    if file.id in value.files:
        return Change(value)
    check_room(value, me, file.task_id)
    last = max((each.position for each in value.files.values() if each.task_id == file.task_id), default=-1)
    return _changed(value.with_file(replace(file, position=last + 1, added_at=now)))


def describe_file(value: Session, me: Member, now: datetime, *, file_id: str, caption: str, alt: str) -> Change:
    """Give a file its caption, and a picture its text alternative.

    Raises:
        Refused: forbidden, for a member who is no facilitator; missing, for no file of the session; conflict, for a
            removed one.
    """
    require_facilitator(me, "describe files")
    file = _shown(value, file_id)
    if (file.caption, file.alt) == (caption, alt):
        return Change(value)
    return _changed(value.with_file(replace(file, caption=caption, alt=alt)))


def move_file(value: Session, me: Member, now: datetime, *, file_id: str, to: int) -> Change:
    """Put a file at a place among those of its task, counted from 0; a place outside means its nearer end. Raises like
    ``describe_file``."""
    require_facilitator(me, "reorder files")
    file = _shown(value, file_id)
    here = [each.id for each in value.files_of(file.task_id)]
    order = moved(here, file.id, max(0, min(to, len(here) - 1)))
    if order == here:
        return Change(value)
    places = sorted(value.files[key].position for key in here)
    # Each takes one of the places that they had, so that a removed one comes back where it was.
    return _changed(
        value.with_file(*(replace(value.files[key], position=p) for key, p in zip(order, places, strict=True)))
    )


def remove_file(value: Session, me: Member, now: datetime, *, file_id: str) -> Change:
    """Removes a file from its task; ``restore_file`` brings it back.

    Raises:
        Refused: forbidden, for a member who is no facilitator; missing, for no file of the session.
    """
    require_facilitator(me, "remove files")
    file = value.file_here(file_id)
    if file.removed_at:
        return Change(value)
    return _changed(value.with_file(replace(file, removed_at=now)))


def restore_file(value: Session, me: Member, now: datetime, *, file_id: str) -> Change:
    """Undo a removal: the file comes back to its place.

    Raises:
        Refused: forbidden, for a member who is no facilitator; missing, for no file of the session; conflict, where its
            task was deleted or has ``MAX_FILES`` by now.
    """
    require_facilitator(me, "restore files")
    file = value.file_here(file_id)
    if file.removed_at is None:
        return Change(value)
    if value.task_here(file.task_id).deleted_at:
        raise Refused("conflict", GONE_TASK)
    if len(value.files_of(file.task_id)) >= MAX_FILES:
        raise Refused("conflict", FULL)
    return _changed(value.with_file(replace(file, removed_at=None)))


def _check_may_add(value: Session, me: Member) -> None:
    if not value.lets_add_files(me):
        raise Refused("forbidden", "Only a facilitator may add files.")


def _shown(value: Session, file_id: str) -> TaskFile:
    file = value.file_here(file_id)
    if file.removed_at:
        raise Refused("conflict", "That file was removed. Undo that first.")
    return file


def _changed(value: Session) -> Change:
    return Change(value).then(Event.TASKS_CHANGED, tasks=True)


def forget_removed(value: Session, now: datetime, *, before: datetime) -> Change:
    """Drops the files that were removed before a moment. No event is published: no page shows them."""
    gone = [key for key, each in value.files.items() if each.removed_at and each.removed_at < before]
    if not gone:
        return Change(value)
    kept = {key: each for key, each in value.files.items() if key not in gone}
    return Change(replace(value, files=kept)).unannounced()
