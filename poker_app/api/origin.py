"""The address of the service, for links in answers."""

from flask import current_app, request


def origin() -> str:
    """Returns ``PUBLIC_URL``, else the address that was asked."""
    return str(current_app.config["SETTINGS"].public_url or request.host_url).rstrip("/")
