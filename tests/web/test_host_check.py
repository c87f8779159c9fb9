"""Host names: which are answered to, and what the others are told."""

import re
import socket
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from poker_app.db import session
from poker_app.poker.models import PokerSession
from poker_app.settings import Settings
from tests.cast import Cast
from tests.conftest import lent
from tests.web.route_checks import says

pytestmark = pytest.mark.any_database

REFUSED = "Nothing is answered at evil.example here."
HOW_TO = 'Whoever runs this service can add the name to TRUSTED_HOSTS, as in TRUSTED_HOSTS=["faceup.example"]'


def asked_at(app: Flask, host: str, path: str = "/") -> TestResponse:
    return app.test_client().get(path, base_url=f"http://{host}")


@pytest.fixture
def app_with(settings: Settings) -> Iterator[object]:
    """Makes the application with other settings."""
    opened = []

    def make(**others: object) -> Flask:
        opened.append(lent(settings.model_copy(update=others)))
        made: Flask = opened[-1].__enter__()
        return made

    yield make
    for each in opened:
        each.__exit__(None, None, None)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8000",
        "localhost.",
        "faceup.localhost:8000",
        "127.0.0.1:8000",
        "[::1]:8000",
        "192.168.178.20:8000",
        "[fe80::1]",
        "box",
        "box:8000",
        "box.local:8000",
        "box.lan",
    ],
)
def test_this_machine_is_known_by_its_names_and_by_every_address(
    monkeypatch: pytest.MonkeyPatch, app_with: object, host: str
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Box.lan")
    # Its settings are no other test's, so that it is made while the machine has that name.
    assert asked_at(app_with(proxies=0, secret_key=f"at {host}"), host).status_code == 200  # type: ignore[operator]


@pytest.mark.parametrize("path", ["/", "/sessions/new", "/healthz", "/nothing", "/static/icons/logo.svg"])
def test_no_other_name_is_answered_to(app: Flask, path: str) -> None:
    answer = asked_at(app, "evil.example:8000", path)
    assert (answer.status_code, says(answer, REFUSED), says(answer, HOW_TO)) == (400, True, True)
    # It has to be readable without what would be asked for at the same name.
    assert re.findall(r'(?:href|src)="(?!data:)[^"]*"', answer.text) == []
    for name in ("evil.localhost.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil", "evil.local"):
        assert asked_at(app, name, path).status_code == 400, name


def test_a_page_whose_name_leads_here_writes_nothing(app: Flask, cast: Cast) -> None:
    """DNS rebinding: to the browser it is our own page, and without TLS only its Origin says where it is from."""
    form = {"name": "T", "deck": "fibonacci", "member_name": "M", "form_key": "k"}
    told = {"Origin": "http://evil.example:8000"}
    answer = cast.mallory.browser.post("/sessions", base_url="http://evil.example:8000", data=form, headers=told)
    assert (answer.status_code, says(answer, REFUSED)) == (400, True)
    with app.app_context():
        assert session.query(PokerSession).count() == 0


def test_names_that_were_told(app_with: object) -> None:
    public = app_with(public_url="https://Faceup.example/", pusher_client_host="sockets.example")  # type: ignore[operator]
    for host in ("faceup.example", "sockets.example", "127.0.0.1"):
        assert asked_at(public, host).status_code == 200, host
    assert asked_at(public, "evil.example").status_code == 400


def test_a_name_with_an_underscore_works(app_with: object) -> None:
    """As a service of containers has: http://planning_poker:8000."""
    app = app_with(public_url="http://planning_poker:8000")  # type: ignore[operator]
    seen = asked_at(app, "planning_poker:8000")
    assert seen.status_code == 200
    assert "ws://planning_poker:8000" in seen.headers["Content-Security-Policy"]
    assert asked_at(app, "evil_name:8000").status_code == 400


def test_a_machine_whose_name_has_an_underscore_takes_writes(monkeypatch: pytest.MonkeyPatch, app_with: object) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "planning_poker")
    site = "http://planning_poker:8000"
    browser = app_with(secret_key="at planning_poker").test_client()  # type: ignore[operator]
    form = {"name": "T", "deck": "fibonacci", "member_name": "M", "form_key": "k"}
    opened = browser.post("/sessions", base_url=site, data=form, headers={"Origin": site})
    assert opened.status_code == 303
    assert site in browser.get(opened.location, base_url=site).text
    assert browser.post("/sessions", base_url=site, data=form, headers={"Origin": "http://"}).status_code == 403


def test_a_machine_without_a_name_answers_to_no_host_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, app_with: object
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "")
    app = app_with(secret_key="at nothing")  # type: ignore[operator]
    assert [asked_at(app, host).status_code for host in ("evil_name", "evil!name")] == [400, 400]


def test_trusted_hosts_are_all_there_is(app_with: object) -> None:
    trusting = app_with(trusted_hosts=["faceup.example"])  # type: ignore[operator]
    assert asked_at(trusting, "faceup.example").status_code == 200
    for host in ("evil.example", "localhost", "127.0.0.1"):
        assert asked_at(trusting, host).status_code == 400, host
    assert says(asked_at(trusting, "evil.example"), REFUSED)


@pytest.mark.parametrize("how", [{"auth": "accounts", "public_url": "https://faceup.example"}, {"vercel": True}])
def test_elsewhere_names_are_the_operators_or_the_platforms_to_refuse(app_with: object, how: dict[str, object]) -> None:
    assert asked_at(app_with(**how), "preview.example").status_code == 200  # type: ignore[operator]


@pytest.mark.parametrize("path", ["/\0", "/sign-in/code"])
def test_under_a_host_that_is_none_every_refusal_has_its_page(app: Flask, path: str) -> None:
    # A label of a name has at most 63 characters.
    answer = app.test_client().post(path, content_type="multipart/form-data; boundary=a", headers={"Host": "a" * 64})
    assert (answer.status_code, says(answer, "Nothing is answered at")) == (400, True)
