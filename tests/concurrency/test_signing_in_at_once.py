"""Links, codes and limits that many try at the same moment: each counts once, and none too often."""

import pyotp
import pytest
from flask import Flask

from poker_app.accounts.models import RecoveryCode, SignIn, User
from poker_app.accounts.signin import mail_tokens, password_hashing, two_factor
from poker_app.accounts.users import add_user
from poker_app.db import session, transaction
from poker_app.settings import Settings
from tests.cast import Cast, Person
from tests.concurrency.conftest import each_at_once, same_browser

ADA, GOOD, SECRET = "ada@example.com", "vier kleine Igel", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
AT_ONCE = 12

# How many passwords are hashed and wait is another test's matter: here each is looked at, however many come.
ROOM = {"MAX_WAITING": 100, "MAX_OF_NETWORK": 100, "MAX_WAIT": 60}


@pytest.fixture
def room_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ROOM.items():
        monkeypatch.setattr(password_hashing, name, value)


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings


def users(app: Flask) -> int:
    with app.app_context():
        return session.query(User).count()


def people(cast: Cast, count: int = AT_ONCE) -> list[Person]:
    found = [cast.person(f"Ada {number}") for number in range(count)]
    for person in found:
        person.get("/sign-in")
    return found


def test_one_link_followed_by_many_at_once_makes_one_user(app: Flask, cast: Cast) -> None:
    with app.app_context():
        secret = mail_tokens.make("sign-in", ADA, onward="/")
    follow = f"/sign-in/link/{secret}"
    answers = each_at_once(lambda p: p.post(follow, {"name": "Ada"}, htmx=False).status_code, people(cast))
    assert sorted(answers) == [303, *[409] * (AT_ONCE - 1)]
    assert users(app) == 1
    with app.app_context():
        assert session.query(SignIn).count() == 1


def test_many_links_to_one_new_address_followed_at_once(app: Flask, cast: Cast) -> None:
    with app.app_context():
        secrets = [mail_tokens.make("sign-in", ADA, onward="/") for _ in range(AT_ONCE)]
    answers = each_at_once(
        lambda pair: pair[0].post(f"/sign-in/link/{pair[1]}", {"name": "Ada"}, htmx=False).status_code,
        zip(people(cast), secrets, strict=True),
    )
    assert sorted(answers) == [303, *[409] * (AT_ONCE - 1)]
    assert users(app) == 1


def test_a_link_and_a_confirmation_of_one_new_address_at_once(app: Flask, cast: Cast) -> None:
    with app.app_context():
        link = mail_tokens.make("sign-in", ADA, onward="/")
        typed = {"name": "Ada", "password_hash": password_hashing.hashed(GOOD), "browser": "", "onward": "/"}
        confirmation = mail_tokens.make("sign-up", ADA, **typed)
    ways = [f"/sign-in/link/{link}", f"/sign-up/link/{confirmation}"]
    answers = each_at_once(
        lambda pair: pair[0].post(pair[1], {"name": "Ada", "password": GOOD}, htmx=False).status_code,
        zip(people(cast, 2), ways, strict=True),
    )
    assert answers == [303, 303]
    assert users(app) == 1


def test_ten_wrong_passwords_are_ten_when_all_come_at_once(app: Flask, cast: Cast, room_for_all: None) -> None:
    with app.app_context(), transaction():
        add_user(name="Ada", email=ADA).password_hash = password_hashing.hashed(GOOD)
    form = {"email": ADA, "password": "not the one"}
    everybody = people(cast, 14)
    answers = each_at_once(lambda p: p.post("/sign-in/password", form, htmx=False).status_code, everybody)
    assert sorted(answers) == [422] * 10 + [429] * 4


def test_nine_wrong_passwords_and_many_right_ones_at_once(app: Flask, cast: Cast, room_for_all: None) -> None:
    """What is right is not counted, however much of it comes at the same moment."""
    with app.app_context(), transaction():
        add_user(name="Ada", email=ADA).password_hash = password_hashing.hashed(GOOD)
    passwords = ["not the one"] * 9 + [GOOD] * 7
    answers = each_at_once(
        lambda pair: pair[0].post("/sign-in/password", {"email": ADA, "password": pair[1]}, htmx=False).status_code,
        zip(people(cast, 16), passwords, strict=True),
    )
    assert answers == [422] * 9 + [303] * 7


def test_five_mails_are_five_when_all_are_asked_for_at_once(app: Flask, cast: Cast) -> None:
    answers = each_at_once(lambda p: p.post("/sign-in/link", {"email": ADA}, htmx=False).status_code, people(cast, 8))
    assert sorted(answers) == [303] * 5 + [429] * 3


def with_second_factor(app: Flask) -> tuple[User, list[str]]:
    with transaction():
        ada = add_user(name="Ada", email=ADA)
        ada.password_hash, ada.totp_secret = password_hashing.hashed(GOOD), SECRET
        codes = two_factor._new_codes(ada.id)
    return ada, codes


def half_in(cast: Cast) -> list[Person]:
    ada = cast.ada
    ada.get("/sign-in/password")
    ada.post("/sign-in/password", {"email": ADA, "password": GOOD}, htmx=False)
    ada.get("/sign-in/code")
    return same_browser(ada, 5)


@pytest.mark.parametrize("kind", ["of the app", "for recovery"])
def test_one_code_sent_many_times_at_once_counts_once(app: Flask, cast: Cast, kind: str) -> None:
    with app.app_context():
        _, codes = with_second_factor(app)
    code = pyotp.TOTP(SECRET).now() if kind == "of the app" else codes[0]
    twins = half_in(cast)
    answers = each_at_once(lambda twin: twin.post("/sign-in/code", {"code": code}, htmx=False).status_code, twins)
    assert sorted(answers) == [303, 422, 422, 422, 422]
    with app.app_context():
        assert session.query(SignIn).count() == 1
        used = session.query(RecoveryCode).where(RecoveryCode.used_at.is_not(None)).count()
        assert used == (kind == "for recovery")
