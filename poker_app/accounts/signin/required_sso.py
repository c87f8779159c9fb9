"""Required sign-on: an account whose teammates have to come by one provider, such as the company's own.

Owners are let in by every way, so that nobody locks themself out: not by a provider that is down, nor by one that an
operator takes away.
"""

from sqlalchemy import select

from poker_app import accounts
from poker_app.accounts import audit_log, providers
from poker_app.accounts.account_lock import change
from poker_app.accounts.memberships import Membership
from poker_app.accounts.models import Account, Identity, SignIn
from poker_app.db import session
from poker_app.errors import Conflict, Forbidden, NotInPlan


class CameAnotherWay(Forbidden):
    """Somebody came another way than their account asks for. ``provider`` names the one to come by."""

    def __init__(self, account: Account, provider: str) -> None:
        self.label = providers.label_of(provider)
        super().__init__(f"{account.name} requires its teammates to sign in with {self.label}.")
        self.provider = provider


def required(account: Account) -> str | None:
    """The provider that an account's teammates have to come by, as its name; None where any way will do."""
    return account.sign_on if account.sign_on and accounts.may_require_sign_on(account.id) else None


def came_by(sign_in: SignIn | None) -> str | None:
    """The provider that somebody came by in this browser; None for our own ways in."""
    if sign_in is None or sign_in.issuer is None:
        return None
    known = select(Identity.provider).where(Identity.user_id == sign_in.user_id, Identity.issuer == sign_in.issuer)
    return session.scalars(known).first()


def lets_in(membership: Membership, sign_in: SignIn | None) -> bool:
    """Whether somebody who acts came the way that their account asks for."""
    wanted = required(membership.account)
    return wanted is None or membership.user is None or membership.reaches("owner") or came_by(sign_in) == wanted


def check(membership: Membership, sign_in: SignIn | None) -> Membership:
    """The acting membership, if its account lets the user in.

    Raises:
        CameAnotherWay: (403) the account asks for another way of signing in, which the refusal names.
    """
    if lets_in(membership, sign_in):
        return membership
    raise CameAnotherWay(membership.account, membership.account.sign_on or "")


def require(membership: Membership, name: str, sign_in: SignIn | None) -> None:
    """Let teammates in by one provider only, from now on; by every way again without a name. Only an owner may, and
    only by a provider that they came by themself: so it works, and is the right one.

    Raises:
        Forbidden: (403) the teammate is no owner.
        NotInPlan: (402) the plan does not have it.
        Conflict: (409) the owner came another way.
    """
    membership.require("owner", "choose how teammates sign in")
    if name and not accounts.may_require_sign_on(membership.account.id):
        raise NotInPlan("A larger plan lets you require a way to sign in. See Plan and billing.")
    label = providers.named(name).label if name else ""
    if name and came_by(sign_in) != name:
        raise Conflict(f"Sign out and sign in with {label} yourself first, so that it is sure to work for the others.")
    with change(membership) as now:
        now.require("owner", "choose how teammates sign in")
        before = now.account.sign_on
        if before == (name or None):
            return
        now.account.sign_on = name or None
        if name:
            audit_log.note(now.account.id, now.user, "sign-on-required", label)
        else:
            audit_log.note(now.account.id, now.user, "sign-on-freed", providers.label_of(before or ""))
