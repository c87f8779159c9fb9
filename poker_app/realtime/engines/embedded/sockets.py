"""The WebSocket endpoint: runs one socket from handshake to close."""

import asyncio
from typing import Any

from poker_app.realtime.engines.embedded.connection import Connection
from poker_app.realtime.engines.embedded.hub import Hub
from poker_app.realtime.engines.embedded.listener import Listener, refused
from poker_app.realtime.engines.embedded.protocol import Code, complaint, established, frame
from poker_app.realtime.engines.endpoints import Credentials

# Under this key of the scope's extensions the server lends the socket's asyncio transport: one event goes to hundreds
# of sockets as the same bytes. Through ASGI each would be framed again, wait for its reader, and could not be cut off.
# The same extension says whether the socket's network has too many ("crowded").
TRANSPORT = "faceup.transport"


async def converse(hub: Hub, own: Credentials, scope: Any, receive: Any, send: Any) -> None:
    """Runs one socket from handshake to close."""
    if (await receive())["type"] != "websocket.connect":
        return
    await send({"type": "websocket.accept"})

    async def close(code: int, reason: str) -> None:
        await send({"type": "websocket.close", "code": code, "reason": reason})

    loop = asyncio.get_running_loop()
    lent = scope["extensions"][TRANSPORT]
    connection = Connection(lent["transport"], close, loop.time())
    refusal = refused(own, scope["path"], scope["query_string"].decode("latin-1"))
    if refusal is None and lent["crowded"]:
        refusal = Code.OVER_QUOTA, "Too many connections from your network"
    if refusal is None and not hub.admit(connection):
        refusal = Code.OVER_QUOTA, "The app is over its connection quota"
    if refusal is not None:
        connection.transport.write(frame(complaint(*refusal)))
        await close(*refusal)
        return
    hub.say(connection, established(connection.id, hub.limits.idle))
    scope["headers"] = []  # a socket is kept for hours, its headers need not be
    listener = Listener(hub, own, connection)
    try:
        while (event := await receive())["type"] == "websocket.receive":
            connection.heard, connection.pinged = loop.time(), False
            if not connection.dropped and (text := event.get("text")) is not None:
                listener.handle_message(text)
    finally:
        hub.leave(connection)
