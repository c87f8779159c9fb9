"""Mails that ask an account's owners to buy: because a teammate has no credit left to open a session, or because an
invited person finds no free place on the plan."""

from collections.abc import Sequence

import structlog
from sqlalchemy import select

from poker_app import mail
from poker_app.accounts.memberships import Membership
from poker_app.accounts.models import Account, Teammate, User
from poker_app.db import session

log = structlog.get_logger("billing")


def owners_of(account_id: str) -> Sequence[User]:
    """Owners of an account who have an address, by name."""
    owning = select(User).join(Teammate, Teammate.user_id == User.id).where(User.email.is_not(None))
    return session.scalars(
        owning.where(Teammate.account_id == account_id, Teammate.role == "owner").order_by(User.name)
    ).all()


def ask_for_credits(membership: Membership) -> Sequence[str]:
    """Mails the owners that a teammate cannot open a session for want of credits. Returns the names of the owners who
    were mailed. Raises Undelivered where the mail server took no mail."""
    assert membership.user
    return _ask("credits_wanted", membership.account, membership.user.name)


def ask_for_place(account: Account, asker: str) -> Sequence[str]:
    """Mails the owners that an invited person cannot join, because the plan allows no more teammates. Returns and
    raises like ``ask_for_credits``."""
    return _ask("place_wanted", account, asker)


def _ask(letter: str, account: Account, asker: str) -> Sequence[str]:
    addresses = [(owner.name, owner.email or "") for owner in owners_of(account.id)]
    # No connection of the database is held while the mail server is asked.
    account_id, name = account.id, account.name
    session.rollback()
    asked: list[str] = []
    refused: mail.Undelivered | None = None
    for owner, address in addresses:
        try:
            mail.send(letter, address, asker=asker, account=name, account_id=account_id)
            asked.append(owner)
        except mail.Undelivered as problem:
            log.warning("undelivered", letter=letter, problem=repr(problem.__cause__))
            refused = problem
    if refused and not asked:
        raise refused
    return asked
