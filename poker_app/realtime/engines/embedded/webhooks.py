"""Webhooks of the embedded server in Pusher's format: channels and members that came or went. Departures are delayed a
little."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from poker_app import clock
from poker_app.realtime.engines.embedded.protocol import encoded, signature
from poker_app.realtime.engines.endpoints import Credentials

log = structlog.get_logger(__name__)

Deliver = Callable[[dict[str, str], bytes], Awaitable[None]]

PATIENCE = 10.0  # seconds for one delivery
MAX_EVENTS = 100  # in one delivery


class Webhooks:
    """A hub's watcher. A user who comes back within ``hold`` seconds, as in a reload, is not reported as gone.

    Deliveries are made one after the other and tried once: the receiver queries who is present anyway.
    """

    def __init__(self, own: Credentials, deliver: Deliver, hold: float = 3.0) -> None:
        self._own, self._deliver, self._hold = own, deliver, hold
        self._leaving: dict[tuple[str, str | None], asyncio.TimerHandle] = {}
        self._events: list[dict[str, str]] = []
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Delivers waiting events until cancelled. Events that arrive during a delivery go into the next one."""
        try:
            while True:
                await self._news.wait()
                events, self._events = self._events[:MAX_EVENTS], self._events[MAX_EVENTS:]
                if not self._events:
                    self._news.clear()
                await self._post(events)
        finally:
            for timer in self._leaving.values():
                timer.cancel()

    async def _post(self, events: list[dict[str, str]]) -> None:
        body = encoded({"time_ms": int(clock.now().timestamp() * 1000), "events": events}).encode(errors="replace")
        headers = {
            "Content-Type": "application/json",
            "X-Pusher-Key": self._own.key,
            "X-Pusher-Signature": signature(self._own.secret, body),
        }
        # As a task of its own, so that whatever the receiver raises is logged here and ends nothing.
        delivery = asyncio.ensure_future(self._deliver(headers, body))
        try:
            await asyncio.wait([delivery], timeout=PATIENCE)
        finally:
            delivery.cancel()
        if not delivery.done():
            log.warning("realtime.webhook_late", events=len(events))
        elif failure := delivery.exception():
            log.warning("realtime.webhook_failed", events=len(events), exc_info=failure)

    def came(self, channel: str, user_id: str | None = None) -> None:
        if timer := self._leaving.pop((channel, user_id), None):
            timer.cancel()
        else:
            self._tell("channel_occupied" if user_id is None else "member_added", channel, user_id)

    def went(self, channel: str, user_id: str | None = None) -> None:
        later = asyncio.get_running_loop().call_later
        self._leaving[channel, user_id] = later(self._hold, self._gone, channel, user_id)

    def _gone(self, channel: str, user_id: str | None) -> None:
        del self._leaving[channel, user_id]
        self._tell("channel_vacated" if user_id is None else "member_removed", channel, user_id)

    def _tell(self, name: str, channel: str, user_id: str | None) -> None:
        event = {"name": name, "channel": channel}
        self._events.append(event if user_id is None else {**event, "user_id": user_id})
        self._news.set()
