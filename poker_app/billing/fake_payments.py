"""Actions on the pages of the fake payment provider (BILLING=fake): pay, change the card or plan, cancel, let a month
pass, refund. Each stores the change, then processes the events that a real provider would send."""

from poker_app import billing, clock, ids
from poker_app.billing import webhooks
from poker_app.billing.engines import fake
from poker_app.billing.models import FakeObject
from poker_app.billing.provider import Event
from poker_app.db import session, transaction
from poker_app.errors import Conflict, Invalid, NotFound

DECLINED = "This card was declined. Nothing was charged."


def find(kind: str, object_id: str) -> FakeObject:
    """A checkout or portal by its id, which is as long as a secret.

    Raises:
        NotFound: (404) there is none.
    """
    found = session.get(FakeObject, object_id)
    if found is None or found.kind != kind:
        raise NotFound("This page does not exist, or has expired.")
    return found


def pay(checkout_id: str, card: str) -> str:
    """Pays at a checkout with a good card, and returns the address to go to. A second payment changes nothing.

    Raises:
        Conflict: (409) a later checkout replaced this one.
        Invalid: (422) another card.
    """
    with transaction():
        checkout = session.get_one(FakeObject, checkout_id, with_for_update=True)
        data, customer = checkout.data, checkout.customer_id
        if data["state"] == "expired":
            raise Conflict("This checkout is closed, because another one was started after it.")
        if data["state"] == "complete":
            return str(data["paid_address"])
        _need_good(card)
        fake.change(checkout, state="complete")
        events = [("checkout.session.completed", checkout_id)]
        if data["plan"]:
            begun = fake.make(
                "subscription",
                customer,
                price=data["price"],
                seats=data["quantity"],
                status="active",
                ends=False,
                past_due_since=None,
                paid_price="",
                card="good",
                **fake.a_month(clock.now().replace(microsecond=0)),
            )
            events += [("customer.subscription.created", begun.id), ("invoice.paid", _bill(begun, paid=True).id)]
        else:
            _invoice(customer, "", data["price"], data["amount"], "paid", {})
    _tell(customer, events)
    return str(data["paid_address"])


def use_card(portal_id: str, card: str) -> None:
    """Changes the card. A good one pays open invoices at once."""
    _need_card(card)
    customer = find("portal", portal_id).customer_id
    with transaction():
        running, events = _running(customer), []
        fake.change(running, card=card)
        if card == "good":
            for each in fake.of_kind("invoice", customer):
                if each.data["status"] == "open":
                    fake.change(each, status="paid")
                    events.append(("invoice.paid", each.id))
            if running.data["status"] == "past_due":
                paid_for = {"paid_price": running.data["price"]}
                fake.change(running, status="active", past_due_since=None, **paid_for)
        events.append(("customer.subscription.updated", running.id))
    _tell(customer, events)


def cancel(portal_id: str, *, ends: bool) -> None:
    """Cancels the subscription at the end of its period, or takes that back."""
    customer = find("portal", portal_id).customer_id
    with transaction():
        running = _running(customer)
        fake.change(running, ends=ends)
    _tell(customer, [("customer.subscription.updated", running.id)])


def change_plan(portal_id: str, price: str) -> None:
    """Changes the plan at once. The rest of the month is not billed here.

    Raises:
        Invalid: (422) the plan is not sold.
    """
    portal = find("portal", portal_id)
    customer, plan = portal.customer_id, billing.offer().plan_of_price(price)
    if plan is None:
        raise Invalid("That is not sold here.")
    quantity = portal.data.get("quantity", 1) if plan.per_seat else 1
    with transaction():
        running = _running(customer)
        fake.change(running, price=price, seats=quantity)
    _tell(customer, [("customer.subscription.updated", running.id)])


def let_a_month_pass(portal_id: str) -> None:
    """Begins the next period now: it is paid, or fails with a bad card, or the subscription ends because it was
    cancelled."""
    customer = find("portal", portal_id).customer_id
    with transaction():
        running = _running(customer)
        if running.data["ends"]:
            fake.change(running, status="canceled")
            events = [("customer.subscription.deleted", running.id)]
        else:
            good, now = running.data["card"] == "good", clock.now().replace(microsecond=0)
            fake.change(running, **fake.a_month(now))
            if not good:
                since = running.data["past_due_since"] or now.isoformat()
                fake.change(running, status="past_due", past_due_since=since)
            invoice = _bill(running, paid=good)
            kind = "invoice.paid" if good else "invoice.payment_failed"
            events = [(kind, invoice.id), ("customer.subscription.updated", running.id)]
    _tell(customer, events)


def give_money_back(portal_id: str) -> None:
    """Refunds everything that was paid and not refunded yet."""
    customer, events = find("portal", portal_id).customer_id, []
    with transaction():
        for each in [*fake.of_kind("checkout", customer), *fake.of_kind("invoice", customer)]:
            complete = each.data.get("state") == "complete" or each.data.get("status") == "paid"
            if complete and each.data["amount"] > each.data["returned"]:
                fake.change(each, returned=each.data["amount"])
                events.append(("charge.refunded", each.id))
    _tell(customer, events)


def _running(customer_id: str) -> FakeObject:
    found = fake.running(customer_id)
    if found is None or found.data["status"] not in fake.LIVING:
        raise Conflict("No subscription is running.")
    return session.get_one(FakeObject, found.id, with_for_update=True, populate_existing=True)


def _bill(running: FakeObject, *, paid: bool) -> FakeObject:
    data = running.data
    if paid:
        fake.change(running, paid_price=data["price"])
    period = {name: data[name] for name in ("period_start", "period_end")}
    amount = fake.amount_of(data["price"]) * data["seats"]
    return _invoice(running.customer_id, running.id, data["price"], amount, "paid" if paid else "open", period)


def _invoice(
    customer: str, subscription: str, price: str, amount: int, status: str, period: dict[str, str]
) -> FakeObject:
    number = f"FAKE-{len(fake.of_kind('invoice', customer)) + 1:04}"
    about = {"subscription": subscription, "price": price, "amount": amount, "status": status, "returned": 0}
    return fake.make("invoice", customer, number=number, **about, **period)


def _need_card(card: str) -> None:
    if card not in ("good", "bad"):
        raise Invalid("Choose one of the two cards.")


def _need_good(card: str) -> None:
    _need_card(card)
    if card == "bad":
        raise Invalid(DECLINED, "card")


def _tell(customer_id: str, events: list[tuple[str, str]]) -> None:
    """Stores and processes events as the webhook of a real provider does."""
    for kind, about in events:
        webhooks.process(webhooks.store(Event(f"fake_evt_{ids.new_id()}", kind, about, customer_id)))
