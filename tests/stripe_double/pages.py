"""The pages that people see at Stripe: plain forms, so that a browser test clicks through them."""

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.stripe_double.double import StripeDouble

type Page = tuple[int, str, dict[str, str]]


# What a page that was asked for with a flow leaves to do; without one it is the overview.
ONLY = {"payment_method_update": "card", "subscription_cancel": "cancel", "subscription_update_confirm": "plan"}


def answer(double: "StripeDouble", method: str, path: str, form: dict[str, str]) -> Page:
    """``/pages/checkouts/<id>`` and ``/pages/portals/<id>``, and what is posted there."""
    _, _, kind, key, *verb = path.split("/")
    if key not in double.things:
        return 404, page("Not found", "<p>There is nothing here.</p>"), {}
    if kind == "checkouts":
        return _checkout(double, key, form if method == "POST" else None)
    return _portal(double, key, verb[0] if verb and method == "POST" else "", form)


def _checkout(double: "StripeDouble", key: str, form: dict[str, str] | None) -> Page:
    with double.lock:
        checkout = double.things[key]
        line = double.lines[key][0]
        if checkout["status"] == "expired":
            return 200, page("This checkout has expired", f"<p><a href='{checkout['cancel_url']}'>Back</a></p>"), {}
        paid = double.complete(checkout, form.get("card", "good")) if form is not None else False
    if paid:
        double.deliver()
        return 303, "", {"Location": checkout["success_url"].replace("{CHECKOUT_SESSION_ID}", key)}
    declined = "<p role='alert'>Your card was declined.</p>" if form is not None else ""
    what = escape(line["price"]["lookup_key"])
    each = "a month" if checkout["mode"] == "subscription" else "once"
    body = f"<p>{what}: {line['quantity']} × {line['price']['unit_amount'] / 100:.2f} EUR {each}</p>{declined}"
    body += form_of(f"/pages/checkouts/{key}", [("card", "good", "Pay"), ("card", "bad", "Pay with a declined card")])
    body += f"<p><a href='{escape(checkout['cancel_url'] or '')}'>Back</a></p>"
    return 402 if declined else 200, page("Checkout", body), {}


def _portal(double: "StripeDouble", key: str, verb: str, form: dict[str, str]) -> Page:
    portal, flow = double.things[key], double.flows[key]
    path, only = f"/pages/portals/{key}", ONLY.get(str(flow.get("type")))
    if verb and only not in (None, verb):
        return 404, page("Not found", "<p>This is no part of this page.</p>"), {}
    with double.lock:
        found = double.of_kind("subscription", customer=portal["customer"])
        known = next((each for each in found if each["status"] != "canceled"), None)
        if verb == "card":
            double.use_card(portal["customer"], form["card"])
        elif verb == "cancel" and known:
            double.cancel(known)
        elif verb == "resume" and known:
            double.resume(known)
        elif verb == "plan" and known:
            price = double.of_kind("price", lookup_key=form["price"])[0]
            double.change(known, price, int(form.get("quantity", "1")), bill_now=True)
    if verb:
        double.deliver()
        return 303, "", {"Location": path}
    body = ""
    if known:
        item = known["items"]["data"][0]
        ends = ", cancels at the end of the period" if known["cancel_at_period_end"] else ""
        body += f"<p>{escape(item['price']['lookup_key'])} × {item['quantity']}: {known['status']}{ends}</p>"
        if only in (None, "plan"):
            body += _plans(double, path, flow, item["price"]["lookup_key"])
        if ends and only is None:
            body += form_of(f"{path}/resume", [("", "", "Renew after all")])
        if not ends and only in (None, "cancel"):
            body += form_of(f"{path}/cancel", [("", "", "Cancel subscription")])
    if only in (None, "card"):
        cards = [("card", "good", "Use a good card"), ("card", "bad", "Use a card that is declined")]
        body += form_of(f"{path}/card", cards)
    rows = [
        f"<li>{escape(each['number'] or 'Draft')}: {each['total'] / 100:.2f} EUR, {each['status']}</li>"
        for each in double.of_kind("invoice", customer=portal["customer"])
    ]
    body += f"<h2>Invoices</h2><ul>{''.join(rows)}</ul>"
    return 200, page("Billing portal", f"{body}<p><a href='{escape(portal['return_url'] or '')}'>Return</a></p>"), {}


def _plans(double: "StripeDouble", path: str, flow: dict[str, object], current: str) -> str:
    confirm = flow.get("subscription_update_confirm")
    if isinstance(confirm, dict):
        item = confirm["items"][0]
        price = double.things[item["price"]]["lookup_key"]
        words = f"Confirm the change to {price}"
        hidden = f"<input type='hidden' name='quantity' value='{item.get('quantity', 1)}'>"
        return form_of(f"{path}/plan", [("price", price, words)], hidden)
    others = [each for each in double.of_kind("price", type="recurring") if each["lookup_key"] != current]
    buttons = [("price", each["lookup_key"], f"Change to {each['lookup_key']}") for each in others]
    return form_of(f"{path}/plan", buttons)


def form_of(action: str, buttons: list[tuple[str, str, str]], more: str = "") -> str:
    made = "".join(f"<button name='{name}' value='{value}'>{escape(words)}</button>" for name, value, words in buttons)
    return f"<form method='post' action='{action}'>{more}{made}</form>"


def page(title: str, body: str) -> str:
    return f"<!doctype html><html lang='en'><title>{title}</title><main><h1>{title}</h1>{body}</main></html>"
