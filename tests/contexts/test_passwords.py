"""Passwords: signing in with one, changing it, forgetting it, and what the time it takes tells."""

from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher

from poker_app.accounts.models import SignIn, User
from poker_app.accounts.signin import device_cookies, login_sessions, password_hashing, password_reset, passwords
from poker_app.accounts.signin.mail_tokens import DeadLink
from poker_app.accounts.users import add_user, find_by_email
from poker_app.db import session, transaction
from poker_app.errors import Invalid, TooMany
from poker_app.rate_limits import Limit
from poker_app.settings import Settings
from tests.cast import Clock
from tests.conftest import REAL_HASHER
from tests.database_rows import rows
from tests.mail_server import Post

ADA, HERE = "ada@example.com", "10.0.0.1"
GOOD, BETTER = "vier kleine Igel", "grüne Wolken über Ulm"
NOT_RIGHT = "Wrong email address or password."


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings


@pytest.fixture
def ada(context: None, clock: Clock) -> User:
    """Has a password."""
    with transaction():
        user = add_user(name="Ada", email=ADA)
        user.password_hash = password_hashing.hashed(GOOD)
    return user


class Counting(PasswordHasher):
    """Writes down how often a hash is computed."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self.computed = 0

    def verify(self, *given: Any) -> Any:
        self.computed += 1
        return super().verify(*given)

    def hash(self, *given: Any, **more: Any) -> str:
        self.computed += 1
        return super().hash(*given, **more)


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    password_hashing._decoy()
    counting = Counting(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(password_hashing, "_hasher", lambda: counting)
    return counting


def sign_in(password: str, email: str = ADA, asked_from: str = HERE, device: str = "") -> User:
    return passwords.sign_in(email, password, asked_from=asked_from, device=device)


def refused(password: str, email: str = ADA) -> str:
    with pytest.raises(Invalid) as caught:
        sign_in(password, email)
    assert caught.value.field is None
    return caught.value.sentence


def begin(user: User) -> str:
    """Sign in in one more browser; answers with the id of the sign-in."""
    found = login_sessions.find(login_sessions.begin(user, browser="a test", address=HERE))
    assert found
    return found.id


# --- signing in


def test_the_right_one(ada: User) -> None:
    assert sign_in(GOOD).id == ada.id
    assert sign_in(GOOD, " ADA@Example.com ").id == ada.id


def test_accents_however_they_are_typed(ada: User) -> None:
    passwords.change(ada, current=GOOD, new="gr\u00fcne Wolken \u00fcber Ulm", sign_in_id="", asked_from=HERE)
    assert sign_in("gru\u0308ne Wolken u\u0308ber Ulm")


def test_a_wrong_one_and_an_unknown_address_have_one_answer(ada: User, counting: Counting) -> None:
    with transaction():
        add_user(name="Ben", email="ben@example.com")
    work = []
    for email in (ADA, "ben@example.com", "nobody@example.com"):
        counting.computed = 0
        assert refused("wrong wrong wrong", email) == NOT_RIGHT
        work.append(counting.computed)
    assert work == [1, 1, 1]


def test_nobody_without_a_password_gets_in_by_one(ada: User) -> None:
    with transaction():
        add_user(name="Ben", email="ben@example.com")
    for password in ("", "nobody's", "None", GOOD):
        assert refused(password, "ben@example.com") == NOT_RIGHT
        assert refused(password, "nobody@example.com") == NOT_RIGHT


def test_ten_wrong_ones_in_a_quarter_of_an_hour(ada: User, clock: Clock) -> None:
    for email in (ADA, "nobody@example.com"):
        for _ in range(10):
            assert refused("wrong wrong wrong", email) == NOT_RIGHT
        with pytest.raises(TooMany) as caught:
            sign_in(GOOD, email)
        assert caught.value.retry_after == 15 * 60 + 1
    clock.forward(minutes=15)
    assert sign_in(GOOD)


def test_nobody_locks_somebody_else_out(ada: User) -> None:
    for _ in range(10):
        refused("wrong wrong wrong")
    assert sign_in(GOOD, asked_from="10.9.9.9")


def test_many_networks_together_do_not_guess_without_end(ada: User, clock: Clock) -> None:
    known = device_cookies.with_user("", ada.id)
    for number in range(100):
        with pytest.raises(Invalid):
            sign_in("wrong wrong wrong", asked_from=f"10.0.{number}.1")
    with pytest.raises(TooMany) as caught:
        sign_in(GOOD, asked_from="10.9.9.9")
    assert caught.value.retry_after == 3601
    assert sign_in(GOOD, asked_from="10.9.9.9", device=known).id == ada.id
    clock.forward(hours=1)
    assert sign_in(GOOD, asked_from="10.9.9.9")


def test_the_browser_that_signed_in_before_gets_through(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "WRONG_FROM", Limit("passwords from", 10, timedelta(minutes=15)))
    known = device_cookies.with_user("", ada.id)
    for _ in range(10):
        refused("wrong wrong wrong")
    with pytest.raises(TooMany):
        sign_in(GOOD)
    assert sign_in(GOOD, device=known).id == ada.id


def test_a_known_browser_guesses_no_more_than_others(ada: User) -> None:
    mine, other = device_cookies.with_user("", ada.id), device_cookies.with_user("", ada.id)
    for _ in range(10):
        with pytest.raises(Invalid):
            sign_in("wrong wrong wrong", device=mine)
    with pytest.raises(TooMany):
        sign_in(GOOD, device=mine)
    assert sign_in(GOOD, device=other)
    assert sign_in(GOOD)


def test_a_browser_known_to_somebody_else_is_not_known(ada: User) -> None:
    with transaction():
        mallory = add_user(name="Mallory", email="mallory@example.com")
    theirs = device_cookies.with_user("", mallory.id)
    for _ in range(10):
        refused("wrong wrong wrong")
    for device in (theirs, theirs.replace(mallory.id, ada.id), f"{ada.id}..", "~~~", "é.é.é"):
        with pytest.raises(TooMany):
            sign_in(GOOD, device=device)


def test_right_ones_do_not_count(ada: User) -> None:
    for _ in range(12):
        assert sign_in(GOOD)


def test_a_network_that_tries_one_password_on_everybody(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "WRONG_FROM", Limit("passwords from", 3, timedelta(minutes=15)))
    for number in range(3):
        assert refused("wrong wrong wrong", f"somebody{number}@example.com")
    with pytest.raises(TooMany):
        sign_in(GOOD)
    assert sign_in(GOOD, asked_from="10.9.9.9")


def test_a_hash_is_taken_up_anew_when_the_parameters_change(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    old = ada.password_hash
    assert old
    sign_in(GOOD)
    assert ada.password_hash == old
    other = PasswordHasher(time_cost=2, memory_cost=1024, parallelism=1)
    monkeypatch.setattr(password_hashing, "_hasher", lambda: other)
    sign_in(GOOD)
    session.rollback()
    assert "m=1024,t=2" in (ada.password_hash or "")
    assert sign_in(GOOD)
    assert refused("wrong wrong wrong") == NOT_RIGHT


def test_who_proved_the_password_gets_in_while_there_is_no_room_to_renew_its_hash(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = ada.password_hash
    monkeypatch.setattr(password_hashing, "is_outdated", lambda kept: True)

    def busy(password: str) -> str:
        raise password_hashing.Busy

    with monkeypatch.context() as full:
        full.setattr(password_hashing, "hashed", busy)
        assert sign_in(GOOD).name == "Ada"
    session.rollback()
    assert ada.password_hash == old
    sign_in(GOOD)
    session.rollback()
    assert ada.password_hash != old


def test_while_there_is_no_room_nothing_is_looked_up(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_for: list[str] = []
    monkeypatch.setattr(passwords, "find_by_email", looked_for.append)
    monkeypatch.setitem(password_hashing._places, "elsewhere", 100)
    with pytest.raises(password_hashing.Busy):
        sign_in(GOOD)
    assert looked_for == []


def test_what_is_kept_is_argon2id_with_a_salt(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password_hashing, "_hasher", REAL_HASHER)
    sign_in(GOOD)
    session.rollback()
    kept = ada.password_hash or ""
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,")
    assert password_hashing.hashed(GOOD) != kept
    assert GOOD not in repr(rows())


# --- changing it


def test_changing_it_signs_out_everywhere_else_and_tells(ada: User, post: Post) -> None:
    here, _there = begin(ada), begin(ada)
    passwords.change(ada, current=GOOD, new=BETTER, sign_in_id=here, asked_from=HERE)
    assert [each.id for each in session.query(SignIn)] == [here]
    assert refused(GOOD) == NOT_RIGHT
    assert sign_in(BETTER)
    letter = post.next_to(ADA)
    assert letter.subject == "Your password was changed"
    assert BETTER not in letter.text


@pytest.mark.parametrize(
    ("current", "new", "field", "sentence"),
    [
        ("wrong", BETTER, "current", "That is not your password."),
        ("", BETTER, "current", "That is not your password."),
        (
            GOOD,
            "short",
            "password",
            "A password has at least 10 characters; a few words in a row are easy to remember.",
        ),
        (GOOD, "ada@example.com", "password", None),
        (GOOD, "password1234", "password", None),
    ],
)
def test_a_change_that_cannot_be(
    ada: User, post: Post, current: str, new: str, field: str, sentence: str | None
) -> None:
    begin(ada)
    before = rows()
    with pytest.raises(Invalid) as caught:
        passwords.change(ada, current=current, new=new, sign_in_id="", asked_from=HERE)
    assert (caught.value.field, caught.value.sentence) == (field, sentence or caught.value.sentence)
    session.rollback()
    assert (rows(), post.letters) == (before, [])


def test_trying_out_the_password_in_an_open_browser_is_limited(ada: User) -> None:
    for _ in range(10):
        with pytest.raises(Invalid):
            passwords.confirm(ada, "wrong", asked_from=HERE)
    with pytest.raises(TooMany):
        passwords.confirm(ada, GOOD, asked_from=HERE)
    passwords.confirm(ada, GOOD, asked_from="10.9.9.9")
    passwords.confirm(ada, GOOD, asked_from=HERE, device=device_cookies.with_user("", ada.id))


def test_a_first_password_needs_no_old_one(context: None, post: Post) -> None:
    with transaction():
        ben = add_user(name="Ben", email="ben@example.com")
    passwords.change(ben, current="", new=GOOD, sign_in_id="", asked_from=HERE)
    assert sign_in(GOOD, "ben@example.com")


# --- forgetting it


def mailed(post: Post, email: str = ADA) -> str:
    password_reset.mail_link(email, asked_from=HERE)
    return post.next_to(email).link.rsplit("/", 1)[1]


def test_a_new_one_by_mail(ada: User, post: Post) -> None:
    begin(ada)
    secret, unused = mailed(post), mailed(post)
    assert password_reset.find(secret).id == ada.id
    assert password_reset.follow(secret, BETTER).id == ada.id
    assert session.query(SignIn).count() == 0
    assert sign_in(BETTER)
    assert refused(GOOD) == NOT_RIGHT
    assert post.next_to(ADA).subject == "Your password was changed"
    for link in (secret, unused):
        with pytest.raises(DeadLink):
            password_reset.follow(link, "noch ein ganz anderes")
    assert sign_in(BETTER)


def test_a_weak_one_leaves_the_link_good(ada: User, post: Post) -> None:
    secret = mailed(post)
    with pytest.raises(Invalid) as caught:
        password_reset.follow(secret, "ada@example.com")
    assert caught.value.field == "password"
    assert sign_in(GOOD)
    assert password_reset.follow(secret, BETTER)


def test_changing_it_meanwhile_ends_the_link(ada: User, post: Post) -> None:
    secret = mailed(post)
    passwords.change(ada, current=GOOD, new=BETTER, sign_in_id="", asked_from=HERE)
    with pytest.raises(DeadLink):
        password_reset.follow(secret, "noch ein ganz anderes")


def test_a_link_to_an_address_that_is_no_longer_theirs(ada: User, post: Post) -> None:
    secret, user_id = mailed(post), ada.id
    with transaction():
        session.get_one(User, user_id).email = "countess@example.com"
    with pytest.raises(DeadLink) as caught:
        password_reset.follow(secret, BETTER)
    assert caught.value.status == 409
    assert sign_in(GOOD, "countess@example.com")


def test_an_address_without_an_account_gets_a_letter_too(ada: User, post: Post) -> None:
    password_reset.mail_link("nobody@example.com", asked_from=HERE)
    assert post.next_to("nobody@example.com").subject == "You have no account"
    password_reset.mail_link(ADA, asked_from=HERE)
    assert post.next_to(ADA).subject == "Choose a new password"
    assert find_by_email("nobody@example.com") is None
