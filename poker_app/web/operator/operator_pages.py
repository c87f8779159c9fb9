"""The operator's pages: accounts, sessions, messages, jobs and failed webhooks. 404 for users whom OPERATORS does not
name."""

from typing import Any

from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from poker_app import billing, clock, realtime
from poker_app.accounts import auth_is_open
from poker_app.billing import webhooks
from poker_app.errors import NotFound
from poker_app.operations import job_runs, operator_view
from poker_app.poker.publishing.message_usage import messages_since
from poker_app.poker.value.value_cache import values
from poker_app.rules.printable import without_hidden
from poker_app.web.http import login

blueprint = Blueprint("operating", __name__, url_prefix="/operator")

MAX_FOUND, MAX_PAGE, RUNS_SHOWN = 120, 100_000, 20
JOBS = ("daily", "replay-webhooks", "follow-seats", "purge")


def install(app: Flask) -> None:
    """Gives templates ``is_operator``, which shows the page in an operator's menu."""
    app.jinja_env.globals["is_operator"] = is_operator


def is_operator() -> bool:
    """Whether the user of this browser is named in OPERATORS. An address of a user is always one that they have
    proven."""
    who = None if auth_is_open() else login.user()
    named = {address.strip().lower() for address in current_app.config["SETTINGS"].operators}
    return who is not None and who.email is not None and who.email in named


@blueprint.before_request
def only_operators() -> None:
    """These pages are for operators.

    Raises:
        NotFound: (404) for every other user.
    """
    if not is_operator():
        raise NotFound("There is nothing at this address.")


@blueprint.get("")
def page() -> ResponseReturnValue:
    return render_template(
        "operating/overview.html",
        counts=operator_view.counts(),
        today=messages_since(clock.now()),
        engine=current_app.config["SETTINGS"].realtime,
        ready=realtime.ready(),
        kept=values,
        last=job_runs.last_of_each(),
        kept_days=job_runs.KEPT.days,
        jobs=[job for job in JOBS if billing.is_on() or job in ("daily", "purge")],
        runs=job_runs.last_runs(RUNS_SHOWN),
    )


@blueprint.get("/accounts")
def accounts() -> ResponseReturnValue:
    find = _find()
    return render_template("operating/accounts.html", find=find, listing=operator_view.accounts(find, _page()))


@blueprint.get("/sessions")
def sessions() -> ResponseReturnValue:
    find, live = _find(), request.args.get("show") != "all"
    listing = operator_view.sessions(find, _page(), live=live)
    return render_template("operating/sessions.html", find=find, live=live, listing=listing)


@blueprint.get("/webhooks")
def failed() -> ResponseReturnValue:
    _require_selling()
    return render_template("operating/webhooks.html", listing=operator_view.failed_events(_page()))


@blueprint.post("/webhooks/<event_id>/replay")
def replay(event_id: str) -> ResponseReturnValue:
    _require_selling()
    wrong = webhooks.try_again(event_id)
    flash(f"It failed again: {wrong}" if wrong else "The event has been processed.", "trouble" if wrong else "message")
    return redirect(url_for("operating.failed"), 303)


def _require_selling() -> None:
    if not billing.is_on():
        raise NotFound("Payments are off, so there are no payment events.")


def _find() -> str:
    return " ".join(without_hidden(request.args.get("find", "")).split())[:MAX_FOUND]


def _page() -> int:
    given: Any = request.args.get("page", "")
    return min(int(given), MAX_PAGE) if given.isascii() and given.isdigit() and len(given) < 9 else 1
