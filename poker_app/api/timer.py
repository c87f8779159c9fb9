"""The timer: read, started, paused, resumed, stopped."""

from poker_app.api.operations import operation
from poker_app.api.session_models import TimerGiven
from poker_app.poker.models import PokerSession
from poker_app.poker.session import timer
from poker_app.poker.value.current import newest
from poker_app.rules.session.value import Member


@operation("GET", "/sessions/{session_id}/timer", "sessions:read")
def read_timer(table: PokerSession) -> TimerGiven:
    """Read the timer."""
    return _timer(table.id)


def _timer(session_id: str) -> TimerGiven:
    return TimerGiven.of(newest(session_id).value.timer)


@operation("POST", "/sessions/{session_id}/timer", "sessions:write")
def start_timer(member: Member) -> TimerGiven:
    """Start the timer, from the session's length on. Facilitators may. A running one starts over."""
    timer.start_timer(member)
    return _timer(member.session_id)


@operation("POST", "/sessions/{session_id}/timer/pause", "sessions:write")
def pause_timer(member: Member) -> TimerGiven:
    """Pause the timer. Facilitators may. Without one nothing changes."""
    timer.pause_timer(member)
    return _timer(member.session_id)


@operation("POST", "/sessions/{session_id}/timer/resume", "sessions:write")
def resume_timer(member: Member) -> TimerGiven:
    """Resume a paused timer. Facilitators may."""
    timer.resume_timer(member)
    return _timer(member.session_id)


@operation("DELETE", "/sessions/{session_id}/timer", "sessions:write")
def stop_timer(member: Member) -> None:
    """Stop the timer. Facilitators may. Without one nothing changes."""
    timer.stop_timer(member)
