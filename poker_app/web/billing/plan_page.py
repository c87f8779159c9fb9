"""Plan, credits and payments of an account, for its owners and admins; and asking them for credits."""

from datetime import timedelta

from flask import Blueprint, Flask, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from poker_app import billing, rate_limits
from poker_app.accounts.memberships import Membership
from poker_app.accounts.team.teammates import teammates_of
from poker_app.billing import active_provider, checkout, credit_requests, current_plan, entitlements, plan_view
from poker_app.billing.provider import Door, Unavailable
from poker_app.db import transaction
from poker_app.errors import Invalid
from poker_app.mail import Undelivered
from poker_app.poker.round import task_files
from poker_app.rate_limits import Limit
from poker_app.rules import money
from poker_app.rules.spreadsheet import as_csv as as_csv_text
from poker_app.web.http import draft, paging
from poker_app.web.http.login import teammate

blueprint = Blueprint("billing", __name__, url_prefix="/accounts/<account_id>/billing")

PAGE = 50
DOORS: dict[str, Door] = {"card": "card", "cancel": "cancel"}
REQUESTS = Limit("ask for credits", 1, timedelta(hours=1))


def install(app: Flask) -> None:
    """Gives templates the offer, an account's statement, and a filter for amounts of money."""
    app.jinja_env.filters["money"] = lambda cents, currency="": money.amount(
        cents, currency or billing.offer().currency
    )
    app.jinja_env.globals.update(offer_here=lambda: billing.offer() if billing.is_on() else None)
    app.jinja_env.globals.update(statement_of=plan_view.statement_of)


@blueprint.before_request
def nothing_is_sold() -> None:
    """Answers 404 with ``BILLING=off``."""
    if not billing.is_on():
        abort(404)


@blueprint.get("")
@teammate
def page(membership: Membership) -> ResponseReturnValue:
    membership.require("admin", "see plan and billing")
    before = paging.before()
    lines = plan_view.history(membership.account.id, before=before, most=PAGE)
    return render_template(
        "billing/page.html",
        membership=membership,
        offer=billing.offer(),
        s=plan_view.statement_of(membership.account),
        seats=len(teammates_of(membership.account)),
        stored=task_files.used(membership.account.id),
        surplus=len(entitlements.surplus(membership.account.id)),
        may_try=current_plan.may_try(membership.account.id, membership.user.id if membership.user else None),
        lines=lines,
        before=before,
        draft=draft.stored(),
        more=lines[-1].id if len(lines) == PAGE else None,
        **_invoices(membership),
    )


def _invoices(membership: Membership) -> dict[str, object]:
    """Returns the provider's invoices; where it does not answer, the sentence about that, so that the page shows the
    rest."""
    try:
        return {"invoices": checkout.invoices(membership)}
    except Unavailable as silent:
        return {"invoices": [], "silent": silent.sentence}


@blueprint.get("/credits.csv")
@teammate
def as_csv(membership: Membership) -> ResponseReturnValue:
    membership.require("admin", "see plan and billing")
    lines = plan_view.history(membership.account.id, most=100_000)
    rows = [
        (f"{line.at:%Y-%m-%dT%H:%M:%SZ}", line.what, line.who, str(line.amount), str(line.balance)) for line in lines
    ]
    answer = Response(as_csv_text(("at", "what", "who", "change", "balance"), rows))
    answer.content_type = "text/csv; charset=utf-8"
    answer.headers["Content-Disposition"] = 'attachment; filename="credits.csv"'
    return answer


@blueprint.post("/purchases")
@teammate
def buy(membership: Membership) -> ResponseReturnValue:
    """Leads to the checkout for the pack or plan that the form names. Where a session waits for it, the checkout leads
    back to its form, and, where the form said so, straight on into the session."""
    here = url_for("billing.page", account_id=membership.account.id)
    form = url_for("home.new", account=membership.account.id)
    waits = draft.stored() is not None
    paid, back = (f"{form}&paid=1", form) if waits else (f"{here}?paid=1", here)
    if plan := request.form.get("plan"):
        address = checkout.buy_plan(membership, plan, paid=paid, back=back)
    else:
        address = checkout.buy_pack(membership, request.form.get("pack", type=int) or 0, paid=paid, back=back)
    if waits and request.form.get("start"):
        draft.start_once_paid(membership.account.id)
    return _on_to(address)


def _on_to(address: str) -> ResponseReturnValue:
    """Leads on to the provider, by a page: from a form's response, our policy would not let a redirect go to another
    site."""
    if address.startswith(active_provider.own_address("/")):
        return redirect(address, 303)
    return render_template("billing/on_to_payment.html", address=address)


@blueprint.post("/portal")
@teammate
def portal(membership: Membership) -> ResponseReturnValue:
    """Leads to the provider's pages for card, invoices and cancelling."""
    door: Door = DOORS.get(request.form.get("door", ""), "")
    here = url_for("billing.page", account_id=membership.account.id)
    return _on_to(checkout.open_portal(membership, back=here, door=door))


@blueprint.post("/trial")
@teammate
def start_trial(membership: Membership) -> ResponseReturnValue:
    """Starts the trial of the plan that may be tried."""
    membership.require("admin", "start a trial")
    account_id, user_id = membership.account.id, membership.user.id if membership.user else None
    with transaction():
        current_plan.start_trial(account_id, user_id)
    return redirect(url_for("billing.page", account_id=membership.account.id), 303)


@blueprint.post("/requests")
@teammate
def ask(membership: Membership) -> ResponseReturnValue:
    """A facilitator asks the owners for credits, once an hour.

    Raises:
        Invalid: (422) users do not sign in here.
        TooMany: (429) it was done less than an hour ago.
    """
    if membership.user is None:
        raise Invalid("Nobody is signed in.")
    counters = REQUESTS.of(membership.account.id, membership.user.id)
    rate_limits.spend(counters)
    try:
        asked = credit_requests.ask_for_credits(membership)
    except Undelivered:
        rate_limits.give_back(counters)
        raise
    return render_template("billing/asked.html", membership=membership, asked=asked)
