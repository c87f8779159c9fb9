"""One's second factor: turning it on with an app, off again, and the recovery codes."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from poker_app.accounts.models import User
from poker_app.accounts.signin import two_factor
from poker_app.errors import Invalid, Refusal, TooMany
from poker_app.web.http import login, qr
from poker_app.web.http.errors import again
from poker_app.web.http.guest_cookie import asker
from poker_app.web.http.login import signed_in

blueprint = Blueprint("second_factor", __name__, url_prefix="/me/second-factor")


@blueprint.get("")
@signed_in
def page(user: User) -> ResponseReturnValue:
    """Shows how to turn it on, or, where it is on, off."""
    return _page(user)


@blueprint.post("")
@signed_in
def turn_on(user: User) -> ResponseReturnValue:
    """Turns it on with a code that the app shows. The recovery codes are in this response, and never shown again."""
    here, form = login.current_sign_in(), request.form
    assert here
    try:
        codes = two_factor.turn_on(user, form.get("secret", ""), form.get("code", ""), sign_in_id=here.id)
    except Invalid as refusal:
        return again(_page(user, refusal), refusal)
    return render_template("profile/recovery_codes.html", codes=codes, new=True)


@blueprint.post("/removal")
@signed_in
def turn_off(user: User) -> ResponseReturnValue:
    """Turn it off with one last code."""
    try:
        two_factor.turn_off(user, request.form.get("code", ""), **asker())
    except (Invalid, TooMany) as refusal:
        return again(_page(user, refusal), refusal)
    flash("Two-factor authentication is off.")
    return redirect(url_for("profile.page"), 303)


@blueprint.post("/recovery-codes")
@signed_in
def renew_recovery_codes(user: User) -> ResponseReturnValue:
    """Makes ten new codes, shown in this response only; the old ones stop working."""
    try:
        codes = two_factor.renew_recovery_codes(user, request.form.get("code", ""), **asker())
    except (Invalid, TooMany) as refusal:
        return again(_page(user, refusal), refusal)
    return render_template("profile/recovery_codes.html", codes=codes, new=False)


def _page(user: User, refusal: Refusal | None = None) -> str:
    if user.totp_secret:
        return render_template(
            "profile/second_factor_on.html",
            user=user,
            left=two_factor.left(user),
            made=two_factor.RECOVERY_CODES,
            refusal=refusal,
        )
    secret = request.form.get("secret", "")
    if not two_factor.is_secret(secret):
        secret = two_factor.new_secret()
    return render_template(
        "profile/second_factor.html",
        secret=secret,
        qr=qr.drawn(two_factor.address_of(user, secret)),
        refusal=refusal,
    )
