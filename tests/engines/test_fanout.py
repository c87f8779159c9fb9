"""The view behind a proxy and what is said to the proxy: signatures, memory, leaving, and a proxy that fails."""

import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from engine_server import OWN
from gripcontrol import decode_websocket_events

from poker_app import realtime
from poker_app.errors import Forbidden, Invalid, NotFound
from poker_app.realtime.engines import endpoints
from poker_app.realtime.engines.client import Client
from poker_app.realtime.engines.fanout.proxy import Proxy
from poker_app.realtime.engines.fanout.sockets import View
from poker_app.settings import Settings
from tests.failing_engine import Faulty, hangs, replies, resets

KEY = "a-key-of-at-least-thirty-two-characters"
ROOM = realtime.presence_channel("abc")


def token(key: Any = KEY, algorithm: str = "HS256", **claims: object) -> str:
    return jwt.encode({"iss": "pushpin", "exp": int(time.time()) + 60, **claims}, key, algorithm)


class Browser:
    """A socket as the proxy tells of it."""

    def __init__(self, view: View) -> None:
        self.view, self.memory = view, ""
        self.left: list[tuple[str, str]] = []

    def ask(self, body: bytes, path: str = f"/app/{OWN.key}", **headers: str) -> list[Any]:
        sent = {"grip-sig": token(), "meta-socket": self.memory, **headers}
        here = {ROOM: {"eve": {"name": "Eve"}}}
        told, answer = self.view.answer(
            path, "protocol=7", sent, body, here.__getitem__, lambda *who: self.left.append(who)
        )
        assert told["Content-Type"] == "application/websocket-events"
        self.memory = told.get("Set-Meta-Socket", "")
        return decode_websocket_events(answer)

    def opens(self) -> str:
        opened, *_controls, greeting = self.ask(b"OPEN\r\n")
        assert opened.type == "OPEN"
        return json.loads(json.loads(greeting.content[2:])["data"])["socket_id"]

    def says(self, event: str, **data: object) -> list[dict[str, Any]]:
        text = json.dumps({"event": event, "data": data}).encode()
        answers = self.ask(b"TEXT %x\r\n%s\r\n" % (len(text), text))
        return [json.loads(each.content[2:]) for each in answers if each.content and each.content[:2] == b"m:"]


@pytest.fixture
def browser() -> Browser:
    return Browser(View(OWN, Proxy(f"http://127.0.0.1:1?verify-key={KEY}&verify-iss=pushpin")))


@pytest.fixture(autouse=True)
def _configured() -> Iterator[None]:
    yield
    realtime.configure(Settings(_env_file=None, realtime="none", secret_key="x"))


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "nonsense",
        "é",
        token("guessed-guessed-guessed-guessed-guessed"),
        token(exp=int(time.time()) - 1),
        token(iss="another"),
        jwt.encode({"iss": "pushpin"}, KEY, "HS256"),
        jwt.encode({"iss": "pushpin", "exp": 2**40}, "", "none"),
    ],
)
def test_only_the_proxy_is_answered(browser: Browser, forged: str) -> None:
    browser.opens()
    with pytest.raises(Forbidden):
        browser.ask(b"OPEN\r\n", **{"grip-sig": forged})


def test_a_public_key_of_a_hosted_proxy() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    from base64 import b64encode

    told = b64encode(public).decode().replace("+", "%2B")
    proxy = Proxy(f"https://api.fastly.com/service/x?key=token&verify-key=base64:{told}&verify-iss=fastly:x")
    assert proxy.signed(token(private, "ES256", iss="fastly:x"))
    assert not proxy.signed(token(private, "ES256", iss="fastly:y"))
    # Signed with what everybody knows.
    import base64
    import hashlib
    import hmac

    def part(told: object) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=")

    text = part({"alg": "HS256"}) + b"." + part({"iss": "fastly:x", "exp": 2**40})
    mac = base64.urlsafe_b64encode(hmac.new(public, text, hashlib.sha256).digest()).rstrip(b"=")
    assert not proxy.signed((text + b"." + mac).decode())


def test_nothing_is_remembered_but_what_travels(browser: Browser) -> None:
    own = browser.opens()
    signer = Client(OWN, endpoints.place(Settings(_env_file=None, realtime="embedded", secret_key="x")))
    member = {"user_id": "ada", "user_info": {"name": "Ada"}}
    [told] = browser.says("pusher:subscribe", channel=ROOM, **signer.authorize(ROOM, own, member))
    assert told["event"] == "pusher_internal:subscription_succeeded"
    assert json.loads(told["data"])["presence"] == {
        "count": 2,
        "ids": ["eve", "ada"],
        "hash": {"eve": {"name": "Eve"}, "ada": {"name": "Ada"}},
    }
    [again] = browser.says("pusher:subscribe", channel=ROOM, **signer.authorize(ROOM, own, member))
    assert "Existing subscription" in again["data"]["message"]
    for forged in ("", browser.memory[:-1], "x" + browser.memory):
        with pytest.raises(Forbidden):
            browser.ask(b"TEXT 2\r\n{}\r\n", **{"meta-socket": forged})


@pytest.mark.parametrize("goodbye", [b"CLOSE 2\r\n\x03\xe9\r\n", b"DISCONNECT\r\n"])
def test_who_closes_may_have_left(browser: Browser, goodbye: bytes) -> None:
    own = browser.opens()
    signer = Client(OWN, endpoints.place(Settings(_env_file=None, realtime="embedded", secret_key="x")))
    browser.says("pusher:subscribe", channel=ROOM, **signer.authorize(ROOM, own, {"user_id": "ada"}))
    assert browser.left == []
    browser.ask(goodbye)
    assert browser.left == [(ROOM, "ada")]


def test_an_unknown_key_is_told_and_closed(browser: Browser) -> None:
    opened, told, closed = browser.ask(b"OPEN\r\n", path="/app/other")
    assert (opened.type, closed.type, int.from_bytes(closed.content, "big")) == ("OPEN", "CLOSE", 4001)
    assert json.loads(told.content[2:])["data"]["code"] == 4001


@pytest.mark.parametrize("body", [b"nonsense", b"TEXT zz\r\nx\r\n", b"TEXT 5", b"\xff \r\n"])
def test_what_is_no_socket_s_request(browser: Browser, body: bytes) -> None:
    browser.opens()
    with pytest.raises(Invalid):
        browser.ask(body)


# --- publishing


def configure(faulty: Faulty, query: str) -> None:
    url = f"http://127.0.0.1:{faulty.port}/control?{query}"
    realtime.configure(Settings(_env_file=None, realtime="fanout", secret_key="x", grip_url=url))


def test_what_the_proxy_is_told(faulty: Faulty) -> None:
    configure(faulty, f"iss=me&key={KEY}")
    assert realtime.publish(["a", "b"], "vote", {"html": "☕"}, exclude_socket="1.2")
    (path, body), (_, second) = faulty.asked
    assert path == "/control/publish/"
    [item] = json.loads(body)["items"]
    assert (item["channel"], item["meta"]) == ("a", {"sender": "1.2"})
    assert json.loads(item["ws-message"]["content"]) == {"event": "vote", "channel": "a", "data": '{"html":"☕"}'}
    assert json.loads(second)["items"][0]["channel"] == "b"
    scheme, proof = faulty.headers[0]["Authorization"].split()
    assert (scheme, jwt.decode(proof, KEY, ["HS256"])["iss"]) == ("Bearer", "me")
    assert realtime.end_connections("ada")
    [item] = json.loads(faulty.asked[2][1])["items"]
    assert (item["channel"], item["ws-message"]["code"]) == ("#server-to-user-ada", 4009)
    # It does not tell who is here, and is not asked.
    assert realtime.present(ROOM) == set()
    assert len(faulty.asked) == 3
    assert realtime.ready()


def test_a_hosted_proxy_takes_its_token(faulty: Faulty) -> None:
    configure(faulty, "key=token&verify-key=x")
    assert realtime.publish(["a"], "vote", {})
    assert faulty.headers[0]["Authorization"] == "Bearer token"


@pytest.mark.parametrize("answer", [hangs, resets, replies(500, "oops"), replies(403, "no")])
def test_a_proxy_that_fails_is_asked_three_times_then_left_alone(faulty: Faulty, answer: Any) -> None:
    configure(faulty, f"verify-key={KEY}")
    faulty.answer = answer
    assert [realtime.publish(["a"], "vote", {}) for _ in range(5)] == [False] * 5
    assert len(faulty.asked) == 3
    assert not realtime.ready()


def test_another_engine_has_no_sockets_here() -> None:
    realtime.configure(Settings(_env_file=None, realtime="embedded", secret_key="x"))
    with pytest.raises(NotFound):
        realtime.converse("/app/x", "", {"Grip-Sig": token()}, b"OPEN\r\n", lambda channel: {}, lambda *who: None)


def test_the_page_s_own_address_or_another() -> None:
    def told(**more: Any) -> tuple[Any, list[str]]:
        url = f"http://127.0.0.1:5561?key={KEY}"
        realtime.configure(Settings(_env_file=None, realtime="fanout", secret_key="x", grip_url=url, **more))
        return realtime.browser_options(), realtime.connect_sources()

    options, sources = told()
    assert (options["cluster"], "wsHost" in options, sources) == ("fanout", False, [])
    assert "activityTimeout" not in options, "each ping is a request to the site"
    options, sources = told(pusher_client_host="live.example")
    assert (options["wsHost"], options["wssPort"], options["forceTLS"]) == ("live.example", 443, True)
    assert sources == ["wss://live.example"]
