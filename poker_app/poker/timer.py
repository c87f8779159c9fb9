"""The countdown that everybody at the table sees alike."""

from collections.abc import Callable
from typing import Any

from poker_app.poker.models import Member
from poker_app.poker.turn import turn
from poker_app.rules.timer import Timer


def timer_of(table: Any) -> Timer | None:
    """The timer of a session, or of its columns, running or paused; None if it was not started."""
    if table.timer_ends_at is None and table.timer_remaining is None:
        return None
    return Timer(table.timer_length, table.timer_ends_at, table.timer_remaining)


def start_timer(member: Member) -> None:
    """Start it over with the session's length."""
    _set(member, lambda table, now: Timer.started(table.timer_length, now))


def pause_timer(member: Member) -> None:
    """Hold it where it is; without a timer nothing happens."""
    _set(member, lambda table, now: held.paused(now) if (held := timer_of(table)) else None)


def resume_timer(member: Member) -> None:
    """Let a held timer run on."""
    _set(member, lambda table, now: held.resumed(now) if (held := timer_of(table)) else None)


def stop_timer(member: Member) -> None:
    """Put the timer away."""
    _set(member, lambda table, now: None)


def _set(member: Member, change: Callable[..., Timer | None]) -> None:
    with turn(member) as now:
        now.require_facilitator("set the timer")
        timer = change(now.table, now.now)
        if timer == timer_of(now.table):
            return
        now.table.timer_ends_at = timer.ends_at if timer else None
        now.table.timer_remaining = timer.remaining if timer else None
        now.announce("timer-changed")
