"""Checks of every request (site, form, host), and the decorators that find the member of a session's page."""

import re
import secrets
import time
from collections.abc import Callable
from functools import wraps
from hmac import compare_digest
from typing import Any, Concatenate

import structlog
from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadHost, BadRequest, RequestEntityTooLarge, SecurityError, UnsupportedMediaType

from poker_app import imports, rate_limits
from poker_app.accounts.signin import password_hashing
from poker_app.db import session
from poker_app.errors import Forbidden, Refusal
from poker_app.poker.change import asking_socket
from poker_app.poker.members import member_lookup, presence
from poker_app.poker.models import PokerSession
from poker_app.rules import Refused
from poker_app.rules.imports.cells import MAX_COLUMNS
from poker_app.rules.session.tasks import MAX_TASKS
from poker_app.rules.session.value import Member
from poker_app.web.http import framing, login
from poker_app.web.http.guest_cookie import guest_secret
from poker_app.web.http.host_check import asked_host

_SOCKET = re.compile(r"\d{1,20}\.\d{1,20}")
_REQUEST_ID = re.compile(r"[\w-]{8,64}")
# A proxy posts here with the headers that a browser opened its socket with. Not every browser takes ws:// and http://
# for the same site, and sockets may have a host of their own: only Origin says which page it was.
BY_ORIGIN = {"realtime.receive_socket"}
# Here a file is sent, and read piece by piece: no form.
FILES_TO = {"uploads.receive"}
# Here a program sends what it has signed, as long as it is: no form.
SIGNED_TO, MAX_LONG = {"slack.receive", "tracker_webhooks.receive"}, 1024 * 1024
# The blueprint of the API, whose operations read JSON: no forms.
API, MAX_JSON = "api", 128 * 1024
# Its operations that take many tasks, and what calls them for assistants.
LONG_TO = {"api.open_session", "api.add_tasks", "api.import_report", "api.mcp"}
# Forms that may carry a table or a report, some of them with a file in it. Of the others none is sent in parts.
FORMS_WITH_FILE = {"imports.read", "session_import.save"}
LONG_FORMS = {*FORMS_WITH_FILE, "imports.change_columns", "imports.save", "tasks.add"}
MAX_LONG_FORM, MAX_PARTS = imports.MAX_FILE + 16 * 1024, 5

# How many fields a form may have, and characters of a Content-Type; the product's own stay far below.
MAX_FIELDS, MAX_MEDIA_TYPE = 1_000, 200
# In the preview of an import each row has two and each column one.
MAX_LONG_FIELDS = 2 * MAX_TASKS + MAX_COLUMNS + 10

log = structlog.get_logger("web")


def install(app: Flask) -> None:
    """Checks before every request, and one log line after it."""

    @app.before_request
    def begin() -> None:
        g.asked_at = time.monotonic()
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        structlog.contextvars.bind_contextvars(request_id=g.request_id)
        socket = request.headers.get("X-Socket-Id", "")
        asking_socket.set(socket if _SOCKET.fullmatch(socket) else None)
        password_hashing.asking_network.set(rate_limits.network(request.remote_addr or ""))
        if isinstance(request.routing_exception, SecurityError | BadHost):
            # No address can be built under such a host, not even for the page of another refusal.
            raise request.routing_exception
        if "\0" in request.path:
            raise BadRequest("A character in this address cannot be read.")
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            _check_site()
            if request.endpoint in SIGNED_TO or request.endpoint in LONG_TO:
                request.max_content_length = MAX_LONG
            elif request.blueprint == API:
                request.max_content_length = MAX_JSON
            elif request.endpoint not in FILES_TO:
                _check_form()

    @app.after_request
    def log_request(answer: Response) -> Response:
        answer.headers["X-Request-Id"] = g.get("request_id", "")
        if (member := g.get("member")) is not None:
            # A page that was opened by another member of this browser recognizes by it that the cookie has changed.
            answer.headers["X-Member"] = member.id
        # The route's pattern, not its path: a join code is as good as a key.
        log.info("request", method=request.method, route=str(request.url_rule), status=answer.status_code)
        return answer

    @app.teardown_request
    def end(_problem: BaseException | None) -> None:
        structlog.contextvars.clear_contextvars()


def _check_site() -> None:
    """Refuses a write that a page of another site began: OWASP's Fetch Metadata policy, instead of form tokens.

    ``Sec-Fetch-Site`` decides. Browsers send it to https:// and to localhost. ``none`` is the browser's own doing, such
    as a restored tab, which no page can bring about; a neighbouring subdomain is ``same-site`` and refused. Without it
    ``Origin`` has to be this site's; ``null`` is not. With neither, a write passes if it carries no cookie: webhooks
    and programs, which are known by a signature or a key.

    Raises: Forbidden (403).
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None and request.endpoint not in BY_ORIGIN:
        ours = site in ("same-origin", "none")
    elif origin is not None:
        public = current_app.config["SETTINGS"].public_url.rstrip("/")
        ours = origin != "" and origin in (f"{request.scheme}://{asked_host()}", public)
    elif "Cookie" in request.headers:
        raise Forbidden(
            "Your browser did not say which page sent this, so nothing was changed. Update it, or try another."
        )
    else:
        ours = True
    if not ours:
        raise Forbidden("This request came from another site, so nothing was changed.")


def _check_form() -> None:
    """Refuses a form that takes long to read, before it is read, and one with a NUL character.

    Raises: UnsupportedMediaType (415), RequestEntityTooLarge (413), BadRequest (400).
    """
    if request.endpoint in LONG_FORMS:
        request.max_content_length = request.max_form_memory_size = MAX_LONG_FORM
        request.max_form_parts = MAX_PARTS
    # Each part has headers, which take longer to read than the values do.
    media_type = request.headers.get("Content-Type", "")
    in_parts = media_type.lower().startswith("multipart/")
    if (in_parts and request.endpoint not in FORMS_WITH_FILE) or len(media_type) > MAX_MEDIA_TYPE:
        raise UnsupportedMediaType("Forms are read as application/x-www-form-urlencoded alone.")
    most = MAX_LONG_FIELDS if request.endpoint in LONG_FORMS else MAX_FIELDS
    if request.get_data(parse_form_data=False).count(b"&") >= most and not in_parts:
        raise RequestEntityTooLarge
    if any("\0" in text for field in request.form.items(multi=True) for text in field):
        raise BadRequest("A character in this form cannot be kept.")


def require_bearer(secret: str, sentence: str) -> None:
    """Check that the request has the secret as ``Authorization: Bearer``.

    Raises:
        Forbidden: (403) it has not, or there is no secret.
    """
    given = request.headers.get("Authorization", "")
    if not secret or not compare_digest(given.encode(), f"Bearer {secret}".encode()):
        raise Forbidden(sentence)


def member_here(session_id: str, *, fresh: bool = True) -> Member | None:
    """Returns the member that this browser, or its signed-in user, is in a session; None for strangers and removed
    ones. See ``member_lookup.find_member`` for ``fresh``."""
    member = member_lookup.find_member(session_id, guest_secret(), login.user(), fresh=fresh)
    return None if member is None or member.removed_at else member


def member_required[**P](
    view: Callable[Concatenate[Member, P], ResponseReturnValue],
) -> Callable[..., ResponseReturnValue]:
    """Passes the browser's member to the view, or answers 404. A POST records the member as present."""
    return _require_member(view, noted=True)


def voting[**P](view: Callable[Concatenate[Member, P], ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Like ``member_required``, for an action that records the member's presence by itself, in the same transaction."""
    return _require_member(view, noted=False)


def _require_member[**P](
    view: Callable[Concatenate[Member, P], ResponseReturnValue], *, noted: bool
) -> Callable[..., ResponseReturnValue]:
    @wraps(view)
    def guarded(session_id: str, *args: P.args, **kwargs: P.kwargs) -> Any:
        posted = request.method == "POST"
        # A voter is looked up again in the newest session, under its lock; the others are looked up in it here.
        member = member_here(session_id, fresh=noted)
        if member is None:
            return _without_member(session_id)
        g.member = member
        if posted and noted:
            # A request for a report does not count as presence; the poll of the table records it itself.
            presence.note_seen(member)
        try:
            return view(member, *args, **kwargs)
        except (Refusal, Refused):
            if posted and not noted:
                presence.note_seen(member)
            raise

    return guarded


def _without_member(session_id: str) -> ResponseReturnValue:
    """Answers 404; but to a frame whose browser sends no cookie, with the form to join, whose script may know its
    member by another way."""
    if framing.in_frame() and request.method == "GET" and guest_secret() is None:
        return redirect(url_for("sessions.entrance", session_id=session_id), 303)
    raise member_lookup.missing(session_id)


def reader[**P](
    view: Callable[Concatenate[PokerSession, P], ResponseReturnValue],
) -> Callable[..., ResponseReturnValue]:
    """Passes the session's row to the view for readers of its report and files: its members, and the teammates of its
    account who are no members. Answers 404 to all others."""

    @wraps(view)
    def guarded(session_id: str, *args: P.args, **kwargs: P.kwargs) -> Any:
        member, user = member_here(session_id), login.user()
        table = session.get(PokerSession, session_id)
        if member and table:
            g.member = member
            return view(table, *args, **kwargs)
        if user is None or table is None or table.deleted_at or login.acts_for(table.account_id) is None:
            return _without_member(session_id)
        return view(table, *args, **kwargs)

    return guarded
