"""Users: their names, their addresses, and the row that a first sign-in makes."""

import re

from sqlalchemy import select

from poker_app import clock, ids
from poker_app.accounts.models import MAX_EMAIL, User
from poker_app.db import session
from poker_app.errors import Invalid
from poker_app.rules.printable import one_line, without_hidden

MAX_NAME = 40
# Addresses that mail servers take in practice; only a mail can tell whether one exists. Without `=?`, which mail
# libraries decode into the text that it encodes, possibly another address.
_ADDRESS = re.compile(
    r"(?!.*=\?)[^\s@<>\"(),:;\\\[\]]{1,64}@(?:[^\s@.<>\"(),:;\\\[\]/]{1,63}\.)+[^\W\d_][^\s@.<>\"(),:;\\\[\]/]{1,62}"
)


def clean_email(typed: str) -> str:
    """An address as it is stored and compared: trimmed, lower case.

    Raises:
        Invalid: (422) it is no full address.
    """
    email = without_hidden(typed).strip().lower()
    if len(email) > MAX_EMAIL or not _ADDRESS.fullmatch(email):
        raise Invalid("Enter a full address, such as name@company.com.", "email")
    return email


def user_name(typed: str) -> str:
    """A user's name: white space folded, 1 to 40 printable characters.

    Raises:
        Invalid: (422) no name, or a longer one.
    """
    name = one_line(typed)
    if not name:
        raise Invalid("Enter your name.", "name")
    if len(name) > MAX_NAME:
        raise Invalid(f"A name has at most {MAX_NAME} characters; this one has {len(name)}.", "name")
    return name


def find_user(user_id: str) -> User | None:
    """The user with an id, or None."""
    return session.get(User, user_id)


def find_by_email(email: str) -> User | None:
    """The user who has proven an address, or None."""
    return session.scalars(select(User).where(User.email == email)).one_or_none()


def add_user(*, name: str, email: str | None) -> User:
    """A new user, inside the caller's transaction. ``email`` has been proven, or is None."""
    user = User(id=ids.new_id(), name=name, email=email, created_at=clock.now())
    session.add(user)
    session.flush()
    return user
