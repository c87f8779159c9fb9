"""Required single sign-on: an account whose teammates must sign in by one provider, such as the company's own.

Owners may sign in in every way, so that none locks themself out: neither by a provider that is down, nor by one that an
operator removes.
"""

from sqlalchemy import select

from poker_app import accounts
from poker_app.accounts import api_tokens, providers
from poker_app.accounts.account_lock import change
from poker_app.accounts.memberships import Membership
from poker_app.accounts.models import Account, Identity, SignIn
from poker_app.db import session
from poker_app.errors import Conflict, Forbidden, NotInPlan


class CameAnotherWay(Forbidden):
    """The user signed in in another way than the account requires. ``provider`` names the required one."""

    def __init__(self, account: Account, provider: str) -> None:
        self.label = providers.label_of(provider)
        super().__init__(f"{account.name} requires its teammates to sign in with {self.label}.")
        self.provider = provider


def required(account: Account) -> str | None:
    """Name of the provider that an account's teammates must sign in by; None where any way will do."""
    return account.sign_on if account.sign_on and accounts.may_require_sign_on(account.id) else None


def came_by(sign_in: SignIn | None) -> str | None:
    """Name of the provider that a login session came by; None for our own ways in."""
    if sign_in is None or sign_in.issuer is None:
        return None
    known = select(Identity.provider).where(Identity.user_id == sign_in.user_id, Identity.issuer == sign_in.issuer)
    return session.scalars(known).first()


def lets_in(membership: Membership, sign_in: SignIn | None) -> bool:
    """Whether a login session came by the provider that the account requires. Owners pass in every case."""
    wanted = required(membership.account)
    return wanted is None or membership.user is None or membership.reaches("owner") or came_by(sign_in) == wanted


def check(membership: Membership, sign_in: SignIn | None) -> Membership:
    """Returns the membership, if its account lets the user in.

    Raises:
        CameAnotherWay: (403) the account asks for another way of signing in, which the refusal names.
    """
    if lets_in(membership, sign_in):
        return membership
    raise CameAnotherWay(membership.account, membership.account.sign_on or "")


def require(membership: Membership, name: str, sign_in: SignIn | None) -> None:
    """Requires teammates to sign in by the provider ``name`` from now on; an empty name lifts that. Only an owner may,
    and only for the provider that their own login session came by: so it is known to work, and is the right one.

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
            api_tokens.end_of_persons(now.account.id)
            now.note("sign-on-required", label)
        else:
            now.note("sign-on-freed", providers.label_of(before or ""))
