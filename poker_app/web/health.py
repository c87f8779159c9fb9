"""For whoever watches over the service: alive, and ready."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from poker_app import schema

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="alive")


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """The database answers and has every migration."""
    try:
        current = schema.is_current()
    except SQLAlchemyError:
        return jsonify(status="unavailable", reason="The database does not answer."), 503
    if not current:
        return jsonify(status="unavailable", reason="Migrations are missing: python -m poker_app.cli migrate"), 503
    return jsonify(status="ready")
