"""The life of a stored file: upload allowed, bytes received, checked and stored, opened, deleted."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from os import SEEK_END
from typing import IO

import structlog
from sqlalchemy import ColumnElement, func, or_, select

from poker_app import clock, files
from poker_app.db import session, transaction
from poker_app.errors import Conflict, Invalid, NotFound, Refusal
from poker_app.files import kinds, pictures
from poker_app.files.engines.base import WAITING, Upload
from poker_app.files.models import StoredFile

log = structlog.get_logger("files")

# Files that a process checks at a time. Each holds a thread while the store answers, of eight or more that votes need.
MAX_AT_ONCE = 3
_places = threading.BoundedSemaphore(MAX_AT_ONCE)

# An upload that was begun so long ago and never stored is not counted any more, and is deleted by the daily job.
BEGUN_FOR = timedelta(days=1)
NOT_THERE = "The file did not arrive whole. Please add it again."
NOT_BEGUN = "That upload was not begun, or is too old. Please add the file again."


class StoreFailed(Refusal):
    """The store did not take or give a file: it is full, read-only or gone. The session goes on."""

    status = 503


def used(account_id: str, *, counted: ColumnElement[bool]) -> int:
    """Bytes that an account's files take, those on their way included; of the files, those that are ``counted``."""
    here = or_(StoredFile.stored_at.is_not(None), StoredFile.begun_at > clock.now() - BEGUN_FOR)
    total = select(func.coalesce(func.sum(StoredFile.size), 0)).where(
        StoredFile.account_id == account_id, here, counted
    )
    return int(session.scalars(total).one())


def allow(file_id: str, size: int, name: str) -> Upload:
    """Signs the request by which a browser sends a file's bytes, once.

    Raises:
        StoreFailed: (503) the store cannot be sent to.
    """
    session.rollback()
    with _store_at_work():
        return files.store().upload(_waiting(file_id), size, name)


def receive(key: str, size: int, content: IO[bytes]) -> None:
    """Stores an upload's bytes under the key that was allowed, where they wait to be checked.

    Raises:
        NotFound: (404) no such upload is begun and unfinished, so that its bytes would be left behind.
        Invalid: (422) it is not as long as it was promised.
        StoreFailed: (503) the store does not take it.
    """
    begun = session.get(StoredFile, key.removeprefix(WAITING))
    if begun is None or begun.stored_at:
        raise NotFound(NOT_BEGUN)
    session.rollback()
    with _store_at_work():
        if files.store().write(key, content, size, "") != size:
            raise Invalid(NOT_THERE)


def take_in(begun: StoredFile) -> StoredFile:
    """Checks the bytes that arrived, and stores them as they will be shown: a picture encoded anew, with its thumbnail.
    Holds no connection of the database meanwhile. A second call returns the stored row.

    Raises:
        Conflict: (409) nothing arrived.
        Invalid: (422) it has another length than was promised, is of no kind that is taken, or broken; it is deleted.
        StoreFailed: (503) the store fails, or several files are checked already; what arrived waits.
    """
    file_id, promised, name, stored_at = begun.id, begun.size, begun.name, begun.stored_at
    session.rollback()
    if stored_at is None:
        try:
            with _place(), _store_at_work():
                size, kind, width, height = _look_at(file_id, promised, name)
        except Invalid:
            forget(file_id)
            raise
        with transaction():
            stored = session.get_one(StoredFile, file_id)
            stored.size, stored.kind, stored.width, stored.height = size, kind, width, height
            stored.stored_at = clock.now()
    # Not before the row says that it is stored: a second call would find nothing to look at.
    with _store_at_work():
        files.store().delete(_waiting(file_id))
    return session.get_one(StoredFile, file_id)


@contextmanager
def _place() -> Iterator[None]:
    """One of the places for checking files. Raises StoreFailed where none is free."""
    if not _places.acquire(blocking=False):
        raise StoreFailed("Several files are being checked just now. Please try again in a moment.")
    try:
        yield
    finally:
        _places.release()


def _look_at(file_id: str, promised: int, name: str) -> tuple[int, str, int, int]:
    store = files.store()
    try:
        arrived = store.open(_waiting(file_id), promised)
    except FileNotFoundError as missing:
        raise Conflict(NOT_THERE) from missing
    with arrived:
        if arrived.seek(0, SEEK_END) != promised:
            raise Invalid(NOT_THERE)
        arrived.seek(0)
        kind = kinds.kind_of(arrived)
        if kind in kinds.PICTURES.values():
            made = pictures.remake(arrived, kind)
            with made.content, made.thumbnail:
                store.write(file_id, made.content, made.size, kind)
                store.write(thumbnail_of(file_id), made.thumbnail, made.thumbnail_size, pictures.THUMBNAIL_KIND)
            size, sides = made.size + made.thumbnail_size, (made.width, made.height)
        else:
            # Not moved: what waits may have been replaced since it was opened.
            store.write(file_id, arrived, promised, kind, kinds.saved_as(name, kind))
            size, sides = promised, (0, 0)
    return (size, kind, *sides)


def address(key: str, kind: str, save_as: str | None) -> str | None:
    """Signs an address of the bytes under a key, for a browser; None where the application sends them itself.

    Raises:
        StoreFailed: (503) the store fails.
    """
    session.rollback()
    with _store_at_work():
        return files.store().address(key, kind, save_as)


def open_stored(key: str, limit: int) -> IO[bytes]:
    """Opens the bytes under a key, which is a file's id, or ``thumbnail_of`` it for its thumbnail: at most ``limit`` of
    them. The caller closes them.

    Raises:
        NotFound: (404) they are gone.
        StoreFailed: (503) the store fails.
    """
    with _store_at_work():
        try:
            return files.store().open(key, limit)
        except FileNotFoundError as missing:
            raise NotFound("That file is no longer here.") from missing


def thumbnail_of(file_id: str) -> str:
    """The key of a picture's thumbnail."""
    return f"{file_id}-small"


def _waiting(file_id: str) -> str:
    return f"{WAITING}{file_id}"


def forget(file_id: str) -> None:
    """Deletes a file from the store and then its row. Raises StoreFailed (503); the job then retries."""
    with _store_at_work():
        for key in (file_id, thumbnail_of(file_id), _waiting(file_id)):
            files.store().delete(key)
    with transaction():
        if row := session.get(StoredFile, file_id):
            session.delete(row)


def left_over(in_use: ColumnElement[bool]) -> Sequence[str]:
    """Ids of files that are not ``in_use`` and were begun more than a day ago, oldest first."""
    wanted = select(StoredFile.id).where(~in_use, StoredFile.begun_at < clock.now() - BEGUN_FOR)
    return session.scalars(wanted.order_by(StoredFile.begun_at, StoredFile.id)).all()


def purge(in_use: ColumnElement[bool]) -> int:
    """Deletes the files that are ``left_over``. One that the store does not delete now is retried by the next run.
    Returns how many were deleted."""
    count = 0
    waiting = list(left_over(in_use))
    session.rollback()
    for file_id in waiting:
        try:
            forget(file_id)
        except StoreFailed:
            log.exception("file_not_deleted", file=file_id)
        else:
            count += 1
    return count


@contextmanager
def _store_at_work() -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        log.warning("store_failed", problem=repr(problem))
        raise StoreFailed(
            "The file could not be stored just now; everything else goes on. Please try again in a few minutes."
        ) from problem
