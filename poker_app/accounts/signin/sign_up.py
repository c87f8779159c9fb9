"""Sign-up with a password. The user's row is created once the mailed link has proven the address."""

from datetime import timedelta

from sqlalchemy.exc import IntegrityError

from poker_app import ids, mail, rate_limits
from poker_app.accounts.models import User
from poker_app.accounts.signin import mail_tokens, password_hashing
from poker_app.accounts.signin.passwords import refuse_weak
from poker_app.accounts.users import add_user, clean_email, find_by_email, user_name
from poker_app.db import transaction
from poker_app.errors import Invalid
from poker_app.rate_limits import Limit

PURPOSE = "sign-up"
WRONG = Limit("password of a new user", 10, timedelta(minutes=15))
# Forms from one network: whether a password is strong enough takes longer to say than most pages.
FORMS = Limit("sign-up", 60, timedelta(minutes=15))


def mail_link(*, name: str, email: str, password: str, onward: str, browser: str, asked_from: str) -> str:
    """Mails a link that confirms the address, and returns the address. ``browser`` is a secret that only the asking
    browser knows.

    If the address has a user already, the mail says so and has a link to sign in; the page shows the same in both
    cases.
    """
    name, email = user_name(name), clean_email(email)
    rate_limits.spend(FORMS.of_network(asked_from))
    refuse_weak(password, name, email)
    # Before the lookup, so that known and new addresses take equally long; before the count of mails, so that a 503
    # uses up none.
    password_hash = password_hashing.hashed(password)
    mail_tokens.may_mail(PURPOSE, email, asked_from)
    if find_by_email(email) is None:
        typed = {"name": name, "password_hash": password_hash, "browser": ids.digest(browser), "onward": onward}
        letter, purpose = "sign_up", PURPOSE
    else:
        letter, purpose, typed = "sign_up_known", "sign-in", {"onward": onward}
    secret = mail_tokens.make(purpose, email, **typed)
    mail.send(letter, email, secret=secret, lasting=mail_tokens.lasting(purpose))
    return email


def asks_for_password(secret: str, browser: str) -> bool:
    """Whether confirming a link needs the password. In the browser that chose it, it does not.

    Without this an attacker could sign up with another person's address, and wait for that person's click to create the
    user with the attacker's password.
    """
    return bool(mail_tokens.find(PURPOSE, secret).data["browser"] != ids.digest(browser))


def follow(secret: str, *, browser: str, password: str) -> tuple[User, str]:
    """Uses a link up. Returns its user and the page that they wanted.

    Raises:
        DeadLink: (404) the link is unknown; (409) it was used, or is too old.
        Invalid: (422) the password is not the one that was chosen.
    """
    if asks_for_password(secret, browser):
        link = mail_tokens.find(PURPOSE, secret)
        kept = str(link.data["password_hash"])
        with rate_limits.failures(WRONG.of(link.digest)):
            if not password_hashing.matches(kept, password):
                raise Invalid("That is not the password that was chosen with this address.", "password")
    try:
        return _follow(secret)
    except IntegrityError:
        # Another link created the address's user at the same moment: the retry finds it.
        return _follow(secret)


def _follow(secret: str) -> tuple[User, str]:
    with transaction():
        link = mail_tokens.take(PURPOSE, secret)
        user = find_by_email(link.email)
        if user is None:
            user = add_user(name=link.data["name"], email=link.email)
            user.password_hash = link.data["password_hash"]
        return user, link.data["onward"]
