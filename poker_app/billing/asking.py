"""Asking an account's owners for credits."""

from collections.abc import Sequence

from sqlalchemy import select

from poker_app import mail
from poker_app.accounts.acting import Acting
from poker_app.accounts.models import Teammate, User
from poker_app.db import session


def owners_of(account_id: str) -> Sequence[User]:
    """Who owns an account, by name."""
    owning = select(User).join(Teammate, Teammate.user_id == User.id)
    return session.scalars(
        owning.where(Teammate.account_id == account_id, Teammate.role == "owner").order_by(User.name)
    ).all()


def ask_for_credits(acting: Acting) -> None:
    """Write to the owners that a teammate cannot open a session for want of credits. Raises Undelivered."""
    assert acting.user
    asker, account = acting.user.name, acting.account
    letters = [owner.email for owner in owners_of(account.id) if owner.email]
    # No connection of the database is held while the mail server is asked.
    account_id, name = account.id, account.name
    session.rollback()
    for address in letters:
        mail.send("credits_wanted", address, asker=asker, account=name, path=f"/accounts/{account_id}/billing")
