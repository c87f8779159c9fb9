"""What every payment engine does, asked of each: the one that takes no money, and Stripe's at a Stripe of our own."""

from datetime import timedelta
from typing import Protocol

import pytest
from flask import Flask

from poker_app.billing import active_provider as payments
from poker_app.billing import fake_payments
from poker_app.billing.engines import fake
from poker_app.billing.provider import Engine, Forged, Order
from poker_app.errors import Refusal
from poker_app.settings import Settings
from tests.cast import Clock
from tests.conftest import SIGNED_IN
from tests.paying_account import presses, with_stripe
from tests.stripe_double import StripeDouble

TEAM, BUSINESS = "faceup_team_monthly_v1", "faceup_business_seat_monthly_v1"
PACK, PACK_PRICE = "faceup_pack_10_v1", 900


class Customer(Protocol):
    """Somebody at the provider's own pages, and time."""

    def pays(self, checkout: str, card: str = "good") -> bool: ...

    def in_portal(self, portal: str, verb: str, **form: str) -> None: ...

    def month(self) -> None: ...

    def payments(self) -> list[str]: ...

    def is_refunded(self) -> None: ...


def last(address: str) -> str:
    return address.rsplit("/", 1)[1]


class AtFake:
    def __init__(self, customer: str, clock: Clock) -> None:
        self.customer, self.clock = customer, clock

    def pays(self, checkout: str, card: str = "good") -> bool:
        try:
            return fake_payments.pay(last(checkout), card) == "http://localhost/paid"
        except Refusal:
            return False

    def in_portal(self, portal: str, verb: str, **form: str) -> None:
        match verb:
            case "card":
                fake_payments.use_card(last(portal), form["card"])
            case "plan":
                fake_payments.change_plan(last(portal), form["price"])
            case _:
                fake_payments.cancel(last(portal), ends=verb == "cancel")

    def month(self) -> None:
        self.clock.forward(days=31, hours=1)
        fake_payments.let_a_month_pass(last(payments.engine().portal(self.customer, "http://localhost/back", "")))

    def payments(self) -> list[str]:
        return [each.id for kind in ("invoice", "checkout") for each in fake.of_kind(kind, self.customer)]

    def is_refunded(self) -> None:
        fake_payments.give_money_back(last(payments.engine().portal(self.customer, "http://localhost/back", "")))


class AtStripe:
    def __init__(self, double: StripeDouble, clock: Clock) -> None:
        self.double, self.clock = double, clock

    def pays(self, checkout: str, card: str = "good") -> bool:
        return presses(checkout, card=card) == (303, "http://localhost/paid")

    def in_portal(self, portal: str, verb: str, **form: str) -> None:
        assert presses(f"{portal}/{verb}", **form)[0] == 303

    def month(self) -> None:
        self.clock.forward(days=31, hours=1)
        self.double.passes(days=31, hours=1)

    def payments(self) -> list[str]:
        return [str(each["id"]) for each in self.double.of_kind("payment_intent")]

    def is_refunded(self) -> None:
        for each in self.payments():
            self.double.does(self.double.refund, each)


@pytest.fixture(params=["fake", "stripe"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def settings(settings: Settings, kind: str, double: StripeDouble) -> Settings:
    if kind == "stripe":
        return with_stripe(settings, double)
    return settings.model_copy(update={**SIGNED_IN, "billing": "fake"})


@pytest.fixture
def engine(context: None) -> Engine:
    return payments.engine()


@pytest.fixture
def customer(engine: Engine) -> str:
    made = engine.make_customer("k7qm3fdw9rtz5bnh")
    engine.name_customer(made, "Nordbahn Payments", "ada@example.com")
    return made


@pytest.fixture
def ada(kind: str, customer: str, double: StripeDouble, clock: Clock) -> Customer:
    return AtStripe(double, clock) if kind == "stripe" else AtFake(customer, clock)


def orders(engine: Engine, customer: str, price: str, quantity: int = 1) -> str:
    """To the checkout, as its address."""
    where = {"paid": "http://localhost/paid", "back": "http://localhost/back"}
    plan = price in (TEAM, BUSINESS)
    return engine.checkout(Order("k7qm3fdw9rtz5bnh", customer, price, quantity, plan, **where))


def subscribes(engine: Engine, customer: str, ada: Customer, price: str = TEAM, quantity: int = 1) -> None:
    assert ada.pays(orders(engine, customer, price, quantity))


def test_an_account_has_one_customer(engine: Engine, customer: str) -> None:
    assert engine.make_customer("k7qm3fdw9rtz5bnh") == customer
    assert engine.make_customer("another") != customer


def test_who_has_bought_nothing(engine: Engine, customer: str) -> None:
    assert (engine.subscription(customer), list(engine.invoices(customer))) == (None, [])


def test_a_pack_is_bought_once_it_is_paid(engine: Engine, customer: str, ada: Customer) -> None:
    checkout = orders(engine, customer, PACK)
    assert list(engine.bought_at_checkout(last(checkout))) == []
    assert not ada.pays(checkout, "bad")
    assert list(engine.bought_at_checkout(last(checkout))) == []
    assert ada.pays(checkout)
    [bought] = engine.bought_at_checkout(last(checkout))
    assert bought.key == f"pack:{last(checkout)}"
    assert (bought.source, bought.price, bought.quantity, bought.expires_at) == ("pack", PACK, 1, None)
    assert (bought.paid, bought.returned) == (PACK_PRICE, 0)
    assert engine.subscription(customer) is None
    assert [(each.amount, each.status) for each in engine.invoices(customer)] == [(PACK_PRICE, "paid")]


def test_what_is_returned_is_seen_with_the_payment(engine: Engine, customer: str, ada: Customer) -> None:
    assert ada.pays(orders(engine, customer, PACK))
    ada.is_refunded()
    found = [(payment, bought) for payment in ada.payments() for bought in engine.bought_with(payment)]
    [(payment, bought)] = found
    assert (bought.source, bought.paid, bought.returned) == ("pack", PACK_PRICE, PACK_PRICE)
    assert engine.payer_of(payment) == customer


def test_a_subscription_runs_for_a_month(engine: Engine, customer: str, ada: Customer, clock: Clock) -> None:
    subscribes(engine, customer, ada, BUSINESS, quantity=3)
    found = engine.subscription(customer)
    assert found
    assert (found.price, found.status, found.seats, found.paid_price) == (BUSINESS, "active", 3, BUSINESS)
    assert timedelta(days=28) <= found.period_end - found.period_start <= timedelta(days=31)
    assert (found.ends_at, found.past_due_since) == (None, None)
    ada.month()
    later = engine.subscription(customer)
    assert later
    assert (later.id, later.status, later.period_start > found.period_start) == (found.id, "active", True)
    assert [each.amount for each in engine.invoices(customer)] == [3600, 3600]


def test_a_later_checkout_for_a_plan_closes_an_earlier_one(engine: Engine, customer: str, ada: Customer) -> None:
    earlier, pack = orders(engine, customer, TEAM), orders(engine, customer, PACK)
    later = orders(engine, customer, BUSINESS)
    assert [ada.pays(each) for each in (earlier, later, pack)] == [False, True, True]
    found = engine.subscription(customer)
    assert found
    assert found.price == BUSINESS


def test_seats_are_as_many_as_was_said_last(engine: Engine, customer: str, ada: Customer) -> None:
    subscribes(engine, customer, ada, BUSINESS)
    found = engine.subscription(customer)
    assert found
    for seats in (4, 4, 2):
        engine.change_seats(found.id, seats)
        now = engine.subscription(customer)
        assert now
        assert now.seats == seats


def test_another_plan_is_confirmed_on_the_provider_s_page(engine: Engine, customer: str, ada: Customer) -> None:
    subscribes(engine, customer, ada, TEAM)
    page = engine.change_plan(customer, BUSINESS, 2, "http://localhost/back")
    before = engine.subscription(customer)
    assert before
    assert before.price == TEAM
    ada.in_portal(page, "plan", price=BUSINESS, quantity="2")
    found = engine.subscription(customer)
    assert found
    assert (found.id, found.price, found.seats, found.paid_price) == (before.id, BUSINESS, 2, TEAM)


def test_cancelling_lets_it_end_with_its_period(engine: Engine, customer: str, ada: Customer) -> None:
    subscribes(engine, customer, ada)
    portal = engine.portal(customer, "http://localhost/back", "cancel")
    ada.in_portal(portal, "cancel")
    found = engine.subscription(customer)
    assert found
    assert (found.status, found.ends_at) == ("active", found.period_end)
    overview = engine.portal(customer, "http://localhost/back", "")
    ada.in_portal(overview, "resume")
    found = engine.subscription(customer)
    assert found
    assert found.ends_at is None
    ada.in_portal(overview, "cancel")
    ada.month()
    found = engine.subscription(customer)
    assert found
    assert found.status == "canceled"


def test_a_card_that_fails_and_one_that_works(engine: Engine, customer: str, ada: Customer, clock: Clock) -> None:
    subscribes(engine, customer, ada)
    portal = engine.portal(customer, "http://localhost/back", "card")
    ada.in_portal(portal, "card", card="bad")
    ada.month()
    found = engine.subscription(customer)
    assert found
    assert found.status == "past_due"
    assert found.past_due_since
    assert timedelta(0) <= clock.now() - found.past_due_since < timedelta(days=2)
    assert [each.status for each in engine.invoices(customer)] == ["open", "paid"]
    ada.in_portal(portal, "card", card="good")
    found = engine.subscription(customer)
    assert found
    assert (found.status, found.past_due_since, found.paid_price) == ("active", None, TEAM)
    assert [each.status for each in engine.invoices(customer)] == ["paid", "paid"]


def test_the_end_of_an_account_s_customer(engine: Engine, customer: str, ada: Customer) -> None:
    subscribes(engine, customer, ada)
    checkout = orders(engine, customer, PACK)
    for _ in range(2):
        engine.end(customer)
        found = engine.subscription(customer)
        assert found
        assert found.status == "canceled"
    assert not ada.pays(checkout)


def test_what_is_not_sold_is_named(engine: Engine, kind: str) -> None:
    assert list(engine.missing_prices([TEAM, BUSINESS, PACK])) == []
    if kind == "stripe":  # the other one sells whatever is offered
        assert list(engine.missing_prices([TEAM, "nothing"])) == ["nothing"]


@pytest.mark.parametrize("signature", ["", "t=1,v1=0", "nonsense"])
def test_what_nobody_signed_is_forged(engine: Engine, app: Flask, signature: str) -> None:
    with pytest.raises(Forged):
        engine.read(
            b'{"id":"evt_1","type":"invoice.paid","data":{"object":{"object":"invoice","id":"in_1"}}}', signature
        )
