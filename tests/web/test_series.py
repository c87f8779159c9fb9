"""The pages and forms of a series."""

import pytest
from flask import Flask

from poker_app.db import session
from poker_app.poker.models import Series
from poker_app.settings import Settings
from tests.cast import Cast, Clock, Person
from tests.conftest import SIGNED_IN
from tests.web.route_checks import says

FORM = {"name": "Daily", "deck": "fibonacci"}


@pytest.fixture
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """People sign in, but where a test is about those who do not."""
    return settings if "open_house" in request.fixturenames else settings.model_copy(update=dict(SIGNED_IN))


@pytest.fixture
def open_house() -> None:
    """Nobody signs in."""


@pytest.fixture
def ada(cast: Cast) -> Person:
    return cast.ada.signs_in()


def makes(person: Person, account: str, **other: str) -> str:
    person.get(f"/accounts/{account}/series/new")
    answer = person.post(f"/accounts/{account}/series", {**FORM, **other}, htmx=False)
    assert answer.status_code == 303, answer.text
    return answer.location.rsplit("/", 1)[1]


def test_made_renamed_closed_and_reopened(ada: Person, app: Flask) -> None:
    home = f"/accounts/{ada.account}"
    assert ada.get(f"{home}/series/new").status_code == 200
    key = makes(ada, ada.account)
    page = ada.get(f"{home}/series/{key}")
    assert f'value="http://localhost/series/{key}"' in page.text
    assert says(ada.get(home), "Daily")
    wrong = ada.post(f"{home}/series/{key}/name", {"name": " "}, htmx=False)
    assert (wrong.status_code, says(wrong, "Give the series a name")) == (422, True)
    ada.post(f"{home}/series/{key}/name", {"name": "Weekly"}, htmx=False)
    assert says(ada.get(home), "Weekly")
    ada.post(f"{home}/series/{key}/closing", htmx=False)
    assert says(ada.get(f"/series/{key}"), "This series is closed")
    assert ada.post(f"/series/{key}/sessions").status_code == 409
    ada.post(f"{home}/series/{key}/reopening", htmx=False)
    assert says(ada.get(f"/series/{key}"), "Open today’s session")
    with app.app_context():
        assert session.get_one(Series, key).secret_digest is None


def test_nothing_typed_is_lost(ada: Person) -> None:
    ada.get(f"/accounts/{ada.account}/series/new")
    answer = ada.post(f"/accounts/{ada.account}/series", {"name": "Daily", "deck": "own", "own": "1"}, htmx=False)
    assert answer.status_code == 422
    assert 'value="Daily"' in answer.text
    assert says(answer, "A deck needs at least 2 cards")


def test_guests_wait_until_a_teammate_opens_it(ada: Person, cast: Cast) -> None:
    key = makes(ada, ada.account)
    otto = cast.person("Otto").signs_in()
    for person in (cast.gus, otto):
        page = person.get(f"/series/{key}")
        assert (page.status_code, says(page, "It has not begun yet.")) == (200, True)
        assert "Open today" not in page.text
        assert person.get(f"/series/{key}/waiting").status_code == 204
    assert otto.post(f"/series/{key}/sessions").status_code == 403
    cast.gus.get("/")
    assert cast.gus.post(f"/series/{key}/sessions", htmx=False).location == f"/sign-in?next=/series/{key}"
    room = ada.post(f"/series/{key}/sessions", htmx=False).location
    assert ada.get(room).status_code == 200
    assert cast.gus.get(f"/series/{key}/waiting").headers["HX-Redirect"] == room
    assert cast.gus.get(f"/series/{key}").location == room
    assert ada.post(f"/series/{key}/sessions", htmx=False).location == room


def test_where_nobody_signs_in(open_house: None, cast: Cast) -> None:
    key = makes(cast.ada, "local")
    assert f"/series/{key}" in cast.ada.get("/accounts/local").text
    assert key not in cast.mallory.get("/accounts/local").text
    assert cast.mallory.get(f"/accounts/local/series/{key}").status_code == 404
    cast.ben.get(f"/series/{key}")
    nameless = cast.ben.post(f"/series/{key}/sessions", htmx=False)
    assert (nameless.status_code, says(nameless, "Enter your name.")) == (422, True)
    room = cast.ben.post(f"/series/{key}/sessions", {"member_name": "Ben"}, htmx=False).location
    assert cast.ben.get(room).status_code == 200
    assert cast.ada.get(f"/series/{key}").location == room


def test_its_past_sessions_are_listed(ada: Person, cast: Cast, clock: Clock) -> None:
    key = makes(ada, ada.account)
    other = ada.opens("Other")
    ada.ends(other)
    room = ada.post(f"/series/{key}/sessions", htmx=False).location
    ada.post(f"{room}/ending")
    page = ada.get(f"/accounts/{ada.account}?series={key}")
    assert says(page, "Daily: Past sessions")
    assert f"{room}/report" in page.text
    assert f"{other.path}/report" not in page.text


@pytest.mark.parametrize("key", ["nonsense", "2222222222222222", "x" * 300])
def test_no_such_series(cast: Cast, ada: Person, key: str) -> None:
    assert cast.gus.get(f"/series/{key}").status_code == 404
    assert cast.gus.get(f"/series/{key}/waiting").status_code == 404
    assert ada.get(f"/accounts/{ada.account}/series/{key}").status_code == 404
    assert ada.post(f"/series/{key}/sessions").status_code == 404
