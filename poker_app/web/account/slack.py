"""The pages of an account's slash command in Slack, and the address that it is sent to."""

from urllib.parse import parse_qsl

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from poker_app.accounts import slack_commands
from poker_app.accounts.memberships import Membership
from poker_app.errors import Invalid, Refusal
from poker_app.poker.session import slash_command
from poker_app.rules import Refused, slack
from poker_app.web.http import fragments
from poker_app.web.http.errors import again
from poker_app.web.http.login import teammate

blueprint = Blueprint("slack", __name__)

# Bytes, and fields, of a command.
MAX_COMMAND, MAX_FIELDS = 16 * 1024, 50


@blueprint.get("/accounts/<account_id>/slack")
@teammate
def page(membership: Membership) -> ResponseReturnValue:
    return _page(membership)


def _page(membership: Membership, refusal: Invalid | None = None) -> str:
    membership.require_arranging(slack_commands.CONNECT)
    account_id = membership.account.id
    address = f"{fragments.origin()}{url_for('slack.receive', account_id=account_id)}"
    return render_template(
        "slack/slack.html",
        membership=membership,
        connected=slack_commands.find(account_id),
        address=address,
        manifest=render_template("slack/manifest.yaml", address=address, command=slack_commands.COMMAND),
        command=slack_commands.COMMAND,
        refusal=refusal,
    )


@blueprint.post("/accounts/<account_id>/slack")
@teammate
def connect(membership: Membership) -> ResponseReturnValue:
    """Stores the signing secret."""
    try:
        slack_commands.connect(membership, request.form.get("secret", ""))
    except Invalid as refusal:
        return again(_page(membership, refusal), refusal)
    flash(f"Slack is connected. Type {slack_commands.COMMAND} in a channel to try it.")
    return redirect(url_for("slack.page", account_id=membership.account.id), 303)


@blueprint.get("/accounts/<account_id>/slack/disconnection")
@teammate
def ask_disconnection(membership: Membership) -> ResponseReturnValue:
    """Asks for confirmation."""
    membership.require_arranging(slack_commands.CONNECT)
    return render_template("slack/disconnection.html", membership=membership)


@blueprint.post("/accounts/<account_id>/slack/disconnection")
@teammate
def disconnect(membership: Membership) -> ResponseReturnValue:
    slack_commands.disconnect(membership)
    flash("Slack is disconnected.")
    return redirect(url_for("slack.page", account_id=membership.account.id), 303)


@blueprint.post("/slack/<account_id>")
def receive(account_id: str) -> ResponseReturnValue:
    """Opens a session by a slash command; its signature is checked. Slack shows no refusal but one that is answered
    with 200."""
    request.max_content_length = MAX_COMMAND
    body = request.get_data()
    account = slash_command.check(
        account_id,
        timestamp=request.headers.get("X-Slack-Request-Timestamp", ""),
        signature=request.headers.get("X-Slack-Signature", ""),
        body=body,
        address=request.remote_addr or "",
    )
    form = dict(parse_qsl(body.decode(errors="replace"), max_num_fields=MAX_FIELDS))
    try:
        opened = slash_command.open_session(account, form)
    except (Refusal, Refused) as refusal:
        return slack.refused(refusal.sentence)
    return slack.opened(opened.name, f"{fragments.origin()}{url_for('sessions.room', session_id=opened.id)}")
