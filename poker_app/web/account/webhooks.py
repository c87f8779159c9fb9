"""Pages of an account's webhooks: adding, changing and deleting them, and what was sent."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from poker_app.accounts import auth_is_open, webhook_endpoints
from poker_app.accounts.memberships import Membership
from poker_app.accounts.webhook_endpoints import KINDS
from poker_app.errors import Conflict, Invalid, NotFound
from poker_app.rules.webhook_events import PUBLIC_EVENTS
from poker_app.web.http.errors import again
from poker_app.web.http.login import teammate
from poker_app.webhooks import outbox, sending
from poker_app.webhooks.models import WebhookDelivery, WebhookEndpoint

blueprint = Blueprint("account_webhooks", __name__, url_prefix="/accounts/<account_id>/webhooks")


@blueprint.before_request
def only_with_accounts() -> None:
    """These pages need users who sign in: who adds a webhook reads every session of the account.

    Raises:
        NotFound: (404) where users do not sign in. The operator has the command ``add-webhook`` there.
    """
    if auth_is_open():
        raise NotFound("Nobody signs in here, so only the operator adds webhooks.")


@blueprint.get("")
@teammate
def page(membership: Membership) -> ResponseReturnValue:
    membership.require_arranging(webhook_endpoints.ARRANGE)
    found = webhook_endpoints.endpoints_of(membership.account.id)
    return render_template(
        "webhooks/webhooks.html", membership=membership, endpoints=found, kinds=KINDS, state_of=_state_of
    )


def _state_of(endpoint: WebhookEndpoint) -> tuple[str, str]:
    """What the page says of a webhook's state, and whether that is trouble: ``ok``, ``trouble`` or ``off``."""
    if endpoint.disabled_at is not None:
        return f"Switched off. {endpoint.disabled_why}".strip(), "off"
    if endpoint.failing_since is not None:
        return "The last try failed. It is tried again.", "trouble"
    return "On", "ok"


def _back(membership: Membership, sentence: str, endpoint_id: str = "") -> Response:
    flash(sentence)
    if endpoint_id:
        return redirect(
            url_for("account_webhooks.endpoint", account_id=membership.account.id, endpoint_id=endpoint_id), 303
        )
    return redirect(url_for("account_webhooks.page", account_id=membership.account.id), 303)


# --- adding and changing


@blueprint.get("/new/<receiver>")
@teammate
def new(membership: Membership, receiver: str) -> ResponseReturnValue:
    membership.require_arranging(webhook_endpoints.ARRANGE)
    return _form(membership, receiver)


def _form(membership: Membership, kind: str, refusal: Invalid | None = None) -> str:
    if kind not in KINDS:
        raise NotFound("There is no such kind of webhook.")
    shown = {name: request.form.get(name, "") for name in ("name", "address")}
    chosen = request.form.getlist("events") if refusal else KINDS[kind].events
    return render_template(
        "webhooks/new.html",
        membership=membership,
        kind=kind,
        about=KINDS[kind],
        typed=shown,
        chosen=chosen,
        events=_choices(kind),
        refusal=refusal,
    )


def _choices(kind: str) -> list[tuple[str, str]]:
    return [(each, PUBLIC_EVENTS[each]) for each in KINDS[kind].events]


@blueprint.post("/new/<receiver>")
@teammate
def add(membership: Membership, receiver: str) -> ResponseReturnValue:
    form = request.form
    try:
        made = webhook_endpoints.add(
            membership,
            kind=receiver,
            name=form.get("name", ""),
            address=form.get("address", ""),
            events=form.getlist("events"),
        )
    except Invalid as refusal:
        return again(_form(membership, receiver, refusal), refusal)
    return _back(membership, f"{made.name} is added. Send a test to see whether it arrives.", made.id)


# --- one webhook


@blueprint.get("/<endpoint_id>")
@teammate
def endpoint(membership: Membership, endpoint_id: str) -> ResponseReturnValue:
    membership.require_arranging(webhook_endpoints.ARRANGE)
    return _endpoint(membership, webhook_endpoints.find(membership.account.id, endpoint_id))


def _endpoint(
    membership: Membership,
    found: WebhookEndpoint,
    refusal: Conflict | Invalid | None = None,
    secret: str | None = None,
) -> str:
    return render_template(
        "webhooks/endpoint.html",
        membership=membership,
        endpoint=found,
        about=KINDS[found.kind],
        state=_state_of(found),
        secret=secret,
        overlap_hours=int(webhook_endpoints.OVERLAP.total_seconds() // 3600),
        events=_choices(found.kind),
        typed_name=request.form.get("name", "") if isinstance(refusal, Invalid) else found.name,
        chosen=request.form.getlist("events") if isinstance(refusal, Invalid) else found.types,
        deliveries=webhook_endpoints.deliveries_of(found.id),
        outcome_of=_outcome_of,
        shown=webhook_endpoints.SHOWN,
        kept_days=sending.KEPT.days,
        full=outbox.MAX_WAITING if webhook_endpoints.is_full(found.id) else None,
        refusal=refusal,
    )


def _outcome_of(event: WebhookDelivery) -> str:
    """What became of a delivery, in words."""
    tries = f"{event.tries} {'try' if event.tries == 1 else 'tries'}"
    if event.state == sending.DELIVERED:
        return f"Delivered in {tries}."
    if event.state == sending.FAILED:
        return f"Given up after {tries}. {event.problem}"
    return f"Waits for its next try. {event.problem}" if event.tries else "Waits to be sent."


@blueprint.post("/<endpoint_id>")
@teammate
def edit(membership: Membership, endpoint_id: str) -> ResponseReturnValue:
    """Changes its name, address and events."""
    form = request.form
    try:
        webhook_endpoints.edit(
            membership,
            endpoint_id,
            name=form.get("name", ""),
            address=form.get("address", ""),
            events=form.getlist("events"),
        )
    except Invalid as refusal:
        found = webhook_endpoints.find(membership.account.id, endpoint_id)
        return again(_endpoint(membership, found, refusal), refusal)
    return _back(membership, "Saved.", endpoint_id)


@blueprint.post("/<endpoint_id>/secret/shown")
@teammate
def show_secret(membership: Membership, endpoint_id: str) -> ResponseReturnValue:
    """The page with the signing secret, which no other response has."""
    secret = webhook_endpoints.show_secret(membership, endpoint_id)
    return _endpoint(membership, webhook_endpoints.find(membership.account.id, endpoint_id), secret=secret)


@blueprint.post("/<endpoint_id>/secret")
@teammate
def rotate(membership: Membership, endpoint_id: str) -> ResponseReturnValue:
    """Makes a new signing secret."""
    webhook_endpoints.rotate(membership, endpoint_id)
    hours = int(webhook_endpoints.OVERLAP.total_seconds() // 3600)
    return _back(membership, f"There is a new secret. For {hours} hours the one before signs too.", endpoint_id)


@blueprint.post("/<endpoint_id>/state")
@teammate
def switch(membership: Membership, endpoint_id: str) -> ResponseReturnValue:
    """Switches it on or off."""
    on = request.form.get("on") == "1"
    webhook_endpoints.switch(membership, endpoint_id, on=on)
    return _back(membership, "Switched on." if on else "Switched off.", endpoint_id)


@blueprint.get("/<endpoint_id>/deletion")
@teammate
def ask_deletion(membership: Membership, endpoint_id: str) -> ResponseReturnValue:
    """Asks for confirmation."""
    membership.require_arranging(webhook_endpoints.ARRANGE)
    found = webhook_endpoints.find(membership.account.id, endpoint_id)
    return render_template("webhooks/deletion.html", membership=membership, endpoint=found)


@blueprint.post("/<endpoint_id>/deletion")
@teammate
def delete(membership: Membership, endpoint_id: str) -> ResponseReturnValue:
    return _back(membership, f"{webhook_endpoints.remove(membership, endpoint_id)} is deleted.")


# --- what is sent


@blueprint.post("/<endpoint_id>/test")
@teammate
def test(membership: Membership, endpoint_id: str) -> ResponseReturnValue:
    """Sends an event that says nothing, and says how it went."""
    try:
        sent = webhook_endpoints.send_test(membership, endpoint_id)
    except Conflict as refusal:
        found = webhook_endpoints.find(membership.account.id, endpoint_id)
        return _endpoint(membership, found, refusal), refusal.status
    return _back(membership, f"The test: {_outcome_of(sent)}", endpoint_id)


@blueprint.get("/<endpoint_id>/deliveries/<delivery_key>")
@teammate
def delivery(membership: Membership, endpoint_id: str, delivery_key: str) -> ResponseReturnValue:
    membership.require_arranging(webhook_endpoints.ARRANGE)
    found = webhook_endpoints.find(membership.account.id, endpoint_id)
    return _delivery(membership, found, delivery_key)


def _delivery(membership: Membership, found: WebhookEndpoint, key: str, refusal: Conflict | None = None) -> str:
    event = webhook_endpoints.delivery(found.id, key)
    return render_template(
        "webhooks/delivery.html",
        membership=membership,
        endpoint=found,
        event=event,
        webhook_id=event.key,
        outcome=_outcome_of(event),
        refusal=refusal,
    )


@blueprint.post("/<endpoint_id>/deliveries/<delivery_key>")
@teammate
def send_again(membership: Membership, endpoint_id: str, delivery_key: str) -> ResponseReturnValue:
    """Sends the event again, now."""
    try:
        sent = webhook_endpoints.send_again(membership, endpoint_id, delivery_key)
    except Conflict as refusal:
        found = webhook_endpoints.find(membership.account.id, endpoint_id)
        return _delivery(membership, found, delivery_key, refusal), refusal.status
    flash(f"Sent again: {_outcome_of(sent)}")
    back = url_for(
        "account_webhooks.delivery",
        account_id=membership.account.id,
        endpoint_id=endpoint_id,
        delivery_key=delivery_key,
    )
    return redirect(back, 303)
