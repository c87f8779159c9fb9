"""Files of tasks: allowing uploads, adding, describing, moving, removing and restoring files, and purging them."""

from datetime import timedelta
from functools import partial
from pathlib import PurePath
from typing import NamedTuple

from sqlalchemy import select

from poker_app import clock, files, ids
from poker_app.accounts.account_lock import lock
from poker_app.billing import entitlements
from poker_app.db import session, transaction
from poker_app.errors import Invalid, NotFound
from poker_app.files import storage
from poker_app.files.engines.base import Upload
from poker_app.files.models import StoredFile
from poker_app.poker import models
from poker_app.poker.change import Holder, change, change_session, refusal_of
from poker_app.poker.value.current import newest
from poker_app.rate_limits import Limit
from poker_app.rules import Refused
from poker_app.rules.printable import one_line
from poker_app.rules.session import files as rules
from poker_app.rules.session.change import acting_member
from poker_app.rules.session.value import TaskFile

MAX_NAME, MAX_CAPTION, MAX_ALT = 200, 200, 500
ADDED = Limit("add a file", 400, timedelta(minutes=10))
"""How many may be added from a network."""
# How long a removed file can be restored.
REMOVED_FOR = timedelta(days=1)
OFF = "Files are not set up here."

_IN_USE = select(models.TaskFile.id).where(models.TaskFile.id == StoredFile.id).exists()
_REMOVED = (
    select(models.TaskFile.id)
    .where(models.TaskFile.id == StoredFile.id, models.TaskFile.removed_at.is_not(None))
    .exists()
)


class Begun(NamedTuple):
    """An upload that is allowed: the file's id, and how its bytes are sent."""

    id: str
    upload: Upload


def begin(who: Holder, task_id: str, *, name: str, size: int) -> Begun:
    """Allows a member to upload a file of ``size`` bytes for a task.

    Raises:
        Invalid: (422) it is empty, or longer than the account's plan allows.
        NotInPlan: (402) the account's files would take more room than its plan has.
        Forbidden: (403) the member is no facilitator, and the session lets no others add files.
        NotFound: (404) for a stranger, and for no task of the session; and where no files can be added.
        Conflict: (409) the task was deleted, or has as many files as it may; and once the session has ended.
        StoreFailed: (503) the store cannot be sent to.
    """
    if not files.is_on():
        raise NotFound(OFF)
    value = newest(who.session_id).value
    try:
        me = acting_member(value, value.member_of(who.secret_digest, who.user_id))
        rules.check_room(value, me, task_id)
    except Refused as refused:
        raise refusal_of(refused) from refused
    if size < 1:
        raise Invalid(f"“{shown_name(name)}” is empty.", "size")
    file_id = ids.new_id()
    upload = storage.allow(file_id, size, shown_name(name))
    with transaction():
        lock(value.account_id)
        entitlements.check_file(value.account_id, size, used=used(value.account_id))
        session.add(
            StoredFile(
                id=file_id,
                account_id=value.account_id,
                session_id=value.id,
                task_id=task_id,
                name=shown_name(name),
                size=size,
                begun_at=clock.now(),
            )
        )
    return Begun(file_id, upload)


def used(account_id: str) -> int:
    """Returns the bytes that an account's files take; removed ones count as none, though they can be restored for a
    day."""
    return storage.used(account_id, counted=~_REMOVED)


def arrived(who: Holder, task_id: str, file_id: str) -> TaskFile:
    """Adds a file whose bytes have arrived to its task. A second call only returns it.

    Raises:
        Invalid: (422) it is of no kind that is taken, or broken.
        NotFound, Conflict, Forbidden: as ``begin`` does; also where nothing arrived.
        StoreFailed: (503) the store fails.
    """
    if not files.is_on():
        raise NotFound(OFF)
    begun = session.get(StoredFile, file_id)
    if begun is None or (begun.session_id, begun.task_id) != (who.session_id, task_id):
        raise NotFound(storage.NOT_BEGUN)
    stored = storage.take_in(begun)
    file = TaskFile(
        id=file_id,
        session_id=who.session_id,
        task_id=task_id,
        position=0,
        added_at=clock.now(),
        name=stored.name,
        kind=stored.kind,
        size=stored.size,
        width=stored.width,
        height=stored.height,
    )
    return change(who, partial(rules.add_file, file=file), to_all=True).value.files[file_id]


def describe_file(who: Holder, file_id: str, *, caption: str, alt: str) -> None:
    """Give a file its caption, and a picture its text alternative.

    Raises:
        Invalid: (422) one of them is too long, with the field.
    """
    typed = {"caption": one_line(caption), "alt": one_line(alt)}
    for (field, text), most in zip(typed.items(), (MAX_CAPTION, MAX_ALT), strict=True):
        if len(text) > most:
            what = "caption" if field == "caption" else "text alternative"
            raise Invalid(f"The {what} has at most {most} characters; this one has {len(text)}.", field)
    change(who, partial(rules.describe_file, file_id=file_id, caption=typed["caption"], alt=typed["alt"]), to_all=True)


def move_file(who: Holder, file_id: str, to: int) -> None:
    """Put a file at a place among those of its task, counted from 0."""
    change(who, partial(rules.move_file, file_id=file_id, to=to), to_all=True)


def remove_file(who: Holder, file_id: str) -> None:
    """Take a file away from its task. It can be restored for a day."""
    change(who, partial(rules.remove_file, file_id=file_id), to_all=True)


def restore_file(who: Holder, file_id: str) -> None:
    """Undo a removal: the file comes back to its place."""
    change(who, partial(rules.restore_file, file_id=file_id), to_all=True)


def shown_name(name: str) -> str:
    """A file's name as people see it: one line without folders, with its ending where it is cut."""
    plain = one_line(name.replace("\\", "/").rpartition("/")[2]) or "file"
    ending = PurePath(plain).suffix[:20]
    return plain if len(plain) <= MAX_NAME else plain[: MAX_NAME - 1 - len(ending)] + "…" + ending


def purge() -> int:
    """Deletes for good the files that were removed more than a day ago, the uploads that never arrived, and the files
    of tasks, sessions and accounts that are deleted. Returns how many."""
    if not files.is_on():
        return 0
    before = clock.now() - REMOVED_FOR
    wanted = select(models.TaskFile.session_id).where(models.TaskFile.removed_at < before).distinct()
    for session_id in session.scalars(wanted.order_by(models.TaskFile.session_id)).all():
        session.rollback()
        change_session(session_id, partial(rules.forget_removed, before=before))
    return storage.purge(_IN_USE)


def left_over() -> int:
    """Returns how many files are still to be deleted from the store."""
    return len(storage.left_over(_IN_USE))
