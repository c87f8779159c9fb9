"""Who is asking: every request's checks, and the way from a cookie to a member."""

import re
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate

import structlog
from flask import Flask, Response, current_app, g, request
from flask.sessions import SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from poker_app.errors import Forbidden, NotFound
from poker_app.poker import members, presence
from poker_app.poker.models import Member
from poker_app.poker.turn import asking_socket

GUEST_COOKIE = "guest"
A_YEAR = 365 * 24 * 3600
_SECRET = re.compile(r"[0-9a-f]{32}")
_SOCKET = re.compile(r"\d{1,20}\.\d{1,20}")
_REQUEST_ID = re.compile(r"[\w-]{8,64}")

log = structlog.get_logger("web")


class SecureWithTls(SecureCookieSessionInterface):
    """The session cookie is for TLS only wherever the request came through it."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


def install(app: Flask) -> None:
    """Checks before every request, and one log line after it."""
    app.session_interface = SecureWithTls()

    @app.before_request
    def begin() -> None:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        structlog.contextvars.bind_contextvars(request_id=g.request_id)
        socket = request.headers.get("X-Socket-Id", "")
        asking_socket.set(socket if _SOCKET.fullmatch(socket) else None)
        if "\0" in request.path:
            raise BadRequest("A character in this address cannot be read.")
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            _check_origin()
            _check_text()

    @app.after_request
    def log_request(answer: Response) -> Response:
        answer.headers["X-Request-Id"] = g.get("request_id", "")
        # The route's pattern, not its path: a join code is as good as a key.
        log.info("request", method=request.method, route=str(request.url_rule), status=answer.status_code)
        return answer

    @app.teardown_request
    def end(_problem: BaseException | None) -> None:
        structlog.contextvars.clear_contextvars()


def _check_origin() -> None:
    origin = request.headers.get("Origin")
    own = (f"{request.scheme}://{request.host}", current_app.config["SETTINGS"].public_url.rstrip("/"))
    if origin is not None and (not origin or origin not in own):
        raise Forbidden("This request came from another site, so nothing was changed.")


def _check_text() -> None:
    if any("\0" in text for field in request.form.items(multi=True) for text in field):
        raise BadRequest("A character in this form cannot be kept.")


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


def member_here(session_id: str) -> Member | None:
    """The member that this browser is in a session; None for strangers and removed members."""
    secret = guest_secret()
    member = members.find_member(session_id, secret) if secret else None
    return None if member is None or member.removed_at else member


def seated[**P](view: Callable[Concatenate[Member, P], ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Load through the person: the view gets the member, or the answer is 404."""

    @wraps(view)
    def guarded(session_id: str, *args: P.args, **kwargs: P.kwargs) -> Any:
        member = member_here(session_id)
        if member is None:
            raise NotFound("You are not at this table. Open the invitation link to join it.")
        g.member = member
        if request.method == "POST":
            # Reading a report is not sitting at the table; asking for the table says so itself.
            presence.note_seen(member)
        return view(member, *args, **kwargs)

    return guarded
