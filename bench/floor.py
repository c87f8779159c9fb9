"""The floor: the least that a server has to do. It forwards each message to everyone on the same path, and no more.

The same stack as the product's server, without pages, rules, database, signatures or protocol.
"""

import os
from collections import defaultdict
from typing import Any

import uvicorn

_rooms: dict[str, set[Any]] = defaultdict(set)


async def forward(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "websocket"
    await receive()
    await send({"type": "websocket.accept"})
    room = _rooms[scope["path"]]
    room.add(send)
    while (message := await receive())["type"] == "websocket.receive":
        for each in list(room):
            await each({"type": "websocket.send", "text": message["text"]})
    room.discard(send)


def main() -> None:
    config = uvicorn.Config(
        forward,
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        loop="uvloop",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        lifespan="off",
        log_config=None,
    )
    Server(config).run()


class Server(uvicorn.Server):
    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        print("up", flush=True)


if __name__ == "__main__":
    main()
