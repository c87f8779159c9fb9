"""The stateless view behind a GRIP proxy: handles what one socket sent, and answers. The socket's state travels signed
with each request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from itsdangerous import BadData, URLSafeSerializer

from poker_app.errors import Forbidden, Invalid
from poker_app.realtime.engines.embedded.listener import Listener, refused
from poker_app.realtime.engines.embedded.protocol import (
    USER_CHANNEL,
    Limits,
    complaint,
    established,
    new_socket_id,
    presence_data,
    words,
)
from poker_app.realtime.engines.endpoints import Credentials
from poker_app.realtime.engines.fanout.proxy import CONTENT_TYPE, Exchange, Proxy

# Returns the members on a presence channel, by user id. Reports one who may have left a presence channel.
Here = Callable[[str], Mapping[str, object]]
Left = Callable[[str, str], None]

SILENT = 60  # seconds until the proxy says something by itself, so that no browser has to ask whether it is still there
LIMITS = Limits(channels_a_connection=15)  # Pushpin's own limit is twenty, with the user's


@dataclass
class Socket:
    """State of one socket, as it travels with each request."""

    id: str
    channels: set[str] = field(default_factory=set)
    user_id: str | None = None
    members: dict[str, str] = field(default_factory=dict)


class View:
    """Handles the requests of a proxy about one app's sockets."""

    def __init__(self, own: Credentials, proxy: Proxy) -> None:
        self._own, self._proxy = own, proxy
        # Signed, so that it need not be known which headers of a browser's the proxy lets through.
        self._seal = URLSafeSerializer(own.secret, salt="socket")

    def answer(
        self, path: str, query: str, headers: Mapping[str, str], body: bytes, here: Here, left: Left
    ) -> tuple[dict[str, str], bytes]:
        """Verifies and answers a request of the proxy. Returns headers and body; ``headers`` have lower-case names.

        Raises:
            Forbidden: (403) the proxy did not sign the request.
            Invalid: (422) it is no socket's request.
        """
        if not self._proxy.signed(headers.get("grip-sig", "")):
            raise Forbidden("This request did not come through the realtime proxy.")
        try:
            exchange = Exchange(body)
        except ValueError as reason:
            raise Invalid("This is not a socket's request.") from reason
        socket = Socket(new_socket_id()) if exchange.opening else self._remembered(headers.get("meta-socket", ""))
        if exchange.opening and not self._welcome(exchange, socket, path, query):
            return self._reply(exchange, None)
        known_as = socket.user_id
        listener = Listener(_Turn(exchange, here), self._own, socket)
        for said in exchange.heard:
            listener.handle_message(said)
        if socket.user_id and socket.user_id != known_as:
            # Whatever is meant for the user reaches this socket too.
            exchange.subscribe(USER_CHANNEL + socket.user_id)
        if exchange.closing:
            for channel, member in socket.members.items():
                left(channel, member)
        return self._reply(exchange, socket)

    def _welcome(self, exchange: Exchange, socket: Socket, path: str, query: str) -> bool:
        if refusal := refused(self._own, path, query):
            exchange.say(complaint(*refusal))
            exchange.close(refusal[0])
            return False
        exchange.call(socket.id)
        exchange.keep_alive(words("pusher:pong", {}), SILENT)
        exchange.say(established(socket.id, LIMITS.idle))
        return True

    def _remembered(self, sealed: str) -> Socket:
        try:
            told = self._seal.loads(sealed)
        except BadData as reason:
            raise Forbidden("This socket is not known here.") from reason
        return Socket(told["id"], set(told["channels"]), told["user"], told["members"])

    def _reply(self, exchange: Exchange, socket: Socket | None) -> tuple[dict[str, str], bytes]:
        headers = {"Content-Type": CONTENT_TYPE}
        if exchange.opening:
            headers["Sec-WebSocket-Extensions"] = "grip"
        if socket is not None:
            told = {
                "id": socket.id,
                "channels": sorted(socket.channels),
                "user": socket.user_id,
                "members": socket.members,
            }
            headers["Set-Meta-Socket"] = str(self._seal.dumps(told))
        return headers, exchange.body()


class _Turn:
    """Holder of the socket during one request: collects the replies in the exchange."""

    limits = LIMITS

    def __init__(self, exchange: Exchange, here: Here) -> None:
        self._exchange, self._here = exchange, here

    def say(self, connection: Socket, text: str) -> None:
        self._exchange.say(text)

    def room_for(self, name: str, user_id: str) -> bool:
        there = self._here(name)
        return user_id in there or len(there) < self.limits.members

    def subscribe(self, connection: Socket, name: str, member: tuple[str, object] | None) -> None:
        """Subscribes, and replies with the members present now. Later arrivals and departures are reported by the
        session's own events."""
        connection.channels.add(name)
        self._exchange.subscribe(name)
        there: dict[str, object] = {}
        if member is not None:
            connection.members[name] = member[0]
            there = {**self._here(name), member[0]: member[1]}
        self.say(connection, words("pusher_internal:subscription_succeeded", presence_data(there), name))

    def unsubscribe(self, connection: Socket, name: str) -> None:
        if name in connection.channels:
            connection.channels.discard(name)
            connection.members.pop(name, None)
            self._exchange.unsubscribe(name)

    def dismiss(self, connection: Socket, code: int, reason: str) -> None:
        self._exchange.close(code)
