"""The pages of API tokens: made once and shown once, listed, ended."""

import re

import pytest

from poker_app.accounts import api_tokens
from poker_app.accounts.models import ApiToken
from poker_app.db import session
from poker_app.settings import Settings
from tests.cast import Clock, Person
from tests.web.route_checks import says
from tests.world.pages import Club

TOKEN = re.compile(r"faceup_(?:pat|svc)_[0-9A-Za-z]{36}")
FORM = {"name": "Nightly build", "scopes": "sessions:read", "days": "90"}


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings


def made(club: Club, person: Person, **more: str) -> str:
    """The token that is in the answer."""
    answer = person.post(f"{club.path}/api-tokens", {**FORM, **more}, htmx=False)
    assert answer.status_code == 200, answer.text
    assert "no-store" in answer.headers["Cache-Control"]
    [token] = set(TOKEN.findall(answer.text))
    return token


def id_of(club: Club, name: str = "Nightly build") -> str:
    with club.app.app_context():
        return session.query(ApiToken.id).filter_by(name=name).one()[0]


def test_a_token_is_shown_once(club: Club) -> None:
    token = made(club, club.tim)
    with club.app.app_context():
        caller = api_tokens.caller_of(token)
        assert caller
        assert (caller.name, caller.user and caller.user.name) == ("Nightly build", "Tim")
    for person in (club.tim, club.olga):
        page = person.get(f"{club.path}/api-tokens")
        says(page, "Nightly build")
        assert f"…{token[-4:]}" in page.text
        assert TOKEN.search(page.text) is None


def test_a_service_token_is_made_with_its_role(club: Club) -> None:
    token = made(club, club.abe, service_role="admin", name="Dashboard")
    with club.app.app_context():
        caller = api_tokens.caller_of(token)
        assert caller
        assert (caller.user, caller.membership.role) == (None, "admin")
    assert says(club.olga.get(f"{club.path}/api-tokens"), "A service, with the role of an admin: sessions:read")


def test_the_form_offers_what_the_role_may_give(club: Club) -> None:
    facilitators, admins = (person.get(f"{club.path}/api-tokens").text for person in (club.tim, club.abe))
    assert "account:write" not in facilitators
    assert "service_role" not in facilitators
    assert "account:write" in admins
    assert 'name="service_role"' in admins
    assert f"{club.path}/settings" not in facilitators


@pytest.mark.parametrize(
    ("form", "field", "sentence"),
    [
        ({"name": ""}, "name", "Give the token a name"),
        ({"scopes": ""}, "scopes", "Choose what the token may do."),
        ({"days": "7"}, "days", "Choose when the token ends."),
    ],
)
def test_a_refused_form_keeps_what_was_typed(club: Club, form: dict[str, str], field: str, sentence: str) -> None:
    sent = {**FORM, "days": "365", "service_role": "admin", **form}
    answer = club.abe.post(f"{club.path}/api-tokens", sent, htmx=False)
    assert answer.status_code == 422
    assert says(answer, sentence)
    assert f'aria-describedby="{field}-error"' in answer.text
    assert '<option value="admin" selected>' in answer.text
    if field != "name":
        assert 'value="Nightly build"' in answer.text
    if field != "days":
        assert '<option value="365" selected>' in answer.text


def test_too_many_are_refused_on_the_page(club: Club) -> None:
    for number in range(30):
        made(club, club.tim, name=f"Build {number}")
    answer = club.tim.post(f"{club.path}/api-tokens", FORM, htmx=False)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 3000
    assert says(answer, "Too many tries from here.")
    for number in range(20):
        made(club, club.abe, name=f"Build {30 + number}")
    answer = club.abe.post(f"{club.path}/api-tokens", FORM, htmx=False)
    assert answer.status_code == 409
    assert says(answer, "An account has at most 50 tokens.")


def test_the_list_says_when_it_was_used(club: Club, clock: Clock) -> None:
    token = made(club, club.tim, days="30")
    assert says(club.tim.get(f"{club.path}/api-tokens"), "Never used.")
    with club.app.app_context():
        assert api_tokens.caller_of(token)
    clock.forward(minutes=5)
    assert says(club.tim.get(f"{club.path}/api-tokens"), "Last used 5 minutes ago.")
    clock.forward(days=28)
    assert not says(club.tim.get(f"{club.path}/api-tokens"), "Expired")
    clock.forward(days=2)
    assert says(club.tim.get(f"{club.path}/api-tokens"), "Expired")


def test_ending_one(club: Club) -> None:
    token = made(club, club.tim)
    path = f"{club.path}/api-tokens/{id_of(club)}/ending"
    assert says(club.olga.get(path), "End the token")
    answer = club.olga.post(path, htmx=False)
    assert (answer.status_code, answer.location) == (303, f"{club.path}/api-tokens")
    assert says(club.olga.get(answer.location), "has ended.")
    with club.app.app_context():
        assert api_tokens.caller_of(token) is None
    assert club.tim.get(path).status_code == 404
    assert "No program has a token yet." in club.tim.get(f"{club.path}/api-tokens").text


def test_it_is_linked(club: Club) -> None:
    assert f'href="{club.path}/api-tokens"' in club.olga.get(f"{club.path}/settings").text
    assert f'href="{club.path}/api-tokens"' in club.tim.get(club.path).text
