"""Pages of a series: its permanent link, and its making, renaming and closing by an account."""

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from poker_app import ids
from poker_app.accounts import account_settings, auth_is_open, decks, tracker_connections
from poker_app.accounts.memberships import Membership, membership_for
from poker_app.errors import Forbidden, Invalid, Refusal, TooMany
from poker_app.poker.models import Series
from poker_app.poker.session import series
from poker_app.poker.session.lifecycle import OWN_DECK
from poker_app.poker.session.options import options_from
from poker_app.poker.trackers import series_search
from poker_app.rules.deck import DECKS
from poker_app.web.http import fragments, login, tracker_search
from poker_app.web.http.errors import again
from poker_app.web.http.guest_cookie import guest_secret, store_secret
from poker_app.web.http.login import teammate

blueprint = Blueprint("series", __name__)


# --- the permanent link


@blueprint.get("/series/<series_id>")
def link(series_id: str) -> ResponseReturnValue:
    """Redirects to the day's session if it is running. Until then teammates may open it, and all others wait on this
    page."""
    found = series.find(series_id)
    if running := series.running(found):
        return redirect(url_for("sessions.room", session_id=running.id), 303)
    page = make_response(_waiting_room(found))
    return store_secret(page, guest_secret() or ids.new_secret())


def _waiting_room(found: Series, invalid: Invalid | None = None) -> str:
    membership = membership_for(login.user(), found.account_id)
    return render_template("series/link.html", series=found, membership=membership, typed=request.form, invalid=invalid)


@blueprint.get("/series/<series_id>/waiting")
def waiting(series_id: str) -> ResponseReturnValue:
    """Polled by the open page every few seconds: 204 until there is a session to go to."""
    running = series.running(series.find(series_id))
    if running is None:
        return "", 204
    return Response(headers={"HX-Redirect": url_for("sessions.room", session_id=running.id)})


@blueprint.post("/series/<series_id>/sessions")
def open_today(series_id: str) -> ResponseReturnValue:
    """Open the day's session, or go to it if another member was faster.

    Raises:
        Forbidden: (403) the user is no teammate of the account.
        OutOfCredits, NotInPlan: (402) as for every new session.
    """
    found, user = series.find(series_id), login.user()
    if user is None and not auth_is_open():
        return redirect(url_for("signing_in.page", next=url_for("series.link", series_id=series_id)), 303)
    membership = login.acts_for(found.account_id)
    if membership is None:
        raise Forbidden("Only teammates of its account may open a session of this series.")
    secret, name = guest_secret() or ids.new_secret(), user.name if user else request.form.get("member_name", "")
    try:
        opened = series.open_today(membership, series_id, member_name=name, secret=secret)
    except Invalid as invalid:
        return _waiting_room(found, invalid), invalid.status
    return store_secret(fragments.leave_for(url_for("sessions.room", session_id=opened)), secret)


# --- an account's series


@blueprint.get("/accounts/<account_id>/series/new")
@teammate
def new(membership: Membership) -> ResponseReturnValue:
    return store_secret(
        make_response(_form(membership, account_settings.defaults_of(membership.account))),
        guest_secret() or ids.new_secret(),
    )


def _form(membership: Membership, typed: dict[str, Any], invalid: Refusal | None = None) -> str:
    own_decks = decks.decks_of(membership.account.id)
    return render_template(
        "series/new.html",
        membership=membership,
        typed=typed,
        invalid=invalid,
        decks=DECKS.values(),
        own_decks=own_decks,
    )


@blueprint.post("/accounts/<account_id>/series")
@teammate
def make(membership: Membership) -> ResponseReturnValue:
    secret, form = guest_secret() or ids.new_secret(), request.form
    chosen = decks.chosen(membership.account.id, form.get("deck", ""))
    try:
        made = series.make(
            membership,
            secret,
            name=form.get("name", ""),
            deck=OWN_DECK if chosen else form.get("deck", ""),
            own=decks.as_typed(chosen) if chosen else form.get("own", ""),
            options=options_from(form),
        )
    except (Invalid, TooMany) as refusal:
        return again(_form(membership, form.to_dict(), refusal), refusal)
    return store_secret(
        fragments.leave_for(url_for("series.manage", account_id=made.account_id, series_id=made.id)), secret
    )


@blueprint.get("/accounts/<account_id>/series/<series_id>")
@teammate
def manage(membership: Membership, series_id: str) -> ResponseReturnValue:
    """Its link to pass on, its name, and its end."""
    return _manage(membership, series_id)


def _manage(membership: Membership, series_id: str, invalid: Invalid | None = None) -> str:
    found = series.find_own(membership, guest_secret(), series_id)
    chosen = series_search.search_of(found)
    return render_template(
        "series/manage.html",
        membership=membership,
        series=found,
        address=f"{fragments.origin()}{url_for('series.link', series_id=found.id)}",
        trackers=tracker_connections.names_of(membership.account.id),
        tracker=chosen[0] if chosen else None,
        params=tracker_search.params_of(chosen[1]) if chosen else {},
        typed=request.form,
        invalid=invalid,
    )


@blueprint.post("/accounts/<account_id>/series/<series_id>/name")
@teammate
def rename(membership: Membership, series_id: str) -> ResponseReturnValue:
    try:
        series.rename(membership, guest_secret(), series_id, request.form.get("name", ""))
    except Invalid as invalid:
        return _manage(membership, series_id, invalid), invalid.status
    return _back(membership, series_id)


def _back(membership: Membership, series_id: str) -> Response:
    return fragments.leave_for(url_for("series.manage", account_id=membership.account.id, series_id=series_id))


@blueprint.post("/accounts/<account_id>/series/<series_id>/closing")
@teammate
def close(membership: Membership, series_id: str) -> ResponseReturnValue:
    series.close(membership, guest_secret(), series_id)
    return _back(membership, series_id)


@blueprint.post("/accounts/<account_id>/series/<series_id>/reopening")
@teammate
def reopen(membership: Membership, series_id: str) -> ResponseReturnValue:
    series.reopen(membership, guest_secret(), series_id)
    return _back(membership, series_id)
