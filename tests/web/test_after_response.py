"""What is done once somebody has their answer."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, current_app

from poker_app.web.http.after_response import run_after_response
from poker_app.wsgi_bridge import Bridge


def test_it_is_done_when_the_server_has_delivered_the_answer(app: Flask) -> None:
    done: list[Flask] = []
    with app.test_request_context("/"):
        assert run_after_response(lambda: done.append(current_app._get_current_object()))  # type: ignore[attr-defined]
        answer = app.process_response(app.make_response("done"))
        assert answer.get_data() == b"done"
    assert done == []
    answer.close()
    assert done == [app]


def test_there_is_nothing_to_wait_for_outside_of_a_request(app: Flask) -> None:
    assert not run_after_response(lambda: None)
    with app.app_context():
        assert not run_after_response(lambda: None)


def test_the_embedded_servers_pages_have_it_done_after_they_are_sent(app: Flask) -> None:
    story: list[str] = []
    over = threading.Event()

    def pages(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        with app.request_context(environ):
            assert run_after_response(lambda: (story.append("afterwards"), over.set()))
        start_response("200 OK", [])
        return [b"answer"]

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, Any]) -> None:
        story.append(message.get("body", b"").decode())

    scope = {"type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/", "query_string": b""}
    where = {"headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80)}
    # In a thread: in the tests' own, the browser's loop may be running.
    bridge = Bridge(pages, 1)
    with bridge.at_work():
        answer = bridge(scope | where, receive, send)
        threading.Thread(target=asyncio.run, args=(answer,)).start()
        assert over.wait(5)
    assert story == ["", "answer", "afterwards"]
