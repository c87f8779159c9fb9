"""Signing in through other services: going there, coming back, connecting and disconnecting."""

from datetime import timedelta

import structlog
from flask import Blueprint, Flask, Response, flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from poker_app import rate_limits
from poker_app.accounts import providers
from poker_app.accounts.models import User
from poker_app.accounts.providers import visits
from poker_app.accounts.providers.failures import Failure, NotBegunHere
from poker_app.accounts.signin import identities
from poker_app.accounts.signin.identities import NotLinked
from poker_app.errors import Refusal
from poker_app.provider_settings import ProviderSettings
from poker_app.rate_limits import Limit
from poker_app.web.http import login
from poker_app.web.http.login import signed_in

blueprint = Blueprint("providers", __name__)
log = structlog.get_logger("web")

VISITS_BEGUN = Limit("provider", 100, timedelta(minutes=10))
VISITS = "visits"


def install(app: Flask) -> None:
    """Gives templates the providers and the user's connected logins."""
    app.jinja_env.globals.update(
        providers=providers.every, provider_label=providers.label_of, connected_to=identities.connected
    )


@blueprint.get("/sign-in/with/<provider>")
def offer(provider: str) -> ResponseReturnValue:
    """Shows a page with one button, for links from elsewhere: only a form of our own begins a sign-in."""
    chosen = providers.named(provider)
    onward = login.own_address(request.args.get("next"))
    if login.user():
        return redirect(onward, 303)
    return render_template("signing_in/with_provider.html", provider=chosen, onward=onward)


@blueprint.post("/sign-in/with/<provider>")
def begin(provider: str) -> ResponseReturnValue:
    """Begins a sign-in at a provider. A user who is signed in already stays so until they are back."""
    return _set_out(providers.named(provider), login.own_address(request.form.get("next")))


@blueprint.post("/me/logins/<provider>")
@signed_in
def connect(user: User, provider: str) -> ResponseReturnValue:
    """Begins connecting a login at a provider to the user."""
    return _set_out(providers.named(provider), _profile(), connects=user.id)


@blueprint.post("/me/logins/<provider>/removal")
@signed_in
def disconnect(user: User, provider: str) -> ResponseReturnValue:
    """Disconnects a login at a provider. The sign-in of this browser stays."""
    here = login.current_sign_in()
    identities.disconnect(user, provider, request.form.get("subject", ""), but=here.id if here else None)
    return _done(f"{providers.label_of(provider)} is no longer connected.")


def _set_out(provider: ProviderSettings, onward: str, connects: str = "") -> Response:
    """Leads on to the provider, by a page: from a form's response, our policy would not let a redirect go elsewhere."""
    rate_limits.spend(VISITS_BEGUN.of_network(request.remote_addr or ""))
    try:
        address, visit = providers.begin(provider, back=_back(provider), onward=onward, connects=connects)
    except Failure as failure:
        return _failed(failure, onward)
    session[VISITS] = visits.store(session.get(VISITS, []), visit)
    return make_response(render_template("signing_in/on_to_provider.html", provider=provider, address=address))


@blueprint.get("/sign-in/with/<provider>/callback")
def back(provider: str) -> ResponseReturnValue:
    """Handles the way back from the provider: signs in the user for whom it vouches, or connects the login to the
    signed-in user.

    Raises:
        NotBegunHere: (400) another user has signed in in this browser meanwhile.
    """
    chosen, onward = providers.named(provider), login.own_address(None)
    try:
        visit, left = visits.pop(session.get(VISITS, []), chosen, request.args.get("state", ""))
        session[VISITS], onward = left, visit.onward
        user = login.user()
        if visit.connects and (user is None or user.id != visit.connects):
            raise NotBegunHere(chosen, "somebody else is signed in by now")
        claims = providers.end(chosen, visit, request.args, back=_back(chosen))
        if visit.connects and user:
            identities.connect(user, chosen, claims)
            return _done(f"{chosen.label} is connected. From now on you can sign in with it.")
        return login.start(identities.sign_in(chosen, claims), onward, issuer=claims.issuer)
    except (Failure, NotLinked) as failure:
        return _failed(failure, onward)


def _failed(failure: Failure | NotLinked, onward: str) -> Response:
    """Renders a failure as a page that leaves every way to sign in open."""
    log.warning("provider", provider=failure.provider.name, status=failure.status, reason=_reason(failure))
    page = render_template("signing_in/not_signed_in.html", failure=failure, onward=onward)
    return make_response(page, failure.status)


def _reason(failure: Refusal) -> str:
    return getattr(failure, "reason", "") or type(failure).__name__


def _back(provider: ProviderSettings) -> str:
    return url_for("providers.back", provider=provider.name)


def _done(sentence: str) -> Response:
    flash(sentence)
    return make_response(redirect(_profile(), 303))


def _profile() -> str:
    return url_for("profile.page")
