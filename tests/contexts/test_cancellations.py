"""An account is deleted: nobody pays for it any longer, whatever the provider does meanwhile."""

import pytest
from flask import Flask

from poker_app import jobs
from poker_app.accounts.models import User
from poker_app.billing.models import GoneCustomer, Subscription
from poker_app.db import session
from poker_app.poker import personal_data
from poker_app.settings import Settings
from tests.cast import Clock
from tests.paying_account import Payer, with_stripe
from tests.stripe_double import StripeDouble


@pytest.fixture
def settings(settings: Settings, double: StripeDouble) -> Settings:
    return with_stripe(settings, double)


@pytest.fixture
def ada(app: Flask, double: StripeDouble, clock: Clock) -> Payer:
    return Payer(app, double, clock)


def leaves(ada: Payer) -> None:
    with ada.app.app_context():
        personal_data.erase(session.get_one(User, ada.user), "ada@example.com")


def left(app: Flask) -> tuple[int, int]:
    """Accounts with something to pay, and customers whose subscription waits to be cancelled."""
    with app.app_context():
        waiting = session.query(GoneCustomer).filter(GoneCustomer.settled_at.is_(None))
        return session.query(Subscription).count(), waiting.count()


def daily(app: Flask) -> int:
    with app.app_context():
        return jobs.daily()["subscriptions of deleted accounts"]


def test_its_subscription_is_cancelled_at_the_provider(ada: Payer, app: Flask) -> None:
    ada.subscribes("team")
    leaves(ada)
    assert (ada.at_stripe["status"], left(app)) == ("canceled", (0, 0))
    invoices = len(ada.double.of_kind("invoice"))
    ada.waits(days=70)
    assert len(ada.double.of_kind("invoice")) == invoices
    assert daily(app) == 0


def test_a_provider_that_is_down_is_asked_again_by_the_job(ada: Payer, app: Flask, double: StripeDouble) -> None:
    ada.subscribes("team")
    double.failing = True
    leaves(ada)
    assert left(app) == (0, 1)
    assert daily(app) == 0
    double.failing = False
    assert ada.at_stripe["status"] == "active"
    assert daily(app) == 1
    assert (ada.at_stripe["status"], left(app)) == ("canceled", (0, 0))
    assert daily(app) == 0


def test_an_open_checkout_closes(ada: Payer, app: Flask, double: StripeDouble) -> None:
    checkout = ada.goes_to_plan("team")
    leaves(ada)
    assert ada.posts(checkout, card="good")[0] == 200  # it says that it has expired
    assert double.of_kind("subscription") == []


def test_a_checkout_paid_at_the_last_moment_is_cancelled_when_it_is_told_of(
    ada: Payer, app: Flask, double: StripeDouble
) -> None:
    customer = ada.goes_to_plan("team") and ada.row.customer_id
    leaves(ada)
    double.does(double.subscribe, customer, "faceup_team_monthly_v1")
    assert (ada.at_stripe["status"], double.waiting) == ("canceled", [])


def test_who_never_bought_leaves_nothing(ada: Payer, app: Flask, double: StripeDouble) -> None:
    leaves(ada)
    assert (left(app), double.asked) == ((0, 0), [])


def test_the_customer_is_forgotten_after_a_while(ada: Payer, app: Flask) -> None:
    ada.subscribes("team")
    leaves(ada)
    ada.clock.forward(days=90)
    daily(app)
    with app.app_context():
        assert session.query(GoneCustomer).count() == 1
    ada.clock.forward(seconds=1)
    daily(app)
    with app.app_context():
        assert session.query(GoneCustomer).count() == 0
