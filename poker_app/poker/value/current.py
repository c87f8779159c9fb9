"""Reads the newest value of a session: one query for its version, and no other where the cache has that version."""

from sqlalchemy import Row, bindparam, select

from poker_app import clock
from poker_app.db import forget_what_was_read, session
from poker_app.errors import NotFound
from poker_app.poker.value import loading
from poker_app.poker.value.backlog_view import BacklogView, backlog_view
from poker_app.poker.value.rows import SESSION
from poker_app.poker.value.session_view import SessionView, public_view
from poker_app.poker.value.value_cache import Known, values
from poker_app.rules.session.value import Session

_table = SESSION.table.c
_VERSIONS = select(_table.version, _table.published_version).where(_table.id == bindparam("session_id"))


def newest(session_id: str) -> Known:
    """Returns the session at the version that the database has now, loaded unless it is cached. Raises NotFound."""
    versions = _versions(session_id)
    known = values.get(session_id)
    if known and known.value.version > versions.version and not session.info.get("writing"):
        # Committed since this thread's transaction began: what is newer is not dropped for an old snapshot.
        forget_what_was_read()
        versions = _versions(session_id)
    if known is None or known.value.version != versions.version:
        if known and known.value.version > versions.version:
            # A copy of the database was brought back.
            values.drop(session_id)
        known = values.put(_loaded(session_id))
    known.behind = versions.published_version < versions.version
    return known


def _versions(session_id: str) -> Row[int, int]:
    found = session.connection().execute(_VERSIONS, {"session_id": session_id}).one_or_none()
    if found is None:
        values.drop(session_id)
        raise NotFound("There is no such session.")
    return found


def at_least(session_id: str, version: int = 0) -> Known:
    """Returns a session at a version or a newer one, without a query where it is cached. Raises NotFound."""
    known = values.get(session_id)
    return known if known and known.value.version >= version else newest(session_id)


def _loaded(session_id: str) -> Session:
    value = loading.load(session.connection(), session_id)
    if value is None:
        raise NotFound("There is no such session.")
    return value


def view_of(session_id: str) -> SessionView:
    """Returns the public view of a session. Raises NotFound."""
    return public_view(newest(session_id).value, clock.now())


def backlog_of(session_id: str) -> BacklogView:
    """Returns the public view of the tasks. Raises NotFound."""
    return backlog_view(newest(session_id).value)
