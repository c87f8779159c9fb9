"""The provider that takes no money: the same way, without one."""

import pytest
from flask import Flask

from poker_app.accounts.memberships import home_of
from poker_app.billing import checkout as buying
from poker_app.billing import current_plan, fake_payments, ledger
from poker_app.billing.models import Subscription
from poker_app.db import session
from poker_app.errors import Conflict, Invalid
from poker_app.settings import Settings
from tests.cast import Clock, add_user
from tests.conftest import SIGNED_IN


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={**SIGNED_IN, "billing": "fake"})


def test_a_subscription_s_life_without_money(context: None, clock: Clock, app: Flask) -> None:
    membership = home_of(add_user("Ada"))
    account = membership.account.id

    def stands() -> tuple[str, int]:
        session.rollback()
        return current_plan.plan_of(account).name, ledger.balance(account)

    first = buying.buy_plan(membership, "team", paid="/paid", back="/back").rsplit("/", 1)[1]
    checkout = buying.buy_plan(membership, "team", paid="/paid", back="/back").rsplit("/", 1)[1]
    with pytest.raises(Conflict):
        fake_payments.pay(first, "good")
    with pytest.raises(Invalid, match="declined"):
        fake_payments.pay(checkout, "bad")
    assert stands() == ("free", 0)
    for _ in range(2):
        assert fake_payments.pay(checkout, "good") == "http://localhost/paid"
    assert stands() == ("team", 20)
    pack = buying.buy_pack(membership, 10, paid="/paid", back="/back").rsplit("/", 1)[1]
    fake_payments.pay(pack, "good")
    assert stands() == ("team", 30)
    portal = buying.open_portal(membership, back="/back").rsplit("/", 1)[1]
    fake_payments.use_card(portal, "bad")
    clock.forward(days=30)
    fake_payments.let_a_month_pass(portal)
    assert stands() == ("team", 10)
    assert session.get_one(Subscription, account).past_due_since == clock.now()
    fake_payments.use_card(portal, "good")
    assert stands() == ("team", 30)
    fake_payments.give_money_back(portal)
    assert stands() == ("team", 0)
    fake_payments.cancel(portal, ends=True)
    fake_payments.let_a_month_pass(portal)
    assert stands()[0] == "free"
