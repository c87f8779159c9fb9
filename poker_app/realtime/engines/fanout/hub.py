"""Publishing through the proxy, with the embedded server's checks in front."""

from collections.abc import Sequence

from poker_app.realtime.engines.embedded.api import Refused
from poker_app.realtime.engines.embedded.protocol import USER_CHANNEL, Code, Event, event_words
from poker_app.realtime.engines.fanout.proxy import Proxy


class Hub:
    """Publishes without waiting for subscribers. Only the proxy knows them, and it does not report them."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy

    def publish(self, events: Sequence[Event]) -> None:
        """Publishes through the proxy. Raises EngineError where the proxy does not take it."""
        for event in events:
            for channel, text in event_words(event):
                self._proxy.send(channel, text, event.exclude)

    def terminate(self, user_id: str) -> None:
        """Closes the user's sockets through the proxy. Raises EngineError where the proxy does not take it."""
        self._proxy.close(USER_CHANNEL + user_id, Code.UNAUTHORIZED, "You got disconnected by the app.")

    def channels(self, prefix: str) -> list[str]:
        raise Refused(400, "The proxy does not tell its channels")

    def sockets(self, name: str) -> int:
        raise Refused(400, "The proxy does not tell its sockets")

    def users(self, name: str) -> list[str]:
        raise Refused(400, "The proxy does not tell its users")
