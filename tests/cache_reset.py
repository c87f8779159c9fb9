"""Rows that a test writes behind the product's back: what the process knows of their session is loaded again."""

from sqlalchemy import event
from sqlalchemy.orm import Session

from poker_app.poker.models import Member, PokerSession, Round, Task, Vote
from poker_app.poker.value.value_cache import values

_BEHIND = (Member, PokerSession, Round, Task, Vote)


@event.listens_for(Session, "after_flush")
def forget(session: Session, _context: object) -> None:
    """The product writes these rows through ``poker.store``, and through the ORM only when it opens a session."""
    if any(isinstance(each, _BEHIND) for each in (*session.dirty, *session.deleted)):
        values.clear()
