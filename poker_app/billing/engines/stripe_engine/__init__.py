"""Stripe as the payment engine: Checkout for paying, the customer portal for everything later, webhooks. Only this
package imports Stripe's library.

Of an event only its id, type, object and customer are read; the rest is queried: see ``subscription_sync``.
"""

import json
import re
import time
from typing import TYPE_CHECKING

from poker_app.billing.engines.stripe_engine.queries import Queries, item_of
from poker_app.billing.provider import Door, Event, Forged, Order

if TYPE_CHECKING:
    from stripe.params.billing_portal import SessionCreateParams as PortalParams
    from stripe.params.checkout import SessionCreateParams as CheckoutParams

# How many seconds old, or early, a signature may be.
TOLERANCE = 300
# Characters of the header: Stripe's have about 150, and two secrets at a rotation twice as many.
MAX_SIGNATURE = 4_096
_NAME = re.compile(r"[\w.]{1,80}", re.ASCII)


class StripeProvider(Queries):
    """The payment engine of Stripe. See ``billing.provider.Engine``."""

    def make_customer(self, account_id: str) -> str:
        """Creates the customer with the account as the idempotency key and no data that may change, so that repeated
        calls return the same one."""
        with self.asking() as ask:
            key = f"customer:{account_id}"
            return ask.v1.customers.create({"metadata": {"account": account_id}}, {"idempotency_key": key}).id

    def name_customer(self, customer_id: str, name: str, email: str) -> None:
        with self.asking() as ask:
            ask.v1.customers.update(customer_id, {"name": name, "email": email} if email else {"name": name})

    def checkout(self, order: Order) -> str:
        with self.asking() as ask:
            wanted: CheckoutParams = {
                "mode": "subscription" if order.plan else "payment",
                "customer": order.customer_id,
                "client_reference_id": order.account_id,
                "line_items": [{"price": self.price(order.price), "quantity": order.quantity}],
                "metadata": {"account": order.account_id},
                "success_url": order.paid,
                "cancel_url": order.back,
                "allow_promotion_codes": self.settings.stripe_promotion_codes,
                "automatic_tax": {"enabled": self.settings.stripe_automatic_tax},
                "tax_id_collection": {"enabled": self.settings.stripe_tax_ids},
                "customer_update": {"name": "auto", "address": "auto"},
            }
            if order.plan:
                wanted["subscription_data"] = {"metadata": {"account": order.account_id}}
                self._close_other_checkouts(order.customer_id)
            else:
                wanted["invoice_creation"] = {"enabled": True}
            address = ask.v1.checkout.sessions.create(wanted).url
            assert address
            return address

    def _close_other_checkouts(self, customer_id: str) -> None:
        """Expires open checkouts for plans, so that a person with two tabs cannot subscribe twice."""
        for each in self.client.v1.checkout.sessions.list({"customer": customer_id, "status": "open"}).data:
            if each.mode == "subscription":
                self.client.v1.checkout.sessions.expire(each.id)

    def portal(self, customer_id: str, back: str, door: Door) -> str:
        with self.asking() as ask:
            wanted: PortalParams = {"customer": customer_id, "return_url": back}
            if door == "card":
                wanted["flow_data"] = {"type": "payment_method_update"}
            elif door == "cancel" and (running := self.running(customer_id)):
                wanted["flow_data"] = {
                    "type": "subscription_cancel",
                    "subscription_cancel": {"subscription": running.id},
                }
            return ask.v1.billing_portal.sessions.create(wanted).url

    def change_plan(self, customer_id: str, price: str, quantity: int, back: str) -> str:
        with self.asking() as ask:
            running = self.running(customer_id)
            if running is None:
                return self.portal(customer_id, back, "")
            wanted: PortalParams = {
                "customer": customer_id,
                "return_url": back,
                "flow_data": {
                    "type": "subscription_update_confirm",
                    "subscription_update_confirm": {
                        "subscription": running.id,
                        "items": [{"id": item_of(running).id, "price": self.price(price), "quantity": quantity}],
                    },
                },
            }
            return ask.v1.billing_portal.sessions.create(wanted).url

    def change_seats(self, subscription_id: str, seats: int) -> None:
        with self.asking() as ask:
            item = item_of(ask.v1.subscriptions.retrieve(subscription_id))
            if item.quantity != seats:
                ask.v1.subscription_items.update(
                    item.id, {"quantity": seats, "proration_behavior": "create_prorations"}
                )

    def end(self, customer_id: str) -> None:
        with self.asking() as ask:
            for checkout in ask.v1.checkout.sessions.list({"customer": customer_id, "status": "open"}).data:
                ask.v1.checkout.sessions.expire(checkout.id)
            for each in ask.v1.subscriptions.list({"customer": customer_id, "limit": 100}).data:
                if each.status not in ("canceled", "incomplete_expired"):
                    ask.v1.subscriptions.cancel(each.id)

    def read(self, body: bytes, signature: str) -> Event:
        """Verifies and parses an event. It must be signed with the secret, or during a rotation with the one before,
        within five minutes.

        Raises:
            Forged: (400) it is not, or no event.
        """
        self._check(body, signature)
        try:
            sent = json.loads(body)
            about = sent["data"]["object"]
            returned = about["object"] in ("charge", "refund", "dispute")
            event = Event(
                id=str(sent["id"]),
                type=str(sent["type"]),
                object_id=str(about.get("payment_intent") or "") if returned else str(about["id"]),
                customer_id=str(about.get("customer") or ""),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
            raise Forged("This is no event.") from problem
        if not all(_NAME.fullmatch(each) for each in (event.id, event.type)):
            raise Forged("This is no event.")
        return event

    def _check(self, body: bytes, signature: str) -> None:
        import stripe

        if len(signature) > MAX_SIGNATURE:
            raise Forged("The signature is not Stripe's.")
        stamps = [part[2:] for part in signature.split(",") if part.startswith("t=")]
        if not stamps or not stamps[0].isdecimal() or len(stamps[0]) > 12 or int(stamps[0]) > time.time() + TOLERANCE:
            raise Forged("The signature is not of this time.")
        settings = self.settings
        for secret in filter(None, (settings.stripe_webhook_secret, settings.stripe_webhook_secret_old)):
            try:
                stripe.WebhookSignature.verify_header(body.decode(), signature, secret, TOLERANCE)
            except (stripe.SignatureVerificationError, UnicodeDecodeError):
                continue
            return
        raise Forged("The signature is not Stripe's, or is not of this time.")
