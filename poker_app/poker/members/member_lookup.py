"""Finds a browser's member in a session: a guest by the secret's digest, a user by their id in every browser of
theirs."""

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
from poker_app.rules.session.value import DELETED, NOT_A_MEMBER, Member


def find_member(session_id: str, secret: str | None, user: User | None = None, *, fresh: bool = True) -> Member | None:
    """Returns a browser's member in a session, removed ones included; None for a stranger, in a deleted session and
    where there is none. See ``Session.member_of``.

    Unless ``fresh``, a cached session is used without a query. That is for changes, which look the member up again in
    the newest session.
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
    """Returns the member in the cached session, however old that is; loads it where it is not cached."""
    try:
        return at_least(session_id).value.member_of(digest, user_id)
    except NotFound:
        return None


def missing(session_id: str) -> NotFound:
    """Returns the 404 for a session that the browser is no member of, with the sentence for a deleted one where it
    is."""
    try:
        return NotFound(DELETED if newest(session_id).value.deleted_at else NOT_A_MEMBER)
    except NotFound:
        return NotFound(NOT_A_MEMBER)


def secret_for(session_id: str, secret: str | None) -> str:
    """Returns the secret to join with: the browser's, or a new one where a user's member of this session has that
    secret. The user is not signed in here, so the browser joins as another member."""
    if secret is None:
        return ids.new_secret()
    digest = ids.digest(secret)
    members = newest(session_id).value.members.values()
    taken = any(each.user_id is not None and each.secret_digest == digest for each in members)
    return ids.new_secret() if taken else secret


def running_sessions(secret: str | None, user: User | None = None) -> list[PokerSession]:
    """Returns the running sessions in which the browser or the user is a member, the latest used first, five at the
    most."""
    member = models.Member
    mine = (member.secret_digest == ids.digest(secret or "")) & member.user_id.is_(None)
    if user:
        mine |= member.user_id == user.id
    tables = select(PokerSession).join(member, member.session_id == PokerSession.id)
    tables = tables.where(mine, member.removed_at.is_(None), PokerSession.ended_at.is_(None))
    tables = tables.where(PokerSession.deleted_at.is_(None)).order_by(member.seen_at.desc(), member.id)
    return list(session.scalars(tables.limit(5)))


def adopt(user: User, secret: str | None) -> None:
    """Assigns a browser's guest members to the user who signs in there, so that a guest who signs up keeps them. In a
    session where the user is a member already, the guest's member stays as it is."""
    if secret is None:
        return
    user_id, digest = user.id, ids.digest(secret)
    guest = (models.Member.secret_digest == digest) & models.Member.user_id.is_(None)
    if session.scalar(select(models.Member.id).where(guest).limit(1)) is None:
        return
    with transaction():
        # The sessions are locked one after the other, always in the same order, so that two sign-ins cannot deadlock.
        here = session.scalars(select(models.Member.session_id).where(guest).order_by(models.Member.session_id)).all()
        for session_id in here:
            change_within(session_id, partial(rules.adopt, secret_digest=digest, user_id=user_id))
