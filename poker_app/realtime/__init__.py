"""The realtime port: publishes events to browsers, signs their subscriptions, and asks who is connected, through the
engine of the setting REALTIME.

A push is a hint and a GET is the truth, so no function here raises because an engine is slow, wrong or gone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from poker_app.errors import Forbidden, Invalid, NotFound
from poker_app.realtime.channels import presence_channel, session_of, state_channel
from poker_app.realtime.engines import endpoints
from poker_app.realtime.engines.client import Client, InProcess, Straight
from poker_app.realtime_settings import ENGINES
from poker_app.rules.message_budget import Sending
from poker_app.settings import Settings

__all__ = [
    "authenticate_user",
    "authorize",
    "browser_options",
    "client_apart",
    "configure",
    "connect_sources",
    "converse",
    "end_connections",
    "is_on",
    "is_subscribed",
    "listeners",
    "presence_channel",
    "present",
    "publish",
    "read_webhook",
    "ready",
    "sending",
    "session_of",
    "state_channel",
    "troubled",
]


if TYPE_CHECKING:
    from poker_app.realtime.engines.fanout.sockets import View


class Headers(Protocol):
    """Names and values, as any web framework has them."""

    def items(self) -> Iterable[tuple[str, str]]: ...


_settings: Settings | None = None
_client: Client | None = None
_view: "View | None" = None


def configure(settings: Settings) -> None:
    """Creates the engine's client, once a process, before anything else here is called."""
    global _settings, _client, _view
    _settings = settings
    _client = _view = None
    if settings.realtime == "none":
        return
    own, place = endpoints.credentials(settings), endpoints.place(settings)
    if settings.realtime == "fanout":
        _client, _view = _through_proxy(settings.grip_url, own, place)
    else:
        _client = Client(own, place, InProcess if settings.realtime == "embedded" else None)


def _through_proxy(url: str, own: endpoints.Credentials, place: endpoints.Place) -> "tuple[Client, View]":
    # Imported here, so that other engines never load it.
    from poker_app.realtime.engines.fanout.hub import Hub
    from poker_app.realtime.engines.fanout.proxy import Proxy
    from poker_app.realtime.engines.fanout.sockets import View

    proxy = Proxy(url)
    hub = Hub(proxy)
    return Client(own, place, partial(Straight, lambda: hub), counts=False), View(own, proxy)


def client_apart(settings: Settings) -> Client:
    """A client of the engine for a process without a server, such as a command: it calls the embedded engine, too, by
    its HTTP API."""
    own, place = endpoints.credentials(settings), endpoints.place(settings)
    return _through_proxy(settings.grip_url, own, place)[0] if settings.realtime == "fanout" else Client(own, place)


def publish(channels: Sequence[str], event: str, data: Mapping[str, object], exclude_socket: str | None = None) -> bool:
    """Publishes an event (at most 10 kB of JSON, 100 channels). Returns whether the engine took it. Never raises, waits
    0.4 s at most.

    ``exclude_socket`` does not get the event, since it caused it. With the engine ``none`` the answer is True at once.
    """
    if _client is None:
        return True
    return _client.publish(channels, event, data, exclude_socket)


def is_subscribed(channel: str, socket: str) -> bool:
    """Whether a socket is subscribed to the channel now, as far as this process can tell: only the embedded engine
    can."""
    return _client is not None and _client.is_subscribed(channel, socket)


def listeners(channel: str) -> int | None:
    """Number of sockets subscribed to the channel now; None where this process cannot tell: only the embedded engine
    can."""
    return _client.listeners(channel) if _client is not None else None


def is_on() -> bool:
    """Whether an engine is configured."""
    return _client is not None


def sending() -> Sending:
    """How votes and other events are combined with this engine: above how many members, and how many seconds apart."""
    return ENGINES["none" if _settings is None else _settings.realtime].sending


def ready() -> bool:
    """Whether publishing is worth a try now. It is not while the circuit breaker rests after failures."""
    return _client is None or not _client.resting


def troubled() -> bool:
    """Whether the engine failed at the last call of this process."""
    return _client is not None and _client.troubled


def authorize(
    channel: str, socket_id: str, user_id: str, user_info: Mapping[str, object], asked_at: float
) -> dict[str, Any]:
    """Signs the answer with which pusher-js joins a private or presence channel. The caller has decided that it may,
    after ``asked_at`` (``time.monotonic``). With the embedded engine ``end_connections`` of the user closes the socket
    from now on, whether it signs in or not.

    Raises:
        Invalid: (422) any other channel, or a malformed socket id.
        Forbidden: (403) ``end_connections`` of the user came after ``asked_at``: the decision is out of date then.
    """
    if _client is None or not channel.startswith(("private-", "presence-")) or channel.startswith("private-encrypted-"):
        raise Invalid("This channel is not one to authorize.")
    _client.lend(socket_id, user_id, asked_at)
    member = {"user_id": user_id, "user_info": user_info} if channel.startswith("presence-") else None
    return _client.authorize(channel, socket_id, member)


def authenticate_user(socket_id: str, user_id: str, user_info: Mapping[str, object], asked_at: float) -> dict[str, Any]:
    """Signs the answer with which pusher-js signs in, so that ``end_connections`` finds its socket.

    Raises:
        Invalid: (422) a malformed socket id, or there is no engine.
        Forbidden: (403) as `authorize`.
    """
    if _client is None:
        raise Invalid("There is no realtime to sign in to.")
    _client.lend(socket_id, user_id, asked_at)
    return _client.authenticate_user(socket_id, {"id": user_id, "user_info": user_info})


def read_webhook(headers: Headers, body: bytes) -> list[dict[str, Any]]:
    """Verifies a webhook of the engine, and returns its events.

    Raises:
        Forbidden: (403) it is not signed by the engine, or more than five minutes old.
    """
    if _client is None:
        raise Forbidden("This webhook is not the engine's.")
    lower = {name.lower(): value for name, value in headers.items()}
    return _client.read_webhook(lower.get("x-pusher-key"), lower.get("x-pusher-signature"), body)


def present(channel: str) -> set[str] | None:
    """User ids on a presence channel now. Empty where the engine does not report its subscribers; None where the
    request for them failed."""
    return _client.present(channel) if _client is not None else set()


def end_connections(user_id: str) -> bool:
    """Closes every socket that the user is known to hold, and refuses requests of ``authorize`` and
    ``authenticate_user`` that were made for them before. A signature given earlier is for a socket that is closed now.
    Returns whether the engine agreed.

    A user of the engine is a member of a session here. For everything that an account's user holds, see
    ``poker.publishing.disconnect.disconnect_user``.
    """
    return _client.end_connections(user_id) if _client is not None else True


def converse(
    path: str,
    query: str,
    headers: Headers,
    body: bytes,
    here: Callable[[str], Mapping[str, object]],
    left: Callable[[str, str], None],
) -> tuple[dict[str, str], bytes]:
    """Answers a request of the engine ``fanout`` about one of its sockets. Returns headers and body.

    ``here`` returns the members on a presence channel; ``left`` is called with each member who may no longer be on one.

    Raises:
        NotFound: (404) the engine is another one.
        Forbidden: (403) the proxy did not sign it.
        Invalid: (422) it is no socket's request.
    """
    if _view is None:
        raise NotFound("There is nothing here.")
    lower = {name.lower(): value for name, value in headers.items()}
    return _view.answer(path, query, lower, body, here, left)


def browser_options() -> dict[str, object] | None:
    """Options that the page hands to pusher-js; None without an engine. See ``endpoints.browser_options``."""
    return endpoints.browser_options(_configured())


def connect_sources() -> list[str]:
    """Origins for the content policy's ``connect-src``, beside ``'self'``."""
    return endpoints.connect_sources(_configured())


def _configured() -> Settings:
    if _settings is None:
        raise RuntimeError("realtime.configure(settings) comes first")
    return _settings
