"""Looks up a session by its join code, and limits wrong codes by network.

The limits of an hour and a day are stricter than that of three minutes, so that longer guessing gets slower.
"""

from contextlib import suppress
from datetime import timedelta

from poker_app import rate_limits
from poker_app.errors import NotFound, TooMany
from poker_app.poker.models import PokerSession
from poker_app.poker.session import lifecycle
from poker_app.rate_limits import Limit
from poker_app.rules.links import plain_code

WRONG_CODES = Limit("code", 10, timedelta(minutes=3))
WRONG_CODES_LATER = (
    Limit("code of an hour", 60, timedelta(hours=1)),
    Limit("code of a day", 240, timedelta(days=1)),
)
# For codes that are refused without a lookup. A refusal reveals only that this network has not used the code, which of
# about 29 bits is little.
REFUSED_CODES = Limit("refused code", 5_000, timedelta(days=1))


def find(typed: str, asked_from: str) -> PokerSession:
    """Returns the session with a join code. Only codes that were looked up and are wrong are counted. A code that was
    right from this network before still works there once the limit is reached: typing errors of one colleague do not
    keep the others out.

    Raises:
        NotFound: (404) no session in play has the code.
        TooMany: (429) after ten wrong ones in three minutes, sixty in an hour or 240 in a day; for a code that is known
            in the network after 5,000 refused ones in a day.
    """
    code = plain_code(typed)
    refused = REFUSED_CODES.of_network(asked_from)
    if rate_limits.is_noted(_code_known(code, asked_from)):
        rate_limits.refuse_used_up(refused)
        return lifecycle.find_by_code(code)
    wrong = [counter for limit in (WRONG_CODES, *WRONG_CODES_LATER) for counter in limit.of_network(asked_from)]
    try:
        with rate_limits.failures(wrong, of=NotFound):
            found = lifecycle.find_by_code(code)
    except TooMany:
        with suppress(TooMany):
            rate_limits.spend(refused)
        raise
    note_known(found, asked_from)
    return found


def note_known(poker_session: PokerSession, address: str) -> None:
    """Records a session's code as known in the network of an address: it was opened from there, or found by its
    code."""
    rate_limits.note(_code_known(poker_session.code, address))


def _code_known(code: str, address: str) -> str:
    return f"code known {code} {rate_limits.network(address)}"
