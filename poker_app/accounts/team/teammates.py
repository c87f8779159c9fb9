"""Teammates of an account: listing, adding and removing them, their roles, leaving."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update

from poker_app import accounts, clock
from poker_app.accounts.account_lock import change, owners
from poker_app.accounts.memberships import Membership
from poker_app.accounts.models import Account, Invitation, Removal, Teammate, User
from poker_app.db import session
from poker_app.errors import Conflict, NotFound
from poker_app.rules import teammates as rules


class AccountFull(Conflict):
    """The account has as many teammates as its plan allows."""


NOBODY_HERE = "This teammate was not found. They may have left the account."


def teammates_of(account: Account, search: str = "") -> Sequence[Teammate]:
    """Teammates of an account, owners first, then by name. ``search`` keeps those whose name or address holds it."""
    found = session.scalars(select(Teammate).where(Teammate.account_id == account.id)).all()
    wanted = " ".join(search.casefold().split())
    matching = [each for each in found if wanted in f"{each.user.name} {each.user.email or ''}".casefold()]
    return sorted(matching, key=lambda each: (rules.ROLES.index(each.role), each.user.name.casefold(), each.user_id))


def find(membership: Membership, user_id: str) -> Teammate:
    """A teammate in the acting account.

    Raises:
        NotFound: (404) the account has no such teammate.
    """
    found = session.get(Teammate, (membership.account.id, user_id))
    if found is None:
        raise NotFound(NOBODY_HERE)
    return found


def change_role(membership: Membership, user_id: str, role: str) -> Teammate:
    """Give a teammate, or oneself, another role. An owner may make owners, and step down while one is left.

    Raises NotFound, or Refused where the own role does not reach so far.
    """
    with change(membership) as now:
        them = find(now, user_id)
        rules.check_change(now.role, them.role, role, owners=owners(now.account.id))
        if them.role == role:
            return them
        them.role = role
        if role == "owner":
            now.note("ownership-given", them.user.name, them.user)
        else:
            now.note("role-changed", f"{them.user.name}, now {role}", them.user)
    return them


def remove(membership: Membership, user_id: str) -> str:
    """Removes a teammate from the account, and withdraws the invitations that they made. Returns their name. Neither a
    link nor the account's domain lets them in again: only a new mail does.

    Raises:
        NotFound: (404) the account has no such teammate.
        Refused: (403) the role may not remove this one.
        Conflict: (409) it is the acting user.
    """
    with change(membership) as now:
        them = find(now, user_id)
        rules.check_removal(now.role, them.role, owners=owners(now.account.id))
        if now.user and now.user.id == user_id:
            raise Conflict("That is you. To go, choose “Leave this account”.")
        name = them.user.name
        now.note("teammate-removed", name, them.user)
        unenroll(them)
    return name


def unenroll(them: Teammate) -> None:
    """Removes a teammate, and withdraws the invitations that they could hand on, inside a transaction that holds the
    account."""
    session.merge(Removal(account_id=them.account_id, user_id=them.user_id, removed_at=clock.now()))
    _withdraw_theirs(them.account_id, them.user_id, rules.reaches(them.role, "admin"))
    session.delete(them)
    accounts.teammates_changed(them.account_id)
    accounts.end_access(them.user_id, them.account_id)


def _withdraw_theirs(account_id: str, user_id: str, knew_the_link: bool) -> None:
    open_ones = (
        Invitation.account_id == account_id,
        Invitation.withdrawn_at.is_(None),
        Invitation.accepted_at.is_(None),
    )
    made_by_them = Invitation.invited_by == user_id
    theirs = made_by_them | Invitation.email.is_(None) if knew_the_link else made_by_them
    session.execute(update(Invitation).where(*open_ones, theirs).values(withdrawn_at=clock.now()))


def leave(membership: Membership) -> None:
    """Removes the acting user from the account. The last owner stays until another teammate is one. Raises Refused."""
    with change(membership) as now:
        assert now.user
        rules.check_leaving(now.role, owners=owners(now.account.id))
        now.note("teammate-left")
        session.delete(find(now, now.user.id))
        accounts.teammates_changed(now.account.id)
        accounts.end_access(now.user.id, now.account.id)


def enroll(account: Account, user: User, role: str) -> bool:
    """Makes a user a teammate, inside a transaction that holds the account. A teammate keeps their role, and gets
    False.

    Raises AccountFull where the account has as many teammates as its plan allows.
    """
    if session.get(Teammate, (account.id, user.id)):
        return False
    _require_free_seat(account)
    forget_removal(account, user)
    session.add(Teammate(account_id=account.id, user_id=user.id, role=role, joined_at=clock.now()))
    accounts.teammates_changed(account.id)
    return True


def more_allowed(account: Account) -> int | None:
    """How many more teammates the account's plan has room for, at least 0; None: any number."""
    most = accounts.max_teammates(account.id)
    if most is None:
        return None
    return max(0, most - session.scalars(select(func.count()).where(Teammate.account_id == account.id)).one())


def facilitators(account: Account) -> str:
    """How many facilitators the account's plan is for, in words."""
    most = accounts.max_teammates(account.id)
    return "any number of facilitators" if most is None else "one facilitator" if most == 1 else f"{most} facilitators"


def _require_free_seat(account: Account) -> None:
    if more_allowed(account) == 0:
        raise AccountFull(
            f"{account.name} has a plan for {facilitators(account)}. An owner can choose a larger one under Plan and "
            "billing."
        )


def was_removed(account: Account, user: User) -> bool:
    """Whether a user was removed from an account and not invited again since."""
    return session.get(Removal, (account.id, user.id)) is not None


def forget_removal(account: Account, user: User) -> None:
    """Deletes a user's removal from an account, so that they may join again. Inside the caller's transaction."""
    session.execute(delete(Removal).where(Removal.account_id == account.id, Removal.user_id == user.id))
