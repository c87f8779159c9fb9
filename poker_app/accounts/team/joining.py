"""Becoming a teammate: by an invitation, or by an address at the domain that an account is open to.

Only a user who has proven the address of a mailed invitation may accept it, so that a mail that was passed on, or read
by another person, lets nobody in. An invitation by link is for everybody who has the link.
"""

from collections.abc import Sequence

from sqlalchemy import select

from poker_app import clock, ids
from poker_app.accounts import audit_log
from poker_app.accounts.account_lock import lock
from poker_app.accounts.models import Account, Invitation, Teammate, User
from poker_app.accounts.team import invitations, teammates
from poker_app.db import session, transaction
from poker_app.errors import Conflict, Forbidden, NotFound
from poker_app.rules.email_domains import domain_of

UNKNOWN = "This invitation was not found. A newer mail may have replaced it: look for that, or ask for a new one."
NOT_FOR_YOU = "You are signed in with another address than the invited one. Sign in with that, or ask for a new mail."
NOT_OPEN = "This account is not open to you."
REMOVED = "You were removed from this account. An owner or admin of it can invite you again by mail."


def look_at(secret: str) -> Invitation:
    """The invitation behind a link, while it is good.

    Raises:
        NotFound: (404) the link is unknown.
        Conflict: (409) the invitation is not good any more, with why.
    """
    found = session.scalars(select(Invitation).where(Invitation.digest == ids.digest(secret))).one_or_none()
    if found is None:
        raise NotFound(UNKNOWN)
    _check(found)
    return found


def _check(invitation: Invitation) -> None:
    if invitation.withdrawn_at:
        raise Conflict("This invitation was withdrawn. Ask whoever invited you for a new one.")
    if invitation.accepted_at:
        raise Conflict("This invitation was accepted already, and it works once.")
    if invitation.expires_at <= clock.now():
        days = invitations.GOOD_FOR.days
        raise Conflict(
            f"This invitation has expired: it was valid for {days} days. Ask whoever invited you for a new one."
        )


def account_of(invitation: Invitation) -> Account:
    """The account of an invitation."""
    return session.get_one(Account, invitation.account_id)


def inviter_of(invitation: Invitation) -> User | None:
    """User who made an invitation; None once they are deleted."""
    return session.get(User, invitation.invited_by) if invitation.invited_by else None


def is_for(invitation: Invitation, user: User) -> bool:
    """Whether a user may accept an invitation: it came by link, or was mailed to the address that they have proven."""
    return invitation.email is None or invitation.email == user.email


def is_in(invitation: Invitation, user: User) -> bool:
    """Whether a user is a teammate of an invitation's account by now."""
    return session.get(Teammate, (invitation.account_id, user.id)) is not None


def already_in(secret: str, user: User) -> str | None:
    """Id of the account of an invitation, however old, where the user is a teammate by now."""
    found = session.scalars(select(Invitation).where(Invitation.digest == ids.digest(secret))).one_or_none()
    return found.account_id if found and is_in(found, user) else None


def own(user: User, invitation_id: str) -> Invitation:
    """An invitation to the user's own proven address, without its secret.

    Raises:
        NotFound: (404) there is no such invitation to this user.
        Conflict: (409) the invitation is not good any more, with why.
    """
    found = session.get(Invitation, invitation_id)
    if found is None or found.email is None or found.email != user.email:
        raise NotFound(NOT_FOR_YOU)
    if not is_in(found, user):
        _check(found)
    return found


def accept(user: User, secret: str) -> str:
    """Makes the user a teammate; a second time changes nothing. Returns the account's id.

    Raises:
        NotFound: (404) the link is unknown.
        Conflict: (409) the invitation is not good any more, with why.
        Forbidden: (403) it is for another address.
    """
    user_id, digest = user.id, ids.digest(secret)
    with transaction():
        found = session.scalars(select(Invitation).where(Invitation.digest == digest)).one_or_none()
        if found is None:
            raise NotFound(UNKNOWN)
        return _accept(found, session.get_one(User, user_id), digest)


def accept_own(user: User, invitation_id: str) -> str:
    """Makes the user a teammate by an invitation to their own address, without its link; a second time changes nothing.
    Returns the account's id.

    Raises:
        NotFound: (404) there is no such invitation to this user.
        Conflict: (409) the invitation is not good any more, with why.
    """
    user_id = user.id
    with transaction():
        found, me = session.get(Invitation, invitation_id), session.get_one(User, user_id)
        if found is None or found.email is None or found.email != me.email:
            raise NotFound(NOT_FOR_YOU)
        return _accept(found, me, found.digest)


def _accept(found: Invitation, user: User, digest: str) -> str:
    account = lock(found.account_id)
    # Read anew: until the lock was held, others may have changed it, or deleted the account or themselves.
    invitation = session.get(Invitation, found.id, populate_existing=True)
    if account is None or invitation is None:
        raise NotFound(UNKNOWN)
    if session.get(Teammate, (account.id, user.id)):
        if invitation.email and invitation.email == user.email:
            invitation.accepted_at = invitation.accepted_at or clock.now()
        return account.id
    if invitation.digest != digest:
        raise NotFound(UNKNOWN)
    _check(invitation)
    if not is_for(invitation, user):
        raise Forbidden(f"This invitation is for {invitation.email}. Sign in with that address to accept it.")
    if invitation.email is None and teammates.was_removed(account, user):
        raise Forbidden(REMOVED)
    if invitation.email:
        invitation.accepted_at = clock.now()
    teammates.enroll(account, user, invitation.role)
    audit_log.note(account.id, user, "invitation-accepted", invitation.role)
    return account.id


# --- by domain


def offers_for(user: User) -> Sequence[Account]:
    """Accounts that are open to the domain of a user's address, without those they belong to or were removed from."""
    if user.email is None:
        return []
    mine = select(Teammate.account_id).where(Teammate.user_id == user.id)
    at_domain = select(Account).where(Account.domain == domain_of(user.email), Account.id.not_in(mine))
    found = session.scalars(at_domain.order_by(Account.name, Account.id)).all()
    return [account for account in found if not teammates.was_removed(account, user)]


def offer_for(user: User, account_id: str) -> Account:
    """An account that is open to the domain of a user's address.

    Raises:
        NotFound: (404) the account is not open to it.
    """
    found = next((account for account in offers_for(user) if account.id == account_id), None)
    if found is None:
        raise NotFound(NOT_OPEN)
    return found


def is_awaited(user: User) -> bool:
    """Whether a user has an open invitation, or an account is open to their domain."""
    return bool(invitations.waiting_for_user(user) or offers_for(user))


def join_by_domain(user: User, account_id: str) -> None:
    """Makes the user a facilitator of an account that is open to the domain of their address; a second time changes
    nothing.

    Raises:
        NotFound: (404) the account is not open to the domain.
        Forbidden: (403) the user was removed from it before.
    """
    user_id = user.id
    with transaction():
        account, me = lock(account_id), session.get_one(User, user_id)
        if account and session.get(Teammate, (account_id, user_id)):
            return
        if account is None or me.email is None or account.domain != domain_of(me.email):
            raise NotFound(NOT_OPEN)
        if teammates.was_removed(account, me):
            raise Forbidden(REMOVED)
        teammates.enroll(account, me, "facilitator")
        audit_log.note(account_id, me, "domain-joined", account.domain)
