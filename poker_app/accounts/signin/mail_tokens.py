"""Single-use links in mails: for one purpose and one address, with an expiry, stored as a digest. Their rate limits,
too."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update

from poker_app import clock, ids, rate_limits
from poker_app.accounts.models import MailToken
from poker_app.accounts.signin import device_cookies
from poker_app.accounts.signin.device_cookies import Bounds
from poker_app.accounts.users import find_by_email
from poker_app.db import session, transaction
from poker_app.errors import Refusal
from poker_app.rate_limits import Limit
from poker_app.rules.durations import in_words

# The purposes of links, and how long each works.
WORKS_FOR = {
    "sign-in": timedelta(minutes=20),
    "sign-up": timedelta(hours=24),
    "new-password": timedelta(hours=1),
    "new-email": timedelta(hours=24),
}
# Expired rows are deleted after this time. Until then the page says "expired" instead of "unknown".
KEPT = timedelta(days=7)

# Each purpose is counted apart: sign-in links that others asked for do not block a password reset.
MAILS = Bounds(Limit("mail", 5, timedelta(hours=1)), Limit("mail from anywhere", 30, timedelta(hours=1)))
MAILS_ASKED = Limit("asking for mail", 40, timedelta(hours=1))


class DeadLink(Refusal):
    """A link that does not work: 404 if it never existed, 409 if it was used or has expired. ``purpose`` is what it was
    for."""

    def __init__(self, purpose: str, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.purpose, self.status = purpose, status


@dataclass(frozen=True, slots=True)
class Link:
    """A mailed link that works, with the address that it proves and the data that was typed when it was asked for."""

    digest: str
    email: str
    user_id: str | None
    data: Mapping[str, Any]


def may_mail(purpose: str, email: str, asked_from: str, *, device: str = "") -> None:
    """Counts one mail of a purpose to an address from a network, and one of all mails that the network asks for.
    Addresses with and without a user count alike. A browser that the address's user has signed in with before, by its
    cookie ``device``, has a counter of its own.

    Raises:
        TooMany: (429) five in an hour to one address, or forty in all.
    """
    user = find_by_email(email) if device else None
    known = device_cookies.name_in(device, user.id if user else None)
    asked = [] if known else MAILS_ASKED.of_network(asked_from)
    rate_limits.spend([*MAILS.counters(f"{purpose} {email}", asked_from, known), *asked])


def make(purpose: str, email: str, *, user_id: str | None = None, **data: Any) -> str:
    """Creates a link, and returns its secret. ``data`` was typed in the form that asked for it. Deletes links that
    expired long ago."""
    secret, now = ids.new_secret(), clock.now()
    with transaction():
        # Skips rows that another transaction deletes just now, so that two never wait for each other.
        old = select(MailToken.digest).where(MailToken.expires_at < now - KEPT).with_for_update(skip_locked=True)
        session.execute(delete(MailToken).where(MailToken.digest.in_(old)))
        session.add(
            MailToken(
                digest=ids.digest(secret),
                purpose=purpose,
                email=email,
                user_id=user_id,
                data=data,
                made_at=now,
                expires_at=now + WORKS_FOR[purpose],
            )
        )
    return secret


def find(purpose: str, secret: str) -> Link:
    """The link, if it still works. Reading changes nothing, since programs that check mail do so too."""
    return _read(_found(purpose, secret))


def _read(row: MailToken) -> Link:
    return Link(row.digest, row.email, row.user_id, row.data)


def _found(purpose: str, secret: str) -> MailToken:
    return _alive(session.get(MailToken, ids.digest(secret)), purpose)


def take(purpose: str, secret: str) -> Link:
    """Marks the link and every other one for the same purpose and address as used. Inside the caller's transaction.

    The rows stay for a while, so that a used link is not mistaken for an unknown one; what was typed is emptied.
    """
    link = _found(purpose, secret)
    same = (MailToken.purpose == purpose, MailToken.email == link.email, MailToken.used_at.is_(None))
    # Locks all of them at once and in one order, or two transactions with two links would deadlock.
    unused = select(MailToken).where(*same).order_by(MailToken.digest).with_for_update()
    rows = session.scalars(unused.execution_options(populate_existing=True)).all()
    if link not in rows:
        # Another transaction took it first.
        session.refresh(link)
        _alive(link, purpose)
    taken = _read(link)
    for each in rows:
        each.used_at, each.data = clock.now(), {}
    return taken


def _alive(found: MailToken | None, purpose: str) -> MailToken:
    if found is None or found.purpose != purpose:
        raise DeadLink(purpose, "This link does not work. Perhaps your mail program cut off its end.", 404)
    if found.used_at:
        raise DeadLink(purpose, "This link was used already, or a newer one was. Each works once.", 409)
    if found.expires_at <= clock.now():
        raise DeadLink(purpose, f"This link has expired. It worked for {lasting(purpose)}.", 409)
    return found


def lasting(purpose: str) -> str:
    """How long a link of a purpose works, in words."""
    return in_words(WORKS_FOR[purpose])


def purge() -> int:
    """Deletes links seven days after their expiry, and empties the data of those that expired since. Returns how many
    were deleted."""
    with transaction():
        expired = select(MailToken.digest).where(MailToken.expires_at <= clock.now(), MailToken.used_at.is_(None))
        lapsed = session.scalars(expired.with_for_update(skip_locked=True)).all()
        session.execute(update(MailToken).where(MailToken.digest.in_(lapsed)).values(data={}))
        old = select(MailToken.digest).where(MailToken.expires_at < clock.now() - KEPT)
        found = session.scalars(old.with_for_update(skip_locked=True)).all()
        session.execute(delete(MailToken).where(MailToken.digest.in_(found)))
        return len(found)
