"""Waits for a change to be seen: it counts the clients of a session that have received it."""

import asyncio
import time
from collections.abc import Hashable

PATIENCE = 60  # seconds


class Sight:
    """Waits until ``missing`` clients have received a change. ``at`` is when the last of them did."""

    __slots__ = ("_seen", "at", "by", "missing")

    def __init__(self, missing: int, by: object) -> None:
        self.missing, self.by, self.at = missing, by, 0.0
        self._seen: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not missing:
            self._complete()

    def _complete(self) -> None:
        self.at = time.perf_counter()
        self._seen.set_result(None)

    def seen_by(self, who: object) -> None:
        if who is not self.by:
            self.missing -= 1
            if not self.missing:
                self._complete()

    async def everywhere(self) -> float:
        """Waits for the last of them, and returns when that was."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._seen
        except TimeoutError:
            raise TimeoutError(f"{self.missing} people have not seen it after {PATIENCE} seconds.") from None
        return self.at


class Sights(dict[Hashable, Sight]):
    """The changes that are waited for in one session, by key."""

    def seen(self, what: Hashable, who: object) -> None:
        if sight := self.get(what):
            sight.seen_by(who)
