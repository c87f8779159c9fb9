"""What runs by the clock and not by a request. Each may run twice, late, or on two machines at once."""

from poker_app.accounts import mailed_links, sign_ins
from poker_app.poker import retention


def purge() -> dict[str, int]:
    """Delete for good what nobody may keep any longer. Answers with how many of what."""
    return {
        "sessions": retention.purge_sessions(),
        "sign-ins": sign_ins.purge(),
        "mailed links": mailed_links.purge(),
    }
