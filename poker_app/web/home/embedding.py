"""The first page of a frame in another tool."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from poker_app.poker.members import member_lookup
from poker_app.web.http import login
from poker_app.web.http.guest_cookie import guest_secret

blueprint = Blueprint("embedding", __name__)


@blueprint.get("/embed")
def page() -> ResponseReturnValue:
    """Shows the form to join by a code, and the sessions that the frame's browser is in."""
    return render_template("home/embed.html", running=member_lookup.running_sessions(guest_secret(), login.user()))
