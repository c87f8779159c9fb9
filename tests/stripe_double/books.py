"""What the double remembers: objects by id, as Stripe would send them, and what is made of which."""

import calendar
import itertools
import threading
from datetime import UTC, datetime
from typing import Any

import stripe

from tests.stripe_double import shapes
from tests.stripe_double.shapes import listed, make

Thing = dict[str, Any]

KINDS: dict[str, type] = {
    "checkout.session": stripe.checkout.Session,
    "billing_portal.session": stripe.billing_portal.Session,
    "customer": stripe.Customer,
    "price": stripe.Price,
    "subscription": stripe.Subscription,
    "subscription_item": stripe.SubscriptionItem,
    "invoice": stripe.Invoice,
    "invoice_payment": stripe.InvoicePayment,
    "payment_intent": stripe.PaymentIntent,
    "charge": stripe.Charge,
    "dispute": stripe.Dispute,
    "refund": stripe.Refund,
}
# Which fields hold the id of another object, that `expand` puts in its place.
LINKS = {
    *("customer", "subscription", "latest_invoice", "invoice", "payment_intent", "latest_charge", "charge"),
    *("price", "line_items"),
}


class Books:
    """Every object, a clock of its own, and the secrets of the cards."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.now = int(datetime(2026, 11, 23, 10, tzinfo=UTC).timestamp())
        self.things: dict[str, Thing] = {}
        self.cards: dict[str, str] = {}  # by customer: good, bad
        self.lines: dict[str, list[Thing]] = {}  # a checkout's
        self.pending: dict[str, list[Thing]] = {}  # prorations that the next invoice takes up, by subscription
        self.happened: list[tuple[str, Thing]] = []
        self._numbers = itertools.count(1)

    def keep(self, prefix: str, kind: type, **values: Any) -> Thing:
        """One more object."""
        thing = make(kind, id=f"{prefix}_{next(self._numbers):06}", **values)
        self.things[thing["id"]] = thing
        return thing

    def of_kind(self, kind: str, **wanted: Any) -> list[Thing]:
        """All of one kind with these values, the newest first, as Stripe lists them."""
        mine = [each for each in self.things.values() if each["object"] == kind]
        return [each for each in reversed(mine) if all(each[name] == value for name, value in wanted.items())]

    def tell(self, kind: str, thing: Thing) -> None:
        """Something has happened to an object, which looks like this at that moment."""
        self.happened.append((kind, self.shown(thing)))

    # --- as they are sent

    def shown(self, thing: Thing, expand: tuple[str, ...] = ()) -> Thing:
        """A copy, with what was asked for in place of ids, checked against the library's own classes."""
        made = _copied(thing)
        if made["object"] == "subscription":
            made["items"] = listed([_copied(each) for each in made["items"]["data"]], "/v1/subscription_items")
        for path in expand:
            self._expand(made, path.split("."), path)
        shapes.check(KINDS[made["object"]], made, made["object"])
        return made

    def _expand(self, place: Thing, names: list[str], path: str) -> None:
        first, *rest = names
        if first == "line_items" and place["object"] == "checkout.session":
            place[first] = listed([_copied(each) for each in self.lines[place["id"]]], "/v1/line_items")
        elif first not in place or first not in LINKS:
            raise shapes.Refused(f"This property cannot be expanded ({path}).", "expand", "parameter_invalid")
        elif isinstance(place[first], str):
            place[first] = self.shown(self.things[place[first]])
        if rest and isinstance(place[first], dict):
            self._expand(place[first], rest, path)

    # --- what things are made of

    def sells(self, lookup_key: str, amount: int, *, monthly: bool, currency: str = "eur") -> Thing:
        """A price under a lookup key."""
        recurring = make(stripe.Price.Recurring, interval="month", interval_count=1, usage_type="licensed")
        return self.keep(
            "price",
            stripe.Price,
            active=True,
            billing_scheme="per_unit",
            created=self.now,
            currency=currency,
            lookup_key=lookup_key,
            product="prod_faceup",
            recurring=recurring if monthly else None,
            type="recurring" if monthly else "one_time",
            unit_amount=amount,
            unit_amount_decimal=str(amount),
        )

    def begin_subscription(self, customer: str, price: Thing, quantity: int, trial_days: int = 0) -> Thing:
        """A subscription with its first invoice, which is not paid yet."""
        end = self.now + trial_days * 86400 if trial_days else a_month_after(self.now, self.now)
        plan = make(
            stripe.Plan,
            id=price["id"],
            created=self.now,
            currency=price["currency"],
            interval="month",
            interval_count=1,
        )
        known = self.keep(
            "sub",
            stripe.Subscription,
            created=self.now,
            start_date=self.now,
            billing_cycle_anchor=end if trial_days else self.now,
            collection_method="charge_automatically",
            currency=price["currency"],
            customer=customer,
            metadata={},
            status="trialing" if trial_days else "incomplete",
            trial_start=self.now if trial_days else None,
            trial_end=end if trial_days else None,
        )
        item = self.keep(
            "si",
            stripe.SubscriptionItem,
            created=self.now,
            current_period_start=self.now,
            current_period_end=end,
            plan=plan,
            price=price,
            quantity=quantity,
            subscription=known["id"],
        )
        known["items"] = listed([item], "/v1/subscription_items")
        return known

    def bill(self, known: Thing, reason: str, lines: list[Thing]) -> Thing:
        """An invoice of a subscription, finalized and open; with nothing to pay it is paid at once."""
        details = make(stripe.Invoice.Parent.SubscriptionDetails, subscription=known["id"], metadata=known["metadata"])
        parent = make(stripe.Invoice.Parent, type="subscription_details", subscription_details=details)
        made = self.invoice(known["customer"], reason, lines, parent)
        known["latest_invoice"] = made["id"]
        return made

    def invoice(self, customer: str, reason: str, lines: list[Thing], parent: Thing | None) -> Thing:
        total = sum(line["amount"] for line in lines)
        number = f"FACEUP-{next(self._numbers):04}"
        times = make(stripe.Invoice.StatusTransitions, finalized_at=self.now)
        made = self.keep(
            "in",
            stripe.Invoice,
            amount_due=max(total, 0),
            amount_remaining=max(total, 0),
            attempt_count=0,
            attempted=False,
            auto_advance=True,
            billing_reason=reason,
            collection_method="charge_automatically",
            created=self.now,
            currency="eur",
            customer=customer,
            effective_at=self.now,
            hosted_invoice_url=f"https://invoice.stripe.example/{number}",
            invoice_pdf=f"https://invoice.stripe.example/{number}.pdf",
            lines=listed(lines, "/v1/invoices/lines"),
            number=number,
            parent=parent,
            period_start=self.now,
            period_end=self.now,
            status="open",
            status_transitions=times,
            subtotal=total,
            total=total,
        )
        for line in lines:
            line["invoice"] = made["id"]
        self.tell("invoice.created", made)
        self.tell("invoice.finalized", made)
        return made

    def line(self, item: Thing, *, amount: int | None = None, proration: bool = False, pending: bool = False) -> Thing:
        """A line for the item's period, or for a change within it."""
        price, quantity = item["price"], item["quantity"]
        kind = stripe.InvoiceLineItem
        about = make(
            kind.Parent.SubscriptionItemDetails,
            proration=proration,
            subscription=item["subscription"],
            subscription_item=item["id"],
        )
        parent = make(kind.Parent, type="subscription_item_details", subscription_item_details=about)
        if pending:
            about = make(
                kind.Parent.InvoiceItemDetails,
                invoice_item=f"ii_{next(self._numbers):06}",
                proration=True,
                subscription=item["subscription"],
            )
            parent = make(kind.Parent, type="invoice_item_details", invoice_item_details=about)
        start = self.now if proration else item["current_period_start"]
        return make(
            kind,
            id=f"il_{next(self._numbers):06}",
            amount=price["unit_amount"] * quantity if amount is None else amount,
            currency=price["currency"],
            discountable=True,
            parent=parent,
            period=make(kind.Period, start=start, end=item["current_period_end"]),
            pricing=pricing(price),
            quantity=quantity,
            subscription=item["subscription"],
        )

    def plain_line(self, item: Thing) -> Thing:
        """A line for something that is bought once."""
        price, kind = item["price"], stripe.InvoiceLineItem
        about = make(kind.Parent.InvoiceItemDetails, invoice_item=f"ii_{next(self._numbers):06}", proration=False)
        return make(
            kind,
            id=f"il_{next(self._numbers):06}",
            amount=price["unit_amount"] * item["quantity"],
            currency=price["currency"],
            discountable=True,
            parent=make(kind.Parent, type="invoice_item_details", invoice_item_details=about),
            period=make(kind.Period, start=self.now, end=self.now),
            pricing=pricing(price),
            quantity=item["quantity"],
        )

    def charge(self, customer: str, amount: int) -> Thing:
        """A payment with the customer's card; its status says whether it went well."""
        good = self.cards.get(customer, "good") == "good"
        intent = self.keep(
            "pi",
            stripe.PaymentIntent,
            amount=amount,
            amount_received=amount if good else 0,
            created=self.now,
            currency="eur",
            customer=customer,
            payment_method_types=["card"],
            status="succeeded" if good else "requires_payment_method",
        )
        made = self.keep(
            "ch",
            stripe.Charge,
            amount=amount,
            amount_captured=amount if good else 0,
            captured=good,
            created=self.now,
            currency="eur",
            customer=customer,
            paid=good,
            payment_intent=intent["id"],
            status="succeeded" if good else "failed",
        )
        intent["latest_charge"] = made["id"]
        self.tell("charge.succeeded" if good else "charge.failed", made)
        self.tell("payment_intent.succeeded" if good else "payment_intent.payment_failed", intent)
        return intent

    def pay(self, invoice: Thing) -> bool:
        """Try to collect an open invoice. A subscription that it belongs to follows."""
        known = self.things.get(subscription_of(invoice))
        invoice["attempted"], invoice["attempt_count"] = True, invoice["attempt_count"] + 1
        intent = self.charge(invoice["customer"], invoice["amount_due"]) if invoice["amount_due"] else None
        if intent and intent["status"] != "succeeded":
            self.tell("invoice.payment_failed", invoice)
            return False
        if intent:
            self.note_payment(invoice, intent)
        invoice["status"], invoice["amount_paid"], invoice["amount_remaining"] = "paid", invoice["amount_due"], 0
        invoice["next_payment_attempt"] = None
        invoice["status_transitions"]["paid_at"] = self.now
        self.tell("invoice.paid", invoice)
        self.tell("invoice.payment_succeeded", invoice)
        if known and known["status"] in ("incomplete", "past_due", "unpaid"):
            unpaid = [each for each in self.of_kind("invoice", status="open") if subscription_of(each) == known["id"]]
            if not unpaid:
                new = known["status"] == "incomplete"
                known["status"] = "active"
                self.tell("customer.subscription.created" if new else "customer.subscription.updated", known)
        return True

    def note_payment(self, invoice: Thing, intent: Thing) -> None:
        """Which payment paid which invoice: only this object says so."""
        kind = stripe.InvoicePayment
        self.keep(
            "inpay",
            kind,
            amount_paid=intent["amount"],
            amount_requested=intent["amount"],
            created=self.now,
            currency="eur",
            invoice=invoice["id"],
            is_default=True,
            payment=make(kind.Payment, type="payment_intent", payment_intent=intent["id"]),
            status="paid",
        )


def pricing(price: Thing) -> Thing:
    kind = stripe.InvoiceLineItem.Pricing
    details = make(kind.PriceDetails, price=price["id"], product=price["product"])
    return make(kind, type="price_details", price_details=details, unit_amount_decimal=price["unit_amount_decimal"])


def subscription_of(invoice: Thing) -> str:
    details = invoice["parent"] and invoice["parent"]["subscription_details"]
    return details["subscription"] if details else ""


def a_month_after(start: int, anchor: int) -> int:
    """The end of a period, on the anchor's day or the last of a month that has no such day."""
    moment, day = datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(anchor, UTC).day
    year, month = divmod(moment.year * 12 + moment.month, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return int(moment.replace(year=year, month=month + 1, day=min(day, last)).timestamp())


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(each) for name, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value
