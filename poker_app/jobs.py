"""What runs by the clock and not by a request. Each may run twice, late, or on two machines at once."""

from poker_app.accounts import mailed_links, sign_ins
from poker_app.billing import seats, webhooks
from poker_app.poker import retention


def daily() -> dict[str, int]:
    """All of it, in the order in which one thing may wait for another."""
    replayed, failed = webhooks.replay()
    paid_for = {"payment events": replayed, "payment events that failed again": failed, "seats": seats.follow_all()}
    return {**paid_for, **purge()}


def purge() -> dict[str, int]:
    """Delete for good what nobody may keep any longer. Answers with how many of what."""
    return {
        "sessions": retention.purge_sessions(),
        "sign-ins": sign_ins.purge(),
        "mailed links": mailed_links.purge(),
    }
