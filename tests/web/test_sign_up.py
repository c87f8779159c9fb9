"""Signing up and in with a password, and a new one for a forgotten one: what each page answers."""

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from poker_app.accounts.models import SignIn
from poker_app.accounts.signin import password_hashing
from poker_app.accounts.users import add_user
from poker_app.db import session, transaction
from poker_app.settings import Settings
from tests.cast import Cast, Clock, Person
from tests.mail_server import Letter, Post
from tests.web.route_checks import says

ADA, BOB = "ada@example.com", "bob@example.com"
GOOD, BETTER = "vier kleine Igel", "grüne Wolken über Ulm"


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings


@pytest.fixture
def ada(app: Flask, cast: Cast) -> Person:
    """Has an account with a password."""
    with app.app_context(), transaction():
        add_user(name="Ada", email=ADA).password_hash = password_hashing.hashed(GOOD)
    return cast.ada


def path(letter: Letter) -> str:
    return letter.link.removeprefix("http://localhost")


def send(person: Person, where: str, **form: str) -> TestResponse:
    person.get(where)
    return person.post(where, form, htmx=False)


def signs_up(person: Person, email: str = BOB, **other: str) -> TestResponse:
    return send(
        person, "/sign-up", **{"name": "Bob", "email": email, "password": GOOD, "next": "/sessions/new", **other}
    )


def signs_in(person: Person, password: str = GOOD, email: str = ADA, onward: str = "/sessions/new") -> TestResponse:
    return send(person, "/sign-in/password", email=email, password=password, next=onward)


def is_in(person: Person) -> bool:
    return person.get("/me").status_code == 200


def sign_ins(app: Flask) -> int:
    with app.app_context():
        return session.query(SignIn).count()


# --- signing up


def test_signing_up(cast: Cast, post: Post) -> None:
    bob = cast.person("Bob")
    answer = signs_up(bob)
    assert (answer.status_code, answer.location) == (303, "/sign-up/link")
    assert "<b>bob@example.com</b>. It works for a day." in bob.get("/sign-up/link").text
    assert not is_in(bob)
    where = path(post.next_to(BOB))
    page = bob.get(where)
    assert (page.status_code, 'name="password"' in page.text) == (200, False)
    answer = bob.post(where, htmx=False)
    assert (answer.status_code, answer.location) == (303, "/sessions/new")
    assert is_in(bob)
    assert bob.get(where).status_code == 409


def test_confirming_in_another_browser(cast: Cast, post: Post) -> None:
    signs_up(cast.mallory)
    where = path(post.next_to(BOB))
    bob = cast.person("Bob")
    assert 'name="password"' in bob.get(where).text
    for password in ("", "a guess"):
        answer = bob.post(where, {"password": password}, htmx=False)
        assert answer.status_code == 422
        assert says(answer, "That is not the password that was chosen with this address.")
    assert not is_in(bob)
    assert bob.post(where, {"password": GOOD}, htmx=False).location == "/sessions/new"
    assert is_in(bob)


def test_taken_or_not_is_all_the_same(ada: Person, cast: Cast, post: Post) -> None:
    answers = []
    for person, email in ((cast.ben, ADA), (cast.cleo, BOB)):
        answer = signs_up(person, email)
        sent = person.get("/sign-up/link").text.replace(email, "…")
        answers.append((answer.status_code, answer.location, sent, len(post.to(email))))
    assert answers[0] == answers[1]
    assert post.next_to(ADA).subject == "You have an account already"
    assert post.next_to(BOB).subject == "Confirm your address"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "Enter your name."),
        ({"email": "bob"}, "Enter a full address, such as name@company.com."),
        ({"password": "short"}, "A password has at least 10 characters; a few words in a row are easy to remember."),
        ({"password": "Password2026"}, "This is among the passwords that are used most, or very like one of them."),
        ({"password": "bob.example2026"}, "Your name and address are what others would guess first."),
    ],
)
def test_a_form_that_cannot_be_used(cast: Cast, post: Post, wrong: dict[str, str], sentence: str) -> None:
    answer = signs_up(cast.ben, **wrong)
    assert (answer.status_code, says(answer, sentence)) == (422, True)
    for name, typed in {"name": "Bob", "email": BOB, **wrong}.items():
        assert (f'value="{typed}"' in answer.text) == (name != "password")
    assert 'value="/sessions/new"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert post.letters == []


def test_the_mail_server_is_down(cast: Cast, post: Post) -> None:
    post.refuses = "421 Closing"
    answer = signs_up(cast.ben)
    assert answer.status_code == 503
    assert says(answer, "The mail could not be sent just now.")
    assert 'value="Bob"' in answer.text


# --- signing in


def test_with_a_password(ada: Person) -> None:
    answer = signs_in(ada)
    assert (answer.status_code, answer.location) == (303, "/sessions/new")
    assert is_in(ada)
    assert signs_in(ada).status_code == 303


def test_wrong_or_unknown_is_all_the_same(ada: Person, cast: Cast) -> None:
    answers = []
    for person, email in ((cast.ben, ADA), (cast.cleo, BOB)):
        answer = signs_in(person, "not the one", email)
        assert says(answer, "Wrong email address or password.")
        assert f'value="{email}"' in answer.text
        assert "not the one" not in answer.text
        answers.append((answer.status_code, answer.text.replace(email, "…")))
    assert answers[0] == answers[1]
    assert answers[0][0] == 422


def test_too_many_wrong_ones(ada: Person, cast: Cast, clock: Clock) -> None:
    for email in (ADA, BOB):
        for _ in range(10):
            assert signs_in(cast.mallory, "not the one", email).status_code == 422
        answer = signs_in(ada, GOOD, email)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "901")
        assert f'value="{email}"' in answer.text
    clock.forward(minutes=15)
    assert signs_in(ada).status_code == 303


@pytest.mark.parametrize("onward", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", ""])
def test_nobody_is_led_elsewhere(ada: Person, onward: str) -> None:
    assert signs_in(ada, onward=onward).location == "/dashboard"


def test_the_cookie_from_before_is_worth_nothing_after(ada: Person, cast: Cast) -> None:
    """Mallory plants her own cookie in Ada's browser, and waits for Ada to sign in."""
    signs_up(cast.mallory, BOB)
    planted = cast.mallory.browser.get_cookie("faceup")
    assert planted
    ada.browser.set_cookie("faceup", planted.value)
    assert signs_in(ada).status_code == 303
    after = ada.browser.get_cookie("faceup")
    assert after
    assert after.value != planted.value
    assert is_in(ada)
    assert not is_in(cast.mallory)


def test_signing_in_as_somebody_else_ends_the_first(app: Flask, ada: Person) -> None:
    with app.app_context(), transaction():
        add_user(name="Bob", email=BOB).password_hash = password_hashing.hashed(GOOD)
    signs_in(ada)
    ada.get("/me")
    ada.post("/sign-in/password", {"email": BOB, "password": GOOD}, htmx=False)
    assert BOB in ada.get("/me").text
    assert sign_ins(app) == 1


# --- a forgotten password


def test_a_new_password_by_mail(app: Flask, ada: Person, cast: Cast, post: Post) -> None:
    signs_in(cast.ben)  # Ada's other browser
    assert is_in(cast.ben)
    answer = send(ada, "/new-password", email=ADA)
    assert (answer.status_code, answer.location) == (303, "/new-password/link")
    assert "<b>ada@example.com</b>. It works for an hour." in ada.get("/new-password/link").text
    where = path(post.next_to(ADA))
    assert ADA in ada.get(where).text
    weak = ada.post(where, {"password": "short"}, htmx=False)
    assert (weak.status_code, says(weak, "A password has at least 10 characters")) == (422, True)
    assert is_in(cast.ben)
    answer = ada.post(where, {"password": BETTER}, htmx=False)
    assert (answer.status_code, answer.location) == (303, "/dashboard")
    assert is_in(ada)
    assert not is_in(cast.ben)
    assert sign_ins(app) == 1
    assert signs_in(cast.ben, GOOD).status_code == 422
    assert signs_in(cast.ben, BETTER).status_code == 303
    assert ada.get(where).status_code == 409


def test_forgotten_by_whom_is_all_the_same(ada: Person, cast: Cast, post: Post) -> None:
    answers = []
    for person, email in ((cast.ben, ADA), (cast.cleo, BOB)):
        answer = send(person, "/new-password", email=email)
        sent = person.get("/new-password/link").text.replace(email, "…")
        answers.append((answer.status_code, answer.location, sent, len(post.to(email))))
    assert answers[0] == answers[1]
    assert post.next_to(BOB).subject == "You have no account"


def test_the_pages_that_say_that_mail_was_sent_need_that_it_was(cast: Cast) -> None:
    for where in ("/sign-in", "/sign-up", "/new-password"):
        assert cast.ben.get(f"{where}/link").location == where


def test_asking_with_nothing(cast: Cast) -> None:
    answer = send(cast.ben, "/new-password", email="")
    assert (answer.status_code, says(answer, "Enter a full address")) == (422, True)


def test_nothing_of_it_is_there_where_nobody_signs_in(settings: Settings, post: Post) -> None:
    from poker_app import create_app

    app = create_app(settings.model_copy(update={"auth": "open"}))
    gus = Cast(app).gus
    for where in ("/sign-in", "/sign-in/password", "/sign-in/code", "/sign-up", "/new-password", "/sign-in/link/x"):
        assert (gus.get(where).status_code, gus.get(where).location) == (303, "/")
        assert gus.post(where, {"email": ADA}, htmx=False).status_code in (303, 405)
    assert gus.get("/me").status_code == 404
    assert gus.post("/me/name", {"name": "x"}, htmx=False).status_code == 404
    assert post.letters == []
    for where in ("/", "/sessions/new"):
        page = gus.get(where).text
        assert "Sign in" not in page
        assert "user-menu" not in page


def test_the_front_page_leads_in_and_knows_who_is(cast: Cast) -> None:
    assert 'href="/sign-in"' in cast.ben.get("/").text
    cast.ben.signs_in()
    page = cast.ben.get("/").text
    assert 'href="/sign-in"' not in page
    assert 'href="/me"' in page
    assert "Sign out" in page
