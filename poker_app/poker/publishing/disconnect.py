"""Closes the sockets of members who lost their access: at once, or in a retry as soon as the engine answers again.

A socket is signed in as a member of one session, so the sockets of a user are found through their members.
"""

from datetime import timedelta

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import aliased

from poker_app import clock, realtime
from poker_app.db import session
from poker_app.poker.models import Member, PokerSession

# An open page sends requests more often, and a socket without a page is of use only while a session is played.
OPEN_PAGE = timedelta(days=1)

# Members without access, of whatever session, whose connections the engine failed to end.
_still_listening: set[str] = set()


def disconnect_member(member_id: str) -> None:
    """Closes a member's sockets, and remembers the member for a retry if the engine fails. Their access has to be taken
    away, and committed, before."""
    if not realtime.end_connections(member_id) and realtime.troubled():
        _still_listening.add(member_id)


def members_of(user_id: str, account_id: str | None = None) -> list[str]:
    """Returns the ids of a user's members who were seen within a day, or whose session runs and had any member seen
    within a day; of one account alone if it is named. Each costs a request to the engine, and many sessions are never
    ended."""
    lately = clock.now() - OPEN_PAGE
    other = aliased(Member)
    is_played = exists().where(other.session_id == PokerSession.id, other.seen_at > lately)
    mine = select(Member.id).join(PokerSession, PokerSession.id == Member.session_id)
    mine = mine.where(Member.user_id == user_id, Member.removed_at.is_(None))
    mine = mine.where(or_(Member.seen_at > lately, and_(PokerSession.ended_at.is_(None), is_played)))
    if account_id is not None:
        mine = mine.where(PokerSession.account_id == account_id)
    return list(session.scalars(mine.order_by(Member.seen_at.desc(), Member.id)))


def disconnect_user(user_id: str, account_id: str | None = None) -> None:
    """Closes all sockets of a user: in every session, or in those of one account. Call it after the commit that took
    the access away. Where that commit removes the user from their members, call ``members_of`` before it and
    ``disconnect_member`` for each of them after it."""
    for member_id in members_of(user_id, account_id):
        disconnect_member(member_id)


def try_again() -> None:
    """Retries closing the sockets that the engine failed to close, unless its calls are paused after failures."""
    if realtime.ready():
        for member_id in list(_still_listening):
            _still_listening.discard(member_id)
            disconnect_member(member_id)
