"""When teammates were last at a table of their account."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select

from poker_app.db import session
from poker_app.poker.models import Member, PokerSession


def last_sessions(account_id: str) -> Mapping[str, datetime]:
    """When the last session of the account was opened at which a user sat, by the user's id."""
    last = (
        select(Member.user_id, func.max(PokerSession.created_at, type_=PokerSession.created_at.type))
        .join(PokerSession, Member.session_id == PokerSession.id)
        .where(PokerSession.account_id == account_id, PokerSession.deleted_at.is_(None), Member.user_id.is_not(None))
        .group_by(Member.user_id)
    )
    return {user_id: at for user_id, at in session.execute(last) if user_id}
