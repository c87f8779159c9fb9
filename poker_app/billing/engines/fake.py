"""The fake payment provider (BILLING=fake): plans and credits can be tried without money. Its checkouts, subscriptions
and invoices are rows of the database. ``billing.fake_payments`` changes them as a person on its pages does, and sends
the same events as a real provider."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from poker_app import billing, clock, ids
from poker_app.billing.models import FakeObject
from poker_app.billing.provider import Bought, Door, Event, Forged, Invoice, Order, SubscriptionState
from poker_app.db import session, transaction
from poker_app.rules.credits import add_months

LIVING = ("active", "past_due")


class FakeProvider:
    """The fake payment engine. See ``billing.provider.Engine``."""

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url

    def make_customer(self, account_id: str) -> str:
        return f"fake_cus_{account_id}"

    def name_customer(self, customer_id: str, name: str, email: str) -> None:
        """Does nothing: the fake provider prints no invoices."""

    def checkout(self, order: Order) -> str:
        with transaction():
            for each in of_kind("checkout", order.customer_id):
                if order.plan and each.data["plan"] and each.data["state"] == "open":
                    change(each, state="expired")
            made = make(
                "checkout",
                order.customer_id,
                price=order.price,
                quantity=order.quantity,
                plan=order.plan,
                paid_address=order.paid,
                back=order.back,
                state="open",
                amount=amount_of(order.price) * order.quantity,
                returned=0,
            )
            return f"{self._public_url}/fake-payments/checkouts/{made.id}"

    def portal(self, customer_id: str, back: str, door: Door) -> str:
        return self._portal(customer_id, back, door)

    def change_plan(self, customer_id: str, price: str, quantity: int, back: str) -> str:
        return self._portal(customer_id, back, "change", price=price, quantity=quantity)

    def _portal(self, customer_id: str, back: str, door: str, **more: object) -> str:
        with transaction():
            made = make("portal", customer_id, back=back, door=door, **more)
            return f"{self._public_url}/fake-payments/portals/{made.id}"

    def change_seats(self, subscription_id: str, seats: int) -> None:
        with transaction():
            change(session.get_one(FakeObject, subscription_id), seats=seats)

    def end(self, customer_id: str) -> None:
        with transaction():
            for each in of_kind("subscription", customer_id):
                change(each, status="canceled")
            for each in of_kind("checkout", customer_id):
                if each.data["state"] == "open":
                    change(each, state="expired")

    def subscription(self, customer_id: str) -> SubscriptionState | None:
        found = running(customer_id)
        if found is None:
            return None
        data = found.data
        return SubscriptionState(
            id=found.id,
            price=data["price"],
            status=data["status"],
            seats=data["seats"],
            period_start=moment(data["period_start"]),
            period_end=moment(data["period_end"]),
            ends_at=moment(data["period_end"]) if data["ends"] else None,
            trial_ends_at=None,
            past_due_since=moment(data["past_due_since"]) if data["past_due_since"] else None,
            paid_price=data["paid_price"],
        )

    def bought_by_invoice(self, invoice_id: str) -> Sequence[Bought]:
        data = session.get_one(FakeObject, invoice_id).data
        if data["status"] != "paid" or not data["subscription"]:
            return []
        key = f"plan:{data['subscription']}:{int(moment(data['period_start']).timestamp())}"
        ends = moment(data["period_end"])
        return [Bought(key, "plan", data["price"], 1, ends, data["amount"], data["returned"])]

    def bought_at_checkout(self, checkout_id: str) -> Sequence[Bought]:
        data = session.get_one(FakeObject, checkout_id).data
        if data["state"] != "complete" or data["plan"]:
            return []
        return [
            Bought(
                f"pack:{checkout_id}", "pack", data["price"], data["quantity"], None, data["amount"], data["returned"]
            )
        ]

    def bought_with(self, payment_id: str) -> Sequence[Bought]:
        """Purchases of a payment, whose id here is that of its invoice or checkout."""
        kind = session.get_one(FakeObject, payment_id).kind
        return self.bought_by_invoice(payment_id) if kind == "invoice" else self.bought_at_checkout(payment_id)

    def payer_of(self, payment_id: str) -> str:
        return session.get_one(FakeObject, payment_id).customer_id

    def invoices(self, customer_id: str) -> Sequence[Invoice]:
        found = reversed(of_kind("invoice", customer_id))
        currency = billing.offer().currency
        return [
            Invoice(each.data["number"], each.made_at, each.data["status"], each.data["amount"], currency, "", "")
            for each in found
        ]

    def missing_prices(self, prices: Sequence[str]) -> Sequence[str]:
        return []

    def read(self, body: bytes, signature: str) -> Event:
        """Refuses every body: the fake provider sends no webhooks over HTTP.

        Raises:
            Forged: (400) always.
        """
        raise Forged("No provider sends events here.")


def make(kind: str, customer_id: str, **data: object) -> FakeObject:
    """Inserts an object, inside a transaction."""
    made = FakeObject(
        id=f"fake_{kind}_{ids.new_id()}", kind=kind, customer_id=customer_id, data=data, made_at=clock.now()
    )
    session.add(made)
    session.flush()
    return made


def change(known: FakeObject, **data: object) -> None:
    """Updates some of an object's values."""
    known.data = {**known.data, **data}


def of_kind(kind: str, customer_id: str) -> Sequence[FakeObject]:
    """A customer's objects of one kind, the oldest first."""
    mine = select(FakeObject).where(FakeObject.kind == kind, FakeObject.customer_id == customer_id)
    return session.scalars(mine.order_by(FakeObject.made_at, FakeObject.id)).all()


def running(customer_id: str) -> FakeObject | None:
    """The subscription that counts: a living one before an ended one, then the latest."""
    found = of_kind("subscription", customer_id)
    return max(found, key=lambda each: (each.data["status"] in LIVING, each.made_at), default=None)


def amount_of(price: str) -> int:
    """The price of a lookup key in cents, from the offer; 0 for one that is not sold."""
    offer = billing.offer()
    sold = offer.plan_of_price(price) or offer.pack_of_price(price)
    return sold.amount if sold else 0


def a_month(start: datetime) -> dict[str, Any]:
    """Start and end of a month's period, as the objects store them."""
    return {"period_start": start.isoformat(), "period_end": add_months(start, 1).isoformat()}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
