"""Pages on their threads: none is lost to a fault, none is left unfinished, and it is known when nobody waits."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from poker_app.edge.limits import NETWORK
from poker_app.wsgi_bridge import Bridge

SCOPE = {
    "type": "http",
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "query_string": b"",
    "headers": [(b"host", b"localhost")],
    "client": ("127.0.0.1", 1),
    "server": ("127.0.0.1", 80),
}


async def _ask(bridge: Bridge, path: str, network: str = "") -> bytes:
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    await asyncio.wait_for(bridge(SCOPE | {"path": path, "state": {NETWORK: network}}, receive, send), 5)
    return bytes(said[-1]["body"])


def _page(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/broken":
        raise KeyError("template")
    start_response("200 OK", [])
    return [environ["PATH_INFO"].encode()]


def test_a_page_that_fails_costs_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    fallen: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr("threading.excepthook", fallen.append)
    bridge = Bridge(_page, 1)

    async def both() -> bytes:
        with pytest.raises(RuntimeError, match="its thread has logged how"):
            await _ask(bridge, "/broken")
        return await _ask(bridge, "/whole")

    # In a thread: in the tests' own, the browser's loop may be running.
    with bridge.at_work(), ThreadPoolExecutor(1) as apart:
        assert apart.submit(asyncio.run, both()).result() == b"/whole"
    assert [each.exc_type for each in fallen] == [KeyError]
    assert bridge.quiet.is_set()


class Slow:
    """A page that waits until it may go on."""

    def __init__(self) -> None:
        self.entered, self.go = threading.Event(), threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        self.entered.set()
        assert self.go.wait(5)
        return _page(environ, start_response)


def test_it_is_quiet_while_nobody_waits() -> None:
    page = Slow()
    bridge = Bridge(page, 2)
    with bridge.at_work(), ThreadPoolExecutor(1) as apart:
        assert bridge.quiet.is_set()
        answer = apart.submit(asyncio.run, _ask(bridge, "/slow"))
        assert page.entered.wait(5)
        assert not bridge.quiet.is_set()
        page.go.set()
        assert answer.result() == b"/slow"
        assert bridge.quiet.is_set()


def test_the_end_waits_for_what_is_under_way() -> None:
    page = Slow()
    bridge = Bridge(page, 1)
    with ThreadPoolExecutor(1) as apart:
        with bridge.at_work():
            answer = apart.submit(asyncio.run, _ask(bridge, "/slow"))
            assert page.entered.wait(5)
            threading.Timer(0.1, page.go.set).start()
        assert answer.result() == b"/slow"


def test_a_network_waits_behind_its_own_requests_alone() -> None:
    first, answered = Slow(), list[str]()

    def page(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/first":
            return first(environ, start_response)
        answered.append(environ["PATH_INFO"])
        return _page(environ, start_response)

    async def all_at_once() -> None:
        begun = asyncio.create_task(_ask(bridge, "/first", "a"))
        while not first.entered.is_set():
            await asyncio.sleep(0.01)  # until the only thread is busy, so that the others queue
        rest = [_ask(bridge, f"/{number}", "a") for number in range(3)] + [_ask(bridge, "/other", "b")]
        waiting = [asyncio.create_task(each) for each in rest]
        await asyncio.sleep(0)  # each is in the queue once it has run to its first wait
        first.go.set()
        await asyncio.gather(begun, *waiting)

    bridge = Bridge(page, 1)
    with bridge.at_work(), ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, all_at_once()).result()
    assert answered == ["/0", "/other", "/1", "/2"]
