"""Changes to a user's own profile: name and email address."""

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from poker_app import mail
from poker_app.accounts import audit_log
from poker_app.accounts.models import Invitation, User
from poker_app.accounts.signin import mail_tokens, passwords
from poker_app.accounts.signin.mail_tokens import DeadLink, Link
from poker_app.accounts.users import clean_email, find_by_email, user_name
from poker_app.db import session, transaction
from poker_app.errors import Conflict, Invalid

PURPOSE = "new-email"


def rename(user: User, typed: str) -> None:
    """Changes the user's name. Rows that hold the old name keep it."""
    user_id, name = user.id, user_name(typed)
    with transaction():
        session.execute(update(User).where(User.id == user_id).values(name=name))


def mail_link(user: User, typed: str, *, password: str, asked_from: str, device: str = "") -> str:
    """Mails a link to a new address, and returns the address. Nothing changes until the link is followed.

    If the address belongs to another user, the mail tells them so; the page shows the same in both cases.

    Raises:
        Invalid: (422) no address, the user's own, or a wrong password.
        TooMany: (429) too many mails were asked for.
        Undelivered: (503) the mail server did not take the mail.
    """
    email = clean_email(typed)
    if email == user.email:
        raise Invalid("That is your address already.", "email")
    passwords.confirm(user, password, asked_from=asked_from, device=device)
    mail_tokens.may_mail(PURPOSE, email, asked_from, device=device)
    letter = "new_email" if find_by_email(email) is None else "new_email_known"
    secret = mail_tokens.make(PURPOSE, email, user_id=user.id)
    mail.send(letter, email, secret=secret, lasting=mail_tokens.lasting(PURPOSE), name=user.name)
    return email


def find_new_email(user: User, secret: str) -> str:
    """The address that a link confirms for a user."""
    return _own(user.id, mail_tokens.find(PURPOSE, secret)).email


def follow(user: User, secret: str) -> None:
    """Replaces the user's address, and mails a notice to the old one.

    Raises:
        DeadLink: (404) the link is unknown; (409) it was used, or is too old.
        Conflict: (409) another user has taken the address meanwhile.
    """
    user_id, old = user.id, user.email
    find_new_email(user, secret)
    try:
        with transaction():
            link = _own(user_id, mail_tokens.take(PURPOSE, secret))
            session.execute(update(User).where(User.id == user_id).values(email=link.email))
            if old:
                _change_both(user_id, old, link.email)
    except IntegrityError as taken:
        raise Conflict("Another user has this address by now.") from taken
    if old:
        mail.notify("notice", old, happened=f"Your address here is now {link.email}")


def _change_both(user_id: str, old: str, new: str) -> None:
    """Ties rows under the old address to the user, so that they are erased with them: closed invitations get the new
    address, audit lines the user's id. An open invitation keeps the old address, even if another user proves it
    later."""
    closed = Invitation.accepted_at.is_not(None) | Invitation.withdrawn_at.is_not(None)
    session.execute(update(Invitation).where(Invitation.email == old, closed).values(email=new))
    audit_log.recognize(user_id, old)


def _own(user_id: str, link: Link) -> Link:
    if link.user_id != user_id:
        raise DeadLink(PURPOSE, "This link is for somebody else. Sign in as the user who asked for it.", 404)
    return link
