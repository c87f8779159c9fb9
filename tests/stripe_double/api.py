"""The answers of the API: a table of what is built, and 404 for everything else."""

import re
from collections.abc import Callable
from typing import Any

import stripe
from stripe import params

from tests.stripe_double.books import Thing, subscription_of
from tests.stripe_double.life import Life
from tests.stripe_double.shapes import Refused, listed, make

type Answer = Callable[["Api", Thing, str], Thing]

MAX_LISTED = 100


class Api(Life):
    """The life, seen through the API."""

    public_url = ""

    # --- customers, prices

    def make_customer(self, given: Thing, _id: str) -> Thing:
        given.pop("expand", None)
        return self.keep("cus", stripe.Customer, created=self.now, **{"metadata": {}, **given})

    def change_customer(self, given: Thing, customer: str) -> Thing:
        known = self.one("customer", customer)
        metadata = {**known["metadata"], **given.pop("metadata", {})}
        known.update(given, metadata=metadata)
        return known

    def prices(self, given: Thing, _id: str) -> Thing:
        keys = given.get("lookup_keys")
        if keys is not None and len(keys) > 10:
            raise Refused("You can specify up to 10 lookup_keys.", "lookup_keys", "parameter_invalid")
        wanted = {"active": given["active"]} if "active" in given else {}
        found = self.of_kind("price", **wanted)
        return self.page([each for each in found if keys is None or each["lookup_key"] in keys], given, "/v1/prices")

    # --- the checkout

    def make_checkout(self, given: Thing, _id: str) -> Thing:
        lines = [self._line(each) for each in given.get("line_items", [])]
        self._check_checkout(given, lines)
        total = sum(line["amount_total"] for line in lines)
        passed_on = {"allow_promotion_codes", "cancel_url", "client_reference_id", "customer", "mode", "success_url"}
        kind = stripe.checkout.Session
        made = self.keep(
            "cs_test",
            kind,
            amount_subtotal=total,
            amount_total=total,
            automatic_tax=make(kind.AutomaticTax, enabled=given.get("automatic_tax", {}).get("enabled", False)),
            created=self.now,
            currency="eur",
            expires_at=self.now + 86400,
            invoice_creation=make(kind.InvoiceCreation, enabled=True) if given.get("invoice_creation") else None,
            metadata=given.get("metadata", {}),
            payment_method_types=["card"],
            payment_status="unpaid",
            status="open",
            ui_mode="hosted_page",
            **{name: given[name] for name in passed_on if name in given},
        )
        made["url"] = f"{self.public_url}/pages/checkouts/{made['id']}"
        self.lines[made["id"]] = lines
        return made

    def _line(self, given: Thing) -> Thing:
        price = self.one("price", given["price"], "line_items[0][price]")
        amount = price["unit_amount"] * given["quantity"]
        return make(
            stripe.LineItem,
            id="li_1",
            amount_subtotal=amount,
            amount_total=amount,
            currency=price["currency"],
            price=price,
            quantity=given["quantity"],
        )

    def _check_checkout(self, given: Thing, lines: list[Thing]) -> None:
        """What the parameters' types do not say, and Stripe refuses all the same."""
        mode, update = given.get("mode"), given.get("customer_update", {})
        self.one("customer", given.get("customer", ""), "customer")
        if not lines or mode is None:
            raise Refused("You must pass line_items and mode.", "line_items", "parameter_missing")
        if not given.get("success_url"):
            raise Refused("You must pass success_url.", "success_url", "parameter_missing")
        recurring = {line["price"]["type"] == "recurring" for line in lines}
        if mode == "payment" and True in recurring:
            raise Refused("You specified `payment` mode but passed a recurring price.", "mode", "parameter_invalid")
        if mode == "subscription" and recurring == {False}:
            raise Refused("You must provide at least one recurring price in `subscription` mode.", "mode", "")
        for name, belongs in (("subscription_data", "subscription"), ("invoice_creation", "payment")):
            if name in given and mode != belongs:
                raise Refused(f"You can not pass `{name}` in `{mode}` mode.", name, "parameter_unknown")
        if given.get("tax_id_collection", {}).get("enabled") and update.get("name") != "auto":
            raise Refused("Tax ID collection requires `customer_update[name]=auto`.", "customer_update[name]", "")
        if given.get("automatic_tax", {}).get("enabled") and update.get("address") != "auto":
            raise Refused("Automatic tax requires `customer_update[address]=auto`.", "customer_update[address]", "")

    def checkouts(self, given: Thing, _id: str) -> Thing:
        wanted = {
            name: given[name] for name in ("customer", "status", "payment_intent", "subscription") if name in given
        }
        return self.page(self.of_kind("checkout.session", **wanted), given, "/v1/checkout/sessions")

    def expire_checkout(self, _given: Thing, checkout: str) -> Thing:
        known = self.one("checkout.session", checkout)
        if known["status"] != "open":
            raise Refused('Only Checkout Sessions with a status in ["open"] can be expired.', "session", "")
        known["status"], known["url"] = "expired", None
        self.tell("checkout.session.expired", known)
        return known

    # --- the portal

    def make_portal(self, given: Thing, _id: str) -> Thing:
        customer = self.one("customer", given.get("customer", ""), "customer")
        flow = given.get("flow_data")
        if flow:
            self._check_flow(flow, customer["id"])
        made = self.keep(
            "bps",
            stripe.billing_portal.Session,
            configuration="bpc_1",
            created=self.now,
            customer=customer["id"],
            return_url=given.get("return_url"),
        )
        made["url"] = f"{self.public_url}/pages/portals/{made['id']}"
        self.flows[made["id"]] = flow or {}
        return made

    def _check_flow(self, flow: Thing, customer: str) -> None:
        about = flow.get(flow["type"])
        if flow["type"].startswith("subscription_"):
            if about is None:
                raise Refused(f"You must pass flow_data[{flow['type']}].", "flow_data", "parameter_missing")
            known = self.one("subscription", about["subscription"], f"flow_data[{flow['type']}][subscription]")
            if known["customer"] != customer or known["status"] == "canceled":
                raise Refused("This subscription cannot be changed by that customer.", "flow_data", "")
            for item in about.get("items", []):
                if item["id"] != known["items"]["data"][0]["id"]:
                    raise Refused("No such item in this subscription.", "flow_data", "resource_missing")
                self.one("price", item["price"], "flow_data")

    # --- subscriptions and payments

    def subscriptions(self, given: Thing, _id: str) -> Thing:
        found = self.of_kind("subscription", **({"customer": given["customer"]} if "customer" in given else {}))
        status = given.get("status")
        if status is None:
            found = [each for each in found if each["status"] != "canceled"]
        elif status != "all":
            found = [each for each in found if each["status"] == status]
        return self.page(found, given, "/v1/subscriptions")

    def cancel_subscription(self, _given: Thing, subscription: str) -> Thing:
        known = self.one("subscription", subscription)
        if known["status"] in ("canceled", "incomplete_expired"):
            raise Refused(f"No such subscription: '{subscription}'", "id", "resource_missing")
        self.cancel(known, at_once=True)
        return known

    def change_item(self, given: Thing, item: str) -> Thing:
        known = self.one("subscription_item", item)
        subscription = self.things[known["subscription"]]
        if subscription["status"] in ("canceled", "incomplete_expired"):
            raise Refused("A canceled subscription can only update its cancellation_details and metadata.", "", "")
        price = self.one("price", given["price"]) if "price" in given else known["price"]
        now = given.get("proration_behavior") == "always_invoice"
        self.change(subscription, price, given.get("quantity", known["quantity"]), bill_now=now)
        return known

    def invoices(self, given: Thing, _id: str) -> Thing:
        found = self.of_kind("invoice", **{name: given[name] for name in ("customer", "status") if name in given})
        if "subscription" in given:
            found = [each for each in found if subscription_of(each) == given["subscription"]]
        return self.page(found, given, "/v1/invoices")

    def invoice_payments(self, given: Thing, _id: str) -> Thing:
        found = self.of_kind(
            "invoice_payment", **{name: given[name] for name in ("invoice", "status") if name in given}
        )
        if payment := given.get("payment"):
            wanted = payment[payment["type"]]
            found = [each for each in found if each["payment"]["payment_intent"] == wanted]
        return self.page(found, given, "/v1/invoice_payments")

    def disputes(self, given: Thing, _id: str) -> Thing:
        wanted = {name: given[name] for name in ("charge", "payment_intent") if name in given}
        return self.page(self.of_kind("dispute", **wanted), given, "/v1/disputes")

    # --- what all of them share

    def one(self, kind: str, key: str, param: str = "id") -> Thing:
        found = self.things.get(key)
        if found is None or found["object"] != kind:
            raise Refused(f"No such {kind}: '{key}'", param, "resource_missing")
        return found

    def page(self, found: list[Thing], given: Thing, url: str) -> Thing:
        """A page of a list, as long as was asked for."""
        limit = given.get("limit", 10)
        if not 1 <= limit <= MAX_LISTED:
            raise Refused("This value must be between 1 and 100.", "limit", "parameter_invalid_integer")
        if after := given.get("starting_after"):
            place = [each["id"] for each in found].index(after) + 1
            found = found[place:]
        expand = given.get("expand", [])
        if any(not each.startswith("data.") for each in expand):
            raise Refused("A list is expanded under `data`.", "expand", "parameter_invalid")
        inside = tuple(each.removeprefix("data.") for each in expand)
        return listed([self.shown(each, inside) for each in found[:limit]], url, more=len(found) > limit)


def _get(kind: str) -> Answer:
    return lambda api, _given, key: api.one(kind, key)


ROUTES: list[tuple[str, str, type, Any]] = [
    ("POST", "/v1/customers", params.CustomerCreateParams, Api.make_customer),
    ("POST", "/v1/customers/ID", params.CustomerUpdateParams, Api.change_customer),
    ("GET", "/v1/customers/ID", params.CustomerRetrieveParams, _get("customer")),
    ("GET", "/v1/prices", params.PriceListParams, Api.prices),
    ("GET", "/v1/prices/ID", params.PriceRetrieveParams, _get("price")),
    ("POST", "/v1/checkout/sessions", params.checkout.SessionCreateParams, Api.make_checkout),
    ("GET", "/v1/checkout/sessions", params.checkout.SessionListParams, Api.checkouts),
    ("GET", "/v1/checkout/sessions/ID", params.checkout.SessionRetrieveParams, _get("checkout.session")),
    ("POST", "/v1/checkout/sessions/ID/expire", params.checkout.SessionExpireParams, Api.expire_checkout),
    ("POST", "/v1/billing_portal/sessions", params.billing_portal.SessionCreateParams, Api.make_portal),
    ("GET", "/v1/subscriptions", params.SubscriptionListParams, Api.subscriptions),
    ("GET", "/v1/subscriptions/ID", params.SubscriptionRetrieveParams, _get("subscription")),
    ("DELETE", "/v1/subscriptions/ID", params.SubscriptionCancelParams, Api.cancel_subscription),
    ("POST", "/v1/subscription_items/ID", params.SubscriptionItemUpdateParams, Api.change_item),
    ("GET", "/v1/invoices", params.InvoiceListParams, Api.invoices),
    ("GET", "/v1/invoices/ID", params.InvoiceRetrieveParams, _get("invoice")),
    ("GET", "/v1/invoice_payments", params.InvoicePaymentListParams, Api.invoice_payments),
    ("GET", "/v1/payment_intents/ID", params.PaymentIntentRetrieveParams, _get("payment_intent")),
    ("GET", "/v1/disputes", params.DisputeListParams, Api.disputes),
]


def find(method: str, path: str) -> tuple[type, Any, str] | None:
    """What answers a request: its parameters, the function, the id in the address."""
    for way, pattern, kind, answer in ROUTES:
        found = re.fullmatch(pattern.replace("ID", r"([A-Za-z0-9_]+)"), path)
        if found and way == method:
            return kind, answer, found[1] if found.groups() else ""
    return None
