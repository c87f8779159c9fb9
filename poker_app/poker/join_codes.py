"""Finding a session by its short code: wrong codes are limited by network, and slower the more of them are tried."""

from datetime import timedelta

from poker_app import limits
from poker_app.errors import NotFound, TooMany
from poker_app.limits import Limit
from poker_app.poker import sessions
from poker_app.poker.models import PokerSession

WRONG_CODES = Limit("code", 10, timedelta(minutes=3))
# What comes after that counts here as well: of about 29 bits, a network sees little in a day.
WRONG_CODES_LATER = (
    Limit("code of an hour", 60, timedelta(hours=1)),
    Limit("code of a day", 240, timedelta(days=1)),
)


def find(typed: str, asked_from: str) -> PokerSession:
    """The session with a join code. Only wrong codes are counted, and a code that was right from this network before
    goes on being so there when ten others were not: typing errors of one colleague do not keep the others out.

    Raises:
        NotFound: (404) no session in play has the code.
        TooMany: (429) after ten wrong ones in three minutes, sixty in an hour or 240 in a day.
    """
    code = sessions.plain_code(typed)
    now = WRONG_CODES.of_network(asked_from)
    later = [counter for limit in WRONG_CODES_LATER for counter in limit.of_network(asked_from)]
    known = limits.is_noted(_code_known(code, asked_from))
    if not known:
        _refuse_at_once(now, later)
    with limits.failures(later if known else [*now, *later], of=NotFound):
        found = sessions.find_by_code(code)
    if not known:
        note_known(found, asked_from)
    return found


def note_known(poker_session: PokerSession, address: str) -> None:
    """Let a session's code be known in the network of an address: it was opened from there, or found by its code."""
    limits.note(_code_known(poker_session.code, address))


def _refuse_at_once(now: list[limits.Counter], later: list[limits.Counter]) -> None:
    # Each of these tells whether the code is known in the network, so they are not without end.
    try:
        limits.refuse_used_up(now)
    except TooMany:
        limits.spend(later)
        raise


def _code_known(code: str, address: str) -> str:
    return f"code known {code} {limits.network(address)}"
