"""A circuit breaker: stops asking an engine that keeps failing, then tries it again with a single call."""

import threading
import time
from collections.abc import Callable

# Seconds after which a try without a reported end no longer blocks the next.
LONGEST_TRY = 30.0


class Breaker:
    """Opens after ``threshold`` failures in a row, for ``rest`` seconds, doubling up to ``longest``. Thread-safe."""

    def __init__(
        self,
        threshold: int = 3,
        rest: float = 2.0,
        longest: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._threshold, self._rest, self._longest, self._clock = threshold, rest, longest, clock
        self._lock = threading.Lock()
        self._failures = 0
        self._pause = rest
        self._next_probe_at = 0.0
        self._probing = False

    @property
    def resting(self) -> bool:
        """Whether a call is of no use now; unlike ``allows``, this takes up no try."""
        with self._lock:
            return self._failures >= self._threshold and self._clock() < self._next_probe_at

    @property
    def troubled(self) -> bool:
        """Whether the last call failed."""
        with self._lock:
            return self._failures > 0

    def allows(self) -> bool:
        """Whether to call now. After True the caller reports ``succeeded`` or ``failed``."""
        with self._lock:
            if self._failures < self._threshold:
                return True
            now = self._clock()
            if now < self._next_probe_at:
                return False
            # The next probe waits for this one, but not forever, should its end never be reported.
            self._probing, self._next_probe_at = True, now + LONGEST_TRY
            return True

    def succeeded(self) -> None:
        with self._lock:
            self._failures, self._pause, self._probing = 0, self._rest, False

    def failed(self) -> float:
        """Counts a failure. Returns for how many seconds the breaker rests now, 0 while still closed."""
        with self._lock:
            probed, self._probing = self._probing, False
            self._failures += 1
            if self._failures < self._threshold:
                return 0.0
            if probed:
                self._pause = min(self._pause * 2, self._longest)
            self._next_probe_at = self._clock() + self._pause
            return self._pause

    def trip(self) -> float:
        """Opens at once, however the last call ended. Returns for how many seconds."""
        with self._lock:
            self._failures = max(self._failures, self._threshold)
            self._next_probe_at = self._clock() + self._pause
            return self._pause
