"""Signing in with a mailed link or a password, and out."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from poker_app.accounts.signin import magic_links, mail_tokens, passwords
from poker_app.errors import Invalid, Refusal, TooMany
from poker_app.mail import Undelivered
from poker_app.web.http import login
from poker_app.web.http.errors import again
from poker_app.web.http.guest_cookie import asker

blueprint = Blueprint("signing_in", __name__, url_prefix="/sign-in")


login.only_with_accounts(blueprint)


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Shows the ways to sign in. A user who is signed in goes straight on."""
    onward = login.own_address(request.args.get("next"))
    return redirect(onward, 303) if login.user() else _page(onward)


@blueprint.post("/link")
def ask_for_link() -> ResponseReturnValue:
    """Mails a link. The response is the same for every address."""
    onward = login.own_address(request.form.get("next"))
    try:
        email = magic_links.mail_link(request.form.get("email", ""), onward=onward, **asker())
    except (Invalid, TooMany, Undelivered) as refusal:
        return again(_page(onward, refusal), refusal)
    session["mailed"] = {"to": email, "next": onward}
    return redirect(url_for("signing_in.link_sent"), 303)


def _page(onward: str, refusal: Refusal | None = None) -> str:
    return render_template("signing_in/page.html", onward=onward, typed=request.form, refusal=refusal)


@blueprint.get("/link")
def link_sent() -> ResponseReturnValue:
    """Shows that the link was mailed."""
    if not (mailed := session.get("mailed")):
        return redirect(url_for("signing_in.page"), 303)
    lasting, way = mail_tokens.lasting(magic_links.PURPOSE), "signing_in.ask_for_link"
    return render_template("signing_in/sent.html", mailed=mailed, lasting=lasting, again=way, back="signing_in.page")


@blueprint.get("/link/<secret>")
def link(secret: str) -> ResponseReturnValue:
    """Shows the page that the mail links to. It changes nothing: programs that check mail open every link in it."""
    return _link(secret)


@blueprint.post("/link/<secret>")
def follow_link(secret: str) -> ResponseReturnValue:
    """Signs in by the link. A new user types their name."""
    try:
        user, onward = magic_links.follow(secret, name=request.form.get("name", ""))
    except Invalid as invalid:
        return again(_link(secret, invalid), invalid)
    return login.start(user, login.own_address(onward))


def _link(secret: str, refusal: Refusal | None = None) -> str:
    email, new = magic_links.find(secret)
    return render_template("signing_in/link.html", email=email, new=new, typed=request.form, refusal=refusal)


@blueprint.get("/password")
def password_page() -> ResponseReturnValue:
    """Shows the form for address and password."""
    onward = login.own_address(request.args.get("next"))
    return redirect(onward, 303) if login.user() else _password_page(onward)


@blueprint.post("/password")
def with_password() -> ResponseReturnValue:
    """Signs in by password. A wrong address and a wrong password have one response."""
    onward, form = login.own_address(request.form.get("next")), request.form
    try:
        user = passwords.sign_in(form.get("email", ""), form.get("password", ""), **asker())
    except (Invalid, TooMany) as refusal:
        return again(_password_page(onward, refusal), refusal)
    return login.start(user, onward)


def _password_page(onward: str, refusal: Refusal | None = None) -> str:
    return render_template("signing_in/password.html", onward=onward, typed=request.form, refusal=refusal)


@blueprint.post("/out")
def out() -> ResponseReturnValue:
    """Sign this browser out."""
    login.end()
    return redirect(url_for("home.front"), 303)
