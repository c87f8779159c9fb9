"""The search in a tracker that a series has: its open issues come into the session of the day, in the background.

The series has the session whose issues are still to come, so that none are lost by a process that ends.
"""

from dataclasses import asdict, dataclass, fields

import structlog
from sqlalchemy import select

from poker_app.accounts import tracker_connections
from poker_app.accounts.memberships import Membership
from poker_app.db import session, transaction
from poker_app.errors import Conflict, Invalid, NotFound, Refusal
from poker_app.poker.change import tracked_tasks_changed
from poker_app.poker.models import Series
from poker_app.poker.session.series import find_own
from poker_app.poker.trackers import bring_in
from poker_app.poker.trackers.contained import contained
from poker_app.poker.value.current import at_least
from poker_app.rules.printable import one_line
from poker_app.rules.session.value import Member
from poker_app.rules.trackers import Search
from poker_app.trackers.failures import TrackerFailure
from poker_app.trackers.models import MAX_PROBLEM, TrackerConnection

MAX_SAID = 300

log = structlog.get_logger(__name__)


def choose(
    membership: Membership, secret: str | None, series_id: str, connection_id: str, search: Search, *, said: str
) -> None:
    """Has the sessions of a series begin with the open issues of a search. ``said`` is the search in the tracker's
    names, for its page.

    Raises:
        NotFound: (404) as ``find_own``; or the account has no such tracker.
        Invalid: (422) the search looks for nothing.
    """
    if not search.looks_for_something:
        raise Invalid("Choose a project, or search for words.")
    with transaction():
        series = find_own(membership, secret, series_id)
        connection = tracker_connections.find(membership.account.id, connection_id)
        series.search = {"connection": connection.id, "said": one_line(said)[:MAX_SAID], **asdict(search)}
        membership.note("series-search-chosen", series.name)


def remove(membership: Membership, secret: str | None, series_id: str) -> None:
    """Has the sessions of a series begin without issues again.

    Raises:
        NotFound: (404) as ``find_own``.
    """
    with transaction():
        series = find_own(membership, secret, series_id)
        if series.search is not None:
            series.search, series.search_due = None, None
            membership.note("series-search-removed", series.name)


def search_of(series: Series) -> tuple[TrackerConnection | None, Search] | None:
    """The search of a series, with its tracker: None in its place once it is disconnected. None for no search."""
    if series.search is None:
        return None
    search = Search(**{each.name: series.search[each.name] for each in fields(Search)})
    return session.get(TrackerConnection, series.search["connection"]), search


# --- the session of the day


def bring_in_due() -> None:
    """Brings in the issues of every session that is still to have them."""
    for series_id in session.scalars(
        select(Series.id).where(Series.search_due.is_not(None), Series.search_problem == "").order_by(Series.id)
    ).all():
        with contained(series=series_id):
            _bring_in(series_id)


def _bring_in(series_id: str) -> None:
    """Brings in the issues of one. Done by two processes at once, each issue comes in once."""
    series = session.get(Series, series_id)
    session_id = series.search_due if series else None
    if series is None or session_id is None:
        return
    problem = "Something went wrong when the issues came in."
    with contained(series=series_id):
        problem = _problem(series, session_id)
    with transaction():
        kept = session.get(Series, series_id)
        if kept and kept.search_due == session_id:
            kept.search_due, kept.search_problem = session_id if problem else None, problem[:MAX_PROBLEM]


def _problem(series: Series, session_id: str) -> str:
    """Brings the issues in. Returns the sentence of what went wrong, "" where they are there."""
    account_id, found = series.account_id, search_of(series)
    connection, search = found or (None, Search())
    if connection is None:
        return "The tracker of this series’ search is disconnected."
    connection_id = connection.id
    try:
        issues = bring_in.all_of(tracker_connections.opened(connection), search)
        if not issues:
            return "This series’ search finds no open issue."
        bring_in.bring_in(_facilitator(session_id), account_id, connection_id, issues)
    except TrackerFailure as failure:
        tracker_connections.note_failure(connection_id, failure)
        log.info("series_search_failed", session=session_id, problem=type(failure).__name__)
        return failure.sentence
    except Refusal as refusal:
        return refusal.sentence
    return ""


def _facilitator(session_id: str) -> Member:
    """The facilitator for whom issues come in: who joined first of those who are still there."""
    members = at_least(session_id).value.members.values()
    there = [each for each in members if each.facilitates and not each.removed_at and not each.has_left]
    if not there:
        raise Conflict("No facilitator was in the session at that time.")
    return min(there, key=lambda each: each.joined_at)


@dataclass(frozen=True, slots=True)
class ComingIn:
    """Issues that are still to come into a session. ``problem`` says why they did not, "" while they are awaited."""

    tracker: str
    connection_id: str
    search: Search
    problem: str


def coming_in(session_id: str) -> ComingIn | None:
    """The issues that are still to come into a session; None where there are none."""
    series = session.scalars(select(Series).where(Series.search_due == session_id)).one_or_none()
    found = search_of(series) if series else None
    if series is None or found is None:
        return None
    connection, search = found
    name = tracker_connections.named(connection) if connection else ""
    return ComingIn(name, connection.id if connection else "", search, series.search_problem)


def try_again(session_id: str) -> None:
    """Has the issues come in once more.

    Raises:
        NotFound: (404) no issues are to come into this session.
    """
    with transaction():
        _due(session_id).search_problem = ""
    tracked_tasks_changed.send(session_id)


def leave(session_id: str) -> None:
    """Does without the issues.

    Raises:
        NotFound: (404) no issues are to come into this session.
    """
    with transaction():
        series = _due(session_id)
        series.search_due, series.search_problem = None, ""


def _due(session_id: str) -> Series:
    series = session.scalars(select(Series).where(Series.search_due == session_id)).one_or_none()
    if series is None:
        raise NotFound("No issues are to come into this session any more.")
    return series
