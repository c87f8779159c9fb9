"""Opening a session without an account, where accounts pay for theirs."""

from datetime import timedelta

from flask import Blueprint, Flask, abort, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from poker_app import billing, ids, rate_limits
from poker_app.accounts import memberships
from poker_app.errors import Invalid, TooMany
from poker_app.poker.session import lifecycle
from poker_app.rate_limits import Limit
from poker_app.rules.durations import in_words
from poker_app.rules.plans import GUEST, GUEST_KEPT, MAX_GUEST_ROUNDS
from poker_app.web.http import draft, fragments, login, session_form
from poker_app.web.http.errors import again
from poker_app.web.http.guest_cookie import guest_secret, store_secret

blueprint = Blueprint("guest_session", __name__, url_prefix="/try")

# A network may be an office or a mobile carrier with many people behind it.
OPENED = Limit("open without an account", 10, timedelta(days=1))


def install(app: Flask) -> None:
    """Gives templates the limits of sessions without an account."""
    app.jinja_env.globals.update(
        may_try_as_guest=lambda: billing.is_on() and login.user() is None,
        GUEST_PEOPLE=GUEST.members,
        GUEST_ROUNDS=MAX_GUEST_ROUNDS,
        GUEST_KEPT=GUEST_KEPT,
    )


@blueprint.before_request
def nothing_to_try() -> None:
    """Answers 404 where nothing is sold: there is one way to open a session there."""
    if not billing.is_on():
        abort(404)


@blueprint.get("")
def new() -> ResponseReturnValue:
    """Shows the form. A user who is signed in opens sessions for an account and is redirected to that form."""
    if login.user():
        return redirect(url_for("home.new"), 303)
    guests = memberships.guests()
    page = session_form.page(guests, {"form_key": ids.new_secret(), **session_form.fresh(guests)})
    return store_secret(make_response(page), guest_secret() or ids.new_secret())


@blueprint.post("")
def open_session() -> ResponseReturnValue:
    """Opens the session; its guest facilitates. Counted by network before anything is done, except that a form which
    was sent already leads to the session that it opened."""
    form, secret, guests = request.form, guest_secret() or ids.new_secret(), memberships.guests()
    if login.user():  # in another tab, since the form was loaded: it costs a credit now, which the form says
        draft.store(form)
        return redirect(url_for("home.new"), 303)
    if (key := session_form.key()) and (opened := lifecycle.find_opened(key, secret, None)):
        return fragments.back_to_session(opened)
    counters = OPENED.of_network(request.remote_addr or "")
    try:
        _count(counters)
        return session_form.open_session(guests, secret)
    except Invalid as invalid:
        rate_limits.give_back(counters)
        return again(session_form.page(guests, form.to_dict(), invalid), invalid)
    except TooMany as refusal:
        return again(session_form.page(guests, form.to_dict(), refusal), refusal)


def _count(counters: list[rate_limits.Counter]) -> None:
    rate_limits.spend(lifecycle.OPENED.of_network(request.remote_addr or ""))
    try:
        rate_limits.spend(counters)
    except TooMany as used_up:
        raise TooMany(
            f"{OPENED.most} sessions without an account were opened from your network within "
            f"{in_words(OPENED.within)}. Sign up to open one of your own, or try again later.",
            used_up.retry_after,
        ) from used_up
