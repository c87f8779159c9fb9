"""The archive: sessions archived, deleted, brought back, copied, and imported from the JSON of a report.

The person who opened a session may do that, and owners and admins. A service may with those that services opened, and
as an admin with all.
"""

from flask import request

from poker_app import rate_limits
from poker_app.accounts.api_tokens import Caller
from poker_app.api.operations import operation
from poker_app.api.problems import fields_named
from poker_app.api.session_models import SessionGiven, SessionSummary
from poker_app.api.sessions import read_session
from poker_app.db import session
from poker_app.poker.models import PokerSession
from poker_app.poker.reports.report_file import ReportFile, checked
from poker_app.poker.reports.session_import import IMPORTED, import_session
from poker_app.poker.session import archiving, copying
from poker_app.poker.session.lifecycle import OPENED


@operation("POST", "/sessions/{session_id}/archive", "sessions:write")
def archive_session(caller: Caller, session_id: str) -> SessionSummary:
    """Archive a session: it and its report stay, out of the list. Again, it changes nothing."""
    archiving.archive(caller.membership, caller.secret, session_id)
    return _summary(caller, session_id)


@operation("POST", "/sessions/{session_id}/unarchive", "sessions:write")
def unarchive_session(caller: Caller, session_id: str) -> SessionSummary:
    """Take a session out of the archive."""
    archiving.unarchive(caller.membership, caller.secret, session_id)
    return _summary(caller, session_id)


@operation("DELETE", "/sessions/{session_id}", "sessions:write")
def delete_session(caller: Caller, session_id: str) -> None:
    """Delete a session with its report and its link. It ends for its members.

    Until it is purged, it can be restored.
    """
    archiving.delete(caller.membership, caller.secret, session_id)


@operation("POST", "/sessions/{session_id}/restore", "sessions:write")
def restore_session(caller: Caller, session_id: str) -> SessionSummary:
    """Bring back a deleted session as it was."""
    archiving.restore(caller.membership, caller.secret, session_id)
    return _summary(caller, session_id)


@operation("POST", "/sessions/{session_id}/copies", "sessions:write", status=201, made_at="/sessions/{id}")
def copy_session(caller: Caller, session_id: str, key: str) -> SessionGiven:
    """Open a copy of a session: the same deck and options, and the tasks that got no estimate. It costs a credit."""
    rate_limits.spend(OPENED.of_network(request.remote_addr or ""))
    copied = copying.copy_session(caller.membership, session_id, secret=caller.secret, form_key=key)
    return read_session(caller, session.get_one(PokerSession, copied.session_id))


@operation("POST", "/sessions/import", "sessions:write", status=201, made_at="/sessions/{id}")
def import_report(caller: Caller, body: ReportFile, key: str) -> SessionSummary:
    """Import a past session from the JSON of its report, as `GET /sessions/{session_id}/report` answers it.

    It has ended, costs no credit, and its members are names only.
    """
    rate_limits.spend(IMPORTED.of(caller.user.id if caller.user else caller.membership.account.id))
    with fields_named(file=""):
        session_id = import_session(caller.membership, checked(body), form_key=key)
    return SessionSummary.of(session.get_one(PokerSession, session_id))


def _summary(caller: Caller, session_id: str) -> SessionSummary:
    return SessionSummary.of(archiving.find(caller.membership, caller.secret, session_id))
