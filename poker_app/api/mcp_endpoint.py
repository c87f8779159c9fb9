"""The address of the tools for assistants: the Model Context Protocol over streamable HTTP, without a stream."""

from flask import Flask, Response, request
from werkzeug.exceptions import MethodNotAllowed

from poker_app.api.blueprint import blueprint
from poker_app.api.operations import METHODS, admitted


def install(app: Flask) -> None:
    """Adds the address. As an endpoint of the API's blueprint it refuses, and says what is left to its token, as the
    operations do."""
    app.add_url_rule("/mcp", f"{blueprint.name}.mcp", exchange, methods=METHODS)


def exchange() -> Response:
    """Answers one message of an assistant with a token.

    Raises:
        Unauthorized: (401) as ``admitted``.
        TooMany: (429) as ``admitted``.
        MethodNotAllowed: (405) it is none: there is no stream to open by GET, and no session to end by DELETE.
    """
    if request.method != "POST":
        raise MethodNotAllowed(valid_methods=["POST"])
    caller = admitted()
    from poker_app.api import mcp_server

    return mcp_server.answer(caller, request)
