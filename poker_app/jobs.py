"""What runs by the clock and not by a request. Each may run twice, late, or on two machines at once; each run is
written down, for the operator's page."""

from collections.abc import Mapping

from poker_app import billing
from poker_app.accounts.signin import login_sessions, mail_tokens
from poker_app.billing import billing_mails, cancellations, seat_sync, webhooks
from poker_app.operations.job_runs import recorded
from poker_app.poker.round import task_files
from poker_app.poker.session import retention

FAILED_AGAIN = "payment events that failed again"


def daily() -> Mapping[str, int]:
    """All of it, in the order in which one thing may wait for another."""
    return recorded("daily", _everything, failures=FAILED_AGAIN)


def _everything() -> dict[str, int]:
    return {
        **_replay(),
        "seats": seat_sync.follow_all(),
        "subscriptions of deleted accounts": cancellations.settle_all(),
        "letters": billing_mails.tell_all(),
        **_purge(),
    }


def replay_webhooks() -> Mapping[str, int]:
    """Process once more what the payment provider told and what failed."""
    return recorded("replay-webhooks", _replay, failures=FAILED_AGAIN)


def follow_seats() -> Mapping[str, int]:
    """Bring the seats that are paid for to the teammates that there are."""
    return recorded("follow-seats", lambda: {"seats": seat_sync.follow_all()})


def purge() -> Mapping[str, int]:
    """Delete for good what nobody may keep any longer. Answers with how many of what."""
    return recorded("purge", _purge)


def _replay() -> dict[str, int]:
    well, failed = webhooks.replay() if billing.is_on() else (0, 0)
    return {"payment events": well, FAILED_AGAIN: failed}


def _purge() -> dict[str, int]:
    return {
        "sessions": retention.purge_sessions(),
        "files": task_files.purge(),
        "sign-ins": login_sessions.purge(),
        "mailed links": mail_tokens.purge(),
    }
