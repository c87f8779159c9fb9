"""The plan an account has now, the start of its trial, and the free plan's monthly credits."""

from datetime import datetime, timedelta

from sqlalchemy import select

from poker_app import billing, clock
from poker_app.accounts import audit_log, derived_secret
from poker_app.accounts.models import Account, User
from poker_app.billing import ledger, subscription_sync
from poker_app.billing.models import Subscription, Trial
from poker_app.db import add_if_missing, session
from poker_app.errors import Conflict
from poker_app.rules import plans as rules
from poker_app.rules.credits import period
from poker_app.rules.email_domains import company_of
from poker_app.rules.plans import EVERYTHING, GUEST, GUESTS, Plan, Standing


def standing_of(account_id: str) -> Standing:
    """The account's plan and state of payment now. Without billing every account may do everything."""
    if account_id == GUESTS:
        return Standing(GUEST)
    if not billing.is_on():
        return Standing(EVERYTHING)
    now, found = clock.now(), session.get(Subscription, account_id)
    if found is None:
        return rules.standing(billing.offer(), now)
    return rules.standing(
        billing.offer(),
        now,
        plan=found.plan,
        status=found.status,
        past_due_since=found.past_due_since,
        trial_ends=found.trial_ends_at,
    )


def plan_of(account_id: str) -> Plan:
    """The plan that an account has now."""
    return standing_of(account_id).plan


def bring_month(account: Account) -> None:
    """Grants the running month's credits to an account that pays nothing, inside the caller's transaction.

    Called wherever credits matter, however late, often or early. The month's first day is the ledger's key, so each
    month's credits are granted once; they expire at its end. Past months are not granted: their credits would have
    expired. Paid plans get their credits with each paid invoice.
    """
    plan = plan_of(account.id)
    if plan.price or not plan.credits:
        return
    start, end = period(account.created_at, clock.now())
    key = month_key(plan.name, start)
    ledger.grant(account.id, key, plan.credits, source="plan", expires_at=end, why=f"{plan.label} plan, this month")


def month_key(plan: str, start: datetime) -> str:
    """The ledger's key for a month's credits of a plan that costs nothing."""
    return f"plan:{plan}:{start:%Y-%m-%dT%H:%M}"


def may_try(account_id: str, user_id: str | None = None) -> bool:
    """Whether a user may still start the trial for an account."""
    known = session.get(Subscription, account_id)
    if not billing.offer().trial_plan or (known and (known.trial_ends_at or known.subscription_id)):
        return False
    keys = _trial_keys(account_id, user_id)
    return session.scalar(select(Trial.key).where(Trial.key.in_(keys)).limit(1)) is None


def _trial_keys(account_id: str, user_id: str | None) -> dict[str, str]:
    """Digests that a trial is counted by, each with the beginning of the refusal's sentence: of the user, the address,
    and the companies whose domains the user has proven or the account is open to."""
    account, user = session.get(Account, account_id), session.get(User, user_id) if user_id else None
    email = user.email if user else None
    companies = {company_of(email) if email else None, account.domain if account else None} - {None}
    counted = [(f"user {user_id}", "You have")] if user_id else []
    counted += [(f"address {email}", "You have")] if email else []
    counted += [(f"company {domain}", f"Somebody at {domain} has") for domain in companies]
    return {derived_secret(f"trial of {what}"): who for what, who in counted}


def start_trial(account_id: str, user_id: str | None = None) -> None:
    """Starts the trial of an account and grants its credits: once for each account, user and company. Inside the
    caller's transaction.

    Raises:
        Conflict: (409) the account, user or company had a trial, or the account pays already.
    """
    offer, now = billing.offer(), clock.now()
    if not offer.trial_plan:
        raise Conflict("There is nothing to try here.")
    plan, ends = offer.plan(offer.trial_plan), now + timedelta(days=offer.trial_days)
    known = subscription_sync.held(account_id)
    if known.trial_ends_at or known.subscription_id:
        raise Conflict(f"This account has had its {offer.trial_days} days of {plan.label} already.")
    # In one order, so that two transactions that count by the same keys never wait for each other.
    for key, who in sorted(_trial_keys(account_id, user_id).items()):
        if not add_if_missing(Trial, {"key": key, "begun_at": now}):
            raise Conflict(
                f"{who} had {offer.trial_days} days of {plan.label} already, in another account. "
                "There is one trial for each person and each company."
            )
    known.trial_ends_at = ends
    session.flush()
    user = session.get(User, user_id) if user_id else None
    audit_log.note(
        account_id, user, "trial-begun", f"{plan.label}, until {ends:%Y-%m-%d}", otherwise=audit_log.BY_ITSELF
    )
    if plan.credits:
        ledger.grant(
            account_id,
            "trial",
            plan.credits,
            source="trial",
            expires_at=ends,
            why=f"{plan.label} for a try",
            user_id=user_id,
        )
