"""A credit is never spent twice, and a retry is the first try: two hundred at once, on both databases."""

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from poker_app.accounts.memberships import make_account
from poker_app.accounts.models import User
from poker_app.billing import ledger
from poker_app.billing.models import CreditAccount, CreditTxn, Subscription
from poker_app.db import session, transaction
from poker_app.poker.models import Member, PokerSession
from poker_app.settings import Settings
from tests.cast import Cast, Person
from tests.concurrency.conftest import each_at_once, same_browser
from tests.conftest import SIGNED_IN

MANY = 200


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={**SIGNED_IN, "billing": "fake"})


@pytest.fixture
def owner(app: Flask, cast: Cast) -> Person:
    """Ada, with one credit left; what she opened before is there."""
    cast.ada.signs_in()
    for name in ("One", "Two"):
        cast.ada.opens(name)
    assert left(app, cast.ada) == 1
    return cast.ada


def left(app: Flask, person: Person) -> int:
    with app.app_context():
        return ledger.balance(person.account)


def opens(number: int, tab: Person, key: str) -> TestResponse:
    """One tab sends its form, from an address of its own: how often one address may ask is another limit."""
    form = {"name": "Sprint", "deck": "fibonacci", "member_name": "Ada", "form_key": key}
    return tab.post("/sessions", form, htmx=False, environ_base={"REMOTE_ADDR": f"10.0.0.{number}"})


def the_books_agree(app: Flask, account: str) -> None:
    with app.app_context():
        lines = session.query(CreditTxn).filter_by(account_id=account).all()
        kept = session.get_one(CreditAccount, account).balance
        assert kept == sum(line.amount for line in lines) >= 0


def test_one_credit_opens_one_session(app: Flask, owner: Person) -> None:
    tabs = same_browser(owner, MANY)
    answers = each_at_once(lambda tab: opens(*tab, f"key {tab[0]}"), enumerate(tabs))
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(303), statuses.count(402)) == (1, MANY - 1)
    with app.app_context():
        assert session.query(PokerSession).count() == 3
    assert left(app, owner) == 0
    the_books_agree(app, owner.account)


def test_one_form_sent_many_times_is_one_session_and_one_credit(app: Flask, owner: Person) -> None:
    tabs = same_browser(owner, MANY)
    answers = each_at_once(lambda tab: opens(*tab, "the same"), enumerate(tabs))
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, answers[0].location)}
    with app.app_context():
        assert session.query(PokerSession).count() == 3
        assert session.query(Member).filter(Member.name == "Ada").count() == 3
    assert left(app, owner) == 0
    the_books_agree(app, owner.account)


def test_reopened_and_ended_by_many_a_session_costs_one_credit_or_none(app: Flask, owner: Person) -> None:
    table = owner.opens("Three")
    for _ in range(2):
        each_at_once(lambda tab: tab.post(f"{table.path}/ending"), same_browser(owner, 6))
        assert left(app, owner) == 1
        each_at_once(lambda tab: tab.post(f"{table.path}/reopening"), same_browser(owner, 6))
        assert left(app, owner) == 0
    the_books_agree(app, owner.account)


def test_two_clicks_on_the_trial_begin_it_once(app: Flask, owner: Person) -> None:
    tabs = same_browser(owner, 8)
    path = f"/accounts/{owner.account}/billing/trial"
    answers = each_at_once(lambda tab: tab.post(path, htmx=False), tabs)
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(303), statuses.count(409)) == (1, 7)
    assert left(app, owner) == 21
    the_books_agree(app, owner.account)


def test_accounts_of_one_company_begin_one_trial_at_once(app: Flask, owner: Person) -> None:
    """Each clicks for an account of their own; Ada for two, from two tabs."""
    people = [Person(app, f"p{number}").signs_in() for number in range(5)]
    with app.app_context():
        second = make_account(session.get_one(User, owner.user), "A second one").account.id
    clicks = [(tab, account) for tab in same_browser(owner, 2) for account in (owner.account, second)]
    clicks += [(person, person.account) for person in people]
    path = "/accounts/{}/billing/trial"
    answers = each_at_once(lambda click: click[0].post(path.format(click[1]), htmx=False).status_code, clicks)
    assert (answers.count(303), answers.count(409)) == (1, len(clicks) - 1)
    with app.app_context():
        assert session.query(Subscription).filter(Subscription.trial_ends_at.is_not(None)).count() == 1


def test_one_key_of_the_ledger_counts_once_for_many(app: Flask, owner: Person) -> None:
    def grant(_number: int) -> int:
        with app.app_context(), transaction():
            return ledger.grant(owner.account, "pack:1", 10, source="pack", why="Bought").id

    assert len(set(each_at_once(grant, range(24)))) == 1
    assert left(app, owner) == 11
    the_books_agree(app, owner.account)
