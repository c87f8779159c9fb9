"""The API's document, and the page that explains it: without a token, and without the network."""

from flask import Blueprint, jsonify, render_template
from flask.typing import ResponseReturnValue

from poker_app.api.origin import origin
from poker_app.api.problems import MEANINGS

blueprint = Blueprint("api_reference", __name__, url_prefix="/api")


@blueprint.get("/v1/openapi.json")
def document() -> ResponseReturnValue:
    """Returns the document (OpenAPI 3.1)."""
    from poker_app.api import openapi

    return jsonify(openapi.document())


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Shows every operation: what it does, takes and answers, and how it is called."""
    from poker_app.api import openapi

    return render_template("api/reference.html", api=openapi.document(), origin=origin(), meanings=MEANINGS)
