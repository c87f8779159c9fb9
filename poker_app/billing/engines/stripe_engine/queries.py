"""Reads from Stripe: subscriptions, invoices, purchases. Always queried, never taken from an event."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from poker_app.billing.engines.stripe_engine.client import Client
from poker_app.billing.provider import Bought, Invoice, SubscriptionState

if TYPE_CHECKING:
    import stripe

# A subscription that still runs, or will once it is paid.
LIVING = ("active", "trialing", "past_due", "unpaid", "paused")
# A dispute that holds no money back: an inquiry, one that was won, one that was warded off.
HARMLESS = ("won", "prevented", "warning_needs_response", "warning_under_review", "warning_closed")


class Queries(Client):
    """The reading methods of ``billing.provider.Engine``."""

    def subscription(self, customer_id: str) -> SubscriptionState | None:
        with self.asking():
            found = self.running(customer_id)
            if found is None:
                return None
            item = item_of(found)
            ends = found.cancel_at or (item.current_period_end if found.cancel_at_period_end else None)
            return SubscriptionState(
                id=found.id,
                price=self.lookup_key(item.price.id),
                status=found.status,
                seats=item.quantity or 1,
                period_start=_moment(item.current_period_start),
                period_end=_moment(item.current_period_end),
                ends_at=_moment(ends) if ends else None,
                trial_ends_at=_moment(found.trial_end) if found.trial_end else None,
                past_due_since=self._unpaid_since(found),
                paid_price=self._paid_price(found, item.current_period_start),
            )

    def running(self, customer_id: str) -> "stripe.Subscription | None":
        """The subscription that counts: a living one before an ended one, then the latest."""
        found = self.client.v1.subscriptions.list(
            {"customer": customer_id, "status": "all", "limit": 100, "expand": ["data.latest_invoice"]}
        ).data
        return max(found, key=lambda each: (each.status in LIVING, each.created, each.id), default=None)

    def _unpaid_since(self, found: "stripe.Subscription") -> datetime | None:
        """When the oldest unpaid invoice of a subscription became due; None where none is. The answer does not depend
        on when it is asked."""
        if found.status not in ("past_due", "unpaid"):
            return None
        unpaid = self.client.v1.invoices.list({"subscription": found.id, "status": "open", "limit": 100}).data
        due = [each.status_transitions.finalized_at or each.created for each in unpaid]
        return _moment(min(due, default=item_of(found).current_period_start))

    def _paid_price(self, found: "stripe.Subscription", period_start: int) -> str:
        """Lookup key of the price that the running period was paid at; empty if it is unpaid. Read from the latest
        invoice, or from an earlier one where that is for a change since."""
        latest: Any = found.latest_invoice
        invoices = [latest] if latest and latest.status == "paid" else []
        if not any(line.period.start == period_start for each in invoices for line in _months(each)):
            invoices = self.client.v1.invoices.list({"subscription": found.id, "status": "paid"}).data
        lines = [line for each in invoices for line in _months(each) if line.period.start == period_start]
        return self._price_of(lines[0]) if lines else ""

    def bought_by_invoice(self, invoice_id: str) -> Sequence[Bought]:
        with self.asking() as ask:
            invoice = ask.v1.invoices.retrieve(invoice_id)
            if invoice.status != "paid" or not (subscription := _subscription_of(invoice)):
                return []
            payments = ask.v1.invoice_payments.list({"invoice": invoice_id, "status": "paid"}).data
            amounts = [self._paid_with(_id(each.payment.payment_intent)) for each in payments]
            return [
                Bought(
                    key=f"plan:{subscription}:{line.period.start}",
                    source="plan",
                    price=self._price_of(line),
                    expires_at=_moment(line.period.end),
                    paid=sum(paid for paid, _ in amounts),
                    returned=sum(returned for _, returned in amounts),
                )
                for line in _months(invoice)
            ]

    def bought_at_checkout(self, checkout_id: str) -> Sequence[Bought]:
        with self.asking() as ask:
            found = ask.v1.checkout.sessions.retrieve(checkout_id, {"expand": ["line_items"]})
            if found.status != "complete" or found.payment_status == "unpaid":
                return []
            if found.mode == "subscription":
                return self.bought_by_invoice(_id(found.invoice)) if found.invoice else []
            paid, returned = self._paid_with(_id(found.payment_intent))
            lines = found.line_items.data if found.line_items else []
            return [
                Bought(
                    f"pack:{found.id}", "pack", self.lookup_key(line.price.id), line.quantity or 1, None, paid, returned
                )
                for line in lines[:1]
                if line.price
            ]

    def bought_with(self, payment_id: str) -> Sequence[Bought]:
        with self.asking() as ask:
            paid = ask.v1.invoice_payments.list({"payment": {"type": "payment_intent", "payment_intent": payment_id}})
            made = [each for payment in paid.data for each in self.bought_by_invoice(_id(payment.invoice))]
            for checkout in ask.v1.checkout.sessions.list({"payment_intent": payment_id}).data:
                if checkout.mode == "payment":
                    made += self.bought_at_checkout(checkout.id)
            return made

    def _paid_with(self, payment_id: str) -> tuple[int, int]:
        """Amount of a payment, and how much of it was refunded or is disputed, both in cents."""
        if not payment_id:
            return 0, 0
        payment = self.client.v1.payment_intents.retrieve(payment_id, {"expand": ["latest_charge"]})
        charge: Any = payment.latest_charge
        if charge is None or payment.status != "succeeded":
            return 0, 0
        returned = charge.amount_refunded
        if charge.disputed:
            disputes = self.client.v1.disputes.list({"payment_intent": payment_id}).data
            returned += sum(each.amount for each in disputes if each.status not in HARMLESS)
        return charge.amount, min(returned, charge.amount)

    def payer_of(self, payment_id: str) -> str:
        with self.asking() as ask:
            return _id(ask.v1.payment_intents.retrieve(payment_id).customer)

    def invoices(self, customer_id: str) -> Sequence[Invoice]:
        with self.asking() as ask:
            found = ask.v1.invoices.list({"customer": customer_id, "limit": 100}).data
            return [
                Invoice(
                    number=each.number or "",
                    at=_moment(each.created),
                    status=each.status or "draft",
                    amount=each.total,
                    currency=each.currency,
                    address=each.hosted_invoice_url or "",
                    pdf=each.invoice_pdf or "",
                )
                for each in found
            ]

    def _price_of(self, line: "stripe.InvoiceLineItem") -> str:
        details = line.pricing.price_details if line.pricing else None
        return self.lookup_key(_id(details.price)) if details else ""


def item_of(found: "stripe.Subscription") -> "stripe.SubscriptionItem":
    """The subscription's single item. ``.items`` would be the method that every mapping has."""
    items: stripe.ListObject[stripe.SubscriptionItem] = found["items"]
    return items.data[0]


def _subscription_of(invoice: "stripe.Invoice") -> str:
    details = invoice.parent.subscription_details if invoice.parent else None
    return _id(details.subscription) if details else ""


def _months(invoice: "stripe.Invoice") -> "list[stripe.InvoiceLineItem]":
    """Invoice lines for a whole period of a plan. A change within a period is a proration, and brings no credits."""
    found = []
    for line in invoice.lines.data:
        details = line.parent.subscription_item_details if line.parent else None
        if details and not details.proration:
            found.append(line)
    return found


def _id(given: Any) -> str:
    """Id of a field that Stripe gives as an id, as an object, or not at all (then empty)."""
    return given if isinstance(given, str) else str(given.id) if given else ""


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
