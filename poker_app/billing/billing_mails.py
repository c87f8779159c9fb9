"""Mails about billing to an account's owners and admins. Each of them gets each mail once for its cause.

What is due is computed from the account's state, not from the event that changed it: so an event that comes twice and a
job that runs twice send nothing twice, and a mail that the mail server refused is sent by the next run.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.exc import SQLAlchemyError

from poker_app import billing, clock, mail
from poker_app.accounts.models import Account, Teammate, User
from poker_app.billing.current_plan import standing_of
from poker_app.billing.models import CreditTxn, SentLetter, Subscription
from poker_app.billing.plan_view import statement_of
from poker_app.db import add_if_missing, after_commit, session, transaction
from poker_app.rules import plans as rules
from poker_app.rules.plans import Standing

log = structlog.get_logger("billing")

# A mail about a trial's end is due from so long before the end; the mail that it is over, until so long after it.
TRIAL_ENDS_IN, TRIAL_ENDED = timedelta(days=3), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Due:
    """A mail that is due: the cause that it is sent for once, its templates' name, and their values."""

    cause: str
    letter: str
    about: Mapping[str, object]


def tell_soon(account_id: str) -> None:
    """Sends what is due once the transaction under way is committed."""
    after_commit(partial(_sent_for, account_id))


def tell_all() -> int:
    """Sends mails that became due by time alone. Returns how many were sent. For the daily job."""
    if not billing.is_on():
        return 0
    subscribed = session.scalars(select(Subscription.account_id).order_by(Subscription.account_id)).all()
    return sum(_sent_for(account_id) for account_id in subscribed)


def _sent_for(account_id: str) -> int:
    """Sends what is due, and logs an error of the database: the change that caused the mails stands."""
    try:
        return tell(account_id)
    except SQLAlchemyError:
        session.rollback()
        log.exception("letters_not_sent", account=account_id)
        return 0


def tell(account_id: str) -> int:
    """Sends an account's owners and admins what is due and was not sent. Returns how many mails. Runs outside of any
    transaction, and holds no connection of the database while it waits for the mail server."""
    session.rollback()
    account = session.get(Account, account_id)
    if account is None:
        return 0
    name, waiting, who_pays = account.name, list(_due(account)), _payers(account_id)
    session.rollback()
    return sum(_send(account_id, due, name, *who) for due in waiting for who in who_pays)


def _send(account_id: str, due: Due, name: str, user_id: str, address: str) -> bool:
    """Claims and sends a mail; returns whether it was sent now. A mail that is lost with the process between the claim
    and the mail server is not sent again: better none than many."""
    cause = f"{due.cause}:{user_id}"
    if not _claim(account_id, cause):
        return False
    try:
        mail.send(due.letter, address, account=name, account_id=account_id, **due.about)
    except mail.Undelivered as problem:
        log.warning("undelivered", letter=due.letter, problem=repr(problem.__cause__))
        _unclaim(account_id, cause)
        return False
    return True


def _due(account: Account) -> Iterator[Due]:
    known = session.get(Subscription, account.id)
    if known:
        yield from _unpaid(known, standing_of(account.id))
        yield from _tried(known, standing_of(account.id))
    statement = statement_of(account)
    monthly = statement.standing.plan.credits
    if monthly is not None and not statement.standing.read_only and statement.balance <= rules.low_balance(monthly):
        # Once for each grant: a credit that is returned and spent again causes no second mail.
        last = session.scalar(
            select(func.max(CreditTxn.id)).where(CreditTxn.account_id == account.id, CreditTxn.kind == "grant")
        )
        if last is not None and _was_spent(account.id, last):
            yield Due(f"low:{last}", "low_balance", {"left": statement.balance})


def _was_spent(account_id: str, since: int) -> bool:
    """Whether a session was opened since that grant. Credits that only expired or were taken back cause no mail."""
    spent = select(CreditTxn.id).where(CreditTxn.account_id == account_id, CreditTxn.kind == "spend")
    return session.scalars(spent.where(CreditTxn.id > since).limit(1)).first() is not None


def _unpaid(known: Subscription, standing: Standing) -> Iterator[Due]:
    if standing.grace_ends is None:
        return
    since = f"{known.past_due_since:%Y-%m-%dT%H:%M}" if known.past_due_since else f"{known.subscription_id}"
    about = {"plan": standing.plan.label, "ends": day(standing.grace_ends)}
    if standing.read_only:
        yield Due(f"grace-over:{since}", "grace_over", about)
    else:
        yield Due(f"past-due:{since}", "payment_failed", about)


def _tried(known: Subscription, standing: Standing) -> Iterator[Due]:
    offer, ends, now = billing.offer(), known.trial_ends_at, clock.now()
    if ends is None or not offer.trial_plan:
        return
    about = {"plan": offer.plan(offer.trial_plan).label, "free": offer.free.label, "ends": day(ends)}
    if standing.trial_ends and now < ends <= now + TRIAL_ENDS_IN:
        yield Due("trial-ends", "trial_ends", about)
    elif standing.plan == offer.free and ends <= now < ends + TRIAL_ENDED and not known.subscription_id:
        yield Due("trial-over", "trial_over", about)


def day(moment: datetime) -> str:
    """A date as mails print it."""
    return f"{moment.day} {moment:%B %Y}"


def _payers(account_id: str) -> list[tuple[str, str]]:
    paying = select(User.id, User.email).join(Teammate, Teammate.user_id == User.id)
    paying = paying.where(Teammate.account_id == account_id, Teammate.role.in_(("owner", "admin")))
    return [(user_id, email) for user_id, email in session.execute(paying.order_by(User.email)) if email]


def _claim(account_id: str, cause: str) -> bool:
    """Inserts the row that says a mail was sent to a user. Returns False where it exists, or where the account is
    gone."""
    if session.get(SentLetter, (account_id, cause)):
        return False
    row = {"account_id": account_id, "cause": cause, "sent_at": clock.now()}
    with transaction():
        if session.get(Account, account_id) is None:
            return False
        return add_if_missing(SentLetter, row)


def _unclaim(account_id: str, cause: str) -> None:
    """Deletes that row after the mail server refused the mail, so that the next run sends it."""
    with transaction():
        session.execute(delete(SentLetter).where(SentLetter.account_id == account_id, SentLetter.cause == cause))
