"""Which member a browser is: a guest by its secret, a user in whichever browser they are signed in."""

from functools import partial

from sqlalchemy import select

from poker_app import ids
from poker_app.accounts.models import User
from poker_app.db import session, transaction
from poker_app.errors import NotFound
from poker_app.poker import models
from poker_app.poker.change import change_within
from poker_app.poker.models import PokerSession
from poker_app.poker.value.current import at_least, newest
from poker_app.rules.session import members as rules
from poker_app.rules.session.value import DELETED, NOT_SEATED, Member


def find_member(session_id: str, secret: str | None, user: User | None = None, *, fresh: bool = True) -> Member | None:
    """Which member a browser is in a session, removed ones included; None for a stranger, in a deleted session and
    where there is none. See ``Session.member_of``.

    Unless ``fresh``, a session that this process knows is not asked for again: for those who change something, because
    that looks for the member in the newest one.
    """
    if (secret is None and user is None) or not ids.could_be_id(session_id):
        return None
    digest, user_id = ids.digest(secret) if secret else None, user.id if user else None
    found = None if fresh else at_least_member(session_id, digest, user_id)
    # In another process the member may have come back, or become the user's, since this one loaded the session.
    if found and not found.removed_at and found.user_id == user_id:
        return found
    try:
        return newest(session_id).value.member_of(digest, user_id)
    except NotFound:
        return None


def at_least_member(session_id: str, digest: str | None, user_id: str | None) -> Member | None:
    """The same in the session as this process knows it, however old that is."""
    try:
        return at_least(session_id).value.member_of(digest, user_id)
    except NotFound:
        return None


def missing(session_id: str) -> NotFound:
    """What to say to somebody who reaches no such session."""
    try:
        return NotFound(DELETED if newest(session_id).value.deleted_at else NOT_SEATED)
    except NotFound:
        return NotFound(NOT_SEATED)


def secret_for(session_id: str, secret: str | None) -> str:
    """The secret to join with: the browser's, or a new one where that is a user's in this session, who is not signed in
    here now."""
    if secret is None:
        return ids.new_secret()
    digest = ids.digest(secret)
    members = newest(session_id).value.members.values()
    taken = any(each.user_id is not None and each.secret_digest == digest for each in members)
    return ids.new_secret() if taken else secret


def running_sessions(secret: str | None, user: User | None = None) -> list[PokerSession]:
    """Where somebody sits at a table that has not ended, the latest used first, five at the most."""
    member = models.Member
    mine = (member.secret_digest == ids.digest(secret or "")) & member.user_id.is_(None)
    if user:
        mine |= member.user_id == user.id
    tables = select(PokerSession).join(member, member.session_id == PokerSession.id)
    tables = tables.where(mine, member.removed_at.is_(None), PokerSession.ended_at.is_(None))
    tables = tables.where(PokerSession.deleted_at.is_(None)).order_by(member.seen_at.desc(), member.id)
    return list(session.scalars(tables.limit(5)))


def adopt(user: User, secret: str | None) -> None:
    """What a browser did as a guest becomes the user's who signs in there: a guest who signs up keeps it. Where the
    user is a member already, the guest stays what it is."""
    if secret is None:
        return
    user_id, digest = user.id, ids.digest(secret)
    guest = (models.Member.secret_digest == digest) & models.Member.user_id.is_(None)
    if session.scalar(select(models.Member.id).where(guest).limit(1)) is None:
        return
    with transaction():
        # One session after the other, always in the same order, so that no two wait for each other.
        here = session.scalars(select(models.Member.session_id).where(guest).order_by(models.Member.session_id)).all()
        for session_id in here:
            change_within(session_id, partial(rules.adopt, secret_digest=digest, user_id=user_id))
