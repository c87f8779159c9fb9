"""The door for whoever calls the jobs by the clock, such as the platform's cron."""

from hmac import compare_digest

from flask import Blueprint, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from poker_app import jobs
from poker_app.errors import Forbidden

blueprint = Blueprint("jobs", __name__, url_prefix="/jobs")


@blueprint.get("/daily")
def daily() -> ResponseReturnValue:
    """Everything that is to be done once a day. Asked with ``Authorization: Bearer`` and CRON_SECRET, or refused."""
    secret, given = current_app.config["SETTINGS"].cron_secret, request.headers.get("Authorization", "")
    if not secret or not compare_digest(given.encode(), f"Bearer {secret}".encode()):
        raise Forbidden("Only the service's own clock may start this.")
    return jsonify({**jobs.daily()})
