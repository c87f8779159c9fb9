"""The session cookie: what is read from it, and which answers set it."""

import time

import pytest
from flask import Flask
from flask.testing import FlaskClient


@pytest.fixture
def cookie(app: Flask) -> str:
    """A session's."""
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    made: str = serializer.dumps({"draft": {"name": "Sprint"}})
    assert _read(app, made) == {"draft": {"name": "Sprint"}}
    return made


def _read(app: Flask, cookie: str) -> dict[str, object]:
    with app.test_request_context("/", headers={"Cookie": f"faceup={cookie}"}):
        from flask import session

        return dict(session)


def test_a_cookie_grows_too_old(app: Flask, cookie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now, lifetime = time.time(), app.permanent_session_lifetime.total_seconds()
    monkeypatch.setattr("time.time", lambda: now + lifetime - 60)
    assert _read(app, cookie) != {}
    monkeypatch.setattr("time.time", lambda: now + lifetime + 60)
    assert _read(app, cookie) == {}


def test_a_cookie_that_was_changed_is_not_read(app: Flask, cookie: str) -> None:
    content, moment, signature = cookie.split(".")
    other = app.session_interface.get_signing_serializer(app).dumps({"draft": {}})  # type: ignore[attr-defined]
    assert _read(app, f"{other.split('.')[0]}.{moment}.{signature}") == {}
    assert _read(app, f"{content}.{moment}.{signature[:-2]}") == {}


@pytest.fixture
def lasting(app: Flask) -> FlaskClient:
    """A browser with a session that lasts, as everybody's who is signed in."""
    client = app.test_client()
    with client.session_transaction() as kept:
        kept.permanent, kept["account"] = True, "local"
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
        assert kept["account"] == "local"
    assert before.value != after.value
