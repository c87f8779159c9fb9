"""The second factor: codes of an app, once each, and recovery codes, once each."""

import pyotp
import pytest

from poker_app import ids
from poker_app.accounts.models import RecoveryCode, SignIn, User
from poker_app.accounts.signin import device_cookies, login_sessions, two_factor
from poker_app.accounts.users import add_user
from poker_app.db import session, transaction
from poker_app.errors import Conflict, Invalid, Refusal, TooMany
from poker_app.settings import Settings
from tests.cast import Clock
from tests.database_rows import rows
from tests.mail_server import Post

ADA, HERE = "ada@example.com", "10.0.0.1"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
WRONG = "Wrong code. Type the six digits that your app shows now."
USED = "That code was used already. Wait until your app shows the next one."


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings


class App:
    """What is on Ada's phone."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def shows(self, ago: int = 0) -> str:
        return pyotp.TOTP(SECRET).at(int(self._clock.now().timestamp()) - ago)


@pytest.fixture
def phone(clock: Clock) -> App:
    return App(clock)


@pytest.fixture
def ada(context: None, clock: Clock) -> User:
    with transaction():
        return add_user(name="Ada", email=ADA)


@pytest.fixture
def codes(ada: User, phone: App, clock: Clock) -> list[str]:
    """The recovery codes of Ada, whose second factor is on."""
    made = two_factor.turn_on(ada, SECRET, phone.shows(), sign_in_id="")
    clock.forward(seconds=30)
    return made


def refused(ada: User, code: str, sentence: str = WRONG, kind: type[Refusal] = Invalid) -> None:
    before = rows()
    with pytest.raises(kind) as caught:
        two_factor.check(ada, code, asked_from=HERE)
    assert caught.value.sentence.startswith(sentence)
    session.rollback()
    assert rows() == before


def test_turning_it_on(ada: User, phone: App, post: Post) -> None:
    for _ in range(2):
        login_sessions.begin(ada, browser="a test", address="")
    here = session.query(SignIn).first()
    assert here
    codes = two_factor.turn_on(ada, SECRET, phone.shows(), sign_in_id=here.id)
    session.rollback()
    assert ada.totp_secret == SECRET
    assert len(set(codes)) == 10
    assert all(len(code) == 17 for code in codes)
    kept = {row.digest for row in session.query(RecoveryCode)}
    assert kept == {ids.digest(code.replace("-", "")) for code in codes}
    assert session.query(SignIn).count() == 1
    assert post.next_to(ADA).subject == "Two-factor authentication was turned on"


@pytest.mark.parametrize("code", ["", "000000", "12345", "1234567", "abcdef", "１２３４５６", "\u0661" * 6])
def test_it_is_not_on_before_the_app_shows_the_code(ada: User, code: str, post: Post) -> None:
    before = rows()
    with pytest.raises(Invalid, match="Wrong code"):
        two_factor.turn_on(ada, SECRET, code, sign_in_id="")
    session.rollback()
    assert (rows(), post.letters) == (before, [])


@pytest.mark.parametrize("secret", ["", "A", "a" * 32, "1" * 32, "A" * 33, "A" * 31 + "é"])
def test_a_secret_that_is_none(ada: User, secret: str) -> None:
    with pytest.raises(Invalid, match="Start again"):
        two_factor.turn_on(ada, secret, "123456", sign_in_id="")


def test_turning_it_on_twice(ada: User, phone: App, codes: list[str]) -> None:
    with pytest.raises(Conflict):
        two_factor.turn_on(ada, SECRET, phone.shows(), sign_in_id="")


# --- codes


def test_a_code_counts_once(ada: User, phone: App, codes: list[str], clock: Clock) -> None:
    two_factor.check(ada, phone.shows(), asked_from=HERE)
    refused(ada, phone.shows(), USED)
    clock.forward(seconds=30)
    two_factor.check(ada, f" {phone.shows()[:3]} {phone.shows()[3:]} ", asked_from=HERE)


def test_the_code_that_turned_it_on_does_not_sign_in(ada: User, phone: App, codes: list[str]) -> None:
    refused(ada, phone.shows(30), USED)


def test_a_code_of_before_what_was_used_does_not_count(ada: User, phone: App, codes: list[str], clock: Clock) -> None:
    clock.forward(seconds=30)
    two_factor.check(ada, phone.shows(), asked_from=HERE)
    refused(ada, phone.shows(30), USED)


@pytest.mark.parametrize(("ago", "fine"), [(30, True), (-30, True), (60, False), (-60, False), (3600, False)])
def test_clocks_may_differ_by_half_a_minute(
    ada: User, phone: App, codes: list[str], clock: Clock, ago: int, fine: bool
) -> None:
    clock.forward(minutes=10)
    if fine:
        two_factor.check(ada, phone.shows(ago), asked_from=HERE)
    else:
        refused(ada, phone.shows(ago))


def test_ten_wrong_ones_and_no_more(ada: User, phone: App, codes: list[str], clock: Clock) -> None:
    for _ in range(10):
        refused(ada, "000000")
    refused(ada, phone.shows(), "Too many tries", TooMany)
    refused(ada, codes[0], "Too many tries", TooMany)
    two_factor.check(ada, codes[1], asked_from="10.9.9.9")
    two_factor.check(ada, codes[2], asked_from=HERE, device=device_cookies.with_user("", ada.id))
    clock.forward(minutes=15)
    two_factor.check(ada, phone.shows(), asked_from=HERE)


def test_many_networks_together_have_a_hundred_codes(ada: User, phone: App, codes: list[str], clock: Clock) -> None:
    for number in range(100):
        with pytest.raises(Invalid):
            two_factor.check(ada, "000000", asked_from=f"10.0.{number}.1")
    with pytest.raises(TooMany):
        two_factor.check(ada, phone.shows(), asked_from="10.9.9.9")
    clock.forward(hours=6)
    two_factor.check(ada, phone.shows(), asked_from="10.9.9.9")


def test_right_ones_do_not_count(ada: User, phone: App, codes: list[str], clock: Clock) -> None:
    for _ in range(12):
        two_factor.check(ada, phone.shows(), asked_from=HERE)
        clock.forward(seconds=30)


# --- recovery codes


def test_a_recovery_code_counts_once(ada: User, codes: list[str], post: Post) -> None:
    post.letters.clear()
    two_factor.check(ada, codes[3].upper().replace("-", " "), asked_from=HERE)
    assert two_factor.left(ada) == 9
    refused(ada, codes[3])
    assert "9 are left" in post.letters[0].text
    for code in (*codes[:3], *codes[4:]):
        two_factor.check(ada, code, asked_from=HERE)
    assert two_factor.left(ada) == 0
    refused(ada, codes[0])


def test_a_recovery_code_of_somebody_else(ada: User, codes: list[str], phone: App, clock: Clock) -> None:
    with transaction():
        ben = add_user(name="Ben", email="ben@example.com")
    theirs = two_factor.turn_on(ben, SECRET, phone.shows(), sign_in_id="")
    refused(ada, theirs[0])
    two_factor.check(ben, theirs[0], asked_from=HERE)


def test_new_recovery_codes_end_the_old_ones(ada: User, phone: App, codes: list[str], clock: Clock) -> None:
    with pytest.raises(Invalid):
        two_factor.renew_recovery_codes(ada, "000000", asked_from=HERE)
    new = two_factor.renew_recovery_codes(ada, phone.shows(), asked_from=HERE)
    assert two_factor.left(ada) == 10
    refused(ada, codes[0])
    two_factor.check(ada, new[0], asked_from=HERE)


# --- turning it off


def test_turning_it_off_takes_a_code(ada: User, phone: App, codes: list[str], post: Post) -> None:
    with pytest.raises(Invalid):
        two_factor.turn_off(ada, "000000", asked_from=HERE)
    session.rollback()
    assert ada.totp_secret
    post.letters.clear()
    two_factor.turn_off(ada, phone.shows(), asked_from=HERE)
    session.rollback()
    assert (ada.totp_secret, ada.totp_step, session.query(RecoveryCode).count()) == (None, None, 0)
    assert [letter.subject for letter in post.letters] == ["Two-factor authentication was turned off"]
    with pytest.raises(Conflict):
        two_factor.turn_off(ada, phone.shows(), asked_from=HERE)
    with pytest.raises(Conflict):
        two_factor.renew_recovery_codes(ada, phone.shows(), asked_from=HERE)


def test_turning_it_off_with_a_recovery_code(ada: User, codes: list[str]) -> None:
    two_factor.turn_off(ada, codes[0], asked_from=HERE)
    assert ada.totp_secret is None


def test_what_the_qr_code_says(ada: User) -> None:
    address = two_factor.address_of(ada, SECRET)
    assert address == f"otpauth://totp/Faceup:ada%40example.com?secret={SECRET}&issuer=Faceup"
    assert two_factor.is_secret(two_factor.new_secret())
    assert two_factor.new_secret() != two_factor.new_secret()
