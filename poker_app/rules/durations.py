"""How long something lasts, as a sentence has it."""

from datetime import timedelta

_UNITS = ((timedelta(days=1), "a day", "days"), (timedelta(hours=1), "an hour", "hours"))


def in_words(duration: timedelta) -> str:
    """A duration in the largest unit that it is a whole number of: "20 minutes", "an hour", "36 hours", "a day"."""
    for unit, one, many in _UNITS:
        if not duration % unit:
            return one if duration == unit else f"{duration // unit} {many}"
    return f"{duration // timedelta(minutes=1)} minutes"
