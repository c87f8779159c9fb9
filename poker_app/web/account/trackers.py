"""Pages of an account's trackers: connecting, testing, choosing where estimates are written, disconnecting."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from poker_app.accounts import tracker_connections
from poker_app.accounts.memberships import Membership
from poker_app.errors import Conflict, Invalid, NotFound
from poker_app.poker.trackers import write_back
from poker_app.rules.trackers import EstimateField, Place
from poker_app.trackers import TRACKERS
from poker_app.trackers.failures import TrackerFailure
from poker_app.trackers.models import TrackerConnection, TrackerProject
from poker_app.trackers.webhooks import WEBHOOKS
from poker_app.web.http import fragments
from poker_app.web.http.errors import again
from poker_app.web.http.login import teammate

blueprint = Blueprint("trackers", __name__, url_prefix="/accounts/<account_id>/trackers")


@blueprint.get("")
@teammate
def page(membership: Membership) -> ResponseReturnValue:
    membership.require_arranging(tracker_connections.CONNECT)
    connections = tracker_connections.connections_of(membership.account.id)
    return render_template("trackers/trackers.html", membership=membership, connections=connections, kinds=TRACKERS)


def _back(membership: Membership, sentence: str, connection_id: str = "") -> Response:
    flash(sentence)
    if connection_id:
        return redirect(
            url_for("trackers.connection", account_id=membership.account.id, connection_id=connection_id), 303
        )
    return redirect(url_for("trackers.page", account_id=membership.account.id), 303)


# --- connecting


@blueprint.get("/new/<kind>")
@teammate
def new(membership: Membership, kind: str) -> ResponseReturnValue:
    membership.require_arranging(tracker_connections.CONNECT)
    return _form(membership, kind)


def _form(membership: Membership, kind: str, refusal: Invalid | None = None) -> str:
    if kind not in TRACKERS:
        raise NotFound("There is no such tracker.")
    # A secret is typed again: it is sent to no browser.
    shown = {each.name for each in TRACKERS[kind].credentials if not each.secret}
    typed = {name: text for name, text in request.form.items() if name in shown}
    typed.setdefault("address", request.args.get("address", ""))
    return render_template(
        "trackers/connect.html", membership=membership, kind=kind, about=TRACKERS[kind], typed=typed, refusal=refusal
    )


@blueprint.post("/new/<kind>")
@teammate
def connect(membership: Membership, kind: str) -> ResponseReturnValue:
    try:
        made = tracker_connections.connect(membership, kind, request.form)
    except Invalid as refusal:
        return again(_form(membership, kind, refusal), refusal)
    write_back.hurry(made.id)
    return _back(membership, f"{TRACKERS[kind].label} is connected. The token is {made.identity}’s.", made.id)


# --- one tracker


@blueprint.get("/<connection_id>")
@teammate
def connection(membership: Membership, connection_id: str) -> ResponseReturnValue:
    membership.require_arranging(tracker_connections.CONNECT)
    return _connection(membership, tracker_connections.find(membership.account.id, connection_id))


def _connection(membership: Membership, found: TrackerConnection, refusal: Conflict | Invalid | None = None) -> str:
    projects = tracker_connections.projects_of(found.id)
    return render_template(
        "trackers/connection.html",
        membership=membership,
        connection=found,
        about=TRACKERS[found.kind],
        projects=[(each, tracker_connections.field_of(each)) for each in projects],
        moments=tracker_connections.MOMENTS,
        webhook=WEBHOOKS[found.kind],
        webhook_address=f"{fragments.origin()}{url_for('tracker_webhooks.receive', connection_id=found.id)}",
        webhook_secret=tracker_connections.webhook_secret(found),
        refusal=refusal,
    )


@blueprint.post("/<connection_id>/webhook")
@teammate
def change_webhook(membership: Membership, connection_id: str) -> ResponseReturnValue:
    """Replaces the secret of its webhook."""
    try:
        tracker_connections.change_webhook(membership, connection_id, request.form.get("secret", ""))
    except Invalid as refusal:
        found = tracker_connections.find(membership.account.id, connection_id)
        return again(_connection(membership, found, refusal), refusal)
    return _back(membership, "The webhook has another secret now.", connection_id)


@blueprint.post("/<connection_id>/test")
@teammate
def test(membership: Membership, connection_id: str) -> ResponseReturnValue:
    """Asks the tracker whether it takes the token."""
    try:
        sentence = tracker_connections.test(membership, connection_id)
    except Conflict as refusal:
        found = tracker_connections.find(membership.account.id, connection_id)
        return _connection(membership, found, refusal), refusal.status
    return _back(membership, sentence, connection_id)


@blueprint.get("/<connection_id>/disconnection")
@teammate
def ask_disconnection(membership: Membership, connection_id: str) -> ResponseReturnValue:
    """Asks for confirmation."""
    membership.require_arranging(tracker_connections.CONNECT)
    found = tracker_connections.find(membership.account.id, connection_id)
    name = tracker_connections.named(found)
    return render_template("trackers/disconnection.html", membership=membership, connection=found, name=name)


@blueprint.post("/<connection_id>/disconnection")
@teammate
def disconnect(membership: Membership, connection_id: str) -> ResponseReturnValue:
    return _back(membership, tracker_connections.disconnect(membership, connection_id))


# --- where estimates are written


@blueprint.get("/<connection_id>/field")
@teammate
def field(membership: Membership, connection_id: str) -> ResponseReturnValue:
    """Asks which project, and then which of its fields."""
    membership.require_arranging(tracker_connections.CHOOSE)
    return _field(membership, connection_id, request.args.get("project", ""))


def _field(membership: Membership, connection_id: str, project: str, refusal: Invalid | None = None) -> str:
    found = tracker_connections.find(membership.account.id, connection_id)
    known = {each.project: each for each in tracker_connections.projects_of(connection_id)}
    projects: list[Place] = []
    offered: list[EstimateField] = []
    trouble = ""
    try:
        tracker = tracker_connections.opened(found)
        projects = [*tracker.projects()]
        offered = [*tracker.estimate_fields(project)] if project else []
    except TrackerFailure as failure:
        tracker_connections.note_failure(connection_id, failure)
        trouble = failure.sentence
    kept = known.get(project)
    return render_template(
        "trackers/field.html",
        membership=membership,
        connection=tracker_connections.find(membership.account.id, connection_id),
        about=TRACKERS[found.kind],
        projects=projects,
        project=project,
        name=next((each.name for each in projects if each.id == project), kept.name if kept else project),
        offered=offered,
        typed=request.form if refusal else _as_typed(kept),
        moments=tracker_connections.MOMENTS,
        trouble=trouble,
        refusal=refusal,
    )


def _as_typed(kept: TrackerProject | None) -> dict[str, str]:
    if kept is None:
        return {"moment": "finalized"}
    field = tracker_connections.field_of(kept)
    return {
        "field": field.id if field else "",
        "mapping": tracker_connections.as_typed(kept),
        "moment": kept.moment,
        "comments": "1" if kept.comments else "",
    }


@blueprint.post("/<connection_id>/field")
@teammate
def choose_field(membership: Membership, connection_id: str) -> ResponseReturnValue:
    form = request.form
    project = form.get("project", "")
    try:
        tracker_connections.choose(
            membership,
            connection_id,
            project=project,
            name=form.get("name", ""),
            field_id=form.get("field", ""),
            mapping=form.get("mapping", ""),
            moment=form.get("moment", ""),
            comments=bool(form.get("comments")),
        )
    except Invalid as refusal:
        return again(_field(membership, connection_id, project, refusal), refusal)
    return _back(membership, "Saved.", connection_id)
