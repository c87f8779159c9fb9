"""Memberships: the accounts that a user may act for, and their role in each. All other accounts look like missing
ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from poker_app import clock, ids
from poker_app.accounts import audit_log, auth_is_open
from poker_app.accounts.models import Account, Teammate, User
from poker_app.db import session, transaction
from poker_app.errors import Forbidden, Invalid
from poker_app.rules import teammates as rules
from poker_app.rules.plans import GUESTS
from poker_app.rules.printable import one_line

LOCAL = "local"
MAX_NAME = 80


@dataclass(frozen=True, slots=True)
class Membership:
    """An account, the acting user and their role in it. ``user`` is None with ``AUTH=open``, for guests' sessions, and
    for a service's API token, whose name is ``program``."""

    account: Account
    role: str
    user: User | None
    program: str | None = None

    def reaches(self, least: str) -> bool:
        """Whether the role here is ``least`` or above it."""
        return rules.reaches(self.role, least)

    def require(self, least: str, what: str) -> None:
        """Check that the role reaches another one.

        Raises:
            Forbidden: (403) with the sentence "Only an owner or admin may <what>."
        """
        if not self.reaches(least):
            may = " or ".join(rules.ROLES[: rules.ROLES.index(least) + 1])
            raise Forbidden(f"Only an {may} may {what}.")

    @property
    def arranges(self) -> bool:
        """Whether the role may set defaults and decks: owners and admins, and everybody without sign-in."""
        return auth_is_open() or self.reaches("admin")

    def require_arranging(self, what: str) -> None:
        """Raises Forbidden for a role that may not set defaults and decks."""
        if not self.arranges:
            self.require("admin", what)

    @property
    def known_by_secret(self) -> bool:
        """Whether nothing but a secret tells callers apart: without sign-in, and for guests' sessions."""
        return self.user is None and (auth_is_open() or self.program is None)

    def note(self, action: str, about: str = "", subject: User | None = None) -> None:
        """Writes a line into the account's audit log, inside the transaction of the change. A service's token stands
        there by its name."""
        who = f"{self.program} (token)" if self.program else audit_log.NOBODY
        audit_log.note(self.account.id, self.user, action, about, subject, otherwise=who)


def membership_for(user: User | None, account_id: str) -> Membership | None:
    """The user's membership of one account; None if they do not belong to it. Without sign-in every caller has the
    local account's."""
    if auth_is_open():
        return _local() if account_id == LOCAL else None
    if user is None:
        return None
    found = session.get(Teammate, (account_id, user.id))
    return Membership(found.account, found.role, user) if found else None


def accounts_of(user: User | None) -> Sequence[Membership]:
    """Memberships of every account that the user may act for, by the account's name."""
    if auth_is_open():
        return [_local()]
    if user is None:
        return []
    mine = select(Teammate).join(Account).where(Teammate.user_id == user.id).order_by(Account.name, Account.id)
    return [Membership(each.account, each.role, user) for each in session.scalars(mine)]


def home_of(user: User | None) -> Membership:
    """The user's first account. Creates one at the first sign-in if there is none."""
    known = accounts_of(user)
    if known or user is None:
        return known[0]
    return make_account(user, f"{user.name}’s team")


def make_account(user: User, name: str) -> Membership:
    """Creates an account and makes the user its owner. Raises Invalid for a name that cannot be used."""
    user_id, name = user.id, account_name(name)
    with transaction():
        account = Account(id=ids.new_id(), name=name, created_at=clock.now())
        session.add(account)
        session.flush()
        session.add(Teammate(account_id=account.id, user_id=user_id, role="owner", joined_at=clock.now()))
        audit_log.note(account.id, session.get_one(User, user_id), "account-created", name)
    return Membership(account, "owner", user)


def account_name(typed: str) -> str:
    """An account's name, trimmed, of 1 to 80 characters.

    Raises:
        Invalid: (422) no name, or a longer one.
    """
    name = one_line(typed)
    if not name:
        raise Invalid("Give the account a name, such as your team's or your company's.", "name")
    if len(name) > MAX_NAME:
        raise Invalid(f"An account's name has at most {MAX_NAME} characters; this one has {len(name)}.", "name")
    return name


def guests() -> Membership:
    """The membership, without a user, of the account that guests' sessions belong to until one of the guests signs up.
    It has no teammates, and no page reaches it."""
    return _shared(GUESTS, "Sessions without an account")


def _local() -> Membership:
    """The membership, without a user, of the one account of a service without sign-in."""
    return _shared(LOCAL, "This team")


def _shared(account_id: str, name: str) -> Membership:
    """A membership without a user. Creates the account on first use."""
    account = session.get(Account, account_id)
    if account is None:
        try:
            with transaction():
                session.add(Account(id=account_id, name=name, created_at=clock.now()))
        except IntegrityError:  # another request made it at the same moment
            pass
        account = session.get_one(Account, account_id)
    return Membership(account, "facilitator", None)
