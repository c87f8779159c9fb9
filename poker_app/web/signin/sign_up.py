"""Signing up with a name, an address and a password."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from poker_app import ids
from poker_app.accounts.signin import mail_tokens
from poker_app.accounts.signin import sign_up as signing_up
from poker_app.errors import Invalid, Refusal, TooMany
from poker_app.mail import Undelivered
from poker_app.web.http import login
from poker_app.web.http.errors import again

blueprint = Blueprint("signing_up", __name__, url_prefix="/sign-up")
login.only_with_accounts(blueprint)


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Shows the form. A user who is signed in goes straight on."""
    onward = login.own_address(request.args.get("next"))
    return redirect(onward, 303) if login.user() else _page(onward)


@blueprint.post("")
def sign_up() -> ResponseReturnValue:
    """Mails a link that confirms the address. The response is the same for every address."""
    onward, form, browser = login.own_address(request.form.get("next")), request.form, ids.new_secret()
    try:
        email = signing_up.mail_link(
            name=form.get("name", ""),
            email=form.get("email", ""),
            password=form.get("password", ""),
            onward=onward,
            browser=browser,
            asked_from=request.remote_addr or "",
        )
    except (Invalid, TooMany, Undelivered) as refusal:
        return again(_page(onward, refusal), refusal)
    session["mailed"] = {"to": email, "next": onward}
    session["signing_up"] = browser
    return redirect(url_for("signing_up.link_sent"), 303)


def _page(onward: str, refusal: Refusal | None = None) -> str:
    return render_template("signing_in/sign_up.html", onward=onward, typed=request.form, refusal=refusal)


@blueprint.get("/link")
def link_sent() -> ResponseReturnValue:
    """Shows that the link was mailed."""
    if not (mailed := session.get("mailed")):
        return redirect(url_for("signing_up.page"), 303)
    lasting = mail_tokens.lasting(signing_up.PURPOSE)
    return render_template("signing_in/sent.html", mailed=mailed, lasting=lasting, back="signing_up.page")


@blueprint.get("/link/<secret>")
def link(secret: str) -> ResponseReturnValue:
    """Shows the page that the mail links to. It changes nothing: programs that check mail open every link in it."""
    return _link(secret)


@blueprint.post("/link/<secret>")
def follow_link(secret: str) -> ResponseReturnValue:
    """Confirms the address, and signs in. Another browser than the one that signed up is asked for the password."""
    browser, password = session.get("signing_up", ""), request.form.get("password", "")
    try:
        user, onward = signing_up.follow(secret, browser=browser, password=password)
    except (Invalid, TooMany) as refusal:
        return again(_link(secret, refusal), refusal)
    return login.start(user, login.own_address(onward))


def _link(secret: str, refusal: Refusal | None = None) -> str:
    asks = signing_up.asks_for_password(secret, session.get("signing_up", ""))
    return render_template("signing_in/confirm.html", asks_for_password=asks, refusal=refusal)
