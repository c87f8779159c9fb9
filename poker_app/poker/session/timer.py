"""The session's timer: start, pause, resume, stop."""

from functools import partial

from poker_app.poker.change import Holder, change
from poker_app.rules.session import lifecycle as rules


def start_timer(who: Holder) -> None:
    """Starts the timer over, with the session's length."""
    change(who, partial(rules.set_timer, how=rules.start_timer))


def pause_timer(who: Holder) -> None:
    """Pauses the timer; without one nothing happens."""
    change(who, partial(rules.set_timer, how=rules.pause_timer))


def resume_timer(who: Holder) -> None:
    """Resumes a paused timer."""
    change(who, partial(rules.set_timer, how=rules.resume_timer))


def stop_timer(who: Holder) -> None:
    """Removes the timer."""
    change(who, partial(rules.set_timer, how=rules.stop_timer))
