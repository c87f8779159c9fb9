"""Password reset: a mailed link that sets a new password."""

from poker_app import mail
from poker_app.accounts.models import User
from poker_app.accounts.signin import mail_tokens, password_hashing, passwords
from poker_app.accounts.signin.mail_tokens import DeadLink, Link
from poker_app.accounts.users import clean_email, find_by_email
from poker_app.db import session, transaction

PURPOSE = "new-password"


def mail_link(typed: str, *, asked_from: str, device: str = "") -> str:
    """Mails a link that sets a password, and returns the address. An address without a user gets a mail that says
    so."""
    email = clean_email(typed)
    mail_tokens.may_mail(PURPOSE, email, asked_from, device=device)
    user = find_by_email(email)
    secret = mail_tokens.make(PURPOSE, email, user_id=user.id if user else None)
    letter = "new_password" if user else "no_account"
    mail.send(letter, email, secret=secret, lasting=mail_tokens.lasting(PURPOSE))
    return email


def find(secret: str) -> User:
    """User whose password a link would set."""
    return _user_of(mail_tokens.find(PURPOSE, secret))


def follow(secret: str, password: str) -> User:
    """Sets the password, and ends all login sessions of the user. Raises Invalid if it is too weak; the link stays
    good."""
    user = find(secret)
    passwords.refuse_weak(password, user.name, user.email)
    new_hash = password_hashing.hashed(password)
    with transaction():
        link = mail_tokens.take(PURPOSE, secret)
        user = _user_of(link)
        passwords.store(user.id, new_hash)
    mail.notify("notice", link.email, happened="Your password was changed")
    return user


def _user_of(link: Link) -> User:
    user = session.get(User, link.user_id) if link.user_id else None
    if user is None or user.email != link.email:
        raise DeadLink(PURPOSE, "Nobody signs in with the address of this link any more.", 409)
    return user
