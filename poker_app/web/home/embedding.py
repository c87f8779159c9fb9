"""The first page of a frame in another tool, and what other sites are told of a link."""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, abort, current_app, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.exceptions import HTTPException, NotFound

from poker_app.poker.members import member_lookup
from poker_app.web.http import fragments, framing, login
from poker_app.web.http.guest_cookie import guest_secret

blueprint = Blueprint("embedding", __name__)

TITLE = "Planning poker on Faceup"
DESCRIPTION = "Everyone picks a card in private, and all cards turn over together. Follow the link to join the table."
# The size of static/icons/preview.png.
PICTURE_WIDTH, PICTURE_HEIGHT = 1200, 630
# A frame's own size, in CSS pixels, where the other site does not name a smaller one.
FRAME_WIDTH, FRAME_HEIGHT = 1000, 720
# Characters of an address that is asked about.
MAX_ADDRESS = 2_000

# What the frame's page asks its browser for: to copy the link, and to leave the screen on.
ALLOWED = "clipboard-write; screen-wake-lock"

# The pages that links lead strangers to, which have tags for previews.
PREVIEWED = {"home.front", "sessions.entrance", "series.link"}
# The addresses that people pass on; and those that a frame may show at once.
LINKS = {*PREVIEWED, "sessions.room", "home.by_code"}
FRAMEABLE = {"sessions.room", "sessions.entrance", "series.link"}


def install(app: Flask) -> None:
    """Gives the templates what previews say."""
    app.jinja_env.globals.update(
        origin=fragments.origin,
        is_previewed=lambda: request.endpoint in PREVIEWED,
        PREVIEW_TITLE=TITLE,
        PREVIEW_DESCRIPTION=DESCRIPTION,
    )


@blueprint.get("/embed")
def page() -> ResponseReturnValue:
    """Shows the form to join by a code, and the sessions that the frame's browser is in."""
    return render_template("home/embed.html", running=member_lookup.running_sessions(guest_secret(), login.user()))


@blueprint.get("/oembed")
def oembed() -> ResponseReturnValue:
    """Answers what a link of this service is, as oEmbed 1.0 asks: the same for every link of a kind, whether a session
    has it or not. Where sites may show frames, the answer has one.

    Another format than JSON is answered with 501.

    Raises:
        NotFound: (404) the address is none that people pass on.
    """
    if request.args.get("format", "json") != "json":
        abort(501)
    endpoint, path = _link(request.args.get("url", ""))
    said: dict[str, Any] = {
        "version": "1.0",
        "type": "link",
        "title": TITLE,
        "provider_name": "Faceup",
        "provider_url": fragments.origin(),
        "thumbnail_url": f"{fragments.origin()}{url_for('static', filename='icons/preview.png')}",
        "thumbnail_width": PICTURE_WIDTH,
        "thumbnail_height": PICTURE_HEIGHT,
    }
    if framing.is_on() and endpoint in FRAMEABLE:
        said |= {"type": "rich", **_frame(f"{fragments.origin()}{path}")}
    return jsonify(said)


def _link(address: str) -> tuple[str, str]:
    """Returns the endpoint and the path of an address of this service."""
    if len(address) > MAX_ADDRESS:
        raise NotFound
    try:
        parts = urlsplit(address)
        endpoint, _values = current_app.create_url_adapter(request).match(parts.path, method="GET")  # type: ignore[union-attr]
    except (ValueError, HTTPException) as unknown:
        raise NotFound from unknown
    if endpoint not in LINKS or f"{parts.scheme}://{parts.netloc}".lower() != fragments.origin().lower():
        raise NotFound
    return endpoint, parts.path


def _frame(address: str) -> dict[str, Any]:
    """Returns the frame, no larger than the other site has room for."""
    width = min(request.args.get("maxwidth", FRAME_WIDTH, type=int), FRAME_WIDTH)
    height = min(request.args.get("maxheight", FRAME_HEIGHT, type=int), FRAME_HEIGHT)
    html = Markup('<iframe src="{}" width="{}" height="{}" title="{}" allow="{}"></iframe>')
    return {"html": html.format(address, width, height, TITLE, ALLOWED), "width": width, "height": height}
