"""The realtime engine's doors."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable

import jwt
import pytest
from werkzeug.test import TestResponse

from poker_app.realtime.engines import endpoints
from poker_app.settings import Settings
from tests.cast import Cast, Person
from tests.external_engines import GRIP_KEY
from tests.web.route_checks import STRANGER, says
from tests.world.pages import Scene

Send = Callable[..., int]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"realtime": "embedded"})


def names(scene: Scene) -> tuple[str, str]:
    return f"private-planning-poker-{scene.table.id}", f"presence-planning-poker-{scene.table.id}"


# --- channels


def test_members_may_listen_to_their_own_session(scene: Scene, settings: Settings) -> None:
    key = endpoints.credentials(settings).key
    state, presence = names(scene)
    for person in (scene.ada, scene.ben, scene.cleo):
        path = f"{scene.table.path}/channel-auth"
        answer = person.post(path, {"channel_name": state, "socket_id": "1.2"})
        assert (answer.status_code, answer.json["auth"].split(":")[0]) == (200, key)
        assert "channel_data" not in answer.json
        answer = person.post(path, {"channel_name": presence, "socket_id": "1.2"})
        assert json.loads(answer.json["channel_data"]) == {
            "user_id": person.seat(scene.table).id,
            "user_info": {"name": person.name},
        }
        assert endpoints.credentials(settings).secret not in answer.text


def test_one_request_has_all_that_a_socket_needs(scene: Scene) -> None:
    for person in (scene.ada, scene.ben, scene.cleo):

        def asks(door: str, who: Person = person, **form: str) -> object:
            answer = who.post(f"{scene.table.path}/{door}", {"socket_id": "1.2", **form})
            assert answer.status_code == 200
            return answer.json

        channels = {name: asks("channel-auth", channel_name=name) for name in names(scene)}
        assert asks("socket-auth") == {"user": asks("user-auth"), "channels": channels}


def test_the_signature_is_the_engine_s(scene: Scene, settings: Settings) -> None:
    state, _ = names(scene)
    answer = scene.ben.post(f"{scene.table.path}/channel-auth", {"channel_name": state, "socket_id": "1.2"})
    own = endpoints.credentials(settings)
    expected = hmac.new(own.secret.encode(), f"1.2:{state}".encode(), hashlib.sha256).hexdigest()
    assert answer.json["auth"] == f"{own.key}:{expected}"


def test_no_other_channel(scene: Scene) -> None:
    other = scene.cast.gus.opens("Elsewhere")
    for channel in (
        f"private-planning-poker-{other.id}",
        f"presence-planning-poker-{other.id}",
        f"private-encrypted-planning-poker-{scene.table.id}",
        scene.table.id,
        "private-other",
        "",
    ):
        answer = scene.ada.post(f"{scene.table.path}/channel-auth", {"channel_name": channel, "socket_id": "1.2"})
        assert (answer.status_code, says(answer, "That channel is not this session's.")) == (403, True)


def test_strangers_and_the_removed_hear_nothing(scene: Scene) -> None:
    scene.ada.post(f"{scene.table.path}/members/{scene.ids['ben']}/removal")
    for person in (scene.mallory, scene.ben):
        for path, form in (("channel-auth", {"channel_name": names(scene)[0]}), ("user-auth", {}), ("socket-auth", {})):
            answer = person.post(f"{scene.table.path}/{path}", {"socket_id": "1.2", **form})
            assert (answer.status_code, says(answer, STRANGER)) == (404, True)
            assert "auth" not in answer.text.lower().replace("author", "")


@pytest.mark.parametrize("socket", ["", "1", "1.2.3", "x.y", "1.2\n", "1.2:private-x", "1" * 5000])
def test_malformed_sockets(scene: Scene, socket: str) -> None:
    for path, form in (("channel-auth", {"channel_name": names(scene)[0]}), ("user-auth", {}), ("socket-auth", {})):
        answer = scene.ben.post(f"{scene.table.path}/{path}", {"socket_id": socket, **form})
        assert answer.status_code == 422, answer.text


def test_signing_in_as_oneself(scene: Scene) -> None:
    answer = scene.ben.post(f"{scene.table.path}/user-auth", {"socket_id": "1.2"})
    assert answer.status_code == 200
    assert json.loads(answer.json["user_data"])["id"] == scene.ids["ben"]


def test_the_page_is_told_the_key_and_never_the_secret(scene: Scene, settings: Settings) -> None:
    own = endpoints.credentials(settings)
    page = scene.ben.get(scene.table.path).text
    assert own.key in page
    assert own.secret not in page
    assert own.app_id not in page


# --- webhooks


@pytest.fixture
def send(cast: Cast, settings: Settings) -> Send:
    """Post a webhook as the engine does; anything about it may be other than it should."""
    own = endpoints.credentials(settings)

    def post(events: list[dict[str, str]], **other: object) -> int:
        moment = int(time.time() * 1000) + int(other.get("late", 0)) * 1000  # type: ignore[call-overload]
        body = json.dumps({"time_ms": moment, "events": events}).encode()
        signed = hmac.new(str(other.get("secret", own.secret)).encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Pusher-Key": str(other.get("key", own.key)), "X-Pusher-Signature": signed}
        sent = other.get("body", body)
        answer = cast._app.test_client().post(
            "/realtime/webhooks", data=sent, headers=other.get("headers", headers), content_type="application/json"
        )
        return answer.status_code

    return post


def left(scene: Scene) -> list[dict[str, str]]:
    return [{"name": "member_removed", "channel": names(scene)[1], "user_id": scene.ids["ben"]}]


def test_the_engine_tells_who_left(scene: Scene, send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poker_app.realtime.present", lambda channel: set())
    assert send(left(scene)) == 204
    assert scene.ben.seat(scene.table).away_since is not None
    assert send(left(scene)) == 204
    assert send([{**left(scene)[0], "name": "member_added"}]) == 204
    assert scene.ben.seat(scene.table).away_since is None


def test_nobody_else_does(scene: Scene, send: Send) -> None:
    before = scene.rows()
    for other in (
        {"secret": "guessed"},
        {"key": "other"},
        {"headers": {}},
        {"headers": {"X-Pusher-Key": "é", "X-Pusher-Signature": "é"}},
        {"late": -301},
        {"body": b""},
        {"body": b"{}"},
        {"body": b'{"events":[]}'},
    ):
        assert send(left(scene), **other) == 403, other
    assert scene.rows() == before


@pytest.mark.parametrize("body", ["[]", "1", "null", '"x"', "{", '{"time_ms": "x"}', "\xff", "[" * 5000])
def test_a_signed_webhook_that_is_none(scene: Scene, settings: Settings, body: str) -> None:
    own = endpoints.credentials(settings)
    data = body.encode("latin-1")
    signed = hmac.new(own.secret.encode(), data, hashlib.sha256).hexdigest()
    headers = {"X-Pusher-Key": own.key, "X-Pusher-Signature": signed}
    answer = scene.app.test_client().post("/realtime/webhooks", data=data, headers=headers)
    assert 400 <= answer.status_code < 500, answer.status_code


@pytest.mark.parametrize("events", [[1], [None], ["x"], [{}], [{"channel": 5, "name": [], "user_id": {}}]])
def test_a_signed_webhook_of_nonsense(scene: Scene, send: Send, events: list[dict[str, str]]) -> None:
    before = scene.rows()
    assert send(events) in (204, 403, 422)
    assert scene.rows() == before


# --- sockets behind a proxy


def test_without_a_proxy_there_are_no_sockets_here(scene: Scene) -> None:
    answer = scene.app.test_client().post("/app/x?protocol=7", data=b"OPEN\r\n")
    assert answer.status_code == 404


class TestBehindAProxy:
    """``test_fanout`` has the conversation; here it is the site's."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(
            update={"realtime": "fanout", "grip_url": f"http://127.0.0.1:1?verify-key={GRIP_KEY}"}
        )

    def asks(self, scene: Scene, settings: Settings, body: bytes, **headers: str) -> TestResponse:
        key = endpoints.credentials(settings).key
        signed = jwt.encode({"exp": int(time.time()) + 60}, GRIP_KEY, "HS256")
        sent = {"Grip-Sig": signed, **headers}
        return scene.app.test_client().post(f"/app/{key}?protocol=7", data=body, headers=sent)

    def test_a_socket_opens(self, scene: Scene, settings: Settings) -> None:
        answer = self.asks(scene, settings, b"OPEN\r\n")
        assert (answer.status_code, answer.content_type) == (200, "application/websocket-events")
        assert answer.headers["Sec-WebSocket-Extensions"] == "grip"
        assert b"pusher:connection_established" in answer.data
        assert endpoints.credentials(settings).secret not in str(answer.headers)

    def test_with_what_the_browser_said_when_it_opened_the_socket(self, scene: Scene, settings: Settings) -> None:
        """A proxy passes it on. To some browsers ``ws://`` is another site than ``http://``."""
        said = {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site", "Cookie": "faceup=x"}
        assert self.asks(scene, settings, b"OPEN\r\n", **said).status_code == 200

    def test_not_for_anybody_else(self, scene: Scene, settings: Settings) -> None:
        assert self.asks(scene, settings, b"OPEN\r\n", **{"Grip-Sig": "guessed"}).status_code == 403
        assert self.asks(scene, settings, b"TEXT 2\r\n{}\r\n", **{"Meta-Socket": "guessed"}).status_code == 403

    def test_nor_for_another_site_s_page(self, scene: Scene, settings: Settings) -> None:
        assert self.asks(scene, settings, b"OPEN\r\n", Origin="https://mallory.example").status_code == 403

    @pytest.mark.parametrize("body", [b"nonsense", b"TEXT zz\r\n", b"\xff 1\r\n", b"TEXT -1\r\n"])
    def test_nonsense(self, scene: Scene, settings: Settings, body: bytes) -> None:
        assert 400 <= self.asks(scene, settings, body).status_code < 500
