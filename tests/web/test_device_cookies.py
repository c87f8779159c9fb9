"""The browser that somebody signed in with before: what others try on their address does not keep it out."""

import pytest
from flask import Flask

from poker_app.accounts.signin import device_cookies, password_hashing
from poker_app.accounts.users import add_user
from poker_app.db import transaction
from poker_app.settings import Settings
from tests.cast import Cast, Person
from tests.mail_server import Post
from tests.web.route_checks import says

ADA, GOOD = "ada@example.com", "vier kleine Igel"


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings


@pytest.fixture
def ada(app: Flask, cast: Cast) -> Person:
    """Has signed in and out."""
    with app.app_context(), transaction():
        add_user(name="Ada", email=ADA).password_hash = password_hashing.hashed(GOOD)
    assert signs_in(cast.ada) == 303
    cast.ada.get("/dashboard", follow_redirects=True)
    assert cast.ada.post("/sign-in/out", htmx=False).status_code == 303
    return cast.ada


def signs_in(person: Person, password: str = GOOD, email: str = ADA) -> int:
    person.get("/sign-in/password")
    return person.post("/sign-in/password", {"email": email, "password": password}, htmx=False).status_code


def test_it_gets_in_while_others_guess(ada: Person, cast: Cast) -> None:
    assert [signs_in(cast.mallory, "wrong wrong wrong") for _ in range(11)] == [422] * 10 + [429]
    assert (signs_in(cast.mallory), signs_in(ada)) == (429, 303)


def test_it_gets_its_mails_while_others_ask_for_some(ada: Person, cast: Cast, post: Post) -> None:
    for path in ("/sign-in/link", "/new-password"):
        answers = [cast.mallory.post(path, {"email": ADA}, htmx=False).status_code for _ in range(6)]
        assert answers == [303] * 5 + [429]
        ada.get("/sign-in")
        assert ada.post(path, {"email": ADA}, htmx=False).status_code == 303
    assert len(post.to(ADA)) == 12


def test_the_cookie_gives_nothing_away_and_is_not_for_scripts(ada: Person, cast: Cast) -> None:
    cookie = ada.browser.get_cookie("device")
    assert cookie
    assert (cookie.http_only, cookie.same_site, cookie.path) == (True, "Lax", "/")
    assert ADA not in cookie.value
    cast.mallory.browser.set_cookie("device", cookie.value)
    assert cast.mallory.get("/dashboard").status_code == 303


def test_two_users_of_one_browser(app: Flask, ada: Person, cast: Cast) -> None:
    with app.app_context(), transaction():
        add_user(name="Ben", email="ben@example.com").password_hash = password_hashing.hashed(GOOD)
    assert signs_in(ada, email="ben@example.com") == 303
    ada.get("/dashboard", follow_redirects=True)
    ada.post("/sign-in/out", htmx=False)
    assert [signs_in(cast.mallory, "wrong wrong wrong") for _ in range(11)] == [422] * 10 + [429]
    assert signs_in(ada) == 303


def test_the_user_who_signed_in_longest_ago_is_dropped(app: Flask) -> None:
    with app.app_context():
        cookie = device_cookies.with_user("", "ada")
        name = device_cookies.name_in(cookie, "ada")
        assert name
        for user in ("ben", "cleo", "gus", "ada", "mallory"):
            cookie = device_cookies.with_user(cookie, user)
        assert device_cookies.name_in(cookie, "ada") == name
        assert device_cookies.name_in(cookie, "ben") is None
        assert all(device_cookies.name_in(cookie, user) for user in ("mallory", "gus", "cleo"))


def test_too_many_at_once_are_told_and_lose_nothing(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password_hashing, "MAX_WAIT", 0.01)
    for _ in range(password_hashing.MAX_AT_ONCE):
        password_hashing._turns.acquire()
    try:
        ada.get("/sign-in/password")
        answer = ada.post("/sign-in/password", {"email": ADA, "password": GOOD}, htmx=False)
    finally:
        for _ in range(password_hashing.MAX_AT_ONCE):
            password_hashing._turns.release()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert says(answer, "Too many passwords are being checked just now. Wait a few seconds and try again.")
    assert f'value="{ADA}"' in answer.text
    assert signs_in(ada) == 303
