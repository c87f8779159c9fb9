"""One's own profile, and the second factor that every way of signing in asks for."""

import re

import pyotp
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from poker_app.accounts.models import SignIn, User
from poker_app.accounts.signin import password_hashing
from poker_app.db import session, transaction
from poker_app.settings import Settings
from tests.cast import Cast, Clock, Person
from tests.database_rows import rows
from tests.mail_server import Post
from tests.web.route_checks import says

ADA, NEW = "ada@example.com", "countess@example.com"
GOOD, BETTER = "vier kleine Igel", "grüne Wolken über Ulm"


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings


@pytest.fixture
def ada(app: Flask, cast: Cast) -> Person:
    """Signed in, with a password."""
    cast.ada.signs_in()
    with app.app_context(), transaction():
        session.query(User).one().password_hash = password_hashing.hashed(GOOD)
    cast.ada.get("/me")
    return cast.ada


def send(person: Person, where: str, **form: str) -> TestResponse:
    return person.post(where, form, htmx=False)


def saved(answer: TestResponse, person: Person, sentence: str) -> bool:
    """Led back to the profile, which says once what was done."""
    assert (answer.status_code, answer.location) == (303, "/me")
    return says(person.get("/me"), sentence) and not says(person.get("/me"), sentence)


def signs_in(person: Person, password: str = GOOD) -> TestResponse:
    person.get("/sign-in/password")
    return send(person, "/sign-in/password", email=ADA, password=password, next="/sessions/new")


def shows(person: Person, code: str) -> TestResponse:
    """The second factor, to the page that asks for it."""
    person.get("/sign-in/code")
    return send(person, "/sign-in/code", code=code)


def is_in(person: Person) -> bool:
    return person.get("/me").status_code == 200


def test_the_page(ada: Person) -> None:
    page = ada.get("/me")
    for there in (ADA, 'value="Ada"', "This browser", "Two-factor authentication", 'name="current"'):
        assert there in page.text
    assert page.headers["Cache-Control"] == "private, no-store"


def test_whoever_is_not_in_is_asked_and_comes_back(cast: Cast) -> None:
    assert cast.mallory.get("/me").location == "/sign-in?next=/me"


# --- name, password, address


def test_another_name(ada: Person) -> None:
    assert saved(send(ada, "/me/name", name="Ada Lovelace"), ada, "Your name was saved.")
    assert 'value="Ada Lovelace"' in ada.get("/me").text
    answer = send(ada, "/me/name", name="x" * 41)
    assert (answer.status_code, says(answer, "A name has at most 40 characters; this one has 41.")) == (422, True)
    assert "x" * 41 in answer.text


def test_another_password(ada: Person, cast: Cast, post: Post) -> None:
    assert signs_in(cast.ben).status_code == 303
    answer = send(ada, "/me/password", current=GOOD, password=BETTER)
    assert saved(answer, ada, "Your password was saved. Every other browser was signed out.")
    assert not is_in(cast.ben)
    assert signs_in(cast.ben, BETTER).status_code == 303
    assert post.next_to(ADA).subject == "Your password was changed"


@pytest.mark.parametrize(
    ("current", "new", "sentence", "at"),
    [
        ("wrong", BETTER, "That is not your password.", "current-error"),
        (GOOD, "zu kurz!", "A password has at least 10 characters", "password-error"),
        (GOOD, "Password2026", "This is among the passwords that are used most", "password-error"),
    ],
)
def test_a_password_that_cannot_be(ada: Person, app: Flask, current: str, new: str, sentence: str, at: str) -> None:
    with app.app_context():
        before = rows()
    answer = send(ada, "/me/password", current=current, password=new)
    assert (answer.status_code, says(answer, sentence)) == (422, True)
    assert f'id="{at}"' in answer.text
    assert new not in answer.text.replace(sentence, "")
    with app.app_context():
        assert rows() == before


def test_another_address(ada: Person, cast: Cast, post: Post) -> None:
    answer = send(ada, "/me/email", email=NEW, current=GOOD)
    assert saved(answer, ada, f"We sent a link to {NEW}. Your address changes once you follow it.")
    where = post.next_to(NEW).link.removeprefix("http://localhost")
    assert cast.mallory.get(where).location == f"/sign-in?next={where}"
    cast.ben.signs_in()
    assert cast.ben.get(where).status_code == 404
    assert send(cast.ben, where).status_code == 404
    page = ada.get(where)
    assert (page.status_code, NEW in page.text, page.headers["Referrer-Policy"]) == (200, True, "strict-origin")
    assert f"<b>{ADA}</b>" in ada.get("/me").text
    assert saved(send(ada, where), ada, "Your new address is confirmed.")
    assert f"<b>{NEW}</b>" in ada.get("/me").text
    assert post.next_to(ADA).subject == f"Your address here is now {NEW}"
    assert ada.get(where).status_code == 409


def test_an_address_that_is_taken_is_told_to_nobody(ada: Person, cast: Cast, post: Post) -> None:
    cast.ben.signs_in()
    answer = send(ada, "/me/email", email="ben@example.com", current=GOOD)
    assert saved(answer, ada, "We sent a link to ben@example.com. Your address changes once you follow it.")
    assert post.next_to("ben@example.com").subject == "This address has an account already"


def test_an_address_without_the_password(ada: Person, post: Post) -> None:
    answer = send(ada, "/me/email", email=NEW, current="wrong")
    assert (answer.status_code, says(answer, "That is not your password.")) == (422, True)
    assert f'value="{NEW}"' in answer.text
    assert 'id="email-current-error"' in answer.text
    assert post.letters == []


def test_an_address_while_the_mail_server_is_down(ada: Person, post: Post) -> None:
    post.refuses = "421 Closing"
    answer = send(ada, "/me/email", email=NEW, current=GOOD)
    assert (answer.status_code, says(answer, "The mail could not be sent just now.")) == (503, True)
    assert f'value="{NEW}"' in answer.text


# --- where one is signed in


def test_ending_one_sign_in(ada: Person, cast: Cast) -> None:
    signs_in(cast.ben)
    offered = re.findall(r'action="(/me/sign-ins/[^"]+/ending)"', ada.get("/me").text)
    assert len(offered) == 1  # the other's; this one has the button that signs out
    assert saved(send(ada, offered[0]), ada, "That browser was signed out.")
    assert (is_in(ada), is_in(cast.ben)) == (True, False)
    assert send(ada, offered[0]).status_code == 303


def test_nobody_ends_another_s(app: Flask, ada: Person, cast: Cast) -> None:
    cast.mallory.signs_in()
    cast.mallory.get("/me")
    with app.app_context():
        hers = session.query(SignIn).join(User).where(User.name == "Ada").one().id
    send(cast.mallory, f"/me/sign-ins/{hers}/ending")
    assert is_in(ada)


def test_signing_out_everywhere(app: Flask, ada: Person, cast: Cast) -> None:
    signs_in(cast.ben)
    assert send(ada, "/me/sign-ins/ending").location == "/sign-in"
    assert (is_in(ada), is_in(cast.ben)) == (False, False)
    with app.app_context():
        assert session.query(SignIn).count() == 0


def test_browsers_are_named(ada: Person, cast: Cast) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
    cast.ben.browser.environ_base["HTTP_USER_AGENT"] = agent
    signs_in(cast.ben)
    assert "Firefox on Linux" in ada.get("/me").text


# --- the second factor


@pytest.fixture
def secret(ada: Person, clock: Clock) -> str:
    """Ada's, which is on."""
    page = ada.get("/me/second-factor")
    found = re.search(r'name="secret" value="([A-Z2-7]{32})"', page.text)
    assert found
    assert "<svg" in page.text
    answer = send(ada, "/me/second-factor", secret=found[1], code=shown(found[1], clock))
    assert answer.status_code == 200, answer.text
    ada.codes = re.findall(r"<code>([a-z0-9]{5}-[a-z0-9]{5}-[a-z0-9]{5})</code>", answer.text)  # type: ignore[attr-defined]
    clock.forward(seconds=30)
    return found[1]


def shown(secret: str, clock: Clock) -> str:
    return pyotp.TOTP(secret).at(int(clock.now().timestamp()))


def test_turning_it_on_shows_the_recovery_codes_once(ada: Person, secret: str) -> None:
    codes: list[str] = ada.codes  # type: ignore[attr-defined]
    assert len(codes) == 10
    for where in ("/me", "/me/second-factor"):
        assert codes[0] not in ada.get(where).text
        assert says(ada.get(where), "10 of 10 recovery codes are left.")


def test_a_wrong_code_leaves_the_same_qr_code(ada: Person) -> None:
    page = ada.get("/me/second-factor").text
    found = re.search(r'name="secret" value="([A-Z2-7]{32})"', page)
    assert found
    answer = send(ada, "/me/second-factor", secret=found[1], code="000000")
    assert (answer.status_code, says(answer, "Wrong code.")) == (422, True)
    assert found[1] in answer.text
    odd = send(ada, "/me/second-factor", secret="<script>", code="000000")
    assert (odd.status_code, "<script>" in odd.text) == (422, False)


def test_the_password_alone_is_half_the_way(app: Flask, ada: Person, cast: Cast, secret: str, clock: Clock) -> None:
    answer = signs_in(cast.ben)
    assert (answer.status_code, answer.location) == (303, "/sign-in/code")
    assert not is_in(cast.ben)
    assert cast.ben.get("/sign-in/code").status_code == 200
    wrong = shows(cast.ben, "000000")
    assert (wrong.status_code, says(wrong, "Wrong code.")) == (422, True)
    assert not is_in(cast.ben)
    answer = shows(cast.ben, shown(secret, clock))
    assert (answer.status_code, answer.location) == (303, "/sessions/new")
    assert is_in(cast.ben)
    signs_in(cast.cleo)
    again = shows(cast.cleo, shown(secret, clock))
    assert (again.status_code, says(again, "That code was used already.")) == (422, True)


def test_so_is_a_mailed_link_and_a_new_password(ada: Person, cast: Cast, secret: str, post: Post) -> None:
    post.letters.clear()
    cast.ben.get("/sign-in")
    send(cast.ben, "/sign-in/link", email=ADA)
    where = post.to(ADA)[0].link.removeprefix("http://localhost")
    cast.ben.get(where)
    assert send(cast.ben, where).location == "/sign-in/code"
    assert not is_in(cast.ben)
    cast.cleo.get("/new-password")
    send(cast.cleo, "/new-password", email=ADA)
    where = post.to(ADA)[1].link.removeprefix("http://localhost")
    cast.cleo.get(where)
    assert send(cast.cleo, where, password=BETTER).location == "/sign-in/code"
    assert not is_in(cast.cleo)
    assert shows(cast.cleo, ada.codes[0]).location == "/dashboard"  # type: ignore[attr-defined]
    assert is_in(cast.cleo)


def test_who_signs_in_again_stays_in_until_then_and_is_in_once(
    app: Flask, ada: Person, secret: str, clock: Clock, post: Post
) -> None:
    with app.app_context():
        before = session.query(SignIn).one().id
    post.letters.clear()
    send(ada, "/sign-in/link", email=ADA)
    where = post.to(ADA)[0].link.removeprefix("http://localhost")
    ada.get(where)
    assert send(ada, where).location == "/sign-in/code"
    assert is_in(ada)
    assert shows(ada, shown(secret, clock)).status_code == 303
    assert is_in(ada)
    with app.app_context():
        assert session.query(SignIn).one().id != before


def test_half_in_does_not_last(ada: Person, cast: Cast, secret: str, clock: Clock) -> None:
    signs_in(cast.ben)
    assert cast.ben.get("/sign-in/code").status_code == 200
    clock.forward(minutes=10)
    assert cast.ben.get("/sign-in/code").location == "/sign-in"
    assert send(cast.ben, "/sign-in/code", code=shown(secret, clock)).location == "/sign-in"
    assert not is_in(cast.ben)


def test_half_in_holds_nothing_that_lets_in(ada: Person, cast: Cast, secret: str) -> None:
    signs_in(cast.ben)
    with cast.ben.browser.session_transaction() as cookie:
        assert "_user_id" not in cookie
        assert cookie["half_in"].keys() == {"user", "onward", "issuer", "until"}


def test_ten_wrong_codes(ada: Person, cast: Cast, secret: str, clock: Clock) -> None:
    signs_in(cast.mallory)
    answers = [shows(cast.mallory, "000000") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [422] * 10 + [429]
    assert answers[-1].headers["Retry-After"] == "901"


def test_new_recovery_codes_and_turning_it_off(ada: Person, cast: Cast, secret: str, clock: Clock) -> None:
    wrong = send(ada, "/me/second-factor/removal", code="000000")
    assert (wrong.status_code, says(wrong, "Wrong code.")) == (422, True)
    renewed = send(ada, "/me/second-factor/recovery-codes", code=shown(secret, clock))
    assert renewed.status_code == 200
    assert ada.codes[0] not in renewed.text  # type: ignore[attr-defined]
    clock.forward(seconds=30)
    answer = send(ada, "/me/second-factor/removal", code=shown(secret, clock))
    assert saved(answer, ada, "Two-factor authentication is off.")
    assert signs_in(cast.ben).location == "/sessions/new"


def test_a_page_of_whoever_was_signed_in_before(app: Flask, ada: Person, cast: Cast) -> None:
    """Ben signs in in another tab of the browser: what was typed on Ada's page is not saved on him."""
    mine = re.search(r'name="user" value="(\w+)"', ada.get("/me").text)
    assert mine
    cast.ben.browser = ada.browser
    cast.ben.signs_in()
    with app.app_context():
        before = rows()
    for path, form in (
        ("name", {"name": "Countess"}),
        ("email", {"email": NEW}),
        ("password", {"password": BETTER}),
        ("second-factor", {"code": "123456"}),
    ):
        answer = send(ada, f"/me/{path}", user=mine[1], **form)
        sentence = "Ben has signed in here since this page was opened, so nothing was saved."
        assert (answer.status_code, says(answer, sentence)) == (409, True), path
    with app.app_context():
        assert rows() == before
