"""Whose seat it is: a guest's by the browser's secret, a user's in whichever browser they are signed in."""

from collections.abc import Sequence

from sqlalchemy import bindparam, or_, select

from poker_app import ids
from poker_app.accounts.models import User
from poker_app.db import session, transaction
from poker_app.poker.models import Member, PokerSession

NOT_SEATED = "You are not at this table. Open the invitation link to join it."
REMOVED = "You were removed from this session. The link lets you join again."
LEFT = "You left this session. Come back to go on."
DELETED = "This session was deleted. Who opened it, or an admin of its account, can bring it back for 30 days."

# Built once: every request begins with it.
_HOLDERS = (
    select(Member)
    .join(PokerSession, PokerSession.id == Member.session_id)
    .where(Member.session_id == bindparam("session_id"), PokerSession.deleted_at.is_(None))
)
_BY_SECRET = _HOLDERS.where(Member.secret_digest == bindparam("digest"))
_BY_EITHER = _HOLDERS.where(or_(Member.secret_digest == bindparam("digest"), Member.user_id == bindparam("user_id")))


def find_member(session_id: str, secret: str | None, user: User | None = None) -> Member | None:
    """Who is asking in this session, removed members included; None for a stranger, and in a deleted session.

    A user has one seat, reached from every browser of theirs; once it is theirs, the browser's secret alone opens it
    no longer, so that signing out ends it there too. A guest's seat is whoever's the secret is.
    """
    if secret is None and user is None:
        return None
    asking = {"session_id": session_id, "digest": ids.digest(secret) if secret else None}
    if user is None:
        found: Sequence[Member] = session.scalars(_BY_SECRET, asking).all()
    else:
        found = session.scalars(_BY_EITHER, {**asking, "user_id": user.id}).all()
    wanted = [user.id, None] if user else [None]
    return next((member for whose in wanted for member in found if member.user_id == whose), None)


def secret_for(session_id: str, secret: str | None) -> str:
    """The secret to sit down with: the browser's, or a new one where that opens the seat of a user in this session,
    who is not signed in here now."""
    if secret is None:
        return ids.new_secret()
    taken = session.scalars(_BY_SECRET, {"session_id": session_id, "digest": ids.digest(secret)}).one_or_none()
    return ids.new_secret() if taken and taken.user_id else secret


def running_sessions(secret: str | None, user: User | None = None) -> list[PokerSession]:
    """Where somebody sits at a table that has not ended, the latest used first, five at the most."""
    mine = (Member.secret_digest == ids.digest(secret or "")) & Member.user_id.is_(None)
    if user:
        mine |= Member.user_id == user.id
    tables = select(PokerSession).join(Member, Member.session_id == PokerSession.id)
    tables = tables.where(mine, Member.removed_at.is_(None), PokerSession.ended_at.is_(None))
    tables = tables.where(PokerSession.deleted_at.is_(None)).order_by(Member.seen_at.desc(), Member.id)
    return list(session.scalars(tables.limit(5)))


def adopt(user: User, secret: str | None) -> None:
    """The seats that a browser took as a guest become the user's who signs in there: a guest who signs up keeps what
    they did. Where the user has a seat already, the guest's stays what it is."""
    if secret is None:
        return
    user_id, digest = user.id, ids.digest(secret)
    guest = (Member.secret_digest == digest) & Member.user_id.is_(None)
    if session.scalar(select(Member.id).where(guest).limit(1)) is None:
        return
    with transaction():
        # One table after the other, always in the same order, as whoever joins holds theirs.
        tables = select(PokerSession.id).where(PokerSession.id.in_(select(Member.session_id).where(guest)))
        here = session.scalars(tables.order_by(PokerSession.id).with_for_update()).all()
        have = set(
            session.scalars(select(Member.session_id).where(Member.session_id.in_(here), Member.user_id == user_id))
        )
        for member in session.scalars(select(Member).where(guest)):
            if member.session_id not in have:
                member.user_id = user_id
