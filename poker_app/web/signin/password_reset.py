"""Pages for choosing a new password by a mailed link."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from poker_app.accounts.signin import mail_tokens, password_reset
from poker_app.errors import Invalid, Refusal, TooMany
from poker_app.mail import Undelivered
from poker_app.web.http import login
from poker_app.web.http.errors import again
from poker_app.web.http.guest_cookie import asker

blueprint = Blueprint("new_password", __name__, url_prefix="/new-password")
login.only_with_accounts(blueprint)


@blueprint.get("")
def page() -> ResponseReturnValue:
    """The form that asks for a link."""
    return _page(request.args.get("next"))


@blueprint.post("")
def ask_for_link() -> ResponseReturnValue:
    """Mails a link. The response is the same for every address."""
    onward = login.own_address(request.form.get("next"))
    try:
        email = password_reset.mail_link(request.form.get("email", ""), **asker())
    except (Invalid, TooMany, Undelivered) as refusal:
        return again(_page(onward, refusal), refusal)
    session["mailed"] = {"to": email, "next": onward}
    return redirect(url_for("new_password.link_sent"), 303)


def _page(onward: str | None, refusal: Refusal | None = None) -> str:
    onward = login.own_address(onward)
    return render_template("signing_in/forgotten.html", onward=onward, typed=request.form, refusal=refusal)


@blueprint.get("/link")
def link_sent() -> ResponseReturnValue:
    """Shows that the link was mailed."""
    if not (mailed := session.get("mailed")):
        return redirect(url_for("new_password.page"), 303)
    lasting, way = mail_tokens.lasting(password_reset.PURPOSE), "new_password.ask_for_link"
    return render_template("signing_in/sent.html", mailed=mailed, lasting=lasting, again=way, back="new_password.page")


@blueprint.get("/link/<secret>")
def link(secret: str) -> ResponseReturnValue:
    """The form for the new password."""
    return _link(secret)


@blueprint.post("/link/<secret>")
def follow_link(secret: str) -> ResponseReturnValue:
    """Sets the password, signs out everywhere, and signs in here."""
    try:
        user = password_reset.follow(secret, request.form.get("password", ""))
    except (Invalid, TooMany) as refusal:
        return again(_link(secret, refusal), refusal)
    return login.start(user, login.HOME)


def _link(secret: str, refusal: Refusal | None = None) -> str:
    return render_template("signing_in/new_password.html", user=password_reset.find(secret), refusal=refusal)
