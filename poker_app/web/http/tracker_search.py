"""A search in one of the account's trackers, as the form of ``components/tracker_search.html`` asks for it."""

from dataclasses import asdict, dataclass, field
from datetime import timedelta

from flask import request

from poker_app import rate_limits
from poker_app.accounts import tracker_connections
from poker_app.poker.trackers import bring_in
from poker_app.rate_limits import Limit
from poker_app.rules.trackers import Found, Place, Search, with_active
from poker_app.trackers.failures import TrackerFailure
from poker_app.trackers.models import TrackerConnection

ASKED = Limit("search in a tracker", 120, timedelta(minutes=10))
MAX_TYPED, MAX_CURSOR = 1_000, 2_000


@dataclass(frozen=True, slots=True)
class Shown:
    """What was asked for, and what the tracker answered: its projects, the places of the chosen one, and a page of
    issues. ``trouble`` is the sentence of a failure."""

    asked: Search
    cursor: str
    projects: tuple[Place, ...] = ()
    places: tuple[Place, ...] = ()
    found: Found = field(default_factory=lambda: Found(()))
    trouble: str = ""

    @property
    def said(self) -> str:
        """The search in the tracker's names, on one line."""
        chosen = ((self.asked.project, self.projects), (self.asked.place, self.places))
        names = [next((each.name for each in offered if each.id == place), place) for place, offered in chosen]
        words = f"“{self.asked.words}”" if self.asked.words else ""
        return ", ".join(each for each in (*names, self.asked.query or words) if each)

    @property
    def params(self) -> dict[str, str]:
        """The search as the fields of a form."""
        return params_of(self.asked)


def params_of(search: Search) -> dict[str, str]:
    """A search as the fields of a form."""
    return {name: text for name, text in asdict(search).items() if text}


def asked() -> tuple[Search, str]:
    """The request's search, and the cursor of its page."""
    given = request.values
    typed = (given.get(name, "").strip()[:MAX_TYPED] for name in ("project", "place", "words", "query"))
    return Search(*typed), given.get("cursor", "")[:MAX_CURSOR]


def spend_one() -> None:
    """Counts a search.

    Raises:
        TooMany: (429) too many searches from this network.
    """
    rate_limits.spend(ASKED.of_network(request.remote_addr or ""))


def answer(connection: TrackerConnection) -> Shown:
    """Asks a tracker for what the request's search finds.

    Raises:
        TooMany: (429) as ``spend_one``.
    """
    search, cursor = asked()
    account_id, connection_id = connection.account_id, connection.id
    spend_one()
    projects: tuple[Place, ...] = ()
    places: tuple[Place, ...] = ()
    try:
        tracker = tracker_connections.opened(tracker_connections.find(account_id, connection_id))
        projects = tuple(tracker.projects())
        places = with_active(tracker.places(search.project)) if search.project else ()
        if not search.looks_for_something:
            return Shown(search, cursor, projects)
        return Shown(search, cursor, projects, places, tracker.search(bring_in.meant(tracker, search), cursor))
    except TrackerFailure as failure:
        tracker_connections.note_failure(connection_id, failure)
        return Shown(search, cursor, projects, places, trouble=failure.sentence)
