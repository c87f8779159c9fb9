"""Access to a session: for its account's teammates only, or by password. Members who have joined are not asked
again."""

from datetime import timedelta

from poker_app import rate_limits
from poker_app.accounts import auth_is_open
from poker_app.accounts.memberships import membership_for
from poker_app.accounts.models import User
from poker_app.accounts.signin import password_hashing
from poker_app.errors import Forbidden, Invalid
from poker_app.rate_limits import Limit
from poker_app.rules.printable import without_hidden
from poker_app.rules.session.value import Member, Session

SHORTEST, LONGEST = 4, 100
WRONG = Limit("session password", 10, timedelta(minutes=10))


def hashed(typed: str) -> str:
    """A session's password as it is stored.

    Raises:
        Invalid: (422) it is shorter or longer than a password may be.
    """
    password = _cleaned(typed)
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(f"A session's password has {SHORTEST} to {LONGEST} characters.", "password")
    return password_hashing.hashed(password)


def _cleaned(typed: str) -> str:
    return without_hidden(typed[: password_hashing.MAX_TYPED]).strip()


def is_teammate(table: Session, user: User | None) -> bool:
    """Whether the user is a teammate of the session's account."""
    return user is not None and membership_for(user, table.account_id) is not None


def hosts(table: Session, user: User | None) -> bool:
    """Whether one who joins facilitates a session that a program opened: a teammate, and everybody without sign-in."""
    by_program = any(each.is_program for each in table.facilitators)
    return by_program and (auth_is_open() or is_teammate(table, user))


def is_closed_to(table: Session, user: User | None, member: Member | None) -> bool:
    """Whether the session is for teammates only, and the browser is neither a teammate's nor a member's."""
    guarded = table.teammates_only and not auth_is_open()
    return guarded and not _sits(member) and not is_teammate(table, user)


def asks_password(table: Session, user: User | None, member: Member | None) -> bool:
    """Whether joining takes the session's password. Teammates and members need none."""
    return table.password_hash is not None and not _sits(member) and not is_teammate(table, user)


def _sits(member: Member | None) -> bool:
    return member is not None and member.removed_at is None


def let_in(table: Session, user: User | None, member: Member | None, password: str, address: str) -> None:
    """Checks that a browser may join. Wrong passwords are counted by session and network.

    Raises:
        Forbidden: (403) the session is open to its account's teammates only.
        Invalid: (422) the password is missing or wrong.
        TooMany: (429) after ten wrong ones in ten minutes; (503) while too many are checked.
    """
    if is_closed_to(table, user, member):
        raise Forbidden("This session is open to its teammates only.")
    known = table.password_hash
    if known is None or not asks_password(table, user, member):
        return
    typed = _cleaned(password)
    if not typed:
        raise Invalid("Type the session's password. The person who invited you knows it.", "password")
    with rate_limits.failures(WRONG.of_network(address, table.id)):
        if not password_hashing.matches(known, typed, together=True):
            raise Invalid("Wrong session password.", "password")
