"""Teammates' roles in an account: which role may manage which, and that an owner is always left."""

from poker_app.rules import Refused

# From the most to the least; each may do what the ones after it may.
ROLES = ("owner", "admin", "facilitator")

LAST_OWNER = "An account needs an owner. Make a teammate an owner first."


def reaches(role: str, least: str) -> bool:
    """Whether a role may do what is asked of ``least`` and of the roles above it."""
    return ROLES.index(role) <= ROLES.index(least)


def may_manage(role: str, theirs: str) -> bool:
    """Whether a teammate may give, change or take away a role: admins up to their own, owners every one."""
    return reaches(role, "admin") and reaches(role, theirs)


def gives(role: str) -> tuple[str, ...]:
    """The roles that a teammate may give to others, from the least on."""
    return tuple(theirs for theirs in reversed(ROLES) if may_manage(role, theirs))


def check_gift(role: str, given: str) -> None:
    """Check that a role may be given: to a teammate, or in an invitation.

    Raises:
        Refused: invalid, for no role; forbidden, where one's own role may not give it.
    """
    if given not in ROLES:
        raise Refused("invalid", "Choose one of the roles.")
    if not reaches(role, "admin"):
        raise Refused("forbidden", "Only an owner or admin may manage teammates.")
    if not may_manage(role, given):
        raise Refused("forbidden", "Only an owner may make somebody an owner.")


def check_change(role: str, theirs: str, becomes: str, *, owners: int) -> None:
    """Check that a role may be changed, one's own included. ``owners``: how many the account has before it.

    Raises:
        Refused: forbidden, where one's own role may not; conflict, where no owner would be left.
    """
    check_gift(role, becomes)
    if not may_manage(role, theirs):
        raise Refused("forbidden", "Only an owner may change an owner's role.")
    if theirs == "owner" and becomes != "owner":
        check_owner_left(owners)


def check_removal(role: str, theirs: str, *, owners: int) -> None:
    """Check that a teammate with ``role`` may be removed.

    Raises:
        Refused: forbidden, where one's own role may not.
    """
    if not reaches(role, "admin"):
        raise Refused("forbidden", "Only an owner or admin may remove a teammate.")
    if not may_manage(role, theirs):
        raise Refused("forbidden", "Only an owner may remove an owner.")
    check_leaving(theirs, owners=owners)


def check_leaving(role: str, *, owners: int) -> None:
    """Refuse to let the last owner go."""
    if role == "owner":
        check_owner_left(owners)


def check_owner_left(owners: int) -> None:
    """Check that the account keeps an owner.

    Raises:
        Refused: conflict, where none would be left.
    """
    if owners < 2:
        raise Refused("conflict", LAST_OWNER)
