"""What was found well signed is remembered, and nothing else is; and which answers carry a session."""

import time
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

FORM = "/sessions/new"


@dataclass
class Browser:
    """With a session of its own, and its token."""

    client: FlaskClient
    token: str

    @classmethod
    def of(cls, app: Flask) -> "Browser":
        client = app.test_client()
        client.get(FORM)
        with client.session_transaction() as kept:
            raw = kept["csrf_token"]
        return cls(client, _signed(app, raw))

    def writes(self, token: str) -> int:
        answer: TestResponse = self.client.post("/sessions", data={"csrf_token": token, "name": ""})
        return answer.status_code


def _signed(app: Flask, raw: str) -> str:
    from flask import session
    from flask_wtf.csrf import generate_csrf

    with app.test_request_context("/"):
        session["csrf_token"] = raw
        made: str = generate_csrf()
        return made


REFUSED, TAKEN = 400, 422  # taken for looking at, and found without a name


def test_a_right_token_is_taken_again_and_a_wrong_one_never(app: Flask) -> None:
    ada = Browser.of(app)
    assert [ada.writes(ada.token) for _ in range(3)] == [TAKEN] * 3
    # Not the last character, some bits of which stand for nothing.
    told, _, signature = ada.token.rpartition(".")
    assert ada.writes(f"{told}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}") == REFUSED
    assert ada.writes("") == REFUSED
    assert ada.writes(ada.token) == TAKEN


def test_a_token_that_was_right_for_one_is_wrong_for_another(app: Flask) -> None:
    ada, ben = Browser.of(app), Browser.of(app)
    assert ada.writes(ada.token) == TAKEN
    assert ben.writes(ada.token) == REFUSED
    assert ben.writes(ben.token) == TAKEN


def test_the_token_that_was_right_is_wrong_without_its_session(app: Flask) -> None:
    ada = Browser.of(app)
    assert ada.writes(ada.token) == TAKEN
    ada.client.delete_cookie("faceup")
    assert ada.writes(ada.token) == REFUSED


@pytest.fixture
def cookie(app: Flask) -> str:
    """A session's, read once already."""
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    made: str = serializer.dumps({"draft": {"name": "Sprint"}})
    assert _read(app, made) == {"draft": {"name": "Sprint"}}
    return made


def _read(app: Flask, cookie: str) -> dict[str, object]:
    with app.test_request_context("/", headers={"Cookie": f"faceup={cookie}"}):
        from flask import session

        return dict(session)


def test_a_cookie_that_was_read_grows_too_old(app: Flask, cookie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now, lifetime = time.time(), app.permanent_session_lifetime.total_seconds()
    monkeypatch.setattr("time.time", lambda: now + lifetime - 60)
    assert _read(app, cookie) != {}
    monkeypatch.setattr("time.time", lambda: now + lifetime + 60)
    assert _read(app, cookie) == {}


def test_a_cookie_that_was_changed_is_not_the_one_that_was_read(app: Flask, cookie: str) -> None:
    content, moment, signature = cookie.split(".")
    other = app.session_interface.get_signing_serializer(app).dumps({"draft": {}})  # type: ignore[attr-defined]
    assert _read(app, f"{other.split('.')[0]}.{moment}.{signature}") == {}
    assert _read(app, f"{content}.{moment}.{signature[:-2]}") == {}


def test_what_one_request_does_to_it_another_does_not_see(app: Flask, cookie: str) -> None:
    _read(app, cookie)["draft"]["name"] = "Changed"  # type: ignore[index]
    assert _read(app, cookie) == {"draft": {"name": "Sprint"}}


def test_no_more_is_remembered_than_there_is_room_for(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poker_app.web.signed.MOST", 2)
    people = [Browser.of(app) for _ in range(4)]
    for _ in range(2):
        assert [one.writes(one.token) for one in people] == [TAKEN] * 4
    assert len(app.extensions["csrf"]._good) <= 2


@pytest.fixture
def lasting(app: Flask) -> FlaskClient:
    """A browser with a session that lasts, as everybody's who is signed in."""
    client = app.test_client()
    client.get(FORM)
    with client.session_transaction() as kept:
        kept.permanent = True
    return client


@pytest.mark.parametrize("file", ["styles-{}.css", "v-{}/icons/logo.svg", "icons/logo.svg", "/favicon.ico"])
def test_files_are_the_same_for_everybody(app: Flask, lasting: FlaskClient, file: str) -> None:
    address = file if file.startswith("/") else "/static/" + file.format(app.config["BUILD"])
    answer = lasting.get(address)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_a_session_is_sent_when_it_changes_and_once_a_day(
    lasting: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = lasting.get_cookie("faceup")
    for _ in range(2):
        answer = lasting.get("/")
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" in answer.headers["Vary"]
    now, lifetime = time.time(), lasting.application.permanent_session_lifetime.total_seconds()
    monkeypatch.setattr("time.time", lambda: now + 25 * 3600)
    assert "Set-Cookie" in lasting.get("/").headers
    assert "Set-Cookie" not in lasting.get("/").headers
    # So it lives on.
    after = lasting.get_cookie("faceup")
    assert before
    assert after
    monkeypatch.setattr("time.time", lambda: now + lifetime + 60)
    with lasting.session_transaction() as kept:
        assert kept["csrf_token"]
    assert before.value != after.value
