"""The pages of the provider that takes no money: only with BILLING=fake, and nothing elsewhere."""

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from poker_app import billing
from poker_app.billing import fake_payments
from poker_app.billing.engines import fake
from poker_app.errors import Conflict, Invalid, NotFound
from poker_app.web.http.errors import again

blueprint = Blueprint("fake_payments", __name__, url_prefix="/fake-payments")

PORTAL = "/portals/<portal_id>"


@blueprint.before_request
def only_where_nothing_costs_anything() -> None:
    """These pages belong to the double of the payment provider.

    Raises:
        NotFound: (404) with a real provider, which has pages of its own.
    """
    if current_app.config["SETTINGS"].billing != "fake":
        raise NotFound("There is no such page.")


@blueprint.get("/checkouts/<checkout_id>")
def checkout(checkout_id: str) -> ResponseReturnValue:
    """Shows the amount to pay, and two cards to choose from."""
    return _checkout(checkout_id)


@blueprint.post("/checkouts/<checkout_id>/payment")
def pay(checkout_id: str) -> ResponseReturnValue:
    """Completes the checkout; no money is taken."""
    fake_payments.find("checkout", checkout_id)
    try:
        return redirect(fake_payments.pay(checkout_id, request.form.get("card", "")), 303)
    except Invalid as invalid:
        return again(_checkout(checkout_id, invalid), invalid)


def _checkout(checkout_id: str, refusal: Invalid | None = None) -> str:
    found = fake_payments.find("checkout", checkout_id)
    if found.data["state"] == "expired":
        raise Conflict("This checkout is closed, because another one was started after it.")
    offer, price = billing.offer(), found.data["price"]
    sold = offer.plan_of_price(price) or offer.pack_of_price(price)
    return render_template("fake_payments/checkout.html", checkout=found, sold=sold, offer=offer, refusal=refusal)


@blueprint.get(PORTAL)
def portal(portal_id: str) -> ResponseReturnValue:
    """Shows the subscription, its card and its invoices, and buttons that let time pass."""
    return _portal(portal_id)


def _portal(portal_id: str) -> str:
    found = fake_payments.find("portal", portal_id)
    return render_template(
        "fake_payments/portal.html",
        portal=found,
        running=fake.running(found.customer_id),
        invoices=list(reversed(fake.of_kind("invoice", found.customer_id))),
        offer=billing.offer(),
    )


@blueprint.post(f"{PORTAL}/card")
def use_card(portal_id: str) -> ResponseReturnValue:
    """Changes the card."""
    fake_payments.use_card(portal_id, request.form.get("card", ""))
    return _back(portal_id)


@blueprint.post(f"{PORTAL}/cancellation")
def cancel(portal_id: str) -> ResponseReturnValue:
    """Cancels the subscription at the end of its period."""
    fake_payments.cancel(portal_id, ends=True)
    return _back(portal_id)


@blueprint.post(f"{PORTAL}/resumption")
def resume(portal_id: str) -> ResponseReturnValue:
    """Takes the cancellation back."""
    fake_payments.cancel(portal_id, ends=False)
    return _back(portal_id)


@blueprint.post(f"{PORTAL}/plan")
def change_plan(portal_id: str) -> ResponseReturnValue:
    """Changes the plan, and redirects back to the page that led here."""
    fake_payments.change_plan(portal_id, request.form.get("price", ""))
    return redirect(fake_payments.find("portal", portal_id).data["back"], 303)


@blueprint.post(f"{PORTAL}/month")
def let_a_month_pass(portal_id: str) -> ResponseReturnValue:
    """Lets a month pass: does what Stripe does once a month."""
    fake_payments.let_a_month_pass(portal_id)
    return _back(portal_id)


@blueprint.post(f"{PORTAL}/refunds")
def give_money_back(portal_id: str) -> ResponseReturnValue:
    """Refunds a payment, as an operator does at Stripe."""
    fake_payments.give_money_back(portal_id)
    return _back(portal_id)


def _back(portal_id: str) -> ResponseReturnValue:
    return redirect(url_for("fake_payments.portal", portal_id=portal_id), 303)
