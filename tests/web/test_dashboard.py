"""The dashboard's pages and forms."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import event

from poker_app.db import db, session
from poker_app.poker.models import PokerSession
from poker_app.settings import Settings
from tests.cast import Cast, Clock, Person
from tests.conftest import SIGNED_IN
from tests.web.route_checks import says

VERBS = ("copies", "archive", "archive/removal", "deletion", "restoration")


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


def home(person: Person) -> str:
    return f"/accounts/{person.account}"


# --- who lands where


def test_whoever_signed_in_lands_on_their_account(ada: Person, cast: Cast) -> None:
    assert ada.get("/dashboard").location == home(ada)
    assert cast.mallory.get("/dashboard").location == "/sign-in?next=/dashboard"
    assert cast.mallory.get(home(ada)).location == f"/sign-in?next={home(ada)}"
    otto = cast.person("Otto").signs_in()
    assert otto.get(home(ada)).status_code == 404


def test_the_account_used_last_comes_first(ada: Person, cast: Cast) -> None:
    tim = cast.person("Tim").signs_in("facilitator", ada.account)
    with cast._app.app_context():
        from poker_app.accounts.memberships import make_account
        from poker_app.accounts.models import User

        other = make_account(session.get_one(User, tim.user), "Zebras").account.id
    assert tim.get("/dashboard").location == home(ada)
    assert tim.get(f"/accounts/{other}").status_code == 200
    assert tim.get("/dashboard").location == f"/accounts/{other}"


def test_where_nobody_signs_in_it_is_there_at_once(open_house: None, cast: Cast) -> None:
    assert cast.ada.get("/dashboard").location == "/accounts/local"
    assert says(cast.ada.get("/accounts/local"), "No sessions yet")
    table = cast.table
    assert table.path in cast.ada.get("/accounts/local").text
    for guest in (cast.ben, cast.mallory):
        assert "Delete" not in guest.get("/accounts/local?show=mine").text
        for verb in VERBS:
            assert guest.post(f"/accounts/local/sessions/{table.id}/{verb}").status_code == 404
    assert table.path in cast.ben.get("/accounts/local?show=mine").text
    assert table.path not in cast.mallory.get("/accounts/local").text
    assert cast.mallory.get("/accounts/other").status_code == 404


# --- the page


def test_live_past_and_found(ada: Person, cast: Cast) -> None:
    assert says(ada.get(home(ada)), "No sessions yet")
    table = ada.opens("Checkout team")
    page = ada.get(home(ada))
    assert says(page, "Live now, task 1 of 1, 1 person at the table")
    assert says(page, "Sessions are listed here once they have ended, with their reports.")
    ada.ends(table)
    page = ada.get(home(ada))
    assert f'href="{table.path}/report"' in page.text
    assert f'href="{table.path}/report"' in ada.get(f"{home(ada)}?name=CHECKOUT").text
    empty = ada.get(f"{home(ada)}?name=%00nothing")
    assert says(empty, "No session here has “nothing” in its name.")
    assert 'value="nothing"' in empty.text


@pytest.mark.parametrize(
    "odd", ["show=nonsense", "page=x", "page=-1", "page=99999999999999999999", "page=²", "series=%00", "done=x&of=y"]
)
def test_odd_addresses_are_the_page(ada: Person, odd: str) -> None:
    ada.ends(ada.opens())
    assert says(ada.get(f"{home(ada)}?{odd}"), "Past sessions")


def test_pages_keep_the_search(ada: Person, cast: Cast) -> None:
    first = ada.opens("Sprint 0")
    with cast._app.app_context():
        row = session.get_one(PokerSession, first.id)
        columns = {each.key: getattr(row, each.key) for each in PokerSession.__table__.columns}
        for number in range(1, 30):
            new = {"id": f"{number:016}", "code": f"{number:06}", "form_key": str(number), "name": f"Sprint {number}"}
            session.add(PokerSession(**{**columns, **new, "ended_at": row.created_at}))
        session.commit()
    page = ada.get(f"{home(ada)}?name=sprint")
    older = re.search(r'rel="next" href="([^"]+)"', page.text)
    assert older
    assert says(ada.get(older[1].replace("&amp;", "&")), "Page 2 of 2, 29 sessions")
    assert "name=sprint" in older[1]


@pytest.fixture
def asked(app: Flask) -> Iterator[list[str]]:
    heard: list[str] = []

    def handle_webhook(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        heard.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", handle_webhook)
    yield heard
    event.remove(engine, "before_cursor_execute", handle_webhook)


def test_the_page_costs_a_handful_of_statements(ada: Person, asked: list[str]) -> None:
    def cost() -> int:
        asked.clear()
        assert ada.get(home(ada)).status_code == 200
        return len([each for each in asked if each.startswith("SELECT")])

    for number in range(6):
        for name in ("Ended", "Live"):
            table = ada.opens(f"{name} {number}")
            ada.adds(table, "One\nTwo")
            if name == "Ended":
                ada.ends(table)
        if number == 0:
            few = cost()
    assert cost() == few <= 16


# --- verbs


def test_deleting_can_be_undone(ada: Person, cast: Cast) -> None:
    table = ada.opens()
    cast.gus.joins(table)
    answer = ada.post(f"{home(ada)}/sessions/{table.id}/deletion", {"name": "check", "show": "live"}, htmx=False)
    assert (answer.status_code, answer.location) == (
        303,
        f"{home(ada)}?name=check&show=live&done=deleted&of={table.id}",
    )
    for person in (ada, cast.gus):
        assert person.get(table.path).location == f"{table.path}/join"
        for place in ("/join", "/report", "/report.csv", "/vote-table", "/people"):
            gone = person.get(table.path + place)
            assert (gone.status_code, says(gone, "This session was deleted.")) == (404, True)
        assert person.votes(table, "5", "x").status_code == 404
    assert cast.mallory.get(f"/j/{table.row.code}").status_code == 404
    page = ada.get(answer.location)
    assert says(page, "“Checkout team” was deleted, with its report and its link.")
    assert f"/sessions/{table.id}/restoration" in page.text
    ada.post(f"{home(ada)}/sessions/{table.id}/restoration", htmx=False)
    assert cast.gus.get(table.path).status_code == 200
    assert cast.gus.votes(table, "5").status_code == 200
    assert not says(ada.get(answer.location), "was deleted")


def test_copying_leads_to_the_copy(ada: Person, cast: Cast) -> None:
    table = ada.opens()
    ada.adds(table, "One")
    assert says(ada.get(f"{home(ada)}?show=live"), "Copy with open tasks, without files")
    path, form = f"{home(ada)}/sessions/{table.id}/copies", {"form_key": "k"}
    first, again = (ada.post(path, form, htmx=False).location for _ in range(2))
    assert first == again != table.path
    assert says(ada.get(first), "Checkout team (copy)")
    assert ada.post(path, form).headers["HX-Redirect"] == first


def test_archived_sessions_are_in_the_archive(ada: Person, clock: Clock) -> None:
    table = ada.opens()
    ada.ends(table)
    back = ada.post(f"{home(ada)}/sessions/{table.id}/archive", htmx=False).location
    assert says(ada.get(back), "“Checkout team” is in the archive.")
    assert f"{table.path}/report" not in ada.get(home(ada)).text
    assert f"{table.path}/report" in ada.get(f"{home(ada)}?show=archived").text
    assert ada.get(f"{table.path}/report").status_code == 200
    ada.post(f"{home(ada)}/sessions/{table.id}/archive/removal", htmx=False)
    assert f"{table.path}/report" in ada.get(home(ada)).text


def test_reports_are_the_account_s(ada: Person, cast: Cast) -> None:
    table = ada.opens()
    tim, otto = cast.person("Tim").signs_in("facilitator", ada.account), cast.person("Otto").signs_in()
    assert tim.get(f"{table.path}/report").status_code == 200
    assert otto.get(f"{table.path}/report").status_code == 404
    ada.ends(table)
    assert says(tim.get(f"{table.path}/join"), "See the report")
    assert not says(otto.get(f"{table.path}/join"), "See the report")


# --- the door


def test_for_teammates_only(ada: Person, cast: Cast) -> None:
    table = ada.opens(teammates_only="1")
    assert says(ada.get(table.path), "Teammates join with the link, signed in.")
    tim, otto = cast.person("Tim").signs_in("facilitator", ada.account), cast.person("Otto").signs_in()
    page = cast.gus.get(f"{table.path}/join")
    assert (page.status_code, says(page, "For teammates only")) == (403, True)
    assert f'href="/sign-in?next={table.path}"' in page.text
    assert says(otto.get(f"{table.path}/join"), "another account")
    assert "Checkout team" not in page.text
    for person in (cast.gus, otto):
        person.get("/")
        answer = person.post(f"{table.path}/members", {"member_name": "X", "role": "voter"}, htmx=False)
        assert answer.status_code == 403
    assert 'value="Tim"' in tim.get(f"{table.path}/join").text
    tim.joins(table)
    assert tim.seat(table).user_id == tim.user


def test_a_password_at_the_door(ada: Person, cast: Cast) -> None:
    table = ada.opens(password="open sesame")
    assert says(ada.get(table.path), "Anyone with the link and the password can join")
    page = cast.gus.get(f"{table.path}/join")
    assert says(page, "This session needs a password.")
    form = {"member_name": "Gus", "role": "spectator"}
    wrong = cast.gus.post(f"{table.path}/members", {**form, "password": "guess"}, htmx=False)
    assert (wrong.status_code, says(wrong, "Wrong session password.")) == (422, True)
    assert 'value="Gus"' in wrong.text
    assert "guess" not in wrong.text
    assert cast.gus.post(f"{table.path}/members", {**form, "password": "open sesame"}, htmx=False).status_code == 303
    options = ada.get(f"{table.path}/options").text
    assert "New session password" in options
    assert "sesame" not in options
    ada.post(f"{table.path}/options", {"name": "T", "password": "another"}, htmx=False)
    assert cast.gus.get(table.path).status_code == 200
    short = ada.post(f"{table.path}/options", {"name": "T", "password": "abc"}, htmx=False)
    assert (short.status_code, says(short, "A session's password has 4 to 100 characters.")) == (422, True)


def test_one_seat_in_two_browsers_until_signing_out(ada: Person, cast: Cast) -> None:
    table = ada.opens()
    phone = cast.person("Ada")
    with ada.browser.session_transaction() as cookie, phone.browser.session_transaction() as other:
        other.update(cookie)
    assert phone.get(table.path).status_code == 200
    assert phone.votes(table, "5").status_code == 200
    ada.post("/sign-in/out", htmx=False)
    for browser in (ada, phone):
        assert browser.get(table.path).location == f"{table.path}/join"
    assert phone.votes(table, "8").status_code == 404


def test_without_accounts_no_session_is_imported(open_house: None, cast: Cast) -> None:
    page = cast.ada.get("/accounts/local")
    assert (page.status_code, "session-import" in page.text) == (200, False)
    assert cast.ada.get("/accounts/local/session-import").status_code == 404
    assert cast.ada.post("/accounts/local/session-import", htmx=False).status_code == 404
