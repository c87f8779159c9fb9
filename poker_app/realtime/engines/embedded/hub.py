"""The hub of the embedded server: its connections, its channels with their subscribers, and the fan-out of events.

All methods run on the event loop, except those that say that any thread may call them.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from poker_app.realtime.engines.embedded import protocol
from poker_app.realtime.engines.embedded.connection import Connection
from poker_app.realtime.engines.embedded.protocol import USER_CHANNEL, Code, Event, Limits, event_frames, message

log = structlog.get_logger(__name__)


class Watcher(Protocol):
    """Is called whenever a channel becomes occupied or empty, and whenever a user comes to a presence channel or
    goes."""

    def came(self, channel: str, user_id: str | None = None) -> None: ...
    def went(self, channel: str, user_id: str | None = None) -> None: ...


class Channel:
    """Its sockets, each with its user, and those users with their info and number of sockets."""

    __slots__ = ("members", "sockets")

    def __init__(self) -> None:
        self.sockets: dict[Connection, str | None] = {}
        self.members: dict[str, tuple[object, int]] = {}


class Hub:
    """The connections and channels of one process."""

    def __init__(self, limits: Limits, watcher: Watcher | None = None) -> None:
        self.limits = limits
        self._watcher = watcher
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connections: dict[str, Connection] = {}
        self._channels: dict[str, Channel] = {}
        self._farewells: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Pings silent connections, and closes those that stay silent. Runs until cancelled."""
        self._loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(self.limits.idle, self.limits.pong) / 4)
            now = self._loop.time()
            for connection in list(self._connections.values()):
                self._check(connection, now - connection.heard)

    def _check(self, connection: Connection, silence: float) -> None:
        if connection.pinged and silence > self.limits.idle + self.limits.pong:
            self.dismiss(connection, Code.NO_PONG, "Pong reply not received")
        elif not connection.pinged and silence > self.limits.idle:
            connection.pinged = True
            self.send(connection, message("pusher:ping", {}))

    def admit(self, connection: Connection) -> bool:
        """Adds a connection. Returns False beyond the quota."""
        if len(self._connections) >= self.limits.connections:
            return False
        self._connections[connection.id] = connection
        return True

    def subscribe(self, connection: Connection, name: str, member: tuple[str, object] | None) -> None:
        """Subscribes a socket, and replies with the users on the channel. The other sockets are told of a user's first
        socket."""
        channel = self._channels.get(name)
        if channel is None:
            channel = self._channels[name] = Channel()
            self._tell_came(name)
        if member is not None:
            self._greet(channel, name, *member)
        channel.sockets[connection] = member[0] if member is not None else None
        connection.channels.add(name)
        there = protocol.presence_data({user_id: info for user_id, (info, _) in channel.members.items()})
        self.send(connection, message("pusher_internal:subscription_succeeded", there, name))

    def _greet(self, channel: Channel, name: str, user_id: str, info: object) -> None:
        known, sockets = channel.members.get(user_id, (info, 0))
        channel.members[user_id] = (known, sockets + 1)
        if not sockets:
            self._tell_came(name, user_id)
            added = {"user_id": user_id, "user_info": info}
            self._spread(channel, message("pusher_internal:member_added", added, name))

    def room_for(self, name: str, user_id: str) -> bool:
        """Whether a presence channel has room for the user. A user who is on it always has."""
        channel = self._channels.get(name)
        return channel is None or user_id in channel.members or len(channel.members) < self.limits.members

    def unsubscribe(self, connection: Connection, name: str) -> None:
        if name not in connection.channels:
            return
        connection.channels.discard(name)
        channel = self._channels[name]
        user_id = channel.sockets.pop(connection)
        if user_id is not None:
            self._see_off(channel, name, user_id)
        if not channel.sockets:
            del self._channels[name]
            self._tell_went(name)

    def _see_off(self, channel: Channel, name: str, user_id: str) -> None:
        info, sockets = channel.members[user_id]
        channel.members[user_id] = (info, sockets - 1)
        if sockets == 1:
            del channel.members[user_id]
            self._tell_went(name, user_id)
            self._spread(channel, message("pusher_internal:member_removed", {"user_id": user_id}, name))

    def leave(self, connection: Connection) -> None:
        """Removes a socket from all its channels. A second call does nothing."""
        self._connections.pop(connection.id, None)
        for name in list(connection.channels):
            self.unsubscribe(connection, name)

    def dismiss(self, connection: Connection, code: int, reason: str) -> None:
        """Removes a socket at once, and closes it with a code and a reason. A client that does not read even that is
        cut off."""
        connection.dropped = True
        self.leave(connection)
        closing = asyncio.ensure_future(self._close_subscriptions(connection, code, reason))
        self._farewells.add(closing)
        closing.add_done_callback(self._farewells.discard)

    async def _close_subscriptions(self, connection: Connection, code: int, reason: str) -> None:
        try:
            async with asyncio.timeout(self.limits.grace):
                await connection.close(code, reason)
        except TimeoutError:
            connection.transport.abort()
        except OSError:
            pass  # it left by itself

    def say(self, connection: Connection, text: str) -> None:
        """Sends a message to one socket."""
        self.send(connection, protocol.frame(text))

    def send(self, connection: Connection, frame: bytes) -> None:
        """Writes a frame to the transport, whose buffer takes what the kernel does not. A reader too far behind is
        dropped, never waited for."""
        transport = connection.transport
        if connection.dropped or transport.is_closing():
            return
        transport.write(frame)
        most = self.limits.backlog if connection.channels else self.limits.strangers_backlog
        if transport.get_write_buffer_size() > most:
            log.info("realtime.slow_reader", socket_id=connection.id)
            connection.dropped = True
            # In a moment, not in the middle of a fan-out that goes over the same channel.
            later = asyncio.get_running_loop().call_soon
            later(self.dismiss, connection, Code.RECONNECT, "Too slow: reconnect")

    def _spread(self, channel: Channel, frame: bytes, exclude: str | None = None) -> None:
        for connection in list(channel.sockets):
            if connection.id != exclude:
                self.send(connection, frame)

    def publish(self, events: Sequence[Event]) -> None:
        """Publishes events without waiting. Any thread may call it: the event is encoded once on that thread, and the
        loop only writes."""
        frames = [(event.exclude, list(event_frames(event))) for event in events]
        self._on_loop(self._deliver, frames)

    def _deliver(self, frames: list[tuple[str | None, list[tuple[str, bytes]]]]) -> None:
        for exclude, by_channel in frames:
            for name, frame in by_channel:
                if name.startswith(USER_CHANNEL):
                    self._send_to_user(name.removeprefix(USER_CHANNEL), frame)
                elif channel := self._channels.get(name):
                    self._spread(channel, frame, exclude)

    def _send_to_user(self, user_id: str, frame: bytes) -> None:
        for connection in list(self._connections.values()):
            if connection.user_id == user_id:
                self.send(connection, frame)

    def lend(self, socket_id: str, user_id: str) -> None:
        """Counts the socket among the user's, signed in or not. Any thread may call it."""
        if connection := self._connections.get(socket_id):
            connection.lent_to.add(user_id)

    def terminate(self, user_id: str) -> None:
        """Closes every socket that is signed in as the user or lent to them. Any thread may call it."""
        self._on_loop(self._terminate, user_id)

    def _terminate(self, user_id: str) -> None:
        for connection in list(self._connections.values()):
            if connection.user_id == user_id or user_id in connection.lent_to:
                self.dismiss(connection, Code.UNAUTHORIZED, "You got disconnected by the app.")

    def _on_loop[T](self, action: Callable[[T], None], argument: T) -> None:
        # Between the loop's end and the process's no socket is left.
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(action, argument)

    def sockets(self, name: str) -> int:
        """Number of sockets subscribed to the channel. Any thread may call it."""
        channel = self._channels.get(name)
        return len(channel.sockets) if channel is not None else 0

    def is_subscribed(self, name: str, socket_id: str) -> bool:
        """Whether a socket is subscribed to the channel. Any thread may call it."""
        connection = self._connections.get(socket_id)
        return connection is not None and not connection.dropped and name in connection.channels

    def users(self, name: str) -> list[str]:
        """User ids on a presence channel. Any thread may call it: copying a dictionary's keys is one step."""
        channel = self._channels.get(name)
        return list(channel.members) if channel is not None else []

    def channels(self, prefix: str) -> list[str]:
        """Names of the occupied channels. Any thread may call it."""
        return [name for name in list(self._channels) if name.startswith(prefix)]

    def _tell_came(self, channel: str, user_id: str | None = None) -> None:
        if self._watcher is not None:
            self._watcher.came(channel, user_id)

    def _tell_went(self, channel: str, user_id: str | None = None) -> None:
        if self._watcher is not None:
            self._watcher.went(channel, user_id)
