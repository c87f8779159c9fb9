"""An account's audit log: who did what, and when."""

from poker_app import clock
from poker_app.accounts.models import AuditEntry, User
from poker_app.db import session

# What is written down, and how the page and the export say it. An action that is not here cannot be noted.
ACTIONS = {
    "account-created": "made the account",
}
NOBODY = "Somebody"


def note(account_id: str, user: User | None, action: str, about: str = "") -> None:
    """Write a line into the account's log, inside the transaction of what it tells of."""
    if action not in ACTIONS:
        raise ValueError(f"{action} is not an action of the audit log")
    who = user.name if user else NOBODY
    session.add(
        AuditEntry(
            account_id=account_id,
            at=clock.now(),
            user_id=user.id if user else None,
            who=who,
            action=action,
            about=about[:300],
        )
    )
