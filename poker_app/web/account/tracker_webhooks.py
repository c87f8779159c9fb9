"""The address that trackers send their webhooks to."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from poker_app.poker.trackers import webhooks

blueprint = Blueprint("tracker_webhooks", __name__)


@blueprint.post("/webhooks/trackers/<connection_id>")
def receive(connection_id: str) -> ResponseReturnValue:
    """Has the issues read again that a webhook is about; its signature is checked."""
    webhooks.receive(connection_id, dict(request.headers), request.get_data(), request.remote_addr or "")
    return "", 204
