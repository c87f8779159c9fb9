"""Teammates' roles in an account: who may do what to whom, and that an owner is always left."""

from collections.abc import Iterable

# From the most to the least; each may do what the ones after it may.
ROLES = ("owner", "admin", "facilitator")


def reaches(role: str, least: str) -> bool:
    """Whether a role may do what is asked of ``least`` and of the roles above it."""
    return ROLES.index(role) <= ROLES.index(least)


def may_manage(role: str, theirs: str) -> bool:
    """Whether a teammate may give, change or take away a role: admins up to their own, owners every one."""
    return reaches(role, "admin") and reaches(role, theirs)


def owner_stays(owners: Iterable[str], leaving: str) -> bool:
    """Whether somebody still owns the account once ``leaving`` (a user's id) no longer does."""
    return any(owner != leaving for owner in owners)
