"""What users change about themselves: the name, and the address once the new one is proven."""

import pytest

from poker_app.accounts import profile
from poker_app.accounts.models import User
from poker_app.accounts.signin import magic_links, password_hashing
from poker_app.accounts.signin.mail_tokens import DeadLink
from poker_app.accounts.users import add_user, find_by_email
from poker_app.db import session, transaction
from poker_app.errors import Conflict, Invalid
from poker_app.settings import Settings
from tests.cast import Clock
from tests.database_rows import rows
from tests.mail_server import Post

ADA, NEW, HERE = "ada@example.com", "countess@example.com", "10.0.0.1"
GOOD = "vier kleine Igel"


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings


@pytest.fixture
def ada(context: None, clock: Clock) -> User:
    with transaction():
        user = add_user(name="Ada", email=ADA)
        user.password_hash = password_hashing.hashed(GOOD)
    return user


@pytest.fixture
def ben(ada: User) -> User:
    with transaction():
        return add_user(name="Ben", email="ben@example.com")


def mailed(user: User, post: Post, email: str = NEW, password: str = GOOD) -> str:
    """The secret of the link that came to the new address."""
    profile.mail_link(user, email, password=password, asked_from=HERE)
    return post.next_to(email).link.rsplit("/", 1)[1]


def test_another_name(ada: User) -> None:
    profile.rename(ada, "  Ada \u200b Lovelace ")
    assert ada.name == "Ada Lovelace"
    for wrong in ("", "\u200b", "x" * 41):
        with pytest.raises(Invalid):
            profile.rename(ada, wrong)
    session.rollback()
    assert ada.name == "Ada Lovelace"


def test_another_address_once_it_is_proven(ada: User, post: Post) -> None:
    secret = mailed(ada, post)
    assert ada.email == ADA
    assert profile.find_new_email(ada, secret) == NEW
    profile.follow(ada, secret)
    session.rollback()
    assert ada.email == NEW
    told = post.next_to(ADA)
    assert told.subject == f"Your address here is now {NEW}"
    with pytest.raises(DeadLink):
        profile.follow(ada, secret)


def test_it_takes_the_password(ada: User, ben: User, post: Post) -> None:
    for wrong in ("", "wrong"):
        with pytest.raises(Invalid) as caught:
            mailed(ada, post, password=wrong)
        assert caught.value.field == "current"
    assert post.letters == []
    assert mailed(ben, post, password="")  # who has none


def test_the_link_is_for_who_asked(ada: User, ben: User, post: Post) -> None:
    secret = mailed(ada, post)
    before = rows()
    for try_it in (profile.follow, profile.find_new_email):
        with pytest.raises(DeadLink) as caught:
            try_it(ben, secret)
        assert caught.value.status == 404
    session.rollback()
    assert rows() == before
    profile.follow(ada, secret)


def test_an_address_that_is_somebody_else_s(ada: User, ben: User, post: Post) -> None:
    assert profile.mail_link(ada, "ben@example.com", password=GOOD, asked_from=HERE) == "ben@example.com"
    letter = post.next_to("ben@example.com")
    assert letter.subject == "This address has an account already"
    assert not any("/me/email/" in link for link in letter.links)
    session.rollback()
    assert ada.email == ADA


def test_an_address_that_became_somebody_else_s_meanwhile(ada: User, post: Post) -> None:
    secret = mailed(ada, post)
    with transaction():
        add_user(name="Other", email=NEW)
    with pytest.raises(Conflict):
        profile.follow(ada, secret)
    session.rollback()
    assert ada.email == ADA


@pytest.mark.parametrize("typed", ["", "ada", ADA, " ADA@example.com "])
def test_no_new_address(ada: User, post: Post, typed: str) -> None:
    with pytest.raises(Invalid) as caught:
        mailed(ada, post, typed)
    assert caught.value.field == "email"
    assert post.letters == []


def test_a_link_to_the_old_address_opens_nothing_of_theirs(ada: User, post: Post) -> None:
    magic_links.mail_link(ADA, onward="/", asked_from=HERE)
    old = post.next_to(ADA).link.rsplit("/", 1)[1]
    profile.follow(ada, mailed(ada, post))
    user, _ = magic_links.follow(old, name="Whoever")
    assert (user.name, user.id != ada.id) == ("Whoever", True)
    assert find_by_email(NEW)


def test_a_letter_that_does_not_arrive_undoes_nothing(ada: User, post: Post) -> None:
    secret = mailed(ada, post)
    post.refuses = "550 Gone"
    profile.follow(ada, secret)
    session.rollback()
    assert ada.email == NEW
