"""Signing in with a mailed link: from the address to the letter, and from the letter to being in."""

import pytest
from flask import Flask

from poker_app.accounts.models import MailToken, SignIn, User
from poker_app.accounts.users import add_user
from poker_app.db import session, transaction
from poker_app.settings import Settings
from tests.cast import Cast, Clock, Person
from tests.database_rows import rows
from tests.mail_server import Letter, Post
from tests.web.route_checks import says


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings


ADA = "ada@example.com"


def known(app: Flask, email: str = ADA, name: str = "Ada") -> None:
    with app.app_context(), transaction():
        add_user(name=name, email=email)


def asks(person: Person, email: str = ADA, onward: str = "/sessions/new"):  # type: ignore[no-untyped-def]
    person.get("/sign-in", query_string={"next": onward})
    return person.post("/sign-in/link", {"email": email, "next": onward}, htmx=False)


def path(letter: Letter) -> str:
    return letter.link.removeprefix("http://localhost")


def users(app: Flask) -> list[tuple[str, str | None]]:
    with app.app_context():
        return [(user.name, user.email) for user in session.query(User)]


def test_a_new_address_becomes_a_user(app: Flask, cast: Cast, post: Post) -> None:
    answer = asks(cast.ada, " Ada@Example.COM ")
    assert (answer.status_code, answer.location) == (303, "/sign-in/link")
    sent = cast.ada.get("/sign-in/link")
    assert "<b>ada@example.com</b>. It works for 20 minutes." in sent.text
    letter = post.next_to(ADA)
    assert letter.subject == "Sign in to Faceup"
    page = cast.ada.get(path(letter))
    assert (page.status_code, "Your name" in page.text) == (200, True)
    assert users(app) == []
    answer = cast.ada.post(path(letter), {"name": "Ada"}, htmx=False)
    assert (answer.status_code, answer.location) == (303, "/sessions/new")
    assert users(app) == [("Ada", ADA)]
    assert cast.ada.get("/sessions/new").status_code == 200


def test_a_known_address_is_not_asked_for_a_name(app: Flask, cast: Cast, post: Post) -> None:
    known(app)
    asks(cast.ada)
    where = path(post.next_to(ADA))
    page = cast.ada.get(where)
    assert (page.status_code, "Your name" in page.text) == (200, False)
    assert cast.ada.post(where, htmx=False).location == "/sessions/new"
    assert users(app) == [("Ada", ADA)]


def test_the_link_works_in_another_browser_too(cast: Cast, post: Post) -> None:
    asks(cast.ada)
    where = path(post.next_to(ADA))
    cast.ben.get(where)
    assert cast.ben.post(where, {"name": "Ada"}, htmx=False).location == "/sessions/new"
    assert cast.ben.get("/sessions/new").status_code == 200
    assert cast.ada.get("/sessions/new").status_code == 303


def test_looking_at_a_link_changes_nothing(app: Flask, cast: Cast, post: Post) -> None:
    asks(cast.ada)
    where = path(post.next_to(ADA))
    with app.app_context():
        before = rows()
    for _ in range(3):
        assert cast.mallory.get(where).status_code == 200
    with app.app_context():
        assert rows() == before


def test_a_name_is_needed_and_the_link_stays_good(app: Flask, cast: Cast, post: Post) -> None:
    asks(cast.ada)
    where = path(post.next_to(ADA))
    cast.ada.get(where)
    for name, sentence in (("", "Enter your name."), ("x" * 41, "A name has at most 40 characters")):
        answer = cast.ada.post(where, {"name": name}, htmx=False)
        assert (answer.status_code, says(answer, sentence)) == (422, True)
        assert f'value="{name}"' in answer.text
    assert users(app) == []
    assert cast.ada.post(where, {"name": "Ada"}, htmx=False).status_code == 303


# --- links that lead nowhere


def test_a_link_works_once(app: Flask, cast: Cast, post: Post) -> None:
    asks(cast.ada)
    where = path(post.next_to(ADA))
    cast.ada.get(where)
    cast.ada.post(where, {"name": "Ada"}, htmx=False)
    for answer in (cast.mallory.get(where), cast.mallory.post(where, {"name": "Mallory"}, htmx=False)):
        assert (answer.status_code, says(answer, "This link was used already")) == (409, True)
        assert 'href="/sign-in"' in answer.text
    assert cast.mallory.get("/sessions/new").status_code == 303


def test_the_last_of_several_links_ends_the_others(cast: Cast, post: Post) -> None:
    asks(cast.ada)
    asks(cast.ada)
    first, second = (path(post.next_to(ADA)) for _ in range(2))
    cast.ada.get(second)
    assert cast.ada.post(second, {"name": "Ada"}, htmx=False).status_code == 303
    assert cast.mallory.get(first).status_code == 409


def test_a_link_expires(cast: Cast, post: Post, clock: Clock) -> None:
    asks(cast.ada)
    where = path(post.next_to(ADA))
    clock.forward(minutes=19, seconds=59)
    assert cast.ada.get(where).status_code == 200
    clock.forward(seconds=1)
    for answer in (cast.ada.get(where), cast.ada.post(where, {"name": "Ada"}, htmx=False)):
        assert (answer.status_code, says(answer, "This link has expired. It worked for 20 minutes.")) == (409, True)


def test_a_link_that_never_was(cast: Cast) -> None:
    for answer in (cast.ada.get("/sign-in/link/0123"), cast.ada.post("/sign-in/link/0123", htmx=False)):
        assert (answer.status_code, says(answer, "This link does not work.")) == (404, True)


def test_what_expired_long_ago_is_tidied_up(app: Flask, cast: Cast, clock: Clock) -> None:
    asks(cast.ada)
    clock.forward(days=6)
    asks(cast.ben, "ben@example.com")
    clock.forward(days=2)
    asks(cast.cleo, "cleo@example.com")
    with app.app_context():
        assert {token.email for token in session.query(MailToken)} == {"ben@example.com", "cleo@example.com"}


# --- what an address tells


def test_known_or_not_is_all_the_same(app: Flask, cast: Cast, post: Post) -> None:
    known(app)
    answers = {}
    for person, email in ((cast.ben, ADA), (cast.cleo, "bob@example.com")):
        answer = asks(person, email)
        sent = person.get("/sign-in/link").text.replace(email, "…")
        assert len(post.to(email)) == 1
        letter = post.next_to(email)
        text = letter.text.replace(path(letter), "…")
        answers[email] = (answer.status_code, answer.location, sent, letter.subject, text)
    assert answers[ADA] == answers["bob@example.com"]


def test_five_mails_an_hour_to_one_address_known_or_not(app: Flask, cast: Cast, post: Post, clock: Clock) -> None:
    known(app)
    for email in (ADA, "bob@example.com"):
        for _ in range(5):
            assert asks(cast.mallory, email).status_code == 303
        answer = asks(cast.mallory, email)
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "3601"
        assert says(answer, "Too many tries from here. Wait 61 minutes and try again.")
        assert f'value="{email}"' in answer.text
        assert len(post.to(email)) == 5
    clock.forward(hours=1)
    assert asks(cast.mallory).status_code == 303


def test_one_network_does_not_mail_the_whole_world(cast: Cast, post: Post) -> None:
    answers = [asks(cast.mallory, f"somebody{number}@example.com").status_code for number in range(41)]
    assert answers == [303] * 40 + [429]
    assert len(post.letters) == 40


def test_a_mail_server_that_refuses(cast: Cast, post: Post) -> None:
    post.refuses = "550 Not today"
    answer = asks(cast.ada)
    assert answer.status_code == 503
    assert says(answer, "The mail could not be sent just now. Please try again in a few minutes.")
    assert f'value="{ADA}"' in answer.text
    post.refuses = ""
    assert asks(cast.ada).status_code == 303


@pytest.mark.parametrize("typed", ["", "ada", "ada@nowhere", "a b@example.com", "ada@example.com\r\nBcc: x@y.example"])
def test_no_address(cast: Cast, post: Post, typed: str) -> None:
    answer = asks(cast.ada, typed)
    assert (answer.status_code, says(answer, "Enter a full address, such as name@company.com.")) == (422, True)
    assert post.letters == []


# --- safety


NASTY = [
    "https://evil.example/",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/%0d%0aLocation:https://evil.example",
    "evil.example",
    "@evil.example",
    "//evil.example@localhost",
    "//[",
    "/\\\u2100",
    "",
]


@pytest.mark.parametrize("onward", NASTY)
def test_nobody_is_led_elsewhere(app: Flask, cast: Cast, post: Post, onward: str) -> None:
    known(app)
    asks(cast.ada, onward=onward)
    where = path(post.next_to(ADA))
    cast.ada.get(where)
    answer = cast.ada.post(where, htmx=False)
    assert answer.status_code == 303
    assert answer.location.startswith("/")
    assert "evil" not in answer.location or answer.location.startswith("/%0d%0a")
    assert not answer.location.startswith(("//", "/\\"))
    again = cast.ada.get("/sign-in", query_string={"next": onward})
    assert again.location == answer.location


def test_the_cookie_from_before_is_worth_nothing_after(app: Flask, cast: Cast, post: Post) -> None:
    asks(cast.ada)
    before = cast.ada.browser.get_cookie("faceup")
    assert before
    where = path(post.next_to(ADA))
    cast.ada.get(where)
    cast.ada.post(where, {"name": "Ada"}, htmx=False)
    after = cast.ada.browser.get_cookie("faceup")
    assert after
    assert after.value != before.value
    assert (after.http_only, after.same_site) == (True, "Lax")
    cast.mallory.browser.set_cookie("faceup", before.value)
    assert cast.mallory.get("/sessions/new").status_code == 303
    with cast.ada.browser.session_transaction() as cookie:
        assert "mailed" not in cookie


def test_tokens_are_kept_as_digests(app: Flask, cast: Cast, post: Post) -> None:
    asks(cast.ada)
    where = path(post.next_to(ADA))
    secret = where.rsplit("/", 1)[1]
    assert len(secret) == 32
    cast.ada.get(where)
    cast.ada.post(where, {"name": "Ada"}, htmx=False)
    with app.app_context():
        assert secret not in repr(rows())
        assert session.query(SignIn).count() == 1
    with cast.ada.browser.session_transaction() as cookie:
        signed_in = cookie["_user_id"]
    with app.app_context():
        assert signed_in not in repr(rows())


def test_an_address_that_is_a_key_is_told_to_nobody(
    cast: Cast, post: Post, capsys: pytest.CaptureFixture[str], app: Flask
) -> None:
    from poker_app import logs

    asks(cast.ada)
    where = path(post.next_to(ADA))
    logs.configure(app.config["SETTINGS"].model_copy(update={"log_level": "debug", "log_format": "json"}))
    page = cast.ada.get(where)
    answer = cast.ada.post(where, {"name": "Ada"}, htmx=False)
    cast.mallory.get(where)
    for each in (page, answer, cast.mallory.get(where)):
        assert each.headers["Cache-Control"] == "private, no-store"
        assert each.headers["Referrer-Policy"] == "strict-origin"
    printed = capsys.readouterr()
    assert "/sign-in/link/<secret>" in printed.out + printed.err
    assert where.rsplit("/", 1)[1] not in printed.out + printed.err


def test_signing_out(app: Flask, cast: Cast) -> None:
    cast.ada.signs_in()
    assert cast.ada.get("/sessions/new").status_code == 200
    kept = cast.ada.browser.get_cookie("faceup")
    assert kept
    assert cast.ada.post("/sign-in/out", htmx=False).location == "/"
    assert cast.ada.get("/sessions/new").status_code == 303
    cast.ada.browser.set_cookie("faceup", kept.value)
    assert cast.ada.get("/sessions/new").status_code == 303
    with app.app_context():
        assert session.query(SignIn).count() == 0
