"""What every engine must do, asked by the library's clients on both sides."""

import json
import time
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import requests
from engine_clients import Clients, eventually, signed_request
from engine_server import Engine
from pusher.errors import PusherBadAuth, PusherBadRequest, PusherBadStatus
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from poker_app import ids
from poker_app.realtime.channels import presence_channel, state_channel
from poker_app.realtime.engines.client import Client
from poker_app.realtime.engines.endpoints import Place

STATE = {"version": 7, "html": "<p>Ünïcode, a ☕ and a 🂡</p>"}


@pytest.fixture
def private() -> str:
    return state_channel(ids.new_id())


@pytest.fixture
def presence() -> str:
    return presence_channel(ids.new_id())


def test_public_channels_are_refused(engine: Engine, either: Clients, private: str) -> None:
    """Where anybody may listen to what the server never publishes, the product gives nothing away."""
    public = private.removeprefix("private-")
    ada = either.connect(engine, "ada")
    if engine.differs("public channels"):
        ada.join(public)
        return
    ada.do("subscribe", channel=public)
    ada.expect("pusher:subscription_error", public)
    ada.join(private)
    engine.library.trigger([public, private], "vote", STATE)
    ada.expect("vote", private)
    assert ada.heard_no("vote", public)


def test_private_channel(engine: Engine, either: Clients, private: str) -> None:
    ada = either.connect(engine, "ada")
    assert ada.connected().count(".") == 1
    ada.join(private)
    engine.library.trigger(private, "vote", STATE)
    assert ada.expect("vote", private) == STATE


def test_a_forged_signature_hears_nothing(engine: Engine, either: Clients, private: str) -> None:
    ada, mallory = either.connect(engine, "ada"), either.connect(engine, "mallory", forged="1")
    mallory.connected()
    mallory.do("subscribe", channel=private)
    mallory.expect("pusher:subscription_error", private)
    ada.join(private)
    engine.library.trigger(private, "vote", STATE)
    ada.expect("vote", private)
    # What it says next is answered next, after whatever was on its way to it.
    mallory.do("ping")
    mallory.expect("pusher:pong")
    assert mallory.heard_no("vote", private)


def test_a_signature_is_for_one_socket_and_one_channel(engine: Engine, private: str, presence: str) -> None:
    with raw(engine) as socket:
        own, foreign = established(socket), "1.1"
        for channel, auth in [
            (private, engine.library.authenticate(private, foreign)),
            (private, engine.library.authenticate(state_channel("other"), own)),
            (private, {"auth": ""}),
            (private, {}),
            (presence, engine.library.authenticate(presence, own)),
        ]:
            say(socket, "pusher:subscribe", channel=channel, **auth)
            assert hear(socket)["event"] in ("pusher:error", "pusher:subscription_error")
        member = engine.library.authenticate(presence, own, {"user_id": "ada"})
        say(socket, "pusher:subscribe", channel=presence, **{**member, "channel_data": '{"user_id": "ben"}'})
        say(socket, "pusher:ping")
        while (heard := hear(socket)["event"]) != "pusher:pong":
            assert heard in ("pusher:error", "pusher:subscription_error")
    if engine.differs("no API"):
        assert refuses_to_tell(engine, presence)
    else:
        assert engine.library.users_info(presence)["users"] == []


def refuses_to_tell(engine: Engine, presence: str) -> bool:
    with pytest.raises(PusherBadRequest, match="does not tell"):
        engine.library.users_info(presence)
    return signed_request(engine, "GET", f"/channels/{presence}/users").status_code == 404


def test_presence_counts_people_not_tabs(engine: Engine, either: Clients, presence: str) -> None:
    ben = either.connect(engine, "ben")
    if engine.differs("presence once"):
        told = ben.join(presence)
        assert (told["count"], told["me"]["id"]) == (2, "ben")
        assert told["members"] == {"eve": {"name": "Eve"}, "ben": {"name": "Ben"}}
        ada = either.connect(engine, "ada")
        ada.join(presence)
        ada.do("disconnect")
        engine.library.trigger(presence, "later", {})
        ben.expect("later", presence)
        assert ben.heard_no("pusher:member_added", presence)
        assert ben.heard_no("pusher:member_removed", presence)
        return
    assert ben.join(presence)["count"] == 1
    first, second = either.connect(engine, "first", user="ada"), either.connect(engine, "second", user="ada")
    first.join(presence)
    assert ben.expect("pusher:member_added", presence) == {"id": "ada", "info": {"name": "Ada"}}
    there = second.join(presence)
    assert there["count"] == 2
    assert there["members"] == {"ada": {"name": "Ada"}, "ben": {"name": "Ben"}}
    assert there["me"]["id"] == "ada"

    first.do("disconnect")
    eventually(lambda: sockets(engine, presence) == 2)
    engine.library.trigger(presence, "later", {})
    ben.expect("later", presence)
    assert ben.heard_no("pusher:member_added", presence)
    assert ben.heard_no("pusher:member_removed", presence)

    second.do("unsubscribe", channel=presence)
    assert ben.expect("pusher:member_removed", presence)["id"] == "ada"


def sockets(engine: Engine, channel: str) -> int:
    info = engine.library.channel_info(channel, ["subscription_count"])
    return info.get("subscription_count", 0) if info["occupied"] else 0


def test_who_is_here(engine: Engine, clients: Clients, presence: str, private: str) -> None:
    if engine.differs("no API"):
        assert refuses_to_tell(engine, presence)
        return
    assert engine.library.users_info(presence)["users"] == []
    for who in ("ada", "ben"):
        tab = clients.connect(engine, who)
        tab.join(presence)
        tab.join(private)
    assert {user["id"] for user in engine.library.users_info(presence)["users"]} == {"ada", "ben"}
    told = engine.library.channels_info(presence, ["user_count"])["channels"]
    if engine.differs("no user counts"):
        assert told == {presence: {"subscription_count": 2, "occupied": True}}
    else:
        assert told == {presence: {"user_count": 2}}
    assert engine.library.channel_info(presence, ["user_count"])["user_count"] == 2
    assert private in engine.library.channels_info("private-")["channels"]
    assert presence not in engine.library.channels_info("private-")["channels"]
    assert status_of(engine, signed_request(engine, "GET", f"/channels/{private}/users")) == 400


def status_of(engine: Engine, answer: requests.Response) -> int:
    """The status, wherever the engine says it."""
    if engine.differs("errors in 200"):
        assert answer.status_code == 200
        return int(answer.json().get("code", 200))
    return answer.status_code


def test_several_channels_in_one_trigger(engine: Engine, clients: Clients, private: str) -> None:
    ada, ben = clients.connect(engine, "ada"), clients.connect(engine, "ben")
    ada.join(private)
    ben.join(private + "-2")
    engine.library.trigger([private, private + "-2"], "vote", STATE)
    assert ada.expect("vote", private) == ben.expect("vote", private + "-2") == STATE


def test_the_sender_is_left_out(engine: Engine, either: Clients, private: str) -> None:
    ada, ben = either.connect(engine, "ada"), either.connect(engine, "ben")
    own = ada.connected()
    ada.join(private)
    ben.join(private)
    engine.library.trigger(private, "vote", STATE, own)
    engine.library.trigger(private, "later", {})
    ben.expect("vote", private)
    ada.expect("later", private)
    assert ada.heard_no("vote", private)


def test_batch(engine: Engine, clients: Clients, private: str) -> None:
    ada = clients.connect(engine, "ada")
    own = ada.connected()
    ada.join(private)
    events: list[dict[str, Any]] = [{"channel": private, "name": f"e{n}", "data": {"n": n}} for n in range(10)]
    events[4]["socket_id"] = own
    engine.library.trigger_batch(events)
    assert ada.expect("e9", private) == {"n": 9}
    assert [heard["data"]["n"] for heard in ada.heard if heard["event"].startswith("e") and heard["channel"]] == [
        *range(4),
        *range(5, 9),
    ]


def test_unsubscribed_hears_nothing_more(engine: Engine, clients: Clients, private: str) -> None:
    ada = clients.connect(engine, "ada")
    ada.join(private)
    ada.join(private + "-2")
    ada.do("unsubscribe", channel=private)
    if engine.differs("no API"):
        # What it says next is answered next.
        ada.do("ping")
        ada.expect("pusher:pong")
    else:
        eventually(lambda: not engine.library.channel_info(private)["occupied"])
    engine.library.trigger([private, private + "-2"], "vote", STATE)
    ada.expect("vote", private + "-2")
    assert ada.heard_no("vote", private)


def test_client_events_are_refused(engine: Engine, clients: Clients, private: str) -> None:
    ada, ben = clients.connect(engine, "ada"), clients.connect(engine, "ben")
    ada.join(private)
    ben.join(private)
    ada.do("trigger", channel=private, event="client-peek", data={})
    ada.expect_error(4301)
    engine.library.trigger(private, "later", {})
    ben.expect("later", private)
    assert ben.heard_no("client-peek", private)


def test_ending_the_connections_of_a_user(engine: Engine, either: Clients, private: str) -> None:
    tabs = [either.connect(engine, name, user="ada") for name in ("first", "second")]
    ben = either.connect(engine, "ben")
    for tab in [*tabs, ben]:
        tab.join(private)
        tab.do("signin")
        tab.expect("pusher:signin_success")
    place = Place(engine.api_host or engine.host, engine.port, engine.tls, "any", engine.host, engine.port)
    assert Client(engine.own, place, engine.backend).end_connections("ada")
    for tab in tabs:
        tab.expect_error(4009)
        tab.expect("state:disconnected")
    engine.library.trigger(private, "later", {})
    ben.expect("later", private)


def test_a_signature_is_of_no_use_once_the_connections_ended(engine: Engine, private: str) -> None:
    place = Place(engine.api_host or engine.host, engine.port, engine.tls, "any", engine.host, engine.port)
    with raw(engine) as socket, raw(engine) as other:
        own = established(socket)
        signed = engine.library.authenticate(private, own)
        say(socket, "pusher:signin", **engine.library.authenticate_user(own, {"id": "ada"}))
        while hear(socket)["event"] != "pusher:signin_success":
            pass
        assert Client(engine.own, place, engine.backend).end_connections("ada")
        with pytest.raises(ConnectionClosed):
            list(iter(partial(hear, socket), None))
        established(other)
        say(other, "pusher:subscribe", channel=private, **signed)
        assert hear(other)["event"] in ("pusher:error", "pusher:subscription_error")


def test_news_to_one_user(engine: Engine, clients: Clients) -> None:
    ada, ben = clients.connect(engine, "ada"), clients.connect(engine, "ben")
    for tab in (ada, ben):
        tab.connected()
        tab.do("signin")
        tab.expect("pusher:signin_success")
        tab.expect("pusher_internal:subscription_succeeded")
    engine.library.send_to_user("ada", "hello", {"to": "ada"})
    engine.library.send_to_user("ben", "hello", {"to": "ben"})
    assert ada.expect("hello", "user") == {"to": "ada"}
    assert ben.expect("hello", "user") == {"to": "ben"}


def test_a_forged_sign_in_ends_the_connection(engine: Engine, clients: Clients) -> None:
    mallory = clients.connect(engine, "mallory", user="ada", forged="1")
    mallory.connected()
    mallory.do("signin")
    mallory.expect_error(4009)
    mallory.expect("state:disconnected")


def test_an_unknown_key_is_not_tried_again(engine: Engine, either: Clients) -> None:
    lost = either.connect(engine, "lost", key="no-such-key")
    lost.expect_error(4001)
    lost.expect("state:disconnected")


@pytest.mark.parametrize(("query", "code"), [("?protocol=4", 4007), ("?protocol=99", 4007), ("", 4008)])
def test_protocol_versions(engine: Engine, query: str, code: int) -> None:
    with raw(engine, query) as socket:
        if engine.differs("any version"):
            established(socket)
            return
        assert hear(socket)["data"]["code"] == code
        with pytest.raises(ConnectionClosed) as closed:
            hear(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == code


def test_pings_are_answered(engine: Engine, clients: Clients) -> None:
    ada = clients.connect(engine, "ada")
    ada.connected()
    ada.do("ping")
    ada.expect("pusher:pong")


def test_requests_that_are_not_ours(engine: Engine, private: str) -> None:
    event = json.dumps({"name": "vote", "channels": [private], "data": "{}"}).encode()

    def status(**forged: str) -> int:
        return status_of(engine, signed_request(engine, "POST", "/events", event, **forged))

    if engine.differs("no API"):
        assert status() == 404
        return
    assert status() == 200
    assert status(secret="guessed") == 401
    assert status(body_md5="0" * 32) == 401
    assert status(auth_timestamp=f"{time.time() - 590:.0f}") == 200
    for forged in (
        {"auth_key": "unknown"},
        {"auth_timestamp": f"{time.time() - 610:.0f}"},
        {"auth_timestamp": f"{time.time() + 610:.0f}"},
        {"auth_timestamp": "soon"},
    ):
        assert (status(**forged) == 200) if engine.differs("old requests") else (status(**forged) in (401, 404)), forged
    guessing = replace(engine, own=replace(engine.own, secret="guessed"))
    if engine.differs("errors in 200"):
        assert guessing.library.trigger(private, "vote", {})["code"] == 401
        return
    with pytest.raises(PusherBadAuth):
        guessing.library.trigger(private, "vote", {})


def test_limits(engine: Engine, clients: Clients, private: str) -> None:
    ada = clients.connect(engine, "ada")
    ada.join(private)
    engine.library.trigger(private, "largest", "x" * 10_240)
    assert len(ada.expect("largest", private)) == 10_240
    for larger in ("x" * 10_241, "ü" * 5_121):
        if engine.differs("any size"):
            engine.library.trigger(private, "larger", larger)
            assert ada.expect("larger", private) == larger
            continue
        with pytest.raises(PusherBadStatus, match="413"):
            engine.library.trigger(private, "larger", larger)
    engine.library.trigger([private, *(f"c{n}" for n in range(99))], "hundred", {})
    ada.expect("hundred", private)

    if engine.differs("no API"):
        return

    def refused(path: str, **params: Any) -> str:
        answer = signed_request(engine, "POST", path, json.dumps(params).encode())
        assert status_of(engine, answer) == 400, answer.text
        return answer.text

    event = {"name": "vote", "channels": [private], "data": "{}"}
    assert "100" in refused("/events", **{**event, "channels": [f"c{n}" for n in range(101)]})
    refused("/events", **{**event, "name": "e" * 201})
    refused("/events", **{**event, "data": None})
    refused("/batch_events", batch=[{"name": "vote", "channel": private, "data": "{}"}] * 11)
    for name in ("not a channel", "c" * 201):
        if engine.differs("any size"):
            taken = signed_request(engine, "POST", "/events", json.dumps({**event, "channels": [name]}).encode())
            assert taken.json() == {"ok": True}
        else:
            refused("/events", **{**event, "channels": [name]})


def raw(engine: Engine, query: str | None = None) -> ClientConnection:
    url = engine.socket_url if query is None else engine.socket_url.partition("?")[0] + query
    return connect(url, compression=None, open_timeout=5)


def established(socket: ClientConnection) -> str:
    socket_id: str = json.loads(hear(socket)["data"])["socket_id"]
    return socket_id


def say(socket: ClientConnection, event: str, **data: object) -> None:
    socket.send(json.dumps({"event": event, "data": data}))


def hear(socket: ClientConnection) -> dict[str, Any]:
    heard: dict[str, Any] = json.loads(socket.recv(timeout=5))
    return heard
