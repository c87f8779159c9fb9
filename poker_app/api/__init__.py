"""The REST API: the actions of the pages as JSON, for programs with a token. No rules live here."""

from flask import Flask


def install(app: Flask) -> None:
    """Registers the operations of every resource, how refusals are answered, and the document that describes both."""
    from poker_app.api import problems, reference, sessions  # noqa: F401 (each adds its part to the blueprint)
    from poker_app.api.blueprint import blueprint

    app.register_blueprint(blueprint)
    app.register_blueprint(reference.blueprint)
