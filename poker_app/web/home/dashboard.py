"""The dashboard: an account's sessions, live and past, and what may be done with each."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from poker_app import ids
from poker_app.accounts import auth_is_open
from poker_app.accounts.memberships import Membership
from poker_app.errors import NotFound
from poker_app.poker.reports import dashboard
from poker_app.poker.reports.dashboard import SHOWN, Wish
from poker_app.poker.session import archiving, copying, retention, series
from poker_app.rules.durations import in_words
from poker_app.rules.printable import without_hidden
from poker_app.rules.session.value import DELETED_FOR
from poker_app.web.http import fragments, login
from poker_app.web.http.guest_cookie import guest_secret, store_secret
from poker_app.web.http.login import teammate

blueprint = Blueprint("dashboard", __name__)

MAX_NAME, MAX_PAGE = 120, 100_000
DONE = {
    "archived": ("“{}” is in the archive.", "dashboard.unarchive"),
    "unarchived": ("“{}” is back in the list.", "dashboard.archive"),
    "deleted": ("“{}” was deleted, with its report and its link.", "dashboard.restore"),
    "restored": ("“{}” is back.", None),
}


@blueprint.get("/dashboard")
def latest() -> ResponseReturnValue:
    """Redirects to the dashboard of the current account."""
    user = login.user()
    if user is None and not auth_is_open():
        return login.to_sign_in()
    if user and login.is_lost(user):
        return redirect(url_for("accounts.index"), 303)
    return redirect(url_for("dashboard.page", account_id=login.acts_here().account.id), 303)


@blueprint.get("/accounts/<account_id>")
@teammate
def page(membership: Membership) -> ResponseReturnValue:
    """Shows the dashboard. Its whole state is in the address, so that it survives a reload, a bookmark and the way
    back."""
    secret, wish = guest_secret(), _wish()
    return render_template(
        "dashboard/dashboard.html",
        membership=membership,
        wish=wish,
        given=_params(wish),
        live=dashboard.live_sessions(membership, secret),
        listing=dashboard.listing(membership, secret, wish),
        counts=dashboard.counts(membership, secret),
        series=series.series_of(membership, secret),
        done=_done(membership, secret),
        form_key=ids.new_secret(),
        goes_soon=retention.goes_soon,
        restored_within=in_words(DELETED_FOR),
    )


def _wish() -> Wish:
    given = request.values
    in_series, page = given.get("series", ""), given.get("page", "")
    return Wish(
        name=" ".join(without_hidden(given.get("name", "")).split())[:MAX_NAME],
        show=show if (show := given.get("show", "")) in SHOWN else SHOWN[0],
        series=in_series if ids.could_be_id(in_series) else "",
        page=min(int(page), MAX_PAGE) if page.isascii() and page.isdigit() and len(page) < 9 else 1,
    )


def _params(wish: Wish, **other: Any) -> dict[str, Any]:
    """Returns the filter as query parameters, those with the default value left out."""
    told = {"name": wish.name, "show": wish.show, "series": wish.series, "page": wish.page}
    return {**{name: value for name, value in told.items() if value != getattr(Wish(), name)}, **other}


def _done(membership: Membership, secret: str | None) -> dict[str, str | None] | None:
    """Returns the sentence about the last action, and its undo address, to show once after the redirect to the page."""
    done, session_id = request.args.get("done", ""), request.args.get("of", "")
    if done not in DONE or not ids.could_be_id(session_id):
        return None
    try:
        table = archiving.find(membership, secret, session_id)
    except NotFound:
        return None
    sentence, undo = DONE[done]
    # Undone meanwhile, for example in another tab: there is nothing to show.
    if (done == "deleted") != (table.deleted_at is not None) or (done == "archived") != (table.archived_at is not None):
        return None
    address = url_for(undo, account_id=membership.account.id, session_id=table.id) if undo else None
    return {"sentence": sentence.format(table.name), "undo": address}


# --- one session


@blueprint.post("/accounts/<account_id>/sessions/<session_id>/copies")
@teammate
def copy(membership: Membership, session_id: str) -> ResponseReturnValue:
    """Opens a copy, which the user or browser facilitates, and goes to its page."""
    secret = guest_secret() or ids.new_secret()
    form_key = request.form.get("form_key", "")[:64] or ids.new_secret()
    member = copying.copy_session(membership, session_id, secret=secret, form_key=form_key)
    return store_secret(fragments.leave_for(url_for("sessions.room", session_id=member.session_id)), secret)


@blueprint.post("/accounts/<account_id>/sessions/<session_id>/archive")
@teammate
def archive(membership: Membership, session_id: str) -> ResponseReturnValue:
    archiving.archive(membership, guest_secret(), session_id)
    return _back(membership, done="archived", of=session_id)


def _back(membership: Membership, **done: str) -> ResponseReturnValue:
    """Redirects to the same page of the same list."""
    return fragments.leave_for(url_for("dashboard.page", account_id=membership.account.id, **_params(_wish(), **done)))


@blueprint.post("/accounts/<account_id>/sessions/<session_id>/archive/removal")
@teammate
def unarchive(membership: Membership, session_id: str) -> ResponseReturnValue:
    archiving.unarchive(membership, guest_secret(), session_id)
    return _back(membership, done="unarchived", of=session_id)


@blueprint.post("/accounts/<account_id>/sessions/<session_id>/deletion")
@teammate
def delete(membership: Membership, session_id: str) -> ResponseReturnValue:
    archiving.delete(membership, guest_secret(), session_id)
    return _back(membership, done="deleted", of=session_id)


@blueprint.post("/accounts/<account_id>/sessions/<session_id>/restoration")
@teammate
def restore(membership: Membership, session_id: str) -> ResponseReturnValue:
    archiving.restore(membership, guest_secret(), session_id)
    return _back(membership, done="restored", of=session_id)
