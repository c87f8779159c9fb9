"""Signing in and out."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from poker_app.accounts import everybody_may
from poker_app.web import login

blueprint = Blueprint("signing_in", __name__, url_prefix="/sign-in")


@blueprint.get("")
def page() -> ResponseReturnValue:
    """The ways in. Whoever is in already, or need not be, goes straight on."""
    onward = login.own_address(request.args.get("next"))
    if everybody_may() or login.user():
        return redirect(onward, 303)
    return render_template("signing_in/page.html", onward=onward)


@blueprint.post("/out")
def out() -> ResponseReturnValue:
    """Sign this browser out."""
    login.end()
    return redirect(url_for("home.front"), 303)
