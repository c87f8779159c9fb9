"""Redirects links with a chat's additions at their end, or in capital letters, to the address that was meant."""

from urllib.parse import quote

from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue

from poker_app.rules import links


def install(app: Flask) -> None:
    """Adds the redirect ahead of the guards: to the pages behind them a secret with a full stop at its end is a dead
    link."""

    @app.before_request
    def tidy() -> ResponseReturnValue | None:
        if request.method not in ("GET", "HEAD") or (path := links.tidied(request.path)) == request.path:
            return None
        query = request.query_string.decode("ascii", "ignore")
        return redirect(f"{quote(path)}?{query}" if query else quote(path), 303)
