"""The user's profile: name, address, password, and the browsers that are signed in."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from poker_app.accounts import profile
from poker_app.accounts.models import User
from poker_app.accounts.signin import login_sessions, passwords, two_factor
from poker_app.errors import Invalid, Refusal, TooMany
from poker_app.mail import Undelivered
from poker_app.rules import browser_names
from poker_app.web.http import login
from poker_app.web.http.errors import again
from poker_app.web.http.guest_cookie import asker
from poker_app.web.http.login import signed_in

blueprint = Blueprint("profile", __name__, url_prefix="/me")
blueprint.add_app_template_filter(browser_names.name, "browser_name")


@blueprint.get("")
@signed_in
def page(user: User) -> ResponseReturnValue:
    return _page(user)


@blueprint.post("/name")
@signed_in
def rename(user: User) -> ResponseReturnValue:
    try:
        profile.rename(user, request.form.get("name", ""))
    except Invalid as refusal:
        return again(_page(user, refusal, "name"), refusal)
    return _done("Your name was saved.")


@blueprint.post("/password")
@signed_in
def change_password(user: User) -> ResponseReturnValue:
    """Change the password, or choose a first one. Every other browser is signed out."""
    here, form = login.current_sign_in(), request.form
    assert here
    try:
        passwords.change(
            user,
            current=form.get("current", ""),
            new=form.get("password", ""),
            sign_in_id=here.id,
            **asker(),
        )
    except (Invalid, TooMany) as refusal:
        return again(_page(user, refusal, "password"), refusal)
    return _done("Your password was saved. Every other browser was signed out.")


@blueprint.post("/email")
@signed_in
def ask_for_link(user: User) -> ResponseReturnValue:
    """Mail a link to a new address, which confirms it."""
    form = request.form
    try:
        to = profile.mail_link(user, form.get("email", ""), password=form.get("current", ""), **asker())
    except (Invalid, TooMany, Undelivered) as refusal:
        return again(_page(user, refusal, "email"), refusal)
    return _done(f"We sent a link to {to}. Your address changes once you follow it.")


@blueprint.get("/email/<secret>")
@signed_in
def link(user: User, secret: str) -> ResponseReturnValue:
    """Shows the page that the mail links to. It changes nothing: programs that check mail open every link in it."""
    return render_template("profile/new_email.html", user=user, email=profile.find_new_email(user, secret))


@blueprint.post("/email/<secret>")
@signed_in
def follow_link(user: User, secret: str) -> ResponseReturnValue:
    profile.follow(user, secret)
    return _done("Your new address is confirmed.")


@blueprint.post("/sign-ins/<sign_in_id>/ending")
@signed_in
def end_sign_in(user: User, sign_in_id: str) -> ResponseReturnValue:
    """Signs one browser out, which may be this one."""
    login_sessions.end(user, sign_in_id)
    return _done("That browser was signed out.")


@blueprint.post("/sign-ins/ending")
@signed_in
def end_everywhere(user: User) -> ResponseReturnValue:
    """Sign out everywhere, here too."""
    here = login.current_sign_in()
    login_sessions.end_everywhere(user, but=here.id if here else None)
    login.end()
    return redirect(url_for("signing_in.page"), 303)


def _done(sentence: str) -> ResponseReturnValue:
    flash(sentence)
    return redirect(url_for("profile.page"), 303)


def _page(user: User, refusal: Refusal | None = None, form: str = "") -> str:
    """``form`` is the one that was refused: what was typed there is still there."""
    return render_template(
        "profile/page.html",
        user=user,
        here=login.current_sign_in(),
        sign_ins=login_sessions.active(user),
        recovery_codes=two_factor.left(user),
        refusal=refusal,
        refused=form,
        typed=request.form,
    )
