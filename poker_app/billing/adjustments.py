"""Changes to an account's credits by an operator: grants and take-backs, with a reason that the account's owners
read."""

from poker_app import billing, ids
from poker_app.accounts.account_lock import lock
from poker_app.billing import ledger
from poker_app.db import transaction
from poker_app.errors import Conflict, Invalid, NotFound

MAX_CREDITS, LONGEST_REASON = 100_000, 200


def change_credits(account_id: str, amount: int, reason: str, key: str = "") -> int:
    """Grants ``amount`` credits that never expire, or with a number below zero takes back as many that are unspent.
    Returns the new balance. The same ``key`` a second time changes nothing.

    Raises:
        NotFound: (404) there is no such account.
        Conflict: (409) payments are off.
        OutOfCredits: (402) there are fewer to take back.
        Invalid: (422) no reason, or a number out of bounds.
    """
    reason = " ".join(reason.split())
    if not billing.is_on():
        raise Conflict("BILLING=off: sessions cost no credits here.")
    if not 0 < abs(amount) <= MAX_CREDITS:
        raise Invalid(f"Grant or take back 1 to {MAX_CREDITS} credits.")
    if not reason or len(reason) > LONGEST_REASON:
        raise Invalid(f"Give a reason of at most {LONGEST_REASON} characters. The account's owners read it.")
    operation = f"operator:{key or ids.new_id()}"[:120]
    with transaction():
        if lock(account_id) is None:
            raise NotFound("There is no such account. Its id stands in the addresses of its pages.")
        if amount > 0:
            ledger.grant(account_id, operation, amount, source="grant", why=reason)
        else:
            ledger.withdraw(account_id, operation, -amount, why=reason)
        return ledger.balance(account_id)
