"""A turn at the table: one member holds the session's row, changes it, and the others hear of it.

Every change to a running session goes through ``turn``, so that whatever it decides is decided on
what nobody else is changing at that moment.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from sqlalchemy import bindparam, select

from poker_app import clock
from poker_app.db import Transaction, session, transaction
from poker_app.errors import Conflict, Forbidden, NotFound
from poker_app.poker import events
from poker_app.poker.models import Member, PokerSession, Round, Task
from poker_app.poker.outboxes import News
from poker_app.poker.seats import DELETED, LEFT, REMOVED

# The socket that asked: it has the answer and needs no event, unless the event saves the answer the table.
asking_socket: ContextVar[str | None] = ContextVar("asking_socket", default=None)

# Built once: every change at a table begins with these.
_LOCKED = select(PokerSession).where(PokerSession.id == bindparam("session_id")).with_for_update()
_ACTING = (
    select(Member, Round)
    .join(Round, Round.id == bindparam("round_id"), isouter=True)
    .where(Member.id == bindparam("member_id"))
)


class Turn:
    """The floor: ``table`` is locked until the block ends, ``member`` is who acts."""

    def __init__(self, work: Transaction, table: PokerSession, member: Member) -> None:
        self.table = table
        self.member = member
        self.now: datetime = clock.now()
        self._work = work

    def announce(self, event: str, *, agenda: bool = False, **about: str) -> None:
        """Count the change, and tell the others once it is committed. ``agenda``: the tasks changed too."""
        self.table.version += 1
        if agenda:
            self.table.agenda = self.table.version
        self.table.published_version = self.table.version
        news = News(self.table.id, event, self.table.version, about, asking_socket.get())
        self._work.afterwards(lambda: events.publish(news))

    def require_facilitator(self, what: str) -> None:
        """Refuse with «Only a facilitator may <what>.»"""
        if not self.member.facilitates:
            raise Forbidden(f"Only a facilitator may {what}.")

    def colleague(self, member_id: str) -> Member:
        """Another member at the same table."""
        found = session.get(Member, member_id)
        if found is None or found.session_id != self.table.id or found.removed_at:
            raise NotFound("Nobody by that name sits here any more.")
        return found

    def task(self, task_id: str) -> Task:
        """A task of this session, deleted ones included: deleting can be undone."""
        found = session.get(Task, task_id)
        if found is None or found.session_id != self.table.id:
            raise NotFound("That task is not in this session.")
        return found

    def current_round(self) -> Round:
        """The round that is voted on."""
        return session.get_one(Round, self.table.current_round_id)


def locked(session_id: str) -> PokerSession:
    """The session's row, held until the transaction ends."""
    return session.scalars(_LOCKED, {"session_id": session_id}).one()


def seated(session_id: str) -> list[Member]:
    """Everybody at the table, removed ones left out, in the order they joined."""
    here = select(Member).where(Member.session_id == session_id, Member.removed_at.is_(None))
    return list(session.scalars(here.order_by(Member.joined_at, Member.id)))


def for_all(work: Transaction, table: PokerSession) -> Turn:
    """The floor for what comes from outside the table: spoken by whoever sat down first."""
    first = select(Member).where(Member.session_id == table.id).order_by(Member.joined_at, Member.id).limit(1)
    return Turn(work, table, session.scalars(first).one())


@contextmanager
def turn(member: Member, *, after_end: bool = False, after_leaving: bool = False) -> Iterator[Turn]:
    """Take the floor for one change.

    Raises NotFound (404) for a removed member and in a deleted session, Conflict (409) once the session has ended and
    for a member who left a running one.
    """
    member_id, session_id = member.id, member.session_id
    with transaction() as work:
        table = locked(session_id)
        # The round comes along: held here, it is in the session for whoever asks for it.
        acting, _current = session.execute(_ACTING, {"member_id": member_id, "round_id": table.current_round_id}).one()
        if table.deleted_at:
            raise NotFound(DELETED)
        if acting.removed_at:
            raise NotFound(REMOVED)
        if table.ended_at and not after_end:
            raise Conflict("The session has ended.")
        if acting.has_left and table.running and not after_leaving:
            raise Conflict(LEFT)
        yield Turn(work, table, acting)
