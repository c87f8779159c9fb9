"""What the columns of imported tables mean to an account, by their names: corrected once in a preview, known the next
time."""

from collections.abc import Mapping

from poker_app.accounts.account_lock import lock
from poker_app.accounts.models import Account
from poker_app.db import transaction
from poker_app.rules.imports.remembered import with_corrected

_BY_NAME = "by_name"


def meanings_of(account: Account) -> Mapping[str, str]:
    """The meanings that are remembered, by the plain names of columns."""
    known: Mapping[str, str] = (account.column_meanings or {}).get(_BY_NAME, {})
    return known


def remember(account_id: str, corrected: Mapping[str, str]) -> None:
    """Remembers the meanings that an import was saved with. "" gives a name's meaning up."""
    with transaction():
        account = lock(account_id)
        if account is None:
            return
        before = meanings_of(account)
        if (now := with_corrected(before, corrected)) != before:
            account.column_meanings = {_BY_NAME: now}
