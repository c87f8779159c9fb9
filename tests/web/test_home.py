"""The front page, joining by code, and opening a session."""

import pytest

from poker_app.db import session
from poker_app.poker.models import PokerSession
from tests.cast import Cast
from tests.web.litany import says
from tests.world.pages import Scene

UNKNOWN = "No session has that code. It may be mistyped, or the session was deleted."
FORM = {"name": "Checkout team", "deck": "fibonacci", "member_name": "Ada", "form_key": "k", "timer_minutes": "3"}


def sessions_made(cast: Cast) -> int:
    with cast._app.app_context():
        return session.query(PokerSession).count()


def test_the_front_page_and_the_form(cast: Cast) -> None:
    assert cast.mallory.get("/").status_code == 200
    page = cast.mallory.get("/sessions/new")
    assert page.status_code == 200
    assert 'name="form_key" value="' in page.text
    assert (
        page.text.split('name="form_key" value="')[1]
        != cast.gus.get("/sessions/new").text.split('name="form_key" value="')[1]
    )


def test_running_sessions_are_found_again_from_the_front_page(scene: Scene) -> None:
    assert scene.table.path in scene.ben.get("/").text
    assert scene.table.path not in scene.mallory.get("/").text
    scene.ada.post(f"{scene.table.path}/members/{scene.ids['ben']}/removal")
    assert scene.table.path not in scene.ben.get("/").text
    scene.ada.ends(scene.table)
    assert scene.table.path not in scene.ada.get("/").text


# --- opening


def test_opening_a_session(cast: Cast) -> None:
    answer = cast.ada.post("/sessions", FORM, htmx=False)
    assert answer.status_code == 303
    assert cast.ada.get(answer.location).status_code == 200
    cookie = cast.ada.browser.get_cookie("guest")
    assert cookie
    assert (cookie.http_only, cookie.same_site, cookie.max_age) == (True, "Lax", 365 * 24 * 3600)


def test_sending_the_form_twice_opens_one(cast: Cast) -> None:
    places = {cast.ada.post("/sessions", FORM, htmx=False).location for _ in range(2)}
    assert len(places) == sessions_made(cast) == 1


def test_a_form_that_another_browser_sent(cast: Cast) -> None:
    cast.ada.post("/sessions", FORM, htmx=False)
    answer = cast.ben.post("/sessions", FORM, htmx=False)
    assert (answer.status_code, says(answer, "This form was sent already.")) == (409, True)
    assert sessions_made(cast) == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "Give the session a name, so that people know they are in the right place."),
        ({"name": "x" * 10_000}, "A session's name has at most 120 characters; this one has 10000."),
        ({"member_name": ""}, "Tell the others your name."),
        ({"deck": "tarot"}, "Choose one of the decks."),
        ({"deck": "own", "own": "1"}, "A deck needs at least 2 cards besides ? and ☕; this one has 1."),
        ({"deck": "own", "own": "1, 1.0"}, "“1” and “1.0” are the same card; keep one of them."),
        ({"timer_minutes": "x"}, "The timer's length is a number of minutes."),
        ({"timer_minutes": "0.1"}, "A timer runs from 10 seconds to 60 minutes."),
    ],
)
def test_a_session_that_cannot_be(cast: Cast, wrong: dict[str, str], sentence: str) -> None:
    answer = cast.ada.post("/sessions", {**FORM, **wrong, "form_key": "kept"}, htmx=False)
    assert (answer.status_code, says(answer, sentence)) == (422, True)
    assert sessions_made(cast) == 0
    # What was typed is still there, and the form is still the same one.
    assert 'name="form_key" value="kept"' in answer.text
    assert "name" in wrong or 'value="Checkout team"' in answer.text


def test_the_own_deck_as_it_is_typed(cast: Cast) -> None:
    path = "/sessions/new/cards"
    assert cast.ada.get(path).status_code == 200
    good = cast.ada.get(path, query_string={"own": "tiny big"})
    assert (good.status_code, "tiny" in good.text, "big" in good.text) == (200, True, True)
    bad = cast.ada.get(path, query_string={"own": "tiny <b>muchtoolong</b>"})
    assert bad.status_code == 200
    assert says(bad, "A card has at most 8 characters")
    assert "<b>much" not in bad.text


def test_opening_too_many(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poker_app.web.home.MOST_OPENED", 2)
    for number in range(2):
        assert cast.ada.post("/sessions", {**FORM, "form_key": str(number)}, htmx=False).status_code == 303
    answer = cast.ben.post("/sessions", {**FORM, "form_key": "third"}, htmx=False)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 600
    assert sessions_made(cast) == 2


# --- codes


def test_a_code_leads_to_the_table(scene: Scene) -> None:
    code = scene.table.row.code
    for typed in (code, code.lower(), f"{code[:3]}-{code[3:]}", f" {code[:3]} {code[3:]} "):
        answer = scene.mallory.get("/j", query_string={"code": typed})
        assert (answer.status_code, answer.location) == (303, f"/j/{code}")
    assert scene.mallory.get(f"/j/{code}").location == scene.table.path


@pytest.mark.parametrize("typed", ["", "---", "   ", "ééééé", "☕"])
def test_nothing_that_could_be_a_code(cast: Cast, typed: str) -> None:
    answer = cast.mallory.get("/j", query_string={"code": typed})
    assert (answer.status_code, says(answer, "Type the code of the session, such as K7Q-MFD.")) == (422, True)


def test_wrong_codes_are_counted_and_right_ones_are_not(scene: Scene, clock) -> None:  # type: ignore[no-untyped-def]
    code = scene.table.row.code
    for _ in range(10):
        assert scene.mallory.get(f"/j/{code}").status_code == 303
        answer = scene.mallory.get("/j/AAA-AAA")
        assert (answer.status_code, says(answer, UNKNOWN)) == (404, True)
    for path in ("/j/AAA-AAA", f"/j/{code}"):
        answer = scene.mallory.get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "181")
        assert says(answer, "That was tried too often from here. Wait 181 seconds and try again.")
    # From elsewhere everything is as before, and after a while here too.
    assert scene.ben.get(f"/j/{code}", environ_overrides={"REMOTE_ADDR": "10.0.0.7"}).status_code == 303
    clock.forward(seconds=179)
    assert scene.mallory.get(f"/j/{code}").status_code == 429
    clock.forward(seconds=1)
    assert scene.mallory.get(f"/j/{code}").status_code == 303
