"""The jobs that run by the clock: daily, replay of webhooks, estimates for trackers, seats, purge. Each may run twice,
late, or on two machines at once. Each run is recorded for the operator's page."""

from collections.abc import Mapping

from poker_app import billing
from poker_app.accounts import api_tokens
from poker_app.accounts.signin import login_sessions, mail_tokens
from poker_app.billing import billing_mails, cancellations, seat_sync, webhooks
from poker_app.operations.job_runs import recorded
from poker_app.poker.round import task_files
from poker_app.poker.session import retention
from poker_app.poker.trackers import series_search, write_back
from poker_app.webhooks import sending

FAILED_AGAIN = "payment events that failed again"


def daily() -> Mapping[str, int]:
    """Runs all jobs, in the order in which one may depend on another."""
    return recorded("daily", _everything, failures=FAILED_AGAIN)


def _everything() -> dict[str, int]:
    return {
        **_replay(),
        "seats": seat_sync.follow_all(),
        "subscriptions of deleted accounts": cancellations.settle_all(),
        "letters": billing_mails.tell_all(),
        **_purge(),
        **_of_trackers(),
        **sending.send_due(),
    }


def replay_webhooks() -> Mapping[str, int]:
    """Processes the payment provider's failed events again."""
    return recorded("replay-webhooks", _replay, failures=FAILED_AGAIN)


def follow_seats() -> Mapping[str, int]:
    """Syncs the paid seats with the number of teammates."""
    return recorded("follow-seats", lambda: {"seats": seat_sync.follow_all()})


def write_estimates() -> Mapping[str, int]:
    """Brings in the issues that sessions of series still await, and writes the estimates that are due."""
    return recorded("write-estimates", _of_trackers)


def send_webhooks() -> Mapping[str, int]:
    """Sends the webhooks that are due."""
    return recorded("send-webhooks", sending.send_due)


def purge() -> Mapping[str, int]:
    """Deletes data whose time to be kept is over: sessions, files, login sessions, mailed links, API tokens. Returns a
    count for each."""
    return recorded("purge", _purge)


def _of_trackers() -> Mapping[str, int]:
    series_search.bring_in_due()
    return write_back.write_due()


def _replay() -> dict[str, int]:
    well, failed = webhooks.replay() if billing.is_on() else (0, 0)
    return {"payment events": well, FAILED_AGAIN: failed}


def _purge() -> dict[str, int]:
    return {
        "sessions": retention.purge_sessions(),
        "files": task_files.purge(),
        "sign-ins": login_sessions.purge(),
        "mailed links": mail_tokens.purge(),
        "API tokens": api_tokens.purge(),
        "kept answers": api_tokens.purge_answers(),
        "webhooks": sending.purge(),
    }
