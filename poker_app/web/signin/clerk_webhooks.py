"""Clerk's webhook."""

from contextlib import suppress

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from poker_app.accounts.signin import clerk_webhooks
from poker_app.errors import Conflict
from poker_app.poker import personal_data

blueprint = Blueprint("clerk", __name__)


@blueprint.post("/webhooks/clerk")
def receive_webhook() -> ResponseReturnValue:
    """Handles users whom Clerk deleted or changed; its signature is checked. A user who is left without a way to sign
    in is deleted here too, unless an account with teammates would lose its only owner."""
    left_out = clerk_webhooks.handle_webhook(dict(request.headers), request.get_data())
    if left_out:
        with suppress(Conflict):
            personal_data.erase(left_out, left_out.name)
    return "", 204
