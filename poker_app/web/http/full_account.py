"""The page of an account that has as many teammates as its plan allows, for people invited to it or joining by
domain."""

from datetime import timedelta

from flask import redirect, render_template
from flask.typing import ResponseReturnValue

from poker_app import rate_limits
from poker_app.accounts.models import Account
from poker_app.accounts.team import teammates
from poker_app.billing import credit_requests
from poker_app.mail import Undelivered
from poker_app.rate_limits import Limit

# Letters to the owners of a full account: from one person, and from all.
ASKED_BY_ONE = Limit("ask for a place", 1, timedelta(days=1))
ASKED_BY_ALL = Limit("ask for places", 10, timedelta(days=1))


def ask_owners(account: Account, who: str, back: str) -> ResponseReturnValue:
    """Mails the owners of a full account; redirects to ``back`` where it is not full any more."""
    if teammates.more_allowed(account) != 0:
        return redirect(back, 303)
    counters = [*ASKED_BY_ONE.of(account.id, who), *ASKED_BY_ALL.of(account.id)]
    rate_limits.spend(counters)
    try:
        asked = credit_requests.ask_for_place(account, who)
    except Undelivered:
        rate_limits.give_back(counters)
        raise
    return full_page(account, asking=None, asked=bool(asked))


def full_page(account: Account, *, asking: str | None, asked: bool | None = None) -> str:
    """Renders the page: the account is full, and every way on. ``asking`` is the address to ask its owners at, and
    ``asked`` whether that was done and reached one."""
    return render_template(
        "invitations/full.html",
        account=account,
        facilitators=teammates.facilitators(account),
        asking=asking,
        asked=asked,
    )
