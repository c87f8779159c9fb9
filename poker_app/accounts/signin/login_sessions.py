"""Login sessions: one row per signed-in browser, found by the digest of the secret in its cookie. Ended one by one or
all at once."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select, update

from poker_app import accounts, clock, ids
from poker_app.accounts.models import SignIn, User
from poker_app.db import session, transaction

# A login session that was unused for so long has ended.
IDLE_FOR = timedelta(days=30)
NOTE_EVERY = timedelta(hours=1)


def begin(user: User, *, browser: str, address: str, issuer: str | None = None) -> str:
    """Creates a login session. Returns the secret for its cookie; the row stores the digest.

    ``issuer`` is the provider's that they came by, None for our own ways in.
    """
    user_id, secret, now = user.id, ids.new_secret(), clock.now()
    with transaction():
        session.add(
            SignIn(
                id=ids.new_id(),
                digest=ids.digest(secret),
                user_id=user_id,
                started_at=now,
                seen_at=now,
                browser=browser[:200],
                address=address[:45],
                issuer=issuer,
            )
        )
    return secret


def find(secret: str) -> SignIn | None:
    """Login session of a cookie's secret; None where it has ended or was unused for 30 days. Stores the time of use
    once an hour."""
    found = session.scalars(select(SignIn).where(SignIn.digest == ids.digest(secret))).one_or_none()
    now = clock.now()
    if found is None or now - found.seen_at > IDLE_FOR:
        return None
    if now - found.seen_at > NOTE_EVERY:
        with transaction():
            session.execute(update(SignIn).where(SignIn.id == found.id).values(seen_at=now))
    return found


def active(user: User) -> Sequence[SignIn]:
    """Login sessions of a user, the latest used first."""
    fresh = SignIn.seen_at > clock.now() - IDLE_FOR
    return session.scalars(select(SignIn).where(SignIn.user_id == user.id, fresh).order_by(SignIn.seen_at.desc())).all()


def end(user: User, sign_in_id: str) -> None:
    """Ends one of the user's login sessions. Does nothing where it has ended already."""
    user_id = user.id
    with transaction():
        remove(user_id, SignIn.id == sign_in_id)


def end_everywhere(user: User, *, but: str | None = None) -> None:
    """Ends all login sessions of a user, except ``but``."""
    user_id = user.id
    with transaction():
        remove(user_id, SignIn.id != (but or ""))


def remove(user_id: str, *which: ColumnElement[bool]) -> None:
    """Deletes login sessions of a user, inside the caller's transaction. Every way of ending one calls this. After the
    commit the user's realtime connections are closed too, and browsers that are still signed in connect anew."""
    session.execute(delete(SignIn).where(SignIn.user_id == user_id, *which))
    accounts.end_access(user_id)


def purge() -> int:
    """Deletes login sessions that were unused for 30 days. Returns how many."""
    with transaction():
        old = select(SignIn.id).where(SignIn.seen_at < clock.now() - IDLE_FOR).with_for_update(skip_locked=True)
        found = session.scalars(old).all()
        session.execute(delete(SignIn).where(SignIn.id.in_(found)))
        return len(found)
