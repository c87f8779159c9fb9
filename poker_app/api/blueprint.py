"""The blueprint of the API, to which each module adds its part when it is imported."""

from flask import Blueprint

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
