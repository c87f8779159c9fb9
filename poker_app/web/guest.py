"""The secret by which a browser is known, with or without somebody signed in: it holds the seats of guests."""

import re

from flask import Response, after_this_request, request

from poker_app import ids

GUEST_COOKIE = "guest"
# Under this name in the session's cookie waits a form that there was no credit for.
DRAFT = "draft"
A_YEAR = 365 * 24 * 3600
_SECRET = re.compile(r"[0-9a-f]{32}")


def _cookie_name() -> str:
    """With TLS under a name that only this host can have set, so that no neighbouring one can plant a secret."""
    return f"__Host-{GUEST_COOKIE}" if request.is_secure else GUEST_COOKIE


def guest_secret() -> str | None:
    """The secret by which this browser is known, if it holds a well-formed one."""
    given = request.cookies.get(_cookie_name(), "")
    return given if _SECRET.fullmatch(given) else None


def keep_secret(answer: Response, secret: str) -> Response:
    """Let the browser keep its secret for a year."""
    answer.set_cookie(
        _cookie_name(), secret, max_age=A_YEAR, httponly=True, samesite="Lax", secure=request.is_secure, path="/"
    )
    return answer


def renew_secret() -> None:
    """Let the browser be known as somebody new from this answer on."""

    @after_this_request
    def renew(answer: Response) -> Response:
        return keep_secret(answer, ids.new_secret())
