"""Mailed links: one purpose, one address, once, for a while."""

import pytest

from poker_app import ids
from poker_app.accounts.models import MailToken
from poker_app.accounts.signin import device_cookies, mail_tokens
from poker_app.accounts.signin.mail_tokens import DeadLink, Link
from poker_app.accounts.users import add_user
from poker_app.db import session, transaction
from poker_app.errors import TooMany
from tests.cast import Clock

ADA = "ada@example.com"


@pytest.fixture(autouse=True)
def _here(context: None, clock: Clock) -> None:
    pass


def taken(purpose: str, secret: str) -> Link:
    with transaction():
        return mail_tokens.take(purpose, secret)


def dead(purpose: str, secret: str) -> tuple[int, str]:
    """The status and the sentence of a link that does not work, which both looking and taking give."""
    with pytest.raises(DeadLink) as looking:
        mail_tokens.find(purpose, secret)
    with pytest.raises(DeadLink) as taking:
        taken(purpose, secret)
    assert looking.value.sentence == taking.value.sentence
    return taking.value.status, taking.value.sentence


def test_a_link_is_a_row_without_its_secret() -> None:
    secret = mail_tokens.make("sign-in", ADA, onward="/x")
    row = session.query(MailToken).one()
    assert (row.digest, row.purpose, row.email, row.data) == (ids.digest(secret), "sign-in", ADA, {"onward": "/x"})
    assert secret not in repr(row.__dict__)


def test_a_link_is_taken_once() -> None:
    secret = mail_tokens.make("sign-in", ADA)
    assert mail_tokens.find("sign-in", secret).email == ADA
    assert taken("sign-in", secret).email == ADA
    assert dead("sign-in", secret) == (409, "This link was used already, or a newer one was. Each works once.")


def test_what_is_rolled_back_was_not_taken() -> None:
    secret = mail_tokens.make("sign-in", ADA)
    with pytest.raises(ZeroDivisionError):
        _fails_after_taking(secret)
    assert taken("sign-in", secret)


def _fails_after_taking(secret: str) -> None:
    with transaction():
        mail_tokens.take("sign-in", secret)
        raise ZeroDivisionError


def test_a_link_is_for_one_purpose() -> None:
    secret = mail_tokens.make("sign-in", ADA)
    sentence = "This link does not work. Perhaps your mail program cut off its end."
    assert dead("new-password", secret) == (404, sentence)
    assert dead("sign-in", secret[:-1]) == (404, sentence)
    assert mail_tokens.find("sign-in", secret)


def test_taking_one_ends_the_others_of_its_kind_only() -> None:
    secrets = [mail_tokens.make("sign-in", ADA) for _ in range(3)]
    other_purpose = mail_tokens.make("new-password", ADA)
    other_address = mail_tokens.make("sign-in", "ben@example.com")
    taken("sign-in", secrets[1])
    assert {dead("sign-in", secret)[0] for secret in secrets} == {409}
    assert mail_tokens.find("new-password", other_purpose)
    assert mail_tokens.find("sign-in", other_address)


@pytest.mark.parametrize(
    ("purpose", "minutes", "words"),
    [("sign-in", 20, "20 minutes"), ("new-password", 60, "an hour"), ("sign-up", 24 * 60, "a day")],
)
def test_links_expire(clock: Clock, purpose: str, minutes: int, words: str) -> None:
    secret = mail_tokens.make(purpose, ADA)
    clock.forward(minutes=minutes, seconds=-1)
    assert mail_tokens.find(purpose, secret)
    clock.forward(seconds=1)
    assert dead(purpose, secret) == (409, f"This link has expired. It worked for {words}.")


def test_old_ones_are_tidied_up(clock: Clock) -> None:
    mail_tokens.make("sign-in", ADA)
    clock.forward(days=7, minutes=20)
    mail_tokens.make("sign-in", ADA)
    assert session.query(MailToken).count() == 2
    clock.forward(seconds=1)
    mail_tokens.make("sign-in", ADA)
    assert session.query(MailToken).count() == 2


def test_mails_are_limited_by_address_and_by_network(clock: Clock) -> None:
    for _ in range(5):
        mail_tokens.may_mail("sign-in", ADA, "10.0.0.1")
    with pytest.raises(TooMany):
        mail_tokens.may_mail("sign-in", ADA, "10.0.0.1")
    for number in range(34):
        mail_tokens.may_mail("sign-in", f"somebody{number}@example.com", "10.0.0.1")
    mail_tokens.may_mail("sign-in", "another@example.com", "10.0.0.1")
    with pytest.raises(TooMany):
        mail_tokens.may_mail("sign-in", "one.more@example.com", "10.0.0.1")
    clock.forward(hours=1)
    mail_tokens.may_mail("sign-in", ADA, "10.0.0.1")


def test_mails_that_others_ask_for_keep_nobody_from_theirs() -> None:
    for _ in range(5):
        mail_tokens.may_mail("sign-in", ADA, "10.0.0.1")
    mail_tokens.may_mail("new-password", ADA, "10.0.0.1")
    mail_tokens.may_mail("sign-in", ADA, "10.0.0.2")


def test_mails_from_many_networks_are_bounded_but_for_a_known_browser() -> None:
    with transaction():
        known = device_cookies.with_user("", add_user(name="Ada", email=ADA).id)
    for number in range(30):
        mail_tokens.may_mail("sign-in", ADA, f"10.0.{number}.1")
    with pytest.raises(TooMany):
        mail_tokens.may_mail("sign-in", ADA, "10.9.9.9")
    with pytest.raises(TooMany):
        mail_tokens.may_mail("sign-in", ADA, "10.9.9.9", device=f"{known}x")
    for number in range(40):
        mail_tokens.may_mail("sign-in", f"somebody{number}@example.com", "10.8.8.8")
    for _ in range(5):
        mail_tokens.may_mail("sign-in", ADA, "10.8.8.8", device=known)
    with pytest.raises(TooMany):
        mail_tokens.may_mail("sign-in", ADA, "10.8.8.8", device=known)


def kept() -> list[dict[str, object]]:
    session.expire_all()
    return [row.data for row in session.query(MailToken).order_by(MailToken.made_at)]


def test_what_was_typed_is_not_kept_once_the_link_is_used(clock: Clock) -> None:
    """The second hash of a sign-up would stay for a week beside the user's own."""
    typed = {"name": "Ada", "password_hash": "of Ada's password", "browser": "b", "onward": "/"}
    first = mail_tokens.make("sign-up", ADA, **typed)
    clock.forward(seconds=1)
    mail_tokens.make("sign-up", ADA, **typed)
    assert taken("sign-up", first).data == typed
    assert kept() == [{}, {}]
    assert dead("sign-up", first)[0] == 409


def test_what_was_typed_is_not_kept_once_the_link_has_expired(clock: Clock) -> None:
    secret = mail_tokens.make("sign-up", ADA, name="Ada", password_hash="of Ada's password")
    clock.forward(hours=23, minutes=59)
    mail_tokens.purge()
    assert kept()[0]["name"] == "Ada"
    clock.forward(minutes=1)
    assert mail_tokens.purge() == 0
    assert kept() == [{}]
    assert dead("sign-up", secret)[1].startswith("This link has expired.")
