"""What only an engine outside can show: its own webhooks, and its limit of members on a presence channel."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from engine_server import Embedded, Engine, soketi
from websockets.sync.client import ClientConnection, connect

from poker_app import realtime
from poker_app.errors import Forbidden
from poker_app.realtime.channels import presence_channel, state_channel
from poker_app.realtime.engines.embedded.protocol import Limits
from poker_app.settings import Settings
from tests.external_engines import Soketi, started
from tests.failing_engine import Faulty

CAPACITY = 10  # a hundred on the hosted service


def joins(engine: Engine, tab: ClientConnection, channel: str, user: str) -> str:
    """The event that answers the subscription."""
    if not hasattr(tab, "socket_id"):
        tab.socket_id = json.loads(json.loads(tab.recv(5))["data"])["socket_id"]  # type: ignore[attr-defined]
    member = {"user_id": user, "user_info": {}} if channel.startswith("presence") else None
    signed = engine.library.authenticate(channel, tab.socket_id, member)  # type: ignore[attr-defined]
    tab.send(json.dumps({"event": "pusher:subscribe", "data": {"channel": channel, **signed}}))
    while (heard := json.loads(tab.recv(5)))["event"] == "pusher_internal:member_added":
        pass
    return str(heard["event"])


@pytest.fixture(params=["embedded", "soketi"])
def full(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine whose presence channels are soon full."""
    if request.param == "soketi":
        with started(Soketi(max_members=CAPACITY)) as real:
            yield soketi(real.settings)
    else:
        server = Embedded(limits=Limits(members=CAPACITY))
        yield server.engine
        server.stop()


def test_where_no_more_are_seen_they_still_hear(full: Engine) -> None:
    with ExitStack() as tabs:
        for number in range(CAPACITY):
            tab = tabs.enter_context(connect(full.socket_url, compression=None, max_queue=None))
            assert joins(full, tab, presence_channel("big"), f"m{number}").endswith("subscription_succeeded")
        last = tabs.enter_context(connect(full.socket_url, compression=None, max_queue=None))
        assert joins(full, last, presence_channel("big"), "one-too-many") == "pusher:subscription_error"
        assert joins(full, last, state_channel("big"), "one-too-many").endswith("subscription_succeeded")
        full.library.trigger(state_channel("big"), "vote", {"version": 1})
        assert json.loads(last.recv(5))["event"] == "vote"
        assert len(full.library.users_info(presence_channel("big"))["users"]) == CAPACITY


def test_webhooks_of_a_real_engine_are_read_and_others_are_not() -> None:
    house = Faulty()
    with started(Soketi(), house.port) as real:
        settings = {name.lower(): value for name, value in real.settings.items()}
        realtime.configure(Settings(_env_file=None, secret_key="x", **settings))
        engine, room = soketi(real.settings), presence_channel("abc")
        with connect(engine.socket_url, compression=None) as tab:
            joins(engine, tab, room, "ada")
        told: list[tuple[object, ...]] = []
        until = time.monotonic() + 60  # far more than it takes, but the machine may be busy
        wanted = {("member_added", room, "ada"), ("member_removed", room, "ada"), ("channel_vacated", room, None)}
        while not wanted <= set(told):
            assert time.monotonic() < until, told
            time.sleep(0.05)  # until the other process sends the next webhook
            told = [
                (event["name"], event["channel"], event.get("user_id"))
                for (path, body), headers in zip(list(house.asked), list(house.headers), strict=False)
                if path == "/realtime/webhooks"
                for event in realtime.read_webhook(headers, body)
            ]
        with pytest.raises(Forbidden):
            realtime.read_webhook(house.headers[0], house.asked[0][1] + b" ")
    realtime.configure(Settings(_env_file=None, secret_key="x", realtime="none"))
    house.goes_away()
