"""The floor: the least that a server has to do. It takes each POST and sends its body as an event to everyone who has a
socket on the same path, and no more.

The same stack as the product's server, without pages, rules, database, signatures or protocol.
"""

import os
from collections import defaultdict
from typing import Any

import uvicorn

_rooms: dict[str, set[Any]] = defaultdict(set)


async def forward(scope: Any, receive: Any, send: Any) -> None:
    room = _rooms[scope["path"]]
    if scope["type"] == "http":
        text = (await receive())["body"].decode()
        for each in list(room):
            await each({"type": "websocket.send", "text": text})
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})
        return
    await receive()
    await send({"type": "websocket.accept"})
    room.add(send)
    await receive()
    room.discard(send)


def main() -> None:
    uvicorn.run(
        forward,
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        lifespan="off",
        log_config=None,
        access_log=False,
    )


if __name__ == "__main__":
    main()
