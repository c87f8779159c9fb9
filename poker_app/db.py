"""The database: Base, session, transaction() with its callbacks after the commit, and write(), which batches small
writes."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, DateTime, Engine, MetaData, event
from sqlalchemy.dialects.postgresql import Insert as InsertOnPostgresql
from sqlalchemy.dialects.postgresql import insert as insert_on_postgresql
from sqlalchemy.dialects.sqlite import Insert as InsertOnSqlite
from sqlalchemy.dialects.sqlite import insert as insert_on_sqlite
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import DBAPIError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.types import TypeDecorator

from poker_app.rules.data_kinds import JSON_KEYS


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC. SQLite has no time zones, so it is stored without one and read back with it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Document(TypeDecorator[dict[str, Any]]):
    """A JSON object of the keys that ``rules.data_kinds`` names for its column, which says of each whether it is
    personal data, a secret, or neither. Writing another key raises ValueError."""

    impl = JSON
    cache_ok = True

    def __init__(self, column: str) -> None:
        super().__init__()
        self.column = column

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> dict[str, Any] | None:
        if unnamed := (value or {}).keys() - JSON_KEYS[self.column].keys():
            raise ValueError(f"rules.data_kinds does not say what {', '.join(sorted(unnamed))} in {self.column} is")
        return value


class Base(DeclarativeBase):
    registry = registry(
        type_annotation_map={datetime: UtcDateTime()},
        # Names for every constraint, so that a migration can drop them on both databases.
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
    )


# Objects keep their values after the commit: this process just wrote them, under the lock, so no second read is needed.
db = SQLAlchemy(model_class=Base, disable_autonaming=True, session_options={"expire_on_commit": False})
session = db.session

# SQLite lets one writer in at a time. Waiting here, in turn, is several times cheaper
# than waiting inside SQLite, which sleeps and polls.
_writer = threading.Lock()


def release_session(_problem: BaseException | None = None) -> None:
    """Closes the thread's session at the end of a request. A connection that died meanwhile is invalidated instead."""
    if session.registry.has():
        try:
            session.close()
        except OperationalError:
            session().invalidate()


def give_connection_back() -> None:
    """Returns this request's connection to the pool before slow work; rows are read again afterwards. Does nothing
    inside a transaction."""
    if session.registry.has() and not session.info.get("writing"):
        session.rollback()


class Transaction:
    """A write transaction under way. Callbacks handed to ``after_commit`` run once it is committed, in order."""

    def __init__(self) -> None:
        self._after: list[Callable[[], object]] = []

    def after_commit(self, action: Callable[[], object]) -> None:
        """Registers a callback. ``action`` must not raise: the write is committed, even if the callback fails."""
        self._after.append(action)

    def _run(self) -> None:
        for action in self._after:
            action()


@contextmanager
def transaction() -> Iterator[Transaction]:
    """Runs the block in one write transaction, and after the commit the ``after_commit`` callbacks. An exception rolls
    it back.

    Rows that were read before are expired first, so that every decision inside is made on what the holder of the lock
    sees. Not to be nested.
    """
    if session.info.get("writing"):
        raise RuntimeError("transaction() inside transaction()")
    session.rollback()
    session.expire_all()
    sqlite = session.get_bind().dialect.name == "sqlite"
    work = session.info["writing"] = Transaction()
    try:
        with _writer if sqlite else nullcontext():
            session.connection(execution_options={"writes": True})
            try:
                yield work
                session.commit()
            except BaseException:
                session.rollback()
                raise
    finally:
        session.info.pop("writing", None)
    work._run()


def after_commit(action: Callable[[], object]) -> None:
    """Registers a callback with ``Transaction.after_commit`` of the transaction under way, for code that is not handed
    it. Raises KeyError outside of one."""
    session.info["writing"].after_commit(action)


def insert_into(model: type[Base]) -> InsertOnPostgresql | InsertOnSqlite:
    """An INSERT that can handle an existing key: ``on_conflict_do_update`` and ``_do_nothing``."""
    insert = insert_on_postgresql if session.get_bind().dialect.name == "postgresql" else insert_on_sqlite
    return insert(model.__table__)  # type: ignore[arg-type]


def add_if_missing(model: type[Base], row: Mapping[str, Any]) -> bool:
    """Inserts a row, inside the transaction under way, unless its key exists. Returns whether it was inserted."""
    wanted = insert_into(model).values(row).on_conflict_do_nothing()
    made = session.execute(wanted.execution_options(preserve_rowcount=True))
    return made.rowcount == 1  # type: ignore[attr-defined,no-any-return]


type Act[Ask, Answer] = Callable[[Connection, Sequence[Ask]], Sequence[Answer | Exception]]
type Committed[Answer] = Callable[[Sequence[Answer | Exception]], None]


def forget_what_was_read() -> None:
    """Expires the rows that this thread has read, and returns its connection to the pool. Does nothing where the thread
    has no session."""
    if session.registry.has():
        session.rollback()
        session.expire_all()


def write[Ask, Answer](act: Act[Ask, Answer], ask: Ask, committed: Committed[Answer]) -> Answer:
    """Runs one small write, all of it or none of it. Returns what ``act`` answers to ``ask``, once that is committed.

    SQLite lets one writer in at a time, and each commit waits for the disk. So writes that arrive while another thread
    commits are batched: they share the next transaction, its statements and that wait. ``act`` gets the asks of a whole
    batch, in order, and returns an answer for each, or an exception for one that it refuses before it has written
    anything for it. It may run on another request's thread, so it may use nothing but its connection. ``committed``
    gets all answers of the batch right after the commit, before the next transaction begins. PostgreSQL groups commits
    by itself, so there each write is a batch of one.
    """
    if session.registry.has() and session.info.get("writing"):
        raise RuntimeError("write() inside transaction()")
    forget_what_was_read()
    engine = db.engine
    mine = _Write[Ask, Answer](ask)
    if engine.dialect.name != "sqlite":
        _commit_together(engine, act, [mine], committed)
        return mine.outcome()
    with _writes_lock:
        waiting = _writes.setdefault(engine, {}).setdefault(act, [])
        waiting.append(mine)
        first = len(waiting) == 1
    if first:
        with _writer:
            with _writes_lock:
                batch = _writes[engine].pop(act)
            _commit_together(engine, act, batch, committed)
    return mine.outcome()


class _Write[Ask, Answer]:
    """One write in a batch: its ask, its answer or failure, and the event that is set once it is settled."""

    answer: Answer | Exception

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.failure: BaseException | None = None
        self.settled = threading.Event()

    def outcome(self) -> Answer:
        self.settled.wait()
        if self.failure is not None:
            raise self.failure
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


_writes: WeakKeyDictionary[Engine, dict[Act[Any, Any], list[_Write[Any, Any]]]] = WeakKeyDictionary()
_writes_lock = threading.Lock()


# Errors of one write that spare the others of its batch. A database that is away is away for all of them.
_BROKEN = (SQLAlchemyError, LookupError, TypeError, ValueError, AttributeError)


def _commit_together(
    engine: Engine, act: Act[Any, Any], batch: Sequence[_Write[Any, Any]], committed: Committed[Any]
) -> None:
    """Commits a batch. Where one write in it fails, commits each by itself, so that it takes no other along."""
    try:
        try:
            _commit(engine, act, batch)
        except _BROKEN as failure:
            if len(batch) == 1 or isinstance(failure, OperationalError):
                raise
            for each in batch:
                with suppress(*_BROKEN):  # its own outcome says so
                    _commit(engine, act, [each])
        committed([each.answer for each in batch if each.failure is None])
    finally:
        for each in batch:
            each.settled.set()


def _commit(engine: Engine, act: Act[Any, Any], batch: Sequence[_Write[Any, Any]]) -> None:
    for each in batch:
        each.failure = None
    try:
        with engine.connect().execution_options(writes=True) as connection, connection.begin():
            for each, answer in zip(batch, act(connection, [each.ask for each in batch]), strict=True):
                each.answer = answer
    except BaseException as failure:
        # Rolled back: no write of the batch was stored.
        for each in batch:
            each.failure = failure
        raise


def disk_failed(problem: DBAPIError) -> bool:
    """Whether a write failed because the database's disk is full, read-only or failing. Nothing was written then."""
    code = getattr(problem.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY)
    # disk_full, io_error, read_only_sql_transaction
    return getattr(problem.orig, "sqlstate", None) in ("53100", "58030", "25006")


def outage(problem: SQLAlchemyError) -> int | None:
    """The HTTP status of a database that does not do its work: 507 where its disk failed, 503 where it is away. None
    for another error."""
    if isinstance(problem, DBAPIError) and disk_failed(problem):
        return 507
    return None if isinstance(problem, InternalError) else 503


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None  # the `begin` listener below says BEGIN, not the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    # A reader that turns into a writer fails at once, whatever the busy timeout: writers say so from the start.
    if connection.dialect.name == "sqlite":
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
