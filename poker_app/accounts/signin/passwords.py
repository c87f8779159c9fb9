"""Signing in with a password, changing one's own, and the check of a password's strength."""

from contextlib import suppress
from datetime import timedelta

from sqlalchemy import update

from poker_app import clock, mail, rate_limits
from poker_app.accounts.models import MailToken, SignIn, User
from poker_app.accounts.signin import device_cookies, login_sessions, password_hashing
from poker_app.accounts.signin.device_cookies import Bounds
from poker_app.accounts.users import clean_email, find_by_email
from poker_app.db import session, transaction
from poker_app.errors import Invalid
from poker_app.rate_limits import Counter, Limit
from poker_app.rules.passwords import whats_wrong

WRONG = Bounds(Limit("password", 10, timedelta(minutes=15)), Limit("password anywhere", 100, timedelta(hours=1)))
# One password tried on many addresses.
WRONG_FROM = Limit("passwords from", 100, timedelta(minutes=15))


def sign_in(typed: str, password: str, *, asked_from: str, device: str = "") -> User:
    """Returns the user with this address and password. ``device`` is the cookie that the browser is known by.

    Raises:
        Invalid: (422) with one answer for a wrong address and a wrong password.
        TooMany: (429) after ten wrong ones from this network, for both alike too; (503) while too many are checked.
    """
    # Of 96 wrong ones at once, 90 are refused by this line.
    password_hashing.refuse_if_full()
    email = clean_email(typed)
    user = find_by_email(email)
    with rate_limits.failures(_counters(email, asked_from, device_cookies.name_in(device, user.id if user else None))):
        kept = user.password_hash if user else None
        if not password_hashing.matches(kept, password) or user is None or kept is None:
            raise Invalid("Wrong email address or password.")
    if password_hashing.is_outdated(kept):
        with suppress(password_hashing.Busy):  # the password is right; the next sign-in renews its hash
            _hash_again(user.id, kept, password_hashing.hashed(password))
    return user


def confirm(user: User, password: str, *, asked_from: str, device: str = "") -> None:
    """Checks the user's own password before an important change. A user without a password needs none.

    Raises:
        Invalid: (422) the password is wrong.
        TooMany: (429) after ten wrong ones from this network; (503) while too many are checked.
    """
    kept, user_id = user.password_hash, user.id
    if kept is None:
        return
    with rate_limits.failures(_counters(user_id, asked_from, device_cookies.name_in(device, user_id))):
        if not password_hashing.matches(kept, password):
            raise Invalid("That is not your password.", "current")


def _counters(about: str, asked_from: str, known: str | None) -> list[Counter]:
    from_here = [] if known else WRONG_FROM.of_network(asked_from)
    return [*WRONG.counters(about, asked_from, known), *from_here]


def _hash_again(user_id: str, old: str, new: str) -> None:
    with transaction():
        same = (User.id == user_id, User.password_hash == old)
        session.execute(update(User).where(*same).values(password_hash=new))


def change(user: User, *, current: str, new: str, sign_in_id: str, asked_from: str, device: str = "") -> None:
    """Sets another password, or a first one. Ends the user's login sessions in every other browser, and mails a
    notice."""
    confirm(user, current, asked_from=asked_from, device=device)
    refuse_weak(new, user.name, user.email)
    user_id, email, new_hash = user.id, user.email, password_hashing.hashed(new)
    with transaction():
        store(user_id, new_hash, but=sign_in_id)
    if email:
        mail.notify("notice", email, happened="Your password was changed")


def refuse_weak(password: str, *about: str | None) -> None:
    """Check that a password is strong enough for a user of this name and address.

    Raises:
        Invalid: (422) it is not, with what is wrong.
    """
    if wrong := whats_wrong(password, [text for text in about if text]):
        raise Invalid(wrong, "password")


def store(user_id: str, password_hash: str, *, but: str = "") -> None:
    """Stores a password's hash, inside the caller's transaction. Ends all login sessions but one, and the open links
    that would set another password."""
    session.execute(update(User).where(User.id == user_id).values(password_hash=password_hash))
    login_sessions.remove(user_id, SignIn.id != but)
    unused = (MailToken.user_id == user_id, MailToken.purpose == "new-password", MailToken.used_at.is_(None))
    session.execute(update(MailToken).where(*unused).values(used_at=clock.now(), data={}))
