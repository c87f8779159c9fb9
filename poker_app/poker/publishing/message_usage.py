"""Counts the messages that sessions cost, as the managed services bill them: every publish, and every delivery of it.

The counts are kept in memory, so that no vote waits for a write. They are written to the database later: when the table
is next fetched, before the figures are read, and when the process ends. A killed process loses the counts of its last
seconds.
"""

import threading
import time
from dataclasses import dataclass
from datetime import date, datetime

import structlog
from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from poker_app import clock, realtime
from poker_app.db import session, transaction
from poker_app.poker.models import Member, MessageCount

# Seconds that counts wait to be written down together.
WRITE_EVERY = 10.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Messages:
    """Counts of messages: ``published`` (requests to the engine and its webhooks included), and ``delivered``."""

    published: int = 0
    delivered: int = 0

    @property
    def total(self) -> int:
        return self.published + self.delivered

    def __add__(self, other: "Messages") -> "Messages":
        return Messages(self.published + other.published, self.delivered + other.delivered)


class _Counted:
    """The counts of this process that are not written yet, by session and day, behind a lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, dict[date, Messages]] = {}
        self._since: dict[str, float] = {}

    def add(self, session_id: str, what: Messages) -> None:
        day = clock.now().date()
        with self._lock:
            days = self._waiting.setdefault(session_id, {})
            days[day] = days.get(day, Messages()) + what
            self._since.setdefault(session_id, time.monotonic())

    def take(self, session_id: str, older_than: float) -> dict[date, Messages]:
        with self._lock:
            if time.monotonic() - self._since.get(session_id, float("inf")) < older_than:
                return {}
            self._since.pop(session_id, None)
            return self._waiting.pop(session_id, {})

    def sessions(self) -> list[str]:
        with self._lock:
            return list(self._waiting)


_counted = _Counted()


def count_event(session_id: str, expected: int, socket: str | None) -> None:
    """Counts an event that the engine took: one publish, and a delivery to every listener but ``socket``. ``expected``
    is the number of members who receive it, for engines that do not tell how many listen."""
    channel = realtime.state_channel(session_id)
    listening = realtime.listeners(channel)
    asked = 1 if socket and realtime.is_subscribed(channel, socket) else 0
    delivered = expected if listening is None else listening - asked
    _count(session_id, Messages(1, max(0, delivered)))


def count_question(session_id: str) -> None:
    """Counts a question to the engine, which costs as much as a publish."""
    _count(session_id, Messages(1, 0))


def count_presence(session_id: str) -> None:
    """Counts a change on the presence channel: the engine's webhook to the server, and a delivery to every other
    listener."""
    listening = realtime.listeners(realtime.presence_channel(session_id))
    if listening is None:
        here = [column.is_(None) for column in (Member.removed_at, Member.left_at, Member.away_since)]
        listening = session.scalar(select(func.count()).where(Member.session_id == session_id, *here)) or 0
    _count(session_id, Messages(1, max(0, listening - 1)))


def _count(session_id: str, what: Messages) -> None:
    if realtime.is_on():
        _counted.add(session_id, what)


_counts = MessageCount.metadata.tables[MessageCount.__tablename__]
_KEY = [_counts.c.session_id, _counts.c.day]
_ADDED = {
    dialect.__name__.rpartition(".")[2]: insert.on_conflict_do_update(
        index_elements=_KEY,
        set_={name: _counts.c[name] + insert.excluded[name] for name in ("published", "delivered")},
    )
    for dialect in (sqlite, postgresql)
    for insert in [dialect.insert(_counts).values({column.name: bindparam(column.name) for column in _counts.c})]
}


def write_down(session_id: str, older_than: float = 0) -> None:
    """Writes a session's counts to the database, unless the oldest is younger than ``older_than`` seconds. Never
    raises: counts that cannot be written go back into memory and are written later."""
    days = _counted.take(session_id, older_than)
    if not days:
        return
    rows = [{"session_id": session_id, "day": day, **_figures(each)} for day, each in sorted(days.items())]
    try:
        with transaction():
            session.execute(_ADDED[session.get_bind().dialect.name], rows)
    except IntegrityError:
        # The session was deleted for good, and its counts with it.
        log.info("messages_of_no_session", session=session_id)
    except SQLAlchemyError:
        log.exception("messages_not_written", session=session_id)
        for each in days.values():
            _counted.add(session_id, each)


def _figures(messages: Messages) -> dict[str, int]:
    return {"published": messages.published, "delivered": messages.delivered}


def write_all_down() -> None:
    """Writes all counts of this process to the database."""
    for session_id in _counted.sessions():
        write_down(session_id)


def messages_of(session_id: str) -> Messages:
    """Returns the messages of a session so far."""
    write_down(session_id)
    total = select(*_SUMS).where(MessageCount.session_id == session_id)
    return Messages(*session.execute(total).one())


def messages_since(moment: datetime) -> Messages:
    """Returns the messages of all sessions since the day (in UTC) of a moment."""
    write_all_down()
    total = select(*_SUMS).where(MessageCount.day >= moment.date())
    return Messages(*session.execute(total).one())


_SUMS = (func.coalesce(func.sum(MessageCount.published), 0), func.coalesce(func.sum(MessageCount.delivered), 0))
