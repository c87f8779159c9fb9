"""Sync of Clerk's groups with the teammates of accounts.

The settings say which group belongs to which account. For such an account Clerk leads: a member of the group becomes a
teammate, as admin or facilitator; one who leaves it is removed. Owners are made here alone, and the last one stays.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from poker_app.accounts import audit_log
from poker_app.accounts.account_lock import lock, owners
from poker_app.accounts.models import Account, ClerkMember, Identity, Teammate, User
from poker_app.accounts.team import teammates
from poker_app.db import session, transaction
from poker_app.errors import Conflict
from poker_app.settings import Settings

_accounts: dict[str, str] = {}
_issuer = ""


def configure(settings: Settings, issuer: str) -> None:
    """Stores the account of each Clerk group, and the issuer that Clerk's users are identified by."""
    global _accounts, _issuer
    _accounts, _issuer = settings.clerk_accounts, issuer


def handle_webhook(group_id: str, subject: str, role: str | None, news_at: datetime) -> None:
    """Stores a user's role in a Clerk group (None: no longer in it), and applies it to the account. A webhook older
    than the stored one changes nothing."""
    try:
        _follow(group_id, subject, role, news_at)
    except IntegrityError:
        # The first two webhooks about a user came at the same moment: the retry finds the other's row.
        _follow(group_id, subject, role, news_at)


def _follow(group_id: str, subject: str, role: str | None, news_at: datetime) -> None:
    ours = None if role is None else "admin" if role in ("org:admin", "admin") else "facilitator"
    with transaction():
        member = session.get(ClerkMember, (group_id, subject), with_for_update=True)
        if member is None:
            member = ClerkMember(group_id=group_id, subject=subject, role=ours, news_at=news_at)
            session.add(member)
            session.flush()
        elif (member.news_at, member.role is None) < (news_at, ours is None):  # of the same moment, leaving wins
            member.role, member.news_at = ours, news_at
        else:
            return
        _apply(member)


def catch_up(identity: Identity) -> None:
    """Applies stored group memberships to a user who signs in through Clerk. Inside the caller's transaction."""
    if identity.issuer == _issuer:
        for member in session.scalars(select(ClerkMember).where(ClerkMember.subject == identity.subject)).all():
            _apply(member, anew=False)


def seats(identity: Identity) -> Account | None:
    """The account that Clerk leads and in which the identity's user is a teammate, if there is one."""
    if identity.issuer != _issuer:
        return None
    groups = select(ClerkMember.group_id).where(ClerkMember.subject == identity.subject, ClerkMember.role.is_not(None))
    led = [_accounts[group_id] for group_id in session.scalars(groups) if group_id in _accounts]
    theirs = select(Account).join(Teammate, Teammate.account_id == Account.id).order_by(Account.name)
    return session.scalars(theirs.where(Teammate.user_id == identity.user_id, Account.id.in_(led))).first()


def leave_all(subject: str) -> None:
    """Removes a user who was deleted at Clerk from all its groups, and deletes the stored memberships. Inside the
    caller's transaction."""
    for member in session.scalars(select(ClerkMember).where(ClerkMember.subject == subject)).all():
        member.role = None
        _apply(member)
        session.delete(member)


def _apply(member: ClerkMember, *, anew: bool = True) -> None:
    """Adds, changes or removes the teammate, as the group says. Without ``anew``, a user who was removed here stays
    out."""
    identity = session.get(Identity, (_issuer, member.subject))
    account_id = _accounts.get(member.group_id)
    account = lock(account_id) if identity and account_id else None
    if identity is None or account is None:
        return
    user = session.get_one(User, identity.user_id)
    teammate = session.get(Teammate, (account.id, user.id))
    if member.role is None:
        if teammate is not None and (teammate.role != "owner" or owners(account.id) > 1):
            audit_log.note(account.id, None, "clerk-left", user.name, user)
            teammates.unenroll(teammate)
    elif teammate is None:
        if anew:
            teammates.forget_removal(account, user)
        if not teammates.was_removed(account, user):
            _enroll(account, user, member.role)
    elif teammate.role not in ("owner", member.role):
        teammate.role = member.role
        audit_log.note(account.id, None, "clerk-role-changed", f"{user.name}, now {member.role}", user)
    session.flush()


def _enroll(account: Account, user: User, role: str) -> None:
    """Makes a user a teammate. Where the plan has no seat left, their next sign-in tries again."""
    try:
        teammates.enroll(account, user, role)
    except Conflict:
        return
    audit_log.note(account.id, None, "clerk-joined", user.name, user)
