"""The account lock: serializes changes to one account, and reads the acting teammate's role again under it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import func, select

from poker_app.accounts.memberships import Membership
from poker_app.accounts.models import Account, Teammate, User
from poker_app.db import session, transaction
from poker_app.errors import NotFound

NOT_YOURS = "You have no account at this link."


@contextmanager
def change(membership: Membership) -> Iterator[Membership]:
    """Opens one transaction that locks the account. Yields the acting membership, with the role read under the lock.

    Raises:
        NotFound: (404) the teammate was removed meanwhile.
    """
    account_id, user_id = membership.account.id, membership.user.id if membership.user else None
    with transaction():
        account = lock(account_id)
        if account is None:
            raise NotFound(NOT_YOURS)
        if user_id is None:  # a service's token, and without sign-in everybody
            yield replace(membership, account=account)
            return
        mine = session.get(Teammate, (account_id, user_id))
        if mine is None:
            raise NotFound(NOT_YOURS)
        yield Membership(account, mine.role, mine.user)


def lock(account_id: str) -> Account | None:
    """Locks the account's row until the transaction ends; None if there is no such account. Code that counts owners or
    teammates takes this lock first.

    The lock is ``FOR NO KEY UPDATE``, so sessions may be opened for the account meanwhile.
    """
    return session.get(Account, account_id, with_for_update={"key_share": True})


def owners(account_id: str) -> int:
    """Number of owners of an account."""
    count = select(func.count()).where(Teammate.account_id == account_id, Teammate.role == "owner")
    return session.scalars(count.select_from(Teammate)).one()


def user_here(user_id: str) -> User | None:
    """The user's row, read inside the transaction; None if they have deleted themselves meanwhile."""
    return session.get(User, user_id)
