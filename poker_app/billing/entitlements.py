"""Limits of an account's plan (sessions, teammates, members, files, days of reports, single sign-on), their refusals,
and the credit that a session costs. Checked inside the transaction that uses them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from poker_app import billing, clock
from poker_app.accounts.account_settings import FIRST_DAYS
from poker_app.accounts.models import Account, Teammate
from poker_app.billing import billing_mails, ledger
from poker_app.billing.current_plan import bring_month, plan_of, standing_of
from poker_app.billing.models import CreditTxn
from poker_app.db import after_commit, session
from poker_app.errors import Invalid, NotInPlan, OutOfCredits
from poker_app.rules.plans import GUEST_DAYS_KEPT, GUEST_KEPT, GUESTS, MEGABYTE, Plan, low_balance
from poker_app.rules.teammates import ROLES
from poker_app.rules.webhook_events import PublicEvent, credits_low
from poker_app.webhooks import outbox

OVERDUE = "The last payment failed, and the last day to pay has passed. You can open sessions again once it is paid."

GUEST_REPORT = (
    "Without an account no report is kept after a session's end. A facilitator can sign up for it until the session is "
    f"deleted, {GUEST_KEPT} after its end."
)


def pay_for_session(account_id: str, session_id: str, *, name: str, user_id: str | None) -> None:
    """Spends the credit for opening a session, once for each session.

    Raises:
        OutOfCredits: (402) there is no credit left.
        NotInPlan: (402) the plan has no seat for this facilitator.
    """
    if not billing.is_on():
        return
    plan = _plan_in_force(account_id)
    if user_id in surplus(account_id):
        raise NotInPlan(
            f"The {plan.label} plan is for {facilitators(plan)}, and others joined this account before you. You see "
            "everything as before. To open sessions, ask an owner to choose a larger plan under Plan and billing, or "
            "to remove another teammate."
        )
    _spend(plan, account_id, f"session:{session_id}", ref=session_id, why=f"Session “{name}”", user_id=user_id)


def _plan_in_force(account_id: str) -> Plan:
    """The plan that sessions are opened on. Raises OutOfCredits while a payment is overdue."""
    standing = standing_of(account_id)
    if standing.read_only:
        raise OutOfCredits(OVERDUE)
    return standing.plan


def _spend(plan: Plan, account_id: str, key: str, *, ref: str, why: str, user_id: str | None) -> None:
    """Spends a credit on a session, unless the plan needs none. Grants the free month's credits first, if they are not
    granted yet."""
    if plan.credits is None:
        return
    bring_month(session.get_one(Account, account_id))
    spent = ledger.spend(account_id, key, ref=ref, why=why, user_id=user_id)
    billing_mails.tell_soon(account_id)
    low = low_balance(plan.credits)
    if spent.balance_after <= low < spent.balance_after - spent.amount:
        events = [(PublicEvent.CREDITS_LOW, credits_low(spent.balance_after, low))]
        outbox.put(session.connection(), account_id, events, at=spent.at)
        after_commit(lambda: outbox.announce(account_id))


def give_back_session(account_id: str, session_id: str) -> None:
    """Returns the credit of a session that ended before its first reveal. Does nothing where none was spent."""
    if billing.is_on() and (spent := _spent_on(account_id, session_id)):
        ledger.reverse(account_id, spent[-1].key, why="Ended before its first reveal")


def pay_again(account_id: str, session_id: str, *, name: str, user_id: str | None) -> None:
    """Spends a returned credit again, because its session is opened again. Does nothing where none was returned. The
    caller holds the session's lock. Raises OutOfCredits."""
    spent = _spent_on(account_id, session_id) if billing.is_on() else []
    if spent and ledger.was_reversed(account_id, spent[-1].key):
        key, why = f"session:{session_id}:again:{len(spent)}", f"Session “{name}”, again"
        _spend(_plan_in_force(account_id), account_id, key, ref=session_id, why=why, user_id=user_id)


def _spent_on(account_id: str, session_id: str) -> Sequence[CreditTxn]:
    """Spendings on a session, returned or not, the oldest first."""
    mine = CreditTxn.account_id == account_id, CreditTxn.kind == "spend", CreditTxn.ref == session_id
    return session.scalars(select(CreditTxn).where(*mine).order_by(CreditTxn.id)).all()


def surplus(account_id: str) -> Sequence[str]:
    """User ids of teammates beyond the plan's number: after a downgrade they see everything, and open no session.
    Owners keep their place first, then admins, then the earlier teammate."""
    most = max_facilitators(account_id)
    if most is None:
        return ()
    found = session.execute(
        select(Teammate.user_id, Teammate.role, Teammate.joined_at).where(Teammate.account_id == account_id)
    ).all()
    order = sorted(found, key=lambda each: (ROLES.index(each.role), each.joined_at, each.user_id))
    return [each.user_id for each in order[most:]]


def facilitators(plan: Plan) -> str:
    """Number of facilitators of a plan, in words."""
    return "one facilitator" if plan.facilitators == 1 else f"{plan.facilitators} facilitators"


def max_members(account_id: str) -> int:
    """Largest number of members in one session of the account."""
    return standing_of(account_id).plan.members


def check_file(account_id: str, size: int, *, used: int) -> None:
    """Checks that an account may add a file of ``size`` bytes to those that are ``used``, in the transaction that adds
    it. The caller holds the account's lock.

    Raises:
        Invalid: (422) the file is longer than the plan allows.
        NotInPlan: (402) the plan has not so much room, or none.
    """
    plan = standing_of(account_id).plan
    if plan.file_bytes == 0:
        raise NotInPlan("Files need an account. Sign up to keep this session, and add them then.")
    if size > plan.file_bytes:
        raise Invalid(f"A file has at most {plan.file_megabytes} MB; this one has {-(-size // MEGABYTE)} MB.", "size")
    if plan.storage_bytes is not None and used + size > plan.storage_bytes:
        more = (
            " With a larger plan there is more; an owner can choose one under Plan and billing."
            if billing.is_on()
            else ""
        )
        raise NotInPlan(
            f"The files of this account take {used / MEGABYTE:.3g} of {plan.storage_megabytes} MB, so this one does "
            f"not fit. Remove some.{more}"
        )


def max_facilitators(account_id: str) -> int | None:
    """Largest number of teammates of an account; None where each is a seat that is paid for."""
    return standing_of(account_id).plan.facilitators


def report_days(account: Account) -> int:
    """Days after a session's end for which its report can be opened: the plan's number, or, where the plan leaves that
    to the account, as long as it is kept."""
    shown = plan_of(account.id).report_days
    return kept_days(account) if shown is None else shown


def kept_days(account: Account) -> int:
    """Days after its end that a session is kept before it is deleted.

    Where the plan leaves that to the account, it is the account's number. Else it is the longest of any plan that is
    sold here, or the account's number if that is larger: a smaller plan hides reports, and a larger one brings them
    back. So neither a downgrade nor an upgrade deletes anything. Sessions without an account are kept as long as a
    member may still sign up for them.
    """
    if account.id == GUESTS:
        return GUEST_DAYS_KEPT
    longest = max((plan.report_days or 0 for plan in billing.offer().plans), default=0) if billing.is_on() else 0
    if plan_of(account.id).report_days is None:
        return account.report_days or max(FIRST_DAYS, longest)
    return max(account.report_days or FIRST_DAYS, longest)


def may_choose_days(account_id: str) -> bool:
    """Whether the plan leaves it to the account how long its reports are kept."""
    return plan_of(account_id).report_days is None


def may_require_sign_on(account_id: str) -> bool:
    """Whether the plan lets the account ask its teammates to come by one provider."""
    return plan_of(account_id).sign_on_enforced


def refuse_hidden(account: Account, ended_at: datetime | None) -> None:
    """Check that the plan shows a report of this age.

    Raises:
        NotInPlan: (402) it is older, with what to do.
    """
    shown = report_days(account)
    if ended_at is None or clock.now() < ended_at + timedelta(days=shown):
        return
    if account.id == GUESTS:
        raise NotInPlan(GUEST_REPORT)
    plan, gone = plan_of(account.id).label, ended_at + timedelta(days=kept_days(account))
    raise NotInPlan(
        f"The {plan} plan shows reports for {shown} days, and this session ended before. Nothing is deleted: with a "
        f"larger plan it opens again, until {gone.day} {gone:%B %Y}. An owner can choose one under Plan and billing."
    )


def member_limit(account_id: str) -> tuple[int, str]:
    """Largest number of members in one session of the account at once, and the sentence that refuses one more."""
    plan = standing_of(account_id).plan
    if account_id == GUESTS:
        return plan.members, (
            f"The session is full: without an account it is for {plan.members} people. A facilitator can sign up to "
            "let more in, or remove a member who left."
        )
    more = " A larger plan is for more." if billing.is_on() else ""
    return plan.members, f"The session is full: it is for {plan.members} people.{more}"
