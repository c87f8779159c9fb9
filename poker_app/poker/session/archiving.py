"""Archiving, unarchiving, deleting and restoring sessions from the dashboard.

Allowed for the user who opened the session, and for the admins and owners of its account. Where users do not sign in:
for the browser that facilitates it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exists, select

from poker_app import clock
from poker_app.accounts.memberships import Membership
from poker_app.billing import entitlements
from poker_app.db import session, transaction
from poker_app.errors import Conflict, Forbidden, NotFound
from poker_app.poker.change import change_within, lock
from poker_app.poker.models import PokerSession
from poker_app.poker.scopes import is_live, may_archive, reached
from poker_app.rules.session import lifecycle as rules


def find(membership: Membership, secret: str | None, session_id: str) -> PokerSession:
    """Returns a session that the membership reaches, deleted or not.

    Raises:
        NotFound: (404) there is none, or it is out of reach.
    """
    wanted = select(PokerSession).where(PokerSession.id == session_id, reached(membership, secret))
    found = session.scalars(wanted).one_or_none()
    if found is None:
        raise NotFound("This session was not found in this account.")
    return found


def find_to_archive(membership: Membership, secret: str | None, session_id: str) -> PokerSession:
    """Returns the same session for a membership that may archive it.

    Raises:
        NotFound: (404) there is none, or it is out of reach.
        Forbidden: (403) it was opened by another teammate, and the user is no owner or admin.
    """
    found = find(membership, secret, session_id)
    if not may_archive(membership, found):
        raise Forbidden("Only the person who opened the session, an owner or an admin may do that.")
    return found


@contextmanager
def _held(membership: Membership, secret: str | None, session_id: str) -> Iterator[PokerSession]:
    """Checks the permission and locks the session's row until the block ends, so that no member changes the session
    meanwhile."""
    with transaction():
        find_to_archive(membership, secret, session_id)
        lock(session_id)
        yield session.get_one(PokerSession, session_id, populate_existing=True)


def archive(membership: Membership, secret: str | None, session_id: str) -> None:
    """Archives a session: it and its report stay, out of the list.

    Raises:
        NotFound, Forbidden: (404, 403) as `find_to_archive`.
        Conflict: (409) members sit at the table.
    """
    with _held(membership, secret, session_id) as table:
        if table.archived_at or table.deleted_at:
            return
        here = select(exists().where(PokerSession.id == table.id, is_live(clock.now())))
        if session.scalar(here):
            raise Conflict("This session is live. End it before you archive it.")
        table.archived_at = clock.now()
        membership.note("session-archived", table.name)


def unarchive(membership: Membership, secret: str | None, session_id: str) -> None:
    """Takes the session out of the archive, back into the list."""
    with _held(membership, secret, session_id) as table:
        if table.archived_at:
            table.archived_at = None
            membership.note("session-unarchived", table.name)


def delete(membership: Membership, secret: str | None, session_id: str) -> None:
    """Deletes the session, its report and its link, and ends it for its members. It can be restored until it is
    purged."""
    with _held(membership, secret, session_id) as table:
        if table.deleted_at:
            return
        value = change_within(session_id, rules.delete).value
        if value.ended_at is None and not value.used:
            entitlements.give_back_session(value.account_id, value.id)
        membership.note("session-deleted", table.name)


def restore(membership: Membership, secret: str | None, session_id: str) -> None:
    """Restores a deleted session as it was."""
    with _held(membership, secret, session_id) as table:
        if table.deleted_at is None:
            return
        if change_within(session_id, rules.restore).value.running:
            entitlements.pay_again(table.account_id, table.id, name=table.name, user_id=table.user_id)
        membership.note("session-restored", table.name)
