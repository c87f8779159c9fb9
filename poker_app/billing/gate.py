"""The gate: what a plan allows, decided inside the transaction that uses it up."""

from poker_app import billing
from poker_app.accounts.models import Account
from poker_app.billing import ledger
from poker_app.billing.standing import bring_month, standing_of
from poker_app.db import session
from poker_app.errors import Conflict, OutOfCredits

OVERDUE = "The last payment failed, and the time to mend it is over. Sessions can be opened again once it is paid."


def pay_for_session(account_id: str, session_id: str, *, name: str, user_id: str | None) -> None:
    """Spend the credit that opening a session takes, once for each session. Raises OutOfCredits."""
    if not billing.is_on():
        return
    standing = standing_of(account_id)
    if standing.read_only:
        raise OutOfCredits(OVERDUE)
    if standing.plan.credits is None:
        return
    bring_month(session.get_one(Account, account_id))
    ledger.spend(account_id, _key(session_id), ref=session_id, why=f"Session “{name}”", user_id=user_id)


def give_back_session(account_id: str, session_id: str) -> None:
    """Give the credit back for a session that ended before its first reveal; nothing where none was spent."""
    if billing.is_on():
        ledger.reverse(account_id, _key(session_id), why="Ended before its first reveal")


def pay_again(account_id: str, session_id: str, *, name: str, user_id: str | None) -> None:
    """Spend once more what was given back, because the session is opened again; nothing where nothing was."""
    if billing.is_on() and ledger.was_reversed(account_id, _key(session_id)):
        ledger.spend(
            account_id, f"{_key(session_id)}:again", ref=session_id, why=f"Session “{name}”, again", user_id=user_id
        )


def _key(session_id: str) -> str:
    return f"session:{session_id}"


def most_members(account_id: str) -> int:
    """How many may sit at one table of the account."""
    return standing_of(account_id).plan.members


def most_facilitators(account_id: str) -> int | None:
    """How many teammates an account may have; None where each is a seat that is paid for."""
    return standing_of(account_id).plan.facilitators


def report_days(account: Account) -> int:
    """Days after its end that a session is kept: what the account wishes, up to what its plan has."""
    most = standing_of(account.id).plan.report_days
    return account.report_days if most is None else min(most, account.report_days)


def refuse_member(account_id: str, here: int) -> None:
    """Raise Conflict, saying what to do, where a table of the account has no seat left for one more."""
    plan = standing_of(account_id).plan
    if here < plan.members:
        return
    more = " A larger plan has more seats." if billing.is_on() else ""
    raise Conflict(f"The table is full: {plan.members} people sit here.{more}")
