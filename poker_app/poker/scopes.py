"""Query conditions of the dashboard: the sessions that it lists, those that the user is a member of, and live ones.

With ``AUTH=open`` all browsers act for the one local account. Listing by account would show every session to every
guest who knows the address, so there a browser reaches only the sessions in which it facilitates.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, select

from poker_app import ids
from poker_app.accounts.memberships import Membership
from poker_app.db import session
from poker_app.poker.models import Member, PokerSession

# A session that was not ended, and in which no member was seen for this long, counts as forgotten.
FORGOTTEN_AFTER = timedelta(hours=4)


def reached(membership: Membership, secret: str | None) -> ColumnElement[bool]:
    """The sessions that the dashboard lists: all of the account's; where users do not sign in, those in which the
    browser or program facilitates."""
    if not membership.known_by_secret:
        return PokerSession.account_id == membership.account.id
    return exists().where(
        Member.session_id == PokerSession.id,
        Member.secret_digest == ids.digest(secret or ""),
        Member.user_id.is_(None),
        Member.facilitates.is_(True),
        Member.removed_at.is_(None),
    )


def is_member_of(membership: Membership, secret: str | None) -> ColumnElement[bool]:
    """The sessions in which the user, or else the browser or program, is a member."""
    mine = Member.user_id == membership.user.id if membership.user else Member.secret_digest == ids.digest(secret or "")
    return exists().where(Member.session_id == PokerSession.id, mine, Member.removed_at.is_(None))


def is_live(moment: datetime) -> ColumnElement[bool]:
    """The sessions that are neither ended nor deleted nor forgotten (FORGOTTEN_AFTER)."""
    seen = exists().where(Member.session_id == PokerSession.id, Member.seen_at > moment - FORGOTTEN_AFTER)
    return PokerSession.ended_at.is_(None) & PokerSession.deleted_at.is_(None) & seen


def may_archive(membership: Membership, table: PokerSession) -> bool:
    """Whether a membership that reaches a session may also archive, copy or delete it: the user who opened it, admins
    and owners; where users do not sign in, every browser that reaches it. A service may where one opened it."""
    if membership.known_by_secret or membership.reaches("admin"):
        return True
    return table.user_id == membership.user.id if membership.user else _opened_by_program(table)


def _opened_by_program(table: PokerSession) -> bool:
    founders = Member.session_id == table.id, Member.joined_at == table.created_at, Member.is_program
    return bool(session.scalar(select(exists().where(*founders))))
