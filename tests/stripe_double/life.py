"""What happens at Stripe without anybody asking for it through the API: people pay and cancel, months pass, cards fail,
money is given back."""

import stripe

from tests.stripe_double.books import Books, Thing, a_month_after, subscription_of

HOUR, DAY = 3600, 86400
# Days between the tries to collect an invoice.
RETRIES = (3, 5, 7)


class Life(Books):
    """The books, and time."""

    # What becomes of a subscription whose last try failed: canceled, unpaid or past_due, as the dashboard says.
    after_retries = "canceled"

    # --- at the checkout

    def complete(self, checkout: Thing, card: str) -> bool:
        """Pay at a checkout. With a card that is declined nothing happens."""
        customer, line = checkout["customer"], self.lines[checkout["id"]][0]
        if checkout["status"] == "complete":
            return True
        if card == "bad" or checkout["status"] != "open":
            return False
        self.cards[customer] = "good"
        price, quantity = self.things[line["price"]["id"]], line["quantity"]
        if checkout["mode"] == "subscription":
            known = self.begin_subscription(customer, price, quantity)
            checkout["subscription"] = known["id"]
            invoice = self.bill(known, "subscription_create", [self.line(known["items"]["data"][0])])
            self.pay(invoice)
            checkout["invoice"] = invoice["id"]
        else:
            self._complete_payment(checkout, line, slow=card == "slow")
        checkout["status"], checkout["payment_status"], checkout["url"] = "complete", "paid", None
        if card == "slow" and checkout["mode"] == "payment":
            checkout["payment_status"] = "unpaid"
        self.tell("checkout.session.completed", checkout)
        return True

    def _complete_payment(self, checkout: Thing, line: Thing, *, slow: bool) -> None:
        intent = self.charge(checkout["customer"], line["amount_total"])
        checkout["payment_intent"] = intent["id"]
        if slow:
            charge = self.things[intent["latest_charge"]]
            intent["status"], intent["amount_received"] = "processing", 0
            charge["status"], charge["paid"] = "pending", False
        elif (checkout["invoice_creation"] or {}).get("enabled"):
            item = {"price": self.things[line["price"]["id"]], "quantity": line["quantity"]}
            invoice = self.invoice(checkout["customer"], "manual", [self.plain_line(item)], None)
            self.note_payment(invoice, intent)
            invoice["status"], invoice["amount_paid"], invoice["amount_remaining"] = "paid", line["amount_total"], 0
            self.tell("invoice.paid", invoice)
            checkout["invoice"] = invoice["id"]

    def settle(self, checkout_id: str) -> None:
        """A slow way of paying, such as a bank transfer, has arrived."""
        checkout = self.things[checkout_id]
        checkout["payment_status"] = "paid"
        intent = self.things[checkout["payment_intent"]]
        intent["status"], intent["amount_received"] = "succeeded", intent["amount"]
        charge = self.things[intent["latest_charge"]]
        charge["status"], charge["paid"] = "succeeded", True
        self.tell("checkout.session.async_payment_succeeded", checkout)

    def subscribe(self, customer: str, lookup_key: str, *, trial_days: int = 0) -> Thing:
        """Begin a subscription as an operator can in the dashboard."""
        price = self.of_kind("price", lookup_key=lookup_key)[0]
        known = self.begin_subscription(customer, price, 1, trial_days)
        line = self.line(known["items"]["data"][0], amount=0 if trial_days else None)
        self.pay(self.bill(known, "subscription_create", [line]))
        if trial_days:
            self.tell("customer.subscription.created", known)
        return known

    # --- in the portal

    def cancel(self, known: Thing, *, at_once: bool = False) -> None:
        known["canceled_at"] = self.now
        if at_once:
            self._end(known)
            return
        known["cancel_at_period_end"] = True
        known["cancel_at"] = known["items"]["data"][0]["current_period_end"]
        self.tell("customer.subscription.updated", known)

    def resume(self, known: Thing) -> None:
        known["cancel_at_period_end"], known["cancel_at"], known["canceled_at"] = False, None, None
        self.tell("customer.subscription.updated", known)

    def change(self, known: Thing, price: Thing, quantity: int, *, bill_now: bool) -> None:
        """Another price or quantity, prorated: at once, or with the next invoice."""
        item = known["items"]["data"][0]
        left = item["current_period_end"] - self.now
        share = left / (item["current_period_end"] - item["current_period_start"])
        old = round(item["price"]["unit_amount"] * item["quantity"] * share)
        back = self.line(item, amount=-old, proration=True, pending=not bill_now)
        item["price"], item["quantity"] = price, quantity
        fresh = round(price["unit_amount"] * quantity * share)
        lines = [back, self.line(item, amount=fresh, proration=True, pending=not bill_now)]
        if bill_now:
            self.pay(self.bill(known, "subscription_update", lines))
        else:
            self.pending.setdefault(known["id"], []).extend(lines)
        self.tell("customer.subscription.updated", known)

    def use_card(self, customer: str, card: str) -> None:
        """Another card. What is due is tried again, as the portal offers."""
        self.cards[customer] = card
        for invoice in reversed(self.of_kind("invoice", customer=customer, status="open")):
            self.pay(invoice)

    # --- what an operator does, and what banks do

    def refund(self, payment: str, amount: int | None = None) -> None:
        intent = self.things[payment]
        charge = self.things[intent["latest_charge"]]
        amount = amount or charge["amount"] - charge["amount_refunded"]
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        made = self.keep(
            "re",
            stripe.Refund,
            amount=amount,
            charge=charge["id"],
            created=self.now,
            currency="eur",
            payment_intent=payment,
            status="succeeded",
        )
        self.tell("charge.refunded", charge)
        self.tell("refund.created", made)

    def dispute(self, payment: str) -> Thing:
        charge = self.things[self.things[payment]["latest_charge"]]
        charge["disputed"] = True
        made = self.keep(
            "dp",
            stripe.Dispute,
            amount=charge["amount"],
            charge=charge["id"],
            created=self.now,
            currency="eur",
            payment_intent=payment,
            reason="general",
            status="needs_response",
        )
        self.tell("charge.dispute.created", made)
        return made

    def close_dispute(self, dispute: Thing, status: str) -> None:
        dispute["status"] = status
        self.tell("charge.dispute.closed", dispute)

    # --- time

    def advance(self, **time: int) -> None:
        """Let ``days=`` and ``hours=`` pass, with everything that falls into them, in order."""
        until = self.now + time.get("days", 0) * DAY + time.get("hours", 0) * HOUR + time.get("seconds", 0)
        while due := self._next(until):
            at, action, thing = due
            self.now = max(self.now, at)
            action(thing)
        self.now = until

    def _next(self, until: int):  # type: ignore[no-untyped-def]
        found = []
        for known in self.of_kind("subscription"):
            if known["status"] in ("active", "trialing", "past_due", "unpaid"):
                found.append((known["items"]["data"][0]["current_period_end"], self._turn, known))
        for invoice in self.of_kind("invoice", status="draft"):
            found.append((invoice["created"] + HOUR, self._finalize, invoice))
        for invoice in self.of_kind("invoice", status="open"):
            if invoice["next_payment_attempt"]:
                found.append((invoice["next_payment_attempt"], self._try_again, invoice))
        due = [each for each in found if each[0] <= until]
        return min(due, key=lambda each: (each[0], each[2]["id"]), default=None)

    def _turn(self, known: Thing) -> None:
        """A period is over: the end, or the next one, whose invoice is a draft for an hour."""
        item = known["items"]["data"][0]
        if known["cancel_at_period_end"]:
            self._end(known)
            return
        start = item["current_period_end"]
        item["current_period_start"] = start
        item["current_period_end"] = a_month_after(start, known["billing_cycle_anchor"])
        if known["status"] == "trialing":
            known["status"] = "active"
        lines = [self.line(item), *self.pending.pop(known["id"], [])]
        told = len(self.happened)
        invoice = self.bill(known, "subscription_cycle", lines)
        del self.happened[told:]
        invoice["status"], invoice["status_transitions"]["finalized_at"] = "draft", None
        self.tell("invoice.created", invoice)
        self.tell("customer.subscription.updated", known)

    def _finalize(self, invoice: Thing) -> None:
        invoice["status"] = "open"
        invoice["status_transitions"]["finalized_at"] = invoice["effective_at"] = self.now
        self.tell("invoice.finalized", invoice)
        self._try_again(invoice)

    def _try_again(self, invoice: Thing) -> None:
        if self.pay(invoice):
            return
        known, tries = self.things[subscription_of(invoice)], invoice["attempt_count"]
        if tries <= len(RETRIES):
            invoice["next_payment_attempt"] = self.now + RETRIES[tries - 1] * DAY
            known["status"] = "past_due" if known["status"] != "unpaid" else "unpaid"
        else:
            invoice["next_payment_attempt"] = None
            if self.after_retries == "canceled":
                self._end(known)
                return
            known["status"] = self.after_retries
        self.tell("customer.subscription.updated", known)

    def _end(self, known: Thing) -> None:
        known["status"], known["ended_at"] = "canceled", self.now
        known["canceled_at"] = known["canceled_at"] or self.now
        self.tell("customer.subscription.deleted", known)
