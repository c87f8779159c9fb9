"""Signing up with a password, and by a mailed link: who becomes a user, and who learns of it."""

from datetime import timedelta

import pytest

from poker_app.accounts.models import MailToken, User
from poker_app.accounts.signin import magic_links, mail_tokens, password_hashing, passwords, sign_up
from poker_app.accounts.signin.mail_tokens import DeadLink
from poker_app.accounts.users import add_user
from poker_app.db import session, transaction
from poker_app.errors import Invalid, TooMany
from poker_app.mail import Undelivered
from poker_app.settings import Settings
from tests.cast import Clock
from tests.database_rows import rows
from tests.mail_server import Post

ADA, HERE, BROWSER = "ada@example.com", "10.0.0.1", "b" * 32
GOOD = "vier kleine Igel"


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings


@pytest.fixture(autouse=True)
def _here(context: None, clock: Clock) -> None:
    pass


def signs_up(post: Post, **other: str) -> str:
    """Answers with the secret of the link that came."""
    form = {"name": "Ada", "email": ADA, "password": GOOD, "onward": "/x", "browser": BROWSER, **other}
    sign_up.mail_link(**form, asked_from=HERE)
    return post.next_to(form["email"]).link.rsplit("/", 1)[1]


def follow(secret: str, browser: str = BROWSER, password: str = "") -> tuple[str, str]:
    user, onward = sign_up.follow(secret, browser=browser, password=password)
    return user.name, onward


def users() -> list[tuple[str, str | None]]:
    return [(user.name, user.email) for user in session.query(User).order_by(User.name)]


def test_the_user_is_made_once_the_address_is_proven(post: Post) -> None:
    secret = signs_up(post)
    assert users() == []
    assert GOOD not in repr(rows())
    assert follow(secret) == ("Ada", "/x")
    assert users() == [("Ada", ADA)]
    assert passwords.sign_in(ADA, GOOD, asked_from=HERE).name == "Ada"
    with pytest.raises(DeadLink):
        follow(secret)


def test_another_browser_is_asked_for_the_password(post: Post) -> None:
    """Mallory types Ada's address and a password of her own; Ada clicks on what comes."""
    secret = signs_up(post, password="mallorys own words", browser="m" * 32)
    assert not sign_up.asks_for_password(secret, "m" * 32)
    for browser in ("", BROWSER):
        assert sign_up.asks_for_password(secret, browser)
        for password in ("", "a guess", GOOD):
            with pytest.raises(Invalid) as caught:
                follow(secret, browser, password)
            assert caught.value.field == "password"
    assert users() == []
    assert follow(secret, "", "mallorys own words") == ("Ada", "/x")


def test_guessing_that_password_is_limited(post: Post) -> None:
    secret = signs_up(post)
    for _ in range(10):
        with pytest.raises(Invalid):
            follow(secret, "", "a guess")
    with pytest.raises(TooMany):
        follow(secret, "", GOOD)


def test_an_address_that_is_taken_gets_a_letter_that_says_so(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(mail_tokens.WORKS_FOR, "sign-in", timedelta(minutes=7))
    with transaction():
        add_user(name="Ada", email=ADA).password_hash = password_hashing.hashed(GOOD)
    sign_up.mail_link(
        name="Mallory", email=ADA, password="mallorys own words", onward="/x", browser=BROWSER, asked_from=HERE
    )
    letter = post.next_to(ADA)
    assert (letter.subject, "for 7 minutes" in letter.text) == ("You have an account already", True)
    secret = letter.link.rsplit("/", 1)[1]
    assert "/sign-in/link/" in letter.link
    user, onward = magic_links.follow(secret, name="")
    assert (user.name, onward) == ("Ada", "/x")
    assert users() == [("Ada", ADA)]
    assert passwords.sign_in(ADA, GOOD, asked_from=HERE)


def test_an_address_that_was_taken_meanwhile_keeps_its_password(post: Post) -> None:
    secret = signs_up(post)
    with transaction():
        add_user(name="Ada L.", email=ADA).password_hash = password_hashing.hashed("grüne Wolken über Ulm")
    assert follow(secret) == ("Ada L.", "/x")
    assert passwords.sign_in(ADA, "grüne Wolken über Ulm", asked_from=HERE)


def test_what_is_refused_while_too_many_are_hashed_uses_up_no_mail(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as full:
        full.setattr(password_hashing, "MAX_WAITING", 1 - password_hashing.MAX_AT_ONCE)
        with password_hashing._turn():
            for _ in range(6):
                with pytest.raises(password_hashing.Busy):
                    signs_up(post)
    assert follow(signs_up(post)) == ("Ada", "/x")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 41}, "name"),
        ({"email": "ada"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "Password1234"}, "password"),
        ({"password": "ada@example.com"}, "password"),
        ({"password": "x" * 201}, "password"),
    ],
)
def test_what_cannot_be_used(post: Post, wrong: dict[str, str], field: str) -> None:
    before = rows()
    with pytest.raises(Invalid) as caught:
        signs_up(post, **wrong)
    assert caught.value.field == field
    session.rollback()
    assert (rows(), post.letters) == (before, [])


def test_a_mail_server_that_refuses_is_said_and_can_be_tried_again(post: Post) -> None:
    post.refuses = "451 Later"
    with pytest.raises(Undelivered):
        signs_up(post)
    post.refuses = ""
    assert follow(signs_up(post)) == ("Ada", "/x")


# --- by a mailed link


def test_nobody_is_looked_up_when_a_link_is_asked_for(post: Post) -> None:
    magic_links.mail_link(ADA, onward="/", asked_from=HERE)
    with transaction():
        add_user(name="Ben", email="ben@example.com")
    magic_links.mail_link("ben@example.com", onward="/", asked_from=HERE)
    tokens = session.query(MailToken).all()
    assert {(token.purpose, token.user_id) for token in tokens} == {("sign-in", None)}
    assert [letter.subject for letter in post.letters] == ["Sign in to Faceup"] * 2


def test_a_name_that_cannot_be_leaves_the_link_good(post: Post) -> None:
    magic_links.mail_link(ADA, onward="/x", asked_from=HERE)
    secret = post.next_to(ADA).link.rsplit("/", 1)[1]
    assert magic_links.find(secret) == (ADA, True)
    for name in ("", " \u200b ", "x" * 41):
        with pytest.raises(Invalid):
            magic_links.follow(secret, name=name)
    assert users() == []
    assert magic_links.follow(secret, name=" Ada\u202e  Lovelace ")[0].name == "Ada Lovelace"
    with pytest.raises(DeadLink):
        mail_tokens.find("sign-in", secret)


def test_forms_are_counted_before_their_passwords_are_weighed(monkeypatch: pytest.MonkeyPatch) -> None:
    """To weigh a long password takes a tenth of a second: a flood of them is refused unweighed."""
    weighed: list[str] = []
    monkeypatch.setattr(passwords, "whats_wrong", lambda password, _about: weighed.append(password) or "Too weak.")
    form = {"name": "M", "password": "x" * 200, "onward": "/", "browser": BROWSER, "asked_from": HERE}
    for number in range(sign_up.FORMS.most):
        with pytest.raises(Invalid, match="Too weak"):
            sign_up.mail_link(email=f"m{number}@example.com", **form)
    with pytest.raises(TooMany):
        sign_up.mail_link(email=ADA, **form)
    assert len(weighed) == sign_up.FORMS.most
    with pytest.raises(Invalid):
        sign_up.mail_link(email=ADA, **{**form, "asked_from": "10.0.0.2"})
