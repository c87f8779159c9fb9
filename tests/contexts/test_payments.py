"""What each thing that happens at the payment provider comes to here."""

from datetime import timedelta

import pytest
from flask import Flask

from poker_app.accounts.memberships import membership_for
from poker_app.accounts.models import Account, User
from poker_app.accounts.team import teammates
from poker_app.accounts.users import add_user
from poker_app.billing import active_provider, checkout, ledger, seat_sync, webhooks
from poker_app.billing.engines.stripe_engine.client import Client
from poker_app.billing.models import WebhookEvent
from poker_app.billing.provider import Unavailable
from poker_app.db import session, transaction
from poker_app.errors import Conflict, Forbidden, NotFound
from poker_app.poker import personal_data
from poker_app.rules.plans import BUSINESS, BUSINESS_V1
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


# --- subscribing


def test_a_paid_checkout_brings_the_plan_and_its_credits(ada: Payer) -> None:
    ada.subscribes("team")
    assert (ada.plan, ada.credits, ada.row.status, ada.row.seats) == ("team", 20, "active", 1)
    assert ada.row.period_end == ada.clock.now().replace(month=12)
    assert ada.history == [("grant", 20)]


def test_a_declined_card_brings_nothing(ada: Payer) -> None:
    assert ada.posts(ada.goes_to_plan("team"), card="bad")[0] == 402
    assert (ada.plan, ada.credits) == ("free", 0)


def test_the_customer_is_made_once_and_named(ada: Payer, double: StripeDouble) -> None:
    ada.goes_to_plan("team")
    ada.goes_to_pack(10)
    [customer] = double.of_kind("customer")
    assert (customer["email"], customer["metadata"]) == ("ada@example.com", {"account": ada.account})
    assert double.asked.count("POST /v1/customers") == 1


def test_a_second_checkout_for_a_plan_closes_the_first(ada: Payer, double: StripeDouble) -> None:
    first, second = ada.goes_to_plan("team"), ada.goes_to_plan("team")
    assert ada.posts(first, card="good")[0] == 200  # it says that it has expired
    assert ada.posts(second, card="good")[0] == 303
    assert len(double.of_kind("subscription")) == 1


def test_whoever_has_a_plan_changes_it_instead_of_buying_a_second(ada: Payer, double: StripeDouble) -> None:
    ada.subscribes("team")
    with pytest.raises(Conflict, match="on the Team plan already"):
        ada.goes_to_plan("team")
    address = ada.goes_to_plan("business")
    assert "/portals/" in address
    assert ada.posts(f"{address}/plan", price=BUSINESS.price, quantity="3")[0] == 303
    assert (ada.plan, ada.row.seats, len(double.of_kind("subscription"))) == ("business", 3, 1)
    assert ada.credits == 20  # what came with the month stays until it ends


def test_only_owners_and_admins_buy(ada: Payer, app: Flask) -> None:
    ada.gets_teammates("Ben")
    with app.app_context():
        ben = ada.membership.__class__(ada.membership.account, "facilitator", ada.membership.user)
        for attempt in (
            lambda: checkout.buy_plan(ben, "team", paid="/", back="/"),
            lambda: checkout.buy_pack(ben, 10, paid="/", back="/"),
            lambda: checkout.open_portal(ben, back="/"),
            lambda: checkout.invoices(ben),
        ):
            with pytest.raises(Forbidden):
                attempt()
        with pytest.raises(NotFound):
            checkout.buy_plan(ada.membership, "free", paid="/", back="/")
        with pytest.raises(NotFound):
            checkout.buy_pack(ada.membership, 11, paid="/", back="/")
        with pytest.raises(Conflict):
            checkout.open_portal(ada.membership, back="/")


# --- months


def test_every_paid_month_brings_its_credits_and_takes_the_last_ones(ada: Payer) -> None:
    ada.subscribes("team")
    ada.spends(5)
    ada.waits(days=30)
    assert ada.credits == 0  # the invoice is a draft for an hour
    ada.waits(hours=1)
    assert ada.credits == 20
    assert ada.history[-2:] == [("grant", 20), ("expiry", -15)]


# That every month has, that February has not, and that four more have not: the last on every database.
@pytest.mark.parametrize("day", [*(pytest.param(day, marks=pytest.mark.any_database) for day in (1, 30)), 31])
def test_a_year_of_paid_months_whatever_the_day(ada: Payer, double: StripeDouble, day: int) -> None:
    """Told late and three times each: twelve months bring twelve times twenty credits, each until its own end."""
    ada.clock.moment = ada.clock.moment.replace(year=2027, month=1, day=day)
    double.now = int(ada.clock.moment.timestamp())
    ada.subscribes("team")
    double.holding = True
    for _ in range(48):  # a day after the twelfth month has begun
        ada.waits(days=7)
        if len(double.waiting) > 20:  # some months late
            double.release(times=3)
    double.release(times=3)
    granted = [kind for kind, amount in ada.history if (kind, amount) == ("grant", 20)]
    assert len(granted) == 12
    assert ada.credits == 20
    ends = {lot[-1] for lot in ada.state()["lots"]}  # type: ignore[attr-defined]
    assert len(ends) == 12


def test_the_first_month_s_credits_come_without_its_invoice_event(ada: Payer, double: StripeDouble) -> None:
    double.holding = True
    ada.subscribes("team")
    double.waiting = [event for event in double.waiting if event["type"] == "checkout.session.completed"]
    double.release()
    assert (ada.plan, ada.credits) == ("team", 20)


def test_landing_on_the_success_page_brings_nothing(ada: Payer, double: StripeDouble) -> None:
    double.holding = True
    ada.subscribes("team")
    assert (ada.plan, ada.credits) == ("free", 0)


# --- packs


def test_a_pack_brings_credits_that_stay(ada: Payer) -> None:
    ada.buys(50)
    assert ada.credits == 50
    ada.waits(days=800)
    assert ada.credits == 50


def test_a_slow_payment_brings_them_when_it_arrives(ada: Payer, double: StripeDouble) -> None:
    ada.buys(10, card="slow")
    assert ada.credits == 0
    double.does(double.settle, double.of_kind("checkout.session")[0]["id"])
    assert ada.credits == 10


# --- money that goes back


def test_a_refund_takes_back_what_is_unspent(ada: Payer, double: StripeDouble) -> None:
    ada.buys(10)
    ada.spends(4)
    double.does(double.refund, ada.payment())
    assert ada.credits == 0
    assert ada.history == [("grant", 10), ("spend", -4), ("take-back", -6)]


def test_part_of_the_money_is_part_of_the_credits(ada: Payer, double: StripeDouble) -> None:
    ada.buys(10)
    double.does(double.refund, ada.payment(), 300)
    assert ada.credits == 7
    double.does(double.refund, ada.payment(), 600)
    assert ada.credits == 0


def test_a_refund_may_come_before_what_it_refunds(ada: Payer, double: StripeDouble) -> None:
    double.holding = True
    ada.buys(10)
    double.does(double.refund, ada.payment())
    double.waiting.reverse()
    double.release()
    assert ada.credits == 0
    assert [kind for kind, _ in ada.history] == ["grant", "take-back"]


def test_a_credit_that_comes_back_to_a_refunded_pack_goes_too(ada: Payer, double: StripeDouble, app: Flask) -> None:
    ada.buys(10)
    with app.app_context(), transaction():
        ledger.spend(ada.account, "session:1", ref="1", why="A session")
    double.does(double.refund, ada.payment())
    with app.app_context(), transaction():
        ledger.reverse(ada.account, "session:1", why="Ended before its first reveal")
    assert ada.credits == 0


def test_a_refunded_month_loses_its_credits(ada: Payer, double: StripeDouble) -> None:
    ada.subscribes("team")
    ada.spends(1)
    double.does(double.refund, ada.payment())
    assert (ada.credits, ada.plan) == (0, "team")


def test_a_dispute_takes_back_and_a_won_one_gives_back(ada: Payer, double: StripeDouble) -> None:
    ada.buys(10)
    dispute = double.does(double.dispute, ada.payment())
    assert ada.credits == 0
    double.does(double.close_dispute, dispute, "won")
    assert ada.credits == 10
    assert ada.history == [("grant", 10), ("take-back", -10), ("give-back", 10)]


def test_a_lost_dispute_and_an_inquiry(ada: Payer, double: StripeDouble) -> None:
    ada.buys(10)
    dispute = double.does(double.dispute, ada.payment())
    double.does(double.close_dispute, dispute, "warning_closed")
    assert ada.credits == 10
    double.does(double.close_dispute, dispute, "lost")
    assert ada.credits == 0


# --- the end, and what fails


def test_cancelled_it_runs_to_the_end_of_its_period(ada: Payer) -> None:
    ada.subscribes("team")
    ada.portal("cancel")
    assert (ada.plan, ada.row.ends_at) == ("team", ada.row.period_end)
    ada.portal("resume")
    assert ada.row.ends_at is None
    ada.portal("cancel")
    ada.waits(days=30)
    assert (ada.plan, ada.row.status, ada.credits) == ("free", "canceled", 0)


def test_a_new_subscription_is_not_undone_by_news_of_the_old(ada: Payer, double: StripeDouble) -> None:
    ada.subscribes("team")
    double.holding = True
    double.does(double.cancel, ada.at_stripe, at_once=True)
    late, double.waiting = double.waiting, []
    double.holding = False
    ada.looks_again()
    assert ada.plan == "free"
    ada.waits(hours=1)
    ada.subscribes("team")
    assert all(map(double.send, late))
    assert (ada.plan, ada.credits) == ("team", 40)


def test_a_failed_card_grace_read_only_and_back(ada: Payer, double: StripeDouble) -> None:
    double.after_retries = "unpaid"
    ada.subscribes("team")
    double.cards[ada.row.customer_id] = "bad"  # type: ignore[index]
    ada.waits(days=30, hours=1)
    failed = ada.clock.now()
    assert (ada.plan, ada.row.status, ada.row.past_due_since, ada.credits) == ("team", "past_due", failed, 0)
    ada.waits(days=13)
    assert (ada.read_only, ada.row.past_due_since) == (False, failed)  # told of three more tries meanwhile
    ada.waits(days=1)
    assert ada.read_only
    ada.waits(days=5)
    assert (ada.read_only, ada.row.status, ada.row.past_due_since) == (True, "unpaid", failed)
    ada.portal("card", card="good")
    assert (ada.read_only, ada.row.status, ada.row.past_due_since, ada.credits) == (False, "active", None, 20)


def test_a_card_that_never_works_ends_the_subscription(ada: Payer, double: StripeDouble) -> None:
    ada.subscribes("team")
    double.cards[ada.row.customer_id] = "bad"  # type: ignore[index]
    ada.waits(days=50)
    assert (ada.plan, ada.row.status, ada.row.past_due_since) == ("free", "canceled", None)


def test_a_trial_at_the_provider_ends_in_a_paid_month(ada: Payer, double: StripeDouble) -> None:
    ada.goes_to_plan("team")
    customer = ada.row.customer_id
    double.does(double.subscribe, customer, "faceup_team_monthly_v1", trial_days=7)
    assert (ada.plan, ada.row.status, ada.row.trial_ends_at) == (
        "team",
        "trialing",
        ada.clock.now() + timedelta(days=7),
    )
    ada.waits(days=7, hours=1)
    assert (ada.row.status, ada.credits) == ("active", 20)


# --- seats


def test_seats_follow_the_teammates(ada: Payer, double: StripeDouble) -> None:
    ada.gets_teammates("Abe", "Ben")
    ada.subscribes("business")
    assert ada.row.seats == 3
    ada.waits(days=15)
    ada.gets_teammates("Cleo", "Dora")
    assert (ada.row.seats, ada.at_stripe["items"]["data"][0]["quantity"]) == (5, 5)
    ada.waits(days=16)
    latest = double.of_kind("invoice", billing_reason="subscription_cycle")[0]
    prorated = [line["amount"] for line in latest["lines"]["data"][1:]]
    assert (len(prorated), sum(prorated)) == (2, 1200)  # two more seats for half a month
    assert ada.history == []


def subscribed_before(ada: Payer, double: StripeDouble) -> None:
    """To Business, while it had no least number of seats."""
    ada.goes_to_plan("team")
    double.does(double.subscribe, ada.row.customer_id, BUSINESS_V1.price)
    assert (ada.plan, ada.row.seats) == ("business", 1)


def test_business_is_paid_for_three_seats_at_least(ada: Payer, app: Flask) -> None:
    ada.subscribes("business")
    assert ada.row.seats == 3
    ada.gets_teammates("Ben")
    with app.app_context():
        assert seat_sync.follow_all() == 0
    assert ada.row.seats == 3
    ada.gets_teammates("Cleo", "Dora")
    assert ada.row.seats == 4


def test_who_subscribed_before_pays_for_each_teammate_and_no_more(ada: Payer, app: Flask, double: StripeDouble) -> None:
    """The version of Business without a least number of seats is not sold any more, and goes on."""
    subscribed_before(ada, double)
    for name, seats in (("Ben", 2), ("Cleo", 3)):
        ada.gets_teammates(name)
        assert (ada.plan, ada.row.seats) == ("business", seats)
    with app.app_context():
        teammates.remove(ada.membership, session.query(User).where(User.name == "Ben").one().id)
    assert (ada.row.seats, ada.at_stripe["items"]["data"][0]["quantity"]) == (2, 2)


def test_seats_follow_teammates_at_once(ada: Payer, app: Flask, double: StripeDouble) -> None:
    """When they accept, are removed, leave, or delete themselves; and a provider that is down holds nobody up."""
    subscribed_before(ada, double)

    def paid_for() -> int:
        return int(ada.at_stripe["items"]["data"][0]["quantity"])

    users = {}
    with app.app_context():
        for number, name in enumerate(("Ben", "Cleo", "Dora"), start=2):
            with transaction():
                users[name] = add_user(name=name, email=f"{name.lower()}@example.com")
                teammates.enroll(session.get_one(Account, ada.account), users[name], "facilitator")
            assert (paid_for(), ada.row.seats) == (number, number)
        teammates.remove(ada.membership, users["Ben"].id)
        assert paid_for() == 3
        teammates.leave(membership_for(session.get_one(User, users["Cleo"].id), ada.account))
        assert paid_for() == 2
        double.failing = True
        personal_data.erase(session.get_one(User, users["Dora"].id), "dora@example.com")
        double.failing = False
        assert paid_for() == 2
        assert seat_sync.follow_all() == 1
        assert (paid_for(), seat_sync.follow_all()) == (1, 0)


def test_the_provider_forgets_a_buyer_who_is_deleted(ada: Payer, app: Flask, double: StripeDouble) -> None:
    """Of an account that goes on. A provider that is down keeps nobody from going."""

    def joins(name: str) -> User:
        with transaction():
            user = add_user(name=name, email=f"{name.lower()}@example.com")
            teammates.enroll(session.get_one(Account, ada.account), user, "owner")
        return user

    def known_as() -> str:
        return str(double.of_kind("customer")[0]["email"])

    ada.subscribes("team")
    with app.app_context():
        ben, cleo, dora = joins("Ben"), joins("Cleo"), joins("Dora")
        personal_data.erase(cleo, "cleo@example.com")
        assert known_as() == "ada@example.com"
        personal_data.erase(session.get_one(User, ada.user), "ada@example.com")
        assert known_as() == "ben@example.com"
        double.failing = True
        personal_data.erase(ben, "ben@example.com")
        assert session.query(User).all() == [dora]
        double.failing = False
        eve = joins("Eve")
        personal_data.erase(dora, "dora@example.com")
        assert known_as() == "eve@example.com"
        assert session.query(User).all() == [eve]


def test_the_provider_forgets_a_buyer_who_left_before_they_are_deleted(
    ada: Payer, app: Flask, double: StripeDouble
) -> None:
    ada.subscribes("team")
    with app.app_context():
        with transaction():
            ben = add_user(name="Ben", email="ben@example.com")
            teammates.enroll(session.get_one(Account, ada.account), ben, "owner")
        teammates.leave(ada.membership)
        personal_data.erase(session.get_one(User, ada.user), "ada@example.com")
        assert double.of_kind("customer")[0]["email"] == "ben@example.com"


def test_from_uncounted_to_counted_brings_the_month_s_credits(ada: Payer) -> None:
    ada.subscribes("business")
    address = ada.goes_to_plan("team")
    ada.posts(f"{address}/plan", price="faceup_team_monthly_v1")
    assert (ada.plan, ada.credits) == ("team", 20)
    ada.waits(days=30, hours=1)
    assert ada.credits == 20


# --- the machinery


def test_invoices_are_listed(ada: Payer, app: Flask) -> None:
    ada.subscribes("team")
    ada.buys(10)
    with app.app_context():
        found = checkout.invoices(ada.membership)
    assert [(each.amount, each.status) for each in found] == [(900, "paid"), (2900, "paid")]


def test_a_provider_that_is_down_is_said_so_and_caught_up_with(ada: Payer, double: StripeDouble, app: Flask) -> None:
    double.holding = True
    ada.subscribes("team")
    double.failing = True
    with pytest.raises(Unavailable):
        ada.goes_to_pack(10)
    event = next(event for event in double.waiting if event["type"] == "invoice.paid")
    assert not double.send(event)
    with app.app_context():
        kept = session.get_one(WebhookEvent, event["id"])
        assert (kept.done_at, kept.tries, "has a problem" in kept.problem) == (None, 1, True)
    double.failing = False
    ada.clock.forward(minutes=3)
    with app.app_context():
        assert webhooks.replay() == (1, 0)
        assert webhooks.replay() == (0, 0)
    assert (ada.plan, ada.credits) == ("team", 20)


def test_events_of_nobody_are_done_with(ada: Payer, double: StripeDouble, app: Flask) -> None:
    stranger = double.make_customer({}, "")
    double.does(double.subscribe, stranger["id"], "faceup_team_monthly_v1")
    assert double.waiting == []
    with app.app_context():
        assert {event.problem for event in session.query(WebhookEvent)} == {webhooks.NOBODYS}


def test_no_transaction_is_open_while_the_provider_is_asked(
    ada: Payer, double: StripeDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite a writer anywhere would hold up everybody; on PostgreSQL it would hold a connection."""
    asked = Client.asking
    writing = []

    def watched(self: Client) -> object:
        writing.append(session.info.get("writing", False))
        return asked(self)

    monkeypatch.setattr(Client, "asking", watched)
    ada.subscribes("team")
    ada.gets_teammates("Ben")
    double.does(double.refund, ada.payment())
    assert len(writing) > 10
    assert not any(writing)


def test_missing_prices_are_named(ada: Payer) -> None:
    assert active_provider.engine().missing_prices(["faceup_team_monthly_v1", "nothing"]) == ["nothing"]
