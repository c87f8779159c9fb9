"""What the audit log says about money."""

from datetime import timedelta

import pytest
from flask import Flask

from poker_app.accounts.models import AuditEntry
from poker_app.billing import current_plan
from poker_app.db import session, transaction
from poker_app.rules.plans import BUSINESS
from poker_app.settings import Settings
from tests.cast import Clock
from tests.paying_account import Payer, with_stripe
from tests.stripe_double import StripeDouble


@pytest.fixture
def settings(settings: Settings, double: StripeDouble) -> Settings:
    return with_stripe(settings, double)


@pytest.fixture
def ada(app: Flask, double: StripeDouble, clock: Clock) -> Payer:
    made = Payer(app, double, clock)
    log(made)
    return made


def log(ada: Payer) -> list[tuple[str, str, str]]:
    """The lines since the last look, the oldest first."""
    with ada.app.app_context():
        lines = session.query(AuditEntry).filter_by(account_id=ada.account).order_by(AuditEntry.id).all()
        found = [(each.who, each.action, each.about) for each in lines]
    seen = getattr(ada, "seen", 0)
    ada.seen = len(found)  # type: ignore[attr-defined]
    return found[seen:]


def test_a_subscription_s_life(ada: Payer, double: StripeDouble) -> None:
    double.holding = True
    ada.subscribes("team")
    double.release(times=3)
    double.holding = False
    assert log(ada) == [
        ("Ada", "checkout-opened", "the Team plan"),
        ("Faceup", "plan-begun", "Team"),
        ("Faceup", "credits-granted", "20, Team plan, this month"),
    ]
    address = ada.goes_to_plan("business")
    ada.posts(f"{address}/plan", price=BUSINESS.price, quantity="3")
    assert log(ada) == [
        ("Ada", "checkout-opened", "the Business plan"),
        ("Faceup", "plan-changed", "Business, from Team"),
    ]
    ends = f"{ada.row.period_end:%Y-%m-%d}"
    ada.portal("cancel")
    ada.portal("resume")
    assert log(ada) == [
        ("Ada", "payments-opened", ""),
        ("Faceup", "plan-cancelled", f"Business, as of {ends}"),
        ("Ada", "payments-opened", ""),
        ("Faceup", "plan-kept", "Business"),
    ]
    double.cards[ada.row.customer_id] = "bad"
    ada.waits(days=31, hours=1)
    ada.portal("card", card="good")
    lines = [line for line in log(ada) if line[1] != "payments-opened"]
    assert lines[0] == ("Faceup", "payment-failed", "Business")
    assert lines[-1] == ("Faceup", "payment-mended", "Business")
    ada.portal("cancel")
    ada.waits(days=31)
    assert log(ada)[-1] == ("Faceup", "plan-ended", "Business")


def test_packs_and_what_is_returned(ada: Payer, double: StripeDouble) -> None:
    ada.buys(10)
    double.does(double.refund, ada.payment())
    assert log(ada) == [
        ("Ada", "checkout-opened", "a pack of 10 credits"),
        ("Faceup", "credits-bought", "10, Pack of 10 credits"),
        ("Faceup", "credits-taken", "10, Payment returned or disputed"),
    ]


def test_a_dispute_that_is_won_gives_back(ada: Payer, double: StripeDouble) -> None:
    ada.buys(10)
    dispute = double.does(double.dispute, ada.payment())
    double.does(double.close_dispute, dispute, "won")
    assert [line[1] for line in log(ada)][-2:] == ["credits-taken", "credits-returned"]


def test_a_trial(ada: Payer) -> None:
    with ada.app.app_context(), transaction():
        current_plan.start_trial(ada.account, ada.user)
    ends = ada.clock.now() + timedelta(days=14)
    assert log(ada) == [
        ("Ada", "trial-begun", f"Team, until {ends:%Y-%m-%d}"),
        ("Ada", "credits-granted", "20, Team for a try"),
    ]
