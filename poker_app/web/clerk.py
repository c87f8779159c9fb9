"""Clerk's door for webhooks."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from poker_app.accounts import clerk

blueprint = Blueprint("clerk", __name__)


@blueprint.post("/webhooks/clerk")
def hear_webhook() -> ResponseReturnValue:
    """Who was deleted or changed, signed by Clerk."""
    clerk.hear(dict(request.headers), request.get_data())
    return "", 204
