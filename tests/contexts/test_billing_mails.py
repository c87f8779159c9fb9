"""Letters about money: to owners and admins, each once for its cause, however often it is asked for."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from poker_app import clock, ids, jobs
from poker_app.billing import billing_mails, current_plan, entitlements
from poker_app.billing.models import SentLetter
from poker_app.db import session, transaction
from poker_app.mail import Undelivered
from poker_app.settings import Settings
from poker_app.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.cast import Clock, add_teammate, add_user
from tests.mail_server import Post
from tests.paying_account import Payer, with_stripe
from tests.stripe_double import StripeDouble

FREE_MONTH = 3


@pytest.fixture
def settings(signed_in_settings: Settings, double: StripeDouble) -> Settings:
    return with_stripe(signed_in_settings, double)


@pytest.fixture
def ada(app: Flask, double: StripeDouble, clock: Clock) -> Payer:
    return Payer(app, double, clock)


def opens(ada: Payer, count: int = 1) -> None:
    for _ in range(count):
        with ada.app.app_context(), transaction():
            entitlements.pay_for_session(ada.account, ids.new_id(), name="Sprint", user_id=ada.user)


def daily(ada: Payer, times: int = 2) -> None:
    for _ in range(times):
        with ada.app.app_context():
            jobs.daily()


def seats(ada: Payer, name: str, role: str) -> None:
    with ada.app.app_context():
        add_teammate(ada.account, add_user(name), role)


def subjects(post: Post) -> list[str]:
    return [letter.subject for letter in post.letters]


# --- few credits


def test_few_credits_are_told_once_for_what_came_last(ada: Payer, post: Post) -> None:
    opens(ada)
    assert subjects(post) == []
    opens(ada)
    assert subjects(post) == ["Ada’s team has one credit left"]
    assert post.letters[0].link == f"http://localhost/accounts/{ada.account}/billing"
    opens(ada)
    daily(ada)
    assert len(post.letters) == 1
    ada.buys(10)
    opens(ada, 8)
    assert len(post.letters) == 1
    opens(ada)
    assert subjects(post)[1:] == ["Ada’s team has one credit left"]


def test_giving_a_credit_back_and_taking_it_again_tells_nothing_new(ada: Payer, post: Post) -> None:
    opens(ada)
    for number in range(3):
        with ada.app.app_context(), transaction():
            entitlements.pay_for_session(ada.account, f"session{number}", name="Sprint", user_id=ada.user)
        with ada.app.app_context(), transaction():
            entitlements.give_back_session(ada.account, f"session{number}")
    assert len(post.letters) == 1


def test_owners_and_admins_are_told_and_nobody_else(ada: Payer, post: Post) -> None:
    seats(ada, "Abe", "admin")
    seats(ada, "Tim", "facilitator")
    opens(ada, 2)
    assert sorted(letter.to for letter in post.letters) == ["abe@example.com", "ada@example.com"]


def test_a_session_is_open_although_the_mail_server_is_down(
    ada: Payer, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the letter goes out with the next one that asks."""

    def down(*_letter: object, **_about: object) -> None:
        raise Undelivered("The mail could not be sent just now.")

    with monkeypatch.context() as broken:
        broken.setattr("poker_app.mail.send", down)
        opens(ada, 2)
    assert (ada.credits, subjects(post)) == (FREE_MONTH - 2, [])
    opens(ada)
    assert subjects(post) == ["Ada’s team has no credits left"]


def test_few_credits_are_a_public_event_once_a_fall(ada: Payer) -> None:
    def written() -> list[tuple[str, int, int]]:
        session.rollback()
        bodies = map(json.loads, session.scalars(select(WebhookDelivery.body).order_by(WebhookDelivery.id)))
        return [(each["type"], each["data"]["balance"], each["data"]["low"]) for each in bodies]

    with ada.app.app_context():
        session.add(
            WebhookEndpoint(
                id=ids.new_id(),
                account_id=ada.account,
                kind="standard",
                name="Ours",
                host="none",
                address_sealed="",
                events=" credits.low ",
                made_at=clock.now(),
                disabled_at=None,
            )
        )
        session.commit()
        opens(ada)
        assert written() == []
        opens(ada)
        assert written() == [("credits.low", 1, 1)]
        opens(ada)
        assert len(written()) == 1
        ada.buys(10)
        opens(ada, 9)
        assert written()[1:] == [("credits.low", 1, 1)]


def test_whose_letter_was_refused_gets_it_later_and_the_others_no_second_one(ada: Payer, post: Post) -> None:
    seats(ada, "Abe", "admin")
    post.unknown = {"abe@example.com"}
    opens(ada, 2)
    assert [letter.to for letter in post.letters] == ["ada@example.com"]
    post.unknown = set()
    opens(ada)
    assert [letter.to for letter in post.letters] == ["ada@example.com", "abe@example.com"]


def test_many_at_once_send_one_letter(ada: Payer, post: Post, app: Flask) -> None:
    opens(ada, 2)
    with app.app_context(), transaction():
        session.query(SentLetter).delete()
    post.letters.clear()

    def ask(_number: int) -> int:
        with app.app_context():
            return billing_mails.tell(ada.account)

    with ThreadPoolExecutor(12) as threads:
        assert sum(threads.map(ask, range(24))) == len(post.letters) == 1


# --- failed payments


def test_a_failed_payment_names_the_day_and_the_end_of_the_grace_is_told(
    ada: Payer, post: Post, double: StripeDouble
) -> None:
    double.after_retries = "unpaid"
    ada.subscribes("team")
    double.cards[ada.row.customer_id] = "bad"
    double.holding = True
    ada.waits(days=30, hours=1)
    double.release(times=3)
    ends = ada.row.past_due_since + timedelta(days=14)
    assert subjects(post) == ["The last payment for Ada’s team failed"]
    assert f"before {ends.day} {ends:%B %Y}" in post.letters[0].text
    double.holding = False
    daily(ada)
    ada.waits(days=13)
    daily(ada)
    assert len(post.letters) == 1
    ada.waits(days=1)
    assert ada.read_only
    daily(ada)
    assert subjects(post)[1:] == ["Ada’s team cannot open new sessions until it is paid"]
    ada.portal("card", card="good")
    daily(ada)
    assert (ada.read_only, len(post.letters)) == (False, 2)


def test_the_next_failure_is_another_one(ada: Payer, post: Post, double: StripeDouble) -> None:
    ada.subscribes("team")
    for months in (1, 2):
        double.cards[ada.row.customer_id] = "bad"
        ada.waits(days=31, hours=1)
        assert len(post.letters) == months
        ada.portal("card", card="good")
        daily(ada)
    assert len(post.letters) == 2


# --- a trial


def test_the_end_of_a_trial_is_told_before_and_after(ada: Payer, post: Post) -> None:
    with ada.app.app_context(), transaction():
        current_plan.start_trial(ada.account, ada.user)
    daily(ada)
    ada.waits(days=10)
    daily(ada)
    assert subjects(post) == []
    ada.waits(days=1)
    daily(ada)
    ends = ada.clock.now() + timedelta(days=3)
    assert subjects(post) == [f"The trial of Team for Ada’s team ends on {ends.day} {ends:%B %Y}"]
    ada.waits(days=3)
    daily(ada)
    assert subjects(post)[1:] == ["The trial of Team for Ada’s team is over"]
    ada.waits(days=30)
    daily(ada)
    assert len(post.letters) == 2


def test_who_subscribed_meanwhile_hears_nothing_of_the_trial_s_end(ada: Payer, post: Post) -> None:
    with ada.app.app_context(), transaction():
        current_plan.start_trial(ada.account, ada.user)
    ada.waits(days=5)
    ada.subscribes("team")
    ada.waits(days=10)
    daily(ada)
    assert subjects(post) == []


def test_a_deleted_account_is_told_nothing(app: Flask, ada: Payer, post: Post) -> None:
    with app.app_context():
        assert billing_mails.tell("nobody") == 0
    assert post.letters == []
