"""How long something lasts, as a sentence has it."""

from datetime import timedelta

_UNITS = ((timedelta(days=1), "a day", "days"), (timedelta(hours=1), "an hour", "hours"))


def in_words(duration: timedelta) -> str:
    """A duration in the largest unit that it is a whole number of: "20 minutes", "an hour", "36 hours", "a day"."""
    for unit, one, many in _UNITS:
        if not duration % unit:
            return one if duration == unit else f"{duration // unit} {many}"
    return f"{duration // timedelta(minutes=1)} minutes"


def ago(duration: timedelta) -> str:
    """How long ago something was, in the largest unit that has passed: "just now", "5 minutes ago", "a day ago"."""
    if duration < timedelta(minutes=2):
        return "just now"
    unit = next((unit for unit, _, _ in _UNITS if duration >= unit), timedelta(minutes=1))
    return f"{in_words(duration - duration % unit)} ago"
