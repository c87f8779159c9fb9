"""What somebody reaches from their dashboard, as conditions of a query: the sessions of the account they act for.

Where nobody signs in, everybody acts for the one local account, and that would show everybody's sessions to every guest
who knows the address. So there a browser reaches only the sessions in which it facilitates.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists

from poker_app import ids
from poker_app.accounts.memberships import Membership
from poker_app.poker.models import Member, PokerSession

# A session that nobody ended and where nobody has been for so long was forgotten.
FORGOTTEN_AFTER = timedelta(hours=4)


def reached(membership: Membership, secret: str | None) -> ColumnElement[bool]:
    """The sessions that somebody may look after."""
    if membership.user:
        return PokerSession.account_id == membership.account.id
    return exists().where(
        Member.session_id == PokerSession.id,
        Member.secret_digest == ids.digest(secret or ""),
        Member.user_id.is_(None),
        Member.facilitates.is_(True),
        Member.removed_at.is_(None),
    )


def is_member_of(membership: Membership, secret: str | None) -> ColumnElement[bool]:
    """The sessions in which somebody has a seat."""
    mine = Member.user_id == membership.user.id if membership.user else Member.secret_digest == ids.digest(secret or "")
    return exists().where(Member.session_id == PokerSession.id, mine, Member.removed_at.is_(None))


def is_live(moment: datetime) -> ColumnElement[bool]:
    """Not ended, and not forgotten either."""
    seen = exists().where(Member.session_id == PokerSession.id, Member.seen_at > moment - FORGOTTEN_AFTER)
    return PokerSession.ended_at.is_(None) & PokerSession.deleted_at.is_(None) & seen


def may_archive(membership: Membership, table: PokerSession) -> bool:
    """Whether somebody who reaches a session may also look after it: who opened it, and admins and owners."""
    if membership.user is None:
        return True
    return table.user_id == membership.user.id or membership.reaches("admin")
