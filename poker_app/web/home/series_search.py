"""The page that chooses which issues of a tracker come into the sessions of a series."""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from poker_app.accounts import tracker_connections
from poker_app.accounts.memberships import Membership
from poker_app.errors import Invalid
from poker_app.poker.session import series
from poker_app.poker.trackers import series_search
from poker_app.trackers import TRACKERS
from poker_app.web.http import fragments, tracker_search
from poker_app.web.http.errors import again
from poker_app.web.http.guest_cookie import guest_secret
from poker_app.web.http.login import teammate

blueprint = Blueprint("series_search", __name__, url_prefix="/accounts/<account_id>/series/<series_id>")


@blueprint.get("/trackers/<connection_id>")
@teammate
def page(membership: Membership, series_id: str, connection_id: str) -> ResponseReturnValue:
    """Shows a search in one of the account's trackers, and how many issues it finds.

    Raises:
        NotFound: (404) the account or browser has no such series or tracker.
        TooMany: (429) too many searches from this network.
    """
    return _page(membership, series_id, connection_id)


def _page(membership: Membership, series_id: str, connection_id: str, refusal: Invalid | None = None) -> str:
    found = series.find_own(membership, guest_secret(), series_id)
    name = found.name
    connection = tracker_connections.find(membership.account.id, connection_id)
    kind, tracker = connection.kind, tracker_connections.named(connection)
    return render_template(
        "series/search.html",
        membership=membership,
        series_id=series_id,
        name=name,
        connection_id=connection_id,
        tracker=tracker,
        about=TRACKERS[kind],
        shown=tracker_search.answer(connection),
        refusal=refusal,
    )


@blueprint.post("/trackers/<connection_id>")
@teammate
def choose(membership: Membership, series_id: str, connection_id: str) -> ResponseReturnValue:
    """Keeps the search.

    Raises:
        NotFound: (404) as ``page``.
        Invalid: (422) it looks for nothing.
    """
    search, _ = tracker_search.asked()
    try:
        said = request.form.get("said", "")
        series_search.choose(membership, guest_secret(), series_id, connection_id, search, said=said)
    except Invalid as refusal:
        return again(_page(membership, series_id, connection_id, refusal), refusal)
    return fragments.leave_for(url_for("series.manage", account_id=membership.account.id, series_id=series_id))


@blueprint.post("/search/removal")
@teammate
def remove(membership: Membership, series_id: str) -> ResponseReturnValue:
    series_search.remove(membership, guest_secret(), series_id)
    return fragments.leave_for(url_for("series.manage", account_id=membership.account.id, series_id=series_id))
