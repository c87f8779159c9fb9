"""The address by which a scheduler starts the jobs, such as the platform's cron."""

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue

from poker_app import jobs
from poker_app.web.http.guards import require_bearer

blueprint = Blueprint("jobs", __name__, url_prefix="/jobs")

OURS = "Only the service's own clock may start this."


@blueprint.get("/write-estimates")
def write_estimates() -> ResponseReturnValue:
    """Writes the estimates that are due into their trackers. Needs the same as ``daily``."""
    require_bearer(current_app.config["SETTINGS"].cron_secret, OURS)
    return jsonify({**jobs.write_estimates()})


@blueprint.get("/send-webhooks")
def send_webhooks() -> ResponseReturnValue:
    """Sends the webhooks that are due. Needs the same as ``daily``."""
    require_bearer(current_app.config["SETTINGS"].cron_secret, OURS)
    return jsonify({**jobs.send_webhooks()})


@blueprint.get("/daily")
def daily() -> ResponseReturnValue:
    """Runs the daily jobs. Needs ``Authorization: Bearer`` with CRON_SECRET, or refuses."""
    require_bearer(current_app.config["SETTINGS"].cron_secret, OURS)
    return jsonify({**jobs.daily()})
