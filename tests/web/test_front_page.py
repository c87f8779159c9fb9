"""The front page, joining by code, and opening a session."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from poker_app.db import session
from poker_app.poker.models import PokerSession
from poker_app.poker.session import join_codes
from poker_app.rate_limits import Limit
from tests.cast import Cast, Clock
from tests.web.route_checks import says
from tests.world.pages import Scene

UNKNOWN = "No session has that code. It may be mistyped, or the session has ended or was deleted."
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
        ({"name": "x" * 10_000}, "A session's name has at most 120 characters; this one has 10000."),
        ({"member_name": ""}, "Enter your name."),
        ({"deck": "tarot"}, "Choose one of the decks."),
        ({"tasks": "---\n- \n"}, "There is no task in this list. Write one a line."),
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


def test_a_session_without_a_name_has_the_day_s(cast: Cast, clock: Clock) -> None:
    assert cast.ada.opens(" \u200d").row.name == "Planning poker, 23 November"


def test_a_session_begins_with_a_pasted_list(cast: Cast) -> None:
    table = cast.ada.opens(tasks="PAY-1 One\n- Two\n\n" + "x" * 300)
    page = cast.ada.get(table.path)
    for words in ("PAY-1", "One", "Two"):
        assert words in page.text, words
    assert says(page, "Line 4: a title has at most 255 characters, and this one 300")
    # It is said once.
    assert not says(cast.ada.get(table.path), "a title has at most 255 characters")


def test_what_was_opened_last_is_where_the_next_one_begins(cast: Cast, clock: Clock) -> None:
    page = cast.ada.get("/sessions/new").text
    assert ("autofocus" in page, 'value="fibonacci" checked' in page, "<option" in page) == (True, True, False)
    for name, deck in (("Sprint 1", "hours"), ("Sprint 2", "t-shirts"), ("Sprint 1", "own")):
        cast.ada.opens(name, deck, own="1, 2, 3", form_key=f"{name} {deck}")
        clock.forward(minutes=1)
    page = cast.ada.get("/sessions/new").text
    for words in ('value="own" checked', 'name="own" value="1, 2, 3"', 'name="member_name" value="Ada"'):
        assert words in page, words
    assert re.findall(r'<option value="([^"]+)"', page) == ["Sprint 1", "Sprint 2"]
    # Another browser knows nothing of it.
    assert "Sprint 1" not in cast.gus.get("/sessions/new").text


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
    monkeypatch.setattr("poker_app.poker.session.lifecycle.OPENED", Limit("open", 2, timedelta(minutes=10)))
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


def test_a_link_or_code_as_chats_and_other_keyboards_pass_it_on(scene: Scene) -> None:
    code, path = scene.table.row.code, scene.table.path
    wide = "".join(chr(ord(char) + 0xFEE0) for char in code)
    for typed, leads in ((wide, f"/j/{code}"), (f"https://faceup.example{path}", path), (f"<http://x{path}>.", path)):
        answer = scene.mallory.get("/j", query_string={"code": typed})
        assert (answer.status_code, answer.location) == (303, leads)
    for meant in (path, f"/j/{code}"):
        for typed in (f"{meant}.", f"{meant})", f"{meant}%3E", f"{meant}/", f"{meant}./?was=x"):
            answer = scene.mallory.get(typed)
            assert (answer.status_code, answer.location) == (303, f"{meant}{'?was=x' if '?' in typed else ''}")
    assert scene.mallory.get(path.upper()).location == path
    assert scene.mallory.get("/sign-in/link/" + "A" * 32 + ".").location == "/sign-in/link/" + "a" * 32


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
    other = opened_elsewhere(scene)
    for path in ("/j/AAA-AAA", f"/j/{other}"):
        answer = scene.mallory.get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "181")
        assert says(answer, "Too many tries from here. Wait 181 seconds and try again.")
    # What colleagues know leads them on; from elsewhere everything is as before, and after a while here too.
    assert scene.mallory.get(f"/j/{code}").status_code == 303
    assert scene.ben.get(f"/j/{other}", **elsewhere(8)).status_code == 303
    clock.forward(seconds=179)
    assert scene.mallory.get(f"/j/{other}").status_code == 429
    clock.forward(seconds=1)
    assert scene.mallory.get(f"/j/{other}").status_code == 303


def elsewhere(number: int) -> dict[str, Any]:
    return {"environ_overrides": {"REMOTE_ADDR": f"10.0.0.{number}"}}


def opened_elsewhere(scene: Scene) -> str:
    """The code of a session that nobody in this network has found or opened."""
    assert scene.cleo.post("/sessions", FORM, htmx=False, **elsewhere(7)).status_code == 303
    with scene.cleo._app.app_context():
        return session.query(PokerSession).where(PokerSession.id != scene.table.id).one().code


@pytest.mark.parametrize("how", ["opened", "found"])
def test_a_code_that_is_known_here_passes_after_ten_wrong_ones(scene: Scene, how: str) -> None:
    where = {} if how == "opened" else elsewhere(9)
    code = scene.table.row.code
    if how == "found":
        assert scene.ben.get(f"/j/{code}", **where).status_code == 303
    assert [scene.mallory.get("/j/AAA-AAA", **where).status_code for _ in range(11)] == [404] * 10 + [429]
    assert scene.mallory.get(f"/j/{code}", **where).status_code == 303


def test_codes_fail_slower_the_more_are_tried(scene: Scene, clock: Clock) -> None:
    code, answers = scene.table.row.code, []
    for _ in range(7):
        answers += [scene.mallory.get("/j/AAA-AAA").status_code for _ in range(10)]
        clock.forward(minutes=3)
    assert answers == [404] * 60 + [429] * 10
    other = opened_elsewhere(scene)
    assert scene.mallory.get(f"/j/{other}").status_code == 429
    # What colleagues know leads them on.
    assert scene.mallory.get(f"/j/{code}").status_code == 303
    clock.forward(minutes=60 - 7 * 3)
    assert scene.mallory.get(f"/j/{other}").status_code == 303


def test_refused_codes_keep_nobody_out_for_longer(scene: Scene, clock: Clock) -> None:
    other = opened_elsewhere(scene)
    answers = [scene.mallory.get("/j/AAA-AAA").status_code for _ in range(70)]
    assert answers == [404] * 10 + [429] * 60
    assert scene.mallory.get(f"/j/{scene.table.row.code}").status_code == 303
    clock.forward(minutes=3)
    assert scene.mallory.get(f"/j/{other}").status_code == 303


def test_which_codes_are_known_here_is_not_tried_out_without_end(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(join_codes, "REFUSED_CODES", replace(join_codes.REFUSED_CODES, most=5))
    answers = [scene.mallory.get("/j/AAA-AAA").status_code for _ in range(16)]
    assert answers == [404] * 10 + [429] * 6
    assert scene.mallory.get(f"/j/{scene.table.row.code}").status_code == 429


def test_a_page_elsewhere_uses_up_none_of_its_visitors_tries(scene: Scene) -> None:
    """By images, say. What they are answered tells nothing, so that leaving them uncounted lets no more be tried."""
    code, image = scene.table.row.code, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}
    for path in ("/j/AAA-AAA", f"/j/{code}"):
        assert [scene.mallory.get(path, headers=image).status_code for _ in range(11)] == [403] * 11
    assert scene.mallory.get("/j/AAA-AAA").status_code == 404
    link = {**image, "Sec-Fetch-Dest": "document"}
    assert scene.mallory.get(f"/j/{code}", headers=link).status_code == 303
    assert scene.mallory.get("/j/AAA-AAA", headers=link).status_code == 404


def test_the_code_of_a_session_that_ended_leads_nowhere(scene: Scene) -> None:
    code = scene.table.row.code
    scene.ada.ends(scene.table)
    answer = scene.mallory.get(f"/j/{code}")
    assert (answer.status_code, says(answer, UNKNOWN)) == (404, True)
    assert scene.ada.post(f"{scene.table.path}/reopening").status_code in (200, 303)
    assert scene.mallory.get(f"/j/{code}").location == scene.table.path


@pytest.mark.parametrize(
    ("pattern", "most"),
    [
        ("::ffff:10.0.0.1", 10),
        ("2001:db8:1:2::{n:x}", 10),  # a /64
        ("2001:db8:1:{n:x}::1", 20),  # a /56
        ("2001:db8:1:{n:x}00::1", 40),  # a /48
    ],
)
def test_wrong_codes_from_one_place_however_its_addresses_look(scene: Scene, pattern: str, most: int) -> None:
    addresses = [pattern.format(n=number) for number in range(most + 5)]
    answers = [
        scene.mallory.get("/j/AAA-AAA", environ_overrides={"REMOTE_ADDR": address}).status_code for address in addresses
    ]
    assert answers == [404] * most + [429] * 5
    assert scene.mallory.get("/j/AAA-AAA", **elsewhere(1)).status_code == (429 if "ffff" in pattern else 404)


def test_mapped_addresses_are_places_of_their_own(scene: Scene) -> None:
    for number in range(30):
        place = {"environ_overrides": {"REMOTE_ADDR": f"::ffff:10.0.0.{number}"}}
        assert scene.mallory.get("/j/AAA-AAA", **place).status_code == 404
