"""The REST API: the actions of the pages as JSON, for programs with a token. No rules live here."""

from importlib import import_module

from flask import Flask

RESOURCES = (
    "sessions",
    "tasks",
    "files",
    "rounds",
    "members",
    "timer",
    "reports",
    "archive",
    "series",
    "account",
    "teammates",
    "invitations",
    "decks",
    "plan",
    "audit_log",
)
"""The modules with operations, in the order of the reference."""


def install(app: Flask) -> None:
    """Registers the operations of every resource, how refusals are answered, and the document that describes both."""
    for name in (*RESOURCES, "problems"):
        # Each adds its part to the blueprint.
        import_module(f"{__name__}.{name}")
    from poker_app.api import mcp_endpoint, reference
    from poker_app.api.blueprint import blueprint

    app.register_blueprint(blueprint)
    app.register_blueprint(reference.blueprint)
    mcp_endpoint.install(app)
