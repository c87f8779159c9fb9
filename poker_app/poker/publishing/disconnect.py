"""Ends the connections of those who lost their access: at once, or as soon as the engine answers again.

A socket is signed in as a member of one session. What an account's user holds is found through their members.
"""

from datetime import timedelta

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import aliased

from poker_app import clock, realtime
from poker_app.db import session
from poker_app.poker.models import Member, PokerSession

# A page that is open is heard from more often, and a socket without a page is of use only while a session is played.
OPEN_PAGE = timedelta(days=1)

# Members without access, of whatever session, whose connections the engine failed to end.
_still_listening: set[str] = set()


def disconnect_member(member_id: str) -> None:
    """End a member's connections. Their access is to be taken away, and committed, before."""
    if not realtime.end_connections(member_id) and realtime.troubled():
        _still_listening.add(member_id)


def members_of(user_id: str, account_id: str | None = None) -> list[str]:
    """The members that a user is where they were seen within a day, and in running sessions where anybody was; of one
    account alone if it is named. Each costs a request to the engine, and many sessions are never ended."""
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
    """End all connections of a user: in every session, or in those of one account. To be called after the commit that
    took the access away; where that removes the user from their members, ask ``members_of`` before it and
    ``disconnect_member`` each of them after it."""
    for member_id in members_of(user_id, account_id):
        disconnect_member(member_id)


def try_again() -> None:
    """End those that the engine did not, if it is worth asking."""
    if realtime.ready():
        for member_id in list(_still_listening):
            _still_listening.discard(member_id)
            disconnect_member(member_id)
