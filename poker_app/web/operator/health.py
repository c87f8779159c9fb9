"""Health checks for monitoring: alive, and ready."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from poker_app import schema
from poker_app.db import disk_failed

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="alive")


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """The database answers, has every migration, and takes a write."""
    try:
        if not schema.is_current():
            return _unavailable("Migrations are missing: python -m poker_app.cli migrate")
        schema.check_writes()
    except SQLAlchemyError as problem:
        full = isinstance(problem, DBAPIError) and disk_failed(problem)
        return _unavailable("The disk is full, read-only or failing." if full else "The database does not answer.")
    return jsonify(status="ready")


def _unavailable(reason: str) -> ResponseReturnValue:
    return jsonify(status="unavailable", reason=reason), 503
