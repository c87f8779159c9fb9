"""Pages inside pages of other sites: which ones, and how a request shows that it comes from a frame.

Nothing is shown in a frame unless ``FRAME_ANCESTORS`` names who may.
"""

from flask import Flask, current_app, g, make_response, redirect, render_template, request, url_for
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue

from poker_app.rules import links

# The blueprints of a session, whose pages make sense beside others. An account, a payment, a sign-in and an operator's
# page are left out: a page around them could have people click what they do not see.
FRAMED = {
    "sessions",
    "members",
    "rounds",
    "tasks",
    "files",
    "imports",
    "tracker_issues",
    "timer",
    "report",
    "embedding",
}
# Single pages of other blueprints: ways to a session, by its code or by the link of its series.
FRAMED_PAGES = {"home.typed_code", "home.by_code", "series.link", "series.open_today"}
# Blueprints without pages, which scripts of those pages ask.
ASKED_FOR = {"realtime", "uploads"}
_FRAMES = ("iframe", "frame")


def install(app: Flask) -> None:
    """Answers a frame's request for a page that no frame may show: with a page that opens it in a tab of its own."""
    app.jinja_env.globals.update(in_frame=in_frame)

    @app.before_request
    def open_beside() -> ResponseReturnValue | None:
        if request.method != "GET" or not in_frame() or not request.blueprint or _is_framed():
            return None
        if request.endpoint == "home.front":
            return redirect(url_for("embedding.page"), 303)
        g.shown_in_frame = True
        before = links.path_in(request.referrer or "") or ""
        page = render_template(
            "errors/own_tab.html",
            address=request.full_path.rstrip("?"),
            back=before if before.startswith("/sessions/") else None,
        )
        return make_response(page)


def is_on() -> bool:
    """Whether any site may show pages in a frame."""
    return bool(current_app.config["SETTINGS"].frame_ancestors)


def ancestors() -> str:
    """The policy's ``frame-ancestors`` for the answer to this request."""
    named: list[str] = current_app.config["SETTINGS"].frame_ancestors
    return " ".join(named) if named and (_is_framed() or "shown_in_frame" in g) else "'none'"


def _is_framed() -> bool:
    if request.url_rule is None and request.routing_exception is None:
        # Flask reads the session's cookie before it looks for the route.
        request_ctx.match_request()
    return request.blueprint in FRAMED or request.endpoint in FRAMED_PAGES


def in_frame() -> bool:
    """Whether the request loads the page of a frame. Requests of that page's scripts do not say so."""
    return is_on() and request.headers.get("Sec-Fetch-Dest") in _FRAMES


def is_of_framed_page() -> bool:
    """Whether a page that frames show sent the request, or a frame loads one: not another site's page that embeds, say,
    a picture, and not a page that no frame shows, such as that of signing in."""
    if not (_is_framed() or request.blueprint in ASKED_FOR):
        return False
    return in_frame() or request.headers.get("Sec-Fetch-Site") == "same-origin"
