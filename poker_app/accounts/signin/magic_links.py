"""Signing in with a mailed link. A link to an address that has no user creates one."""

from sqlalchemy.exc import IntegrityError

from poker_app import mail
from poker_app.accounts.models import User
from poker_app.accounts.signin import mail_tokens
from poker_app.accounts.users import add_user, clean_email, find_by_email, user_name
from poker_app.db import transaction

PURPOSE = "sign-in"


def mail_link(typed: str, *, onward: str, asked_from: str, device: str = "") -> str:
    """Mails a link to an address, and returns the address. Addresses with and without a user are treated alike."""
    email = clean_email(typed)
    mail_tokens.may_mail(PURPOSE, email, asked_from, device=device)
    secret = mail_tokens.make(PURPOSE, email, onward=onward)
    mail.send("sign_in", email, secret=secret, lasting=mail_tokens.lasting(PURPOSE))
    return email


def find(secret: str) -> tuple[str, bool]:
    """The address that a link signs in, and whether following it creates a user, whose name is to be asked for."""
    email = mail_tokens.find(PURPOSE, secret).email
    return email, find_by_email(email) is None


def follow(secret: str, *, name: str) -> tuple[User, str]:
    """Uses a link up. Returns its user, created with ``name`` if there is none, and the page that they wanted."""
    try:
        return _follow(secret, name)
    except IntegrityError:
        # Another link to the same new address was followed at the same moment: its user is there now.
        return _follow(secret, name)


def _follow(secret: str, name: str) -> tuple[User, str]:
    with transaction():
        link = mail_tokens.take(PURPOSE, secret)
        user = find_by_email(link.email) or add_user(name=user_name(name), email=link.email)
        return user, link.data["onward"]
