"""The countdown that everybody at the table sees alike."""

from functools import partial

from poker_app.poker.change import Holder, change
from poker_app.rules.session import lifecycle as rules


def start_timer(who: Holder) -> None:
    """Start it over with the session's length."""
    change(who, partial(rules.set_timer, how=rules.start_timer))


def pause_timer(who: Holder) -> None:
    """Hold it where it is; without a timer nothing happens."""
    change(who, partial(rules.set_timer, how=rules.pause_timer))


def resume_timer(who: Holder) -> None:
    """Let a held timer run on."""
    change(who, partial(rules.set_timer, how=rules.resume_timer))


def stop_timer(who: Holder) -> None:
    """Put the timer away."""
    change(who, partial(rules.set_timer, how=rules.stop_timer))
