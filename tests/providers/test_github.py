"""GitHub, which is not OpenID: who somebody is has to be asked for, and refusals look like answers."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from poker_app.accounts import users
from poker_app.accounts.models import Identity
from poker_app.accounts.providers import github, visits
from poker_app.db import session, transaction
from poker_app.provider_settings import ProviderSettings
from tests.providers.conftest import Rows
from tests.providers.doubles import CLIENT, SECRET, GitHub
from tests.providers.login_browser import Traveller, changed
from tests.providers.servers import CALLBACK, served

ADA = {"email": "Ada@example.com", "primary": True, "verified": True}


@pytest.fixture
def hub() -> Iterator[GitHub]:
    double = GitHub(CALLBACK.format(name="github"))
    with served(double) as double.url:
        yield double


@pytest.fixture
def configured(hub: GitHub) -> list[ProviderSettings]:
    return [ProviderSettings(preset="github", client_id=CLIENT, client_secret=SECRET, issuer=hub.url)]


def test_somebody_comes_in(ada: Traveller, hub: GitHub, rows: Rows, app: Flask) -> None:
    hub.emails = [{"email": "old@example.com", "primary": False, "verified": True}, ADA]
    assert ada.goes("github", "").status_code == 303
    assert ada.is_signed_in
    assert rows.users() == {"Ada": "ada@example.com"}
    with app.app_context():
        (identity,) = session.query(Identity)
        assert (identity.issuer, identity.subject) == (hub.url, "583231")


def test_another_login_name_is_the_same_person(ada: Traveller, hub: GitHub, rows: Rows) -> None:
    ada.goes("github", "")
    ada.post("/sign-in/out", htmx=False)
    hub.user = {"id": 583231, "login": "countess", "name": None}
    assert ada.goes("github", "").status_code == 303
    assert rows.users() == {"Ada": None}


def test_somebody_without_a_name_or_an_address(ada: Traveller, hub: GitHub, rows: Rows) -> None:
    hub.user = {"id": 1, "login": "octoada", "name": None}
    assert ada.goes("github", "").status_code == 303
    assert rows.users() == {"octoada": None}


@pytest.mark.parametrize(
    "emails",
    [
        [{**ADA, "verified": False}],
        [{"email": "ada@example.com", "primary": False, "verified": True}],
    ],
)
def test_only_a_verified_primary_address_proves_anything(
    ada: Traveller, hub: GitHub, rows: Rows, app: Flask, emails: list[dict[str, Any]]
) -> None:
    with app.app_context(), transaction():
        users.add_user(name="Ada here", email="ada@example.com")
    hub.emails = emails
    assert ada.goes("github", "").status_code == (409 if emails[0]["primary"] else 303)
    assert rows.users()["Ada here"] == "ada@example.com"
    assert "Ada here" not in rows.logins().values()


def test_a_proven_address_links(ada: Traveller, hub: GitHub, rows: Rows, app: Flask) -> None:
    with app.app_context(), transaction():
        users.add_user(name="Ada here", email="ada@example.com")
    hub.emails = [ADA]
    assert ada.goes("github", "").status_code == 303
    assert rows.logins() == {"583231": "Ada here"}


def test_a_code_that_is_not_ours(ada: Traveller, hub: GitHub) -> None:
    way_back = ada.signs_in_there(ada.sets_out("github"), "")
    assert ada.get(changed(way_back, code="nonsense")).status_code == 400
    assert not ada.is_signed_in


def test_a_code_of_another_visit(ada: Traveller, mallory: Traveller, hub: GitHub) -> None:
    """Without a nonce it is PKCE alone that ties the code to the browser."""
    hers = changed(mallory.signs_in_there(mallory.sets_out("github"), ""), state=None)
    own = ada.signs_in_there(ada.sets_out("github"), "")
    code = hers.partition("code=")[2].partition("&")[0]
    assert ada.get(changed(own, code=code)).status_code == 400
    assert not ada.is_signed_in


def test_wrong_credentials_are_our_fault(ada: Traveller, hub: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.providers.doubles.SECRET", "another")
    assert ada.goes("github", "").status_code == 502


def test_no_way_back_configured(ada: Traveller, hub: GitHub) -> None:
    address = ada.sets_out("github")
    hub.back = "http://localhost/sign-in/with/github/callback/"
    answer = ada.elsewhere.get(address, allow_redirects=False)
    said = answer.headers["Location"].partition("?")[2]
    assert "redirect_uri_mismatch" in said
    assert ada.get(f"/sign-in/with/github/callback?{said}").status_code == 502


@pytest.mark.parametrize("user", [{}, [], {"id": "583231"}, {"id": None, "login": "x"}, None])
def test_nonsense_about_a_user(ada: Traveller, hub: GitHub, rows: Rows, user: Any) -> None:
    hub.user = user
    assert ada.goes("github", "").status_code == 502
    assert rows.users() == {}


@pytest.mark.parametrize("emails", [{}, None, "x", {"message": "x"}])
def test_nonsense_about_addresses(ada: Traveller, hub: GitHub, rows: Rows, emails: Any) -> None:
    hub.emails = emails
    assert ada.goes("github", "").status_code == 502
    assert rows.users() == {}


def test_an_answer_that_names_another_sender(ada: Traveller, hub: GitHub) -> None:
    way_back = ada.signs_in_there(ada.sets_out("github"), "")
    assert ada.get(changed(way_back, iss="https://evil.example")).status_code == 403
    own = ada.signs_in_there(ada.sets_out("github"), "")
    assert ada.get(changed(own, iss=f"{hub.url}/login/oauth")).status_code == 303


def test_the_public_github_has_its_api_elsewhere() -> None:
    public = ProviderSettings(preset="github", client_id=CLIENT, client_secret=SECRET)
    visit = visits.Visit.to(public, "/", "")
    address = github.address(public, visit, "https://faceup.example/back")
    assert address.startswith("https://github.com/login/oauth/authorize?")
    assert "code_challenge_method=S256" in address
