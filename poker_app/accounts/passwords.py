"""Passwords: signing in with one, and changing one's own."""

from datetime import timedelta

from sqlalchemy import update

from poker_app import clock, limits, mail
from poker_app.accounts import hashing, sign_ins
from poker_app.accounts.models import MailToken, SignIn, User
from poker_app.accounts.users import clean_email, find_by_email
from poker_app.db import session, transaction
from poker_app.errors import Invalid
from poker_app.rules.passwords import whats_wrong

MOST_WRONG, MOST_WRONG_FROM, WRONG_WITHIN = 10, 100, timedelta(minutes=15)


def sign_in(typed: str, password: str, *, asked_from: str) -> User:
    """Who has this address and this password. Raises Invalid, with one answer for a wrong address and a wrong password,
    and TooMany, for both alike too."""
    email = clean_email(typed)
    _spend(email, asked_from)
    user = find_by_email(email)
    kept = user.password_hash if user else None
    if not hashing.matches(kept, password) or user is None or kept is None:
        raise Invalid("The address or the password is not right.")
    _give_back(email, asked_from)
    if hashing.is_outdated(kept):
        _keep_anew(user.id, kept, hashing.hashed(password))
    return user


def confirm(user: User, password: str, *, asked_from: str) -> None:
    """Make sure that it is the user who asks for something that matters. Whoever has no password needs none."""
    kept, who = user.password_hash, user.id
    if kept is None:
        return
    _spend(who, asked_from)
    if not hashing.matches(kept, password):
        raise Invalid("That is not your password.", "current")
    _give_back(who, asked_from)


def _spend(who: str, asked_from: str) -> None:
    limits.spend("passwords from", asked_from, most=MOST_WRONG_FROM, within=WRONG_WITHIN)
    limits.spend("password", who, most=MOST_WRONG, within=WRONG_WITHIN)


def _give_back(who: str, asked_from: str) -> None:
    limits.give_back("passwords from", asked_from)
    limits.give_back("password", who)


def _keep_anew(user_id: str, old: str, new: str) -> None:
    with transaction():
        same = (User.id == user_id, User.password_hash == old)
        session.execute(update(User).where(*same).values(password_hash=new))


def change(user: User, *, current: str, new: str, sign_in_id: str, asked_from: str) -> None:
    """Give oneself another password, or a first one. Every other browser is signed out, and a letter tells of it."""
    confirm(user, current, asked_from=asked_from)
    refuse_weak(new, user.name, user.email)
    user_id, email, new_hash = user.id, user.email, hashing.hashed(new)
    with transaction():
        keep(user_id, new_hash, but=sign_in_id)
    if email:
        mail.notify("notice", email, happened="Your password was changed")


def refuse_weak(password: str, *about: str | None) -> None:
    """Raise Invalid unless a password is strong enough for somebody of this name and address."""
    if wrong := whats_wrong(password, [text for text in about if text]):
        raise Invalid(wrong, "password")


def keep(user_id: str, password_hash: str, *, but: str = "") -> None:
    """Store a password, inside the caller's transaction: signs out everywhere but in one browser, and ends the links
    that would set another one."""
    session.execute(update(User).where(User.id == user_id).values(password_hash=password_hash))
    sign_ins.remove(user_id, SignIn.id != but)
    unused = (MailToken.user_id == user_id, MailToken.purpose == "new-password", MailToken.used_at.is_(None))
    session.execute(update(MailToken).where(*unused).values(used_at=clock.now(), data={}))
