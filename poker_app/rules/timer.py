"""The timer: a countdown kept as a moment, not as ticks, so that it survives a reload and a restart."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Self

from poker_app.rules import Refused

MIN_SECONDS, MAX_SECONDS = 10, 3600


@dataclass(frozen=True, slots=True)
class Timer:
    """Running towards ``ends_at``, or paused with ``remaining`` seconds: exactly one of the two is set."""

    length: int
    ends_at: datetime | None
    remaining: int | None

    @classmethod
    def started(cls, length: int, now: datetime) -> Self:
        """A running timer of 10 to 3600 seconds.

        Raises:
            Refused: invalid, for any other length.
        """
        if not MIN_SECONDS <= length <= MAX_SECONDS:
            raise Refused("invalid", f"A timer runs from {MIN_SECONDS} seconds to {MAX_SECONDS // 60} minutes.")
        return cls(length, now + timedelta(seconds=length), None)

    @property
    def running(self) -> bool:
        """Whether it is not paused; one that has run out still counts as running, with nothing left."""
        return self.ends_at is not None

    def paused(self, now: datetime) -> Self:
        """Returns the timer paused; a paused one stays as it was."""
        return type(self)(self.length, None, self.left(now)) if self.running else self

    def resumed(self, now: datetime) -> Self:
        """Returns the timer running on from where it was paused; a running one stays as it was."""
        return self if self.running else type(self)(self.length, now + timedelta(seconds=self.left(now)), None)

    def left(self, now: datetime) -> int:
        """Whole seconds to go, a begun second counted whole, from ``length`` down to 0."""
        if self.ends_at is None:
            return self.remaining or 0
        return min(self.length, max(0, ceil((self.ends_at - now).total_seconds())))
