"""The form for the second factor's code, after every way of signing in."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from poker_app.accounts.signin import two_factor
from poker_app.errors import Invalid, Refusal, TooMany
from poker_app.web.http import login
from poker_app.web.http.errors import again
from poker_app.web.http.guest_cookie import asker

blueprint = Blueprint("second_step", __name__, url_prefix="/sign-in/code")
login.only_with_accounts(blueprint)


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Shows the form. A visitor who has not taken the first step is redirected to the sign-in page."""
    return _page() if login.half_in() else redirect(url_for("signing_in.page"), 303)


@blueprint.post("")
def answer() -> ResponseReturnValue:
    """Sign in with a code of the app, or with a recovery code."""
    half = login.half_in()
    if half is None:
        return redirect(url_for("signing_in.page"), 303)
    try:
        two_factor.check(half.user, request.form.get("code", ""), **asker())
    except (Invalid, TooMany) as refusal:
        return again(_page(refusal), refusal)
    return login.enter(half.user, login.own_address(half.onward), issuer=half.issuer)


def _page(refusal: Refusal | None = None) -> str:
    return render_template("signing_in/second_step.html", refusal=refusal)
