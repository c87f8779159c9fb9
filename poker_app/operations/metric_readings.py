"""Gauges read from the database and this process for each scrape of the metrics: accounts, sessions, messages, jobs,
credits."""

from collections.abc import Iterator

from sqlalchemy import func, select

from poker_app import billing, clock, realtime
from poker_app.accounts.models import Account, User
from poker_app.billing import webhooks
from poker_app.billing.models import CreditAccount, CreditTxn
from poker_app.db import session
from poker_app.metrics import Reading
from poker_app.operations import job_runs
from poker_app.poker.models import PokerSession
from poker_app.poker.publishing.message_usage import messages_since
from poker_app.poker.scopes import is_live
from poker_app.poker.value.value_cache import values


def readings() -> Iterator[Reading]:
    """Yields all gauges. They sum over whole tables, so scrape once in a while and not once a second."""
    yield Reading("faceup_accounts", "Accounts", {"": _count(Account)})
    yield Reading("faceup_users", "Users", {"": _count(User)})
    live = session.scalar(select(func.count(PokerSession.id)).where(is_live(clock.now()))) or 0
    yield Reading("faceup_sessions_live", "Sessions where somebody was lately and that have not ended", {"": live})
    yield Reading("faceup_sessions_in_memory", "Sessions that this process keeps in memory", {"": len(values)})
    yield Reading("faceup_sessions_memory_bytes", "About how many bytes they take", {"": values.bytes})
    today = messages_since(clock.now())
    yield Reading(
        "faceup_messages_today",
        "Realtime messages since midnight UTC, as a managed service counts them",
        {"published": today.published, "delivered": today.delivered},
        "direction",
    )
    yield Reading(
        "faceup_engine_resting", "1 while this process leaves the realtime engine alone", {"": not realtime.ready()}
    )
    yield from _job_readings()
    if billing.is_on():
        yield from _billing_readings()


def _count(table: type[Account | User]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def _job_readings() -> Iterator[Reading]:
    last = job_runs.last_of_each()
    began = {job: run.started_at.timestamp() for job, run in last.items()}
    yield Reading("faceup_job_last_run_timestamp_seconds", "When each job last began", began, "job")
    failed = {job: float(run.failed) for job, run in last.items()}
    yield Reading("faceup_job_last_run_failed", "1 where it failed", failed, "job")


def _billing_readings() -> Iterator[Reading]:
    by_kind = select(CreditTxn.kind, func.sum(CreditTxn.amount)).group_by(CreditTxn.kind)
    moved = {kind: float(amount) for kind, amount in session.execute(by_kind)}
    yield Reading("faceup_credits_moved", "Credits by what moved them: spent ones are negative", moved, "kind")
    balance = session.scalar(select(func.sum(CreditAccount.balance))) or 0
    yield Reading("faceup_credits_balance", "Credits that all accounts have left", {"": balance})
    yield Reading("faceup_webhooks_failed", "Payment events still to be processed", {"": webhooks.count_failed()})
