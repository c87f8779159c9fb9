"""Promise 8: the order and the number of payment events is irrelevant."""

import json
import random
import time
from typing import Any

import pytest
from flask import Flask

from poker_app.billing import active_provider, subscription_sync
from poker_app.billing.models import CreditAccount, CreditEntry, CreditLot, CreditTxn, Subscription, WebhookEvent
from poker_app.db import session, transaction
from poker_app.settings import Settings
from tests.cast import Clock
from tests.concurrency.conftest import at_once
from tests.paying_account import Payer, with_stripe
from tests.stripe_double import StripeDouble


@pytest.fixture
def settings(settings: Settings, double: StripeDouble) -> Settings:
    return with_stripe(settings, double)


@pytest.fixture
def ada(app: Flask, double: StripeDouble, clock: Clock) -> Payer:
    return Payer(app, double, clock)


def lives(ada: Payer, double: StripeDouble) -> None:
    """A subscription's whole life: packs, months, a failed card, seats, another plan, refunds, a dispute, the end, and
    a new beginning."""
    double.after_retries = "unpaid"
    ada.buys(50)
    ada.subscribes("team")
    ada.waits(days=31)
    refunded = ada.payment()
    ada.buys(10)
    double.does(double.refund, ada.payment(), 450)
    ada.buys(10)
    dispute = double.does(double.dispute, ada.payment())
    customer = double.of_kind("customer")[0]["id"]
    double.cards[customer] = "bad"
    ada.waits(days=35)
    double.does(double.use_card, customer, "good")
    double.does(double.refund, refunded)
    known = ada.at_stripe
    business = double.of_kind("price", lookup_key="faceup_business_seat_monthly_v1")[0]
    team = double.of_kind("price", lookup_key="faceup_team_monthly_v1")[0]
    double.does(double.change, known, business, 3, bill_now=True)
    ada.waits(days=31)
    double.does(double.change, known, business, 5, bill_now=False)
    ada.waits(days=31)
    double.does(double.change, known, team, 1, bill_now=True)
    double.does(double.close_dispute, dispute, "won")
    double.does(double.cancel, known)
    ada.waits(days=31)
    ada.waits(hours=1)
    double.does(double.subscribe, customer, "faceup_team_monthly_v1")
    ada.waits(days=40)
    double.does(double.dispute, ada.payment())


def settled(ada: Payer, double: StripeDouble) -> dict[str, object]:
    """How things are once every event has been taken, however often it has to be sent for that."""
    for _ in range(5):
        if not double.waiting:
            break
        double.release()
    assert double.waiting == []
    with ada.app.app_context():
        assert session.query(WebhookEvent).where(WebhookEvent.done_at.is_(None)).count() == 0
    return ada.state()


def test_a_whole_life_in_any_order_and_number_ends_in_one_state(
    ada: Payer, double: StripeDouble, app: Flask, clock: Clock
) -> None:
    """Told as it happens; then told to others late and shuffled, then doubled, then everything three times and fifty at
    once. The customers of the later ones are the first one's: only what is told differs."""
    double.holding = True
    lives(ada, double)
    events = list(double.waiting)
    assert len({event["type"] for event in events}) > 12
    assert len(events) > 80
    double.release()
    in_order = settled(ada, double)
    assert in_order["plan"] == "team"
    assert in_order["status"] == "active"
    # 50 that stayed, 5 of a pack that was refunded by half, 10 of a dispute that was won; the last month is disputed.
    assert in_order["balance"] == 65
    for seed, times, many in ((1, 1, 1), (2, 2, 1), (3, 3, 50), (4, 1, 50)):
        forgets(ada)
        double.waiting = list(events)
        double.release(shuffle=random.Random(seed), times=times, at_once=many)
        assert settled(ada, double) == in_order, f"seed {seed}"


def forgets(ada: Payer) -> None:
    """As if nothing had ever been told: only who the customer is stays."""
    with ada.app.app_context(), transaction():
        customer = session.get_one(Subscription, ada.account).customer_id
        for table in (CreditEntry, CreditTxn, CreditLot, CreditAccount, WebhookEvent, Subscription):
            session.query(table).delete()
        session.add(Subscription(account_id=ada.account, customer_id=customer))


def test_told_as_it_happens_or_long_afterwards(app: Flask, double: StripeDouble, clock: Clock, ada: Payer) -> None:
    """Only what would have expired may be missing: credits for a change of which nobody was told in its month."""
    lives(ada, double)
    live = alive(settled(ada, double), clock)
    forgets(ada)
    double.waiting = list(double.sent)
    double.release(shuffle=random.Random(5), at_once=10)
    assert alive(settled(ada, double), clock) == live


def alive(state: dict[str, object], clock: Clock) -> dict[str, object]:
    """The state without lots that have expired."""
    lots: list[tuple[Any, ...]] = state["lots"]  # type: ignore[assignment]
    return {**state, "lots": [lot for lot in lots if lot[-1] is None or lot[-1] > clock.now()]}


def test_fifty_at_once_grant_once(ada: Payer, double: StripeDouble) -> None:
    double.holding = True
    ada.subscribes("team")
    double.release(shuffle=random.Random(6), times=50, at_once=50)
    settled(ada, double)
    assert (ada.credits, ada.history) == (20, [("grant", 20)])


def test_two_owners_at_once_make_one_customer(ada: Payer, double: StripeDouble) -> None:
    addresses = at_once(*[lambda: ada.goes_to_pack(10)] * 8)
    assert len(set(addresses)) == 8
    assert len(double.of_kind("customer")) == 1


def test_a_look_that_began_earlier_never_undoes_a_later_one(ada: Payer, double: StripeDouble, app: Flask) -> None:
    ada.subscribes("team")
    with app.app_context():
        early = subscription_sync.begin_look(ada.account)
        old = subscription_sync.look_at(ada.account)
    double.does(double.cancel, ada.at_stripe, at_once=True)
    assert ada.row.status == "canceled"
    with app.app_context(), transaction():
        subscription_sync.write_down(ada.account, early, old)
    assert ada.row.status == "canceled"


def test_a_stale_look_at_a_payment_says_nothing(ada: Payer, double: StripeDouble, app: Flask) -> None:
    ada.buys(10)
    dispute = double.does(double.dispute, ada.payment())
    with app.app_context():
        early = subscription_sync.begin_look(ada.account)
        disputed = active_provider.engine().bought_with(ada.payment())
    double.does(double.close_dispute, dispute, "won")
    with app.app_context(), transaction():
        subscription_sync.write_down(ada.account, early, None, disputed)
    assert ada.credits == 10


def body(double: StripeDouble, **changed: object) -> bytes:
    return json.dumps({**double.sent[0], "id": "evt_forged", **changed}).encode()


def test_forged_tampered_old_and_future_events_are_refused(
    ada: Payer, double: StripeDouble, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada.buys(10)
    sent, now = body(double), int(time.time())
    monkeypatch.setattr("time.time", lambda: now)  # a second that passes meanwhile would make the early one just right
    good = double.signed(sent)
    refused = {
        "nothing": (sent, ""),
        "nonsense": (sent, "t=1,v1=00"),
        "no stamp": (sent, good.split(",")[1]),
        "a stamp of letters": (sent, "t=now," + good.split(",")[1]),
        "an endless stamp": (sent, f"t={'9' * 5000},v1=00"),
        "another secret": (sent, double.signed(sent, secret="whsec_other")),
        "another body": (body(double, type="charge.refunded"), good),
        "another scheme": (sent, good.replace("v1=", "v0=")),
        "old": (sent, double.signed(sent, at=now - 301)),
        "early": (sent, double.signed(sent, at=now + 301)),
        "no text": (b"\xff\xfe", "t=1,v1=00"),
        "no event": (b"[]", double.signed(b"[]")),
        "no object": (b'{"id": "evt_1"}', double.signed(b'{"id": "evt_1"}')),
        "a null byte": (
            x := b'{"id": "a\\u0000", "type": "invoice.paid", "data": {"object": {"id": "in_1"}}}',
            double.signed(x),
        ),
    }
    with app.app_context():
        before = session.query(WebhookEvent).count()
    assert {name: ada.hears(*given) for name, given in refused.items()} == dict.fromkeys(refused, 400)
    with app.app_context():
        assert session.query(WebhookEvent).count() == before
    for just_right in (good, double.signed(sent, at=now - 300), double.signed(sent, at=now + 300)):
        assert ada.hears(sent, just_right) == 204


def test_both_secrets_count_during_a_rotation(
    settings: Settings, double: StripeDouble, clock: Clock, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = Payer(app, double, clock)
    ada.buys(10)
    rotated = {"stripe_webhook_secret": "whsec_new", "stripe_webhook_secret_old": double.secret}
    monkeypatch.setattr(active_provider.engine(), "settings", settings.model_copy(update=rotated))
    sent = body(double)
    assert ada.hears(sent, double.signed(sent)) == 204
    assert ada.hears(sent, double.signed(sent, secret="whsec_new")) == 204
    monkeypatch.setattr(
        active_provider.engine(), "settings", settings.model_copy(update={**rotated, "stripe_webhook_secret_old": ""})
    )
    assert ada.hears(sent, double.signed(sent)) == 400
