"""The operator's page: for whom OPERATORS names, and for nobody else anything at all."""

import re
from html import unescape

import pytest
from flask import Flask
from pydantic import ValidationError
from sqlalchemy import select

from poker_app import create_app, jobs
from poker_app.billing import webhooks
from poker_app.billing.models import WebhookEvent
from poker_app.db import db, session, transaction
from poker_app.poker.models import MessageCount
from poker_app.settings import Settings
from tests.cast import Cast, Clock, Person
from tests.conftest import SIGNED_IN
from tests.paying_account import Payer, with_stripe
from tests.stripe_double import StripeDouble
from tests.web.route_checks import says

PAGES = ("/operator", "/operator/accounts", "/operator/sessions", "/operator/webhooks")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={**SIGNED_IN, "operators": [" Olga@Example.com "], "billing": "fake"})


@pytest.fixture
def olga(cast: Cast) -> Person:
    return cast.person("Olga").signs_in()


def text(person: Person, path: str) -> str:
    answer = person.get(path)
    assert answer.status_code == 200, answer.text
    return " ".join(unescape(re.sub("<[^>]+>", " ", answer.text.partition("<main")[2])).split())


# --- who


@pytest.mark.parametrize("path", PAGES)
def test_operators_and_nobody_else(cast: Cast, olga: Person, path: str) -> None:
    assert olga.get(path).status_code == 200
    owner = cast.ada.signs_in("owner", olga.account)
    nameless = cast.gus.signs_in()
    with cast._app.app_context(), transaction():
        session.execute(db.update(db.metadata.tables["app_user"]).values(email=None).where(db.text("name = 'Gus'")))
    for person in (owner, nameless, cast.mallory):
        answer = person.get(path)
        assert answer.status_code == 404
        assert says(answer, "There is nothing at this address.")


def test_it_is_in_an_operator_s_menu_only(cast: Cast, olga: Person) -> None:
    assert 'href="/operator"' in olga.get("/me").text
    assert 'href="/operator"' not in cast.ada.signs_in("owner", olga.account).get("/me").text


def test_where_nobody_signs_in_there_is_none(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"auth": "open", "billing": "off"}))
    assert [app.test_client().get(path).status_code for path in PAGES] == [404] * 4


def test_operators_need_people_who_sign_in() -> None:
    with pytest.raises(ValidationError, match="OPERATORS also needs AUTH=accounts"):
        Settings(_env_file=None, secret_key="x", operators=["a@example.com"])


def test_without_billing_nothing_is_said_of_payments(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"billing": "off"}))
    olga = Cast(app).person("Olga").signs_in()
    assert [olga.get(path).status_code for path in PAGES] == [200, 200, 200, 404]
    assert olga.post("/operator/webhooks/x/replay").status_code == 404
    page = olga.get("/operator").text
    assert "Payments Off" in text(olga, "/operator")
    assert "/operator/webhooks" not in page
    assert "Plan" not in text(olga, "/operator/accounts")
    with app.app_context():
        db.engine.dispose()


# --- what


def test_everything_is_empty_at_first(olga: Person) -> None:
    assert "No job has run yet." in text(olga, "/operator")
    assert "No session is live just now." in text(olga, "/operator/sessions")
    assert "Nobody has opened a session yet." in text(olga, "/operator/sessions?show=all")
    assert "Nothing has failed" in text(olga, "/operator/webhooks")


def test_the_overview(olga: Person, app: Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    olga.opens()
    with app.app_context():
        jobs.purge()
        monkeypatch.setattr("poker_app.jobs._replay", lambda: {}["nothing"])
        with pytest.raises(LookupError):
            jobs.replay_webhooks()
        session.remove()
    seen = text(olga, "/operator")
    assert "Live sessions 1 of 1 Accounts 1 Users 1" in seen
    assert "There is no engine: browsers poll every few seconds." in seen
    assert "daily has not run in 90 days Never" in seen
    assert re.search(r"replay-webhooks \d+ November 2026, \d\d:\d\d UTC Failed", seen)
    assert "replay-webhooks KeyError 0.0 s Failed" in seen
    assert "purge nothing to do 0.0 s Done" in seen


def test_an_engine_that_rests_is_said_so(
    olga: Person, settings: Settings, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    app.config["SETTINGS"] = settings.model_copy(update={"realtime": "soketi"})
    assert "The engine is soketi , and this process reaches it." in text(olga, "/operator")
    monkeypatch.setattr("poker_app.realtime.ready", lambda: False)
    assert "this process pauses it for some seconds at a time" in text(olga, "/operator")


def test_accounts_by_name_id_and_address(olga: Person, cast: Cast) -> None:
    ada = cast.ada.signs_in()
    cast.ben.signs_in("admin", ada.account)
    seen = text(olga, "/operator/accounts")
    assert "2 accounts" in seen
    assert re.search(rf"{ada.account} ada@example.com \d+ \w+ \d{{4}} 2 0 Free 3", seen)
    for find in ("ada", ada.account, "BEN@exam"):
        found = text(olga, f"/operator/accounts?find={find}")
        assert "1 account with" in found
        assert olga.account not in found
    assert "No account has that in its name" in text(olga, "/operator/accounts?find=%25")


def test_sessions_live_and_all_with_what_they_cost(olga: Person, cast: Cast, app: Flask, clock: Clock) -> None:
    table = olga.opens("Checkout")
    cast.ben.joins(table)
    over = olga.opens("Long ago")
    olga.ends(over)
    with app.app_context(), transaction():
        for day in (1, 2):
            at = clock.now().replace(day=day).date()
            session.add(MessageCount(session_id=table.id, day=at, published=10, delivered=1_000))
    live = text(olga, "/operator/sessions")
    assert "1 live session" in live
    assert re.search(rf"Checkout Live {table.id} .* 23 Nov 2026 2 2,020 20", live)
    assert "Long ago" not in live
    everything = text(olga, "/operator/sessions?show=all")
    assert "2 sessions" in everything
    assert re.search(rf"Long ago {over.id} .* 23 Nov 2026 – 0 0", everything)
    assert "1 session with" in text(olga, "/operator/sessions?show=all&find=long")
    assert "No live session or account" in text(olga, "/operator/sessions?find=long")


def test_no_session_s_code_or_card_is_there(olga: Person, cast: Cast) -> None:
    table = olga.opens("Checkout")
    cast.ben.joins(table)
    cast.ben.votes(table, "34")
    page = olga.get("/operator/sessions").text
    assert table.row.code not in page
    assert f"/sessions/{table.id}" not in page


def test_pages(olga: Person, cast: Cast) -> None:
    for number in range(26):
        cast.person(f"Guest{number}").signs_in()
    first, second = (text(olga, f"/operator/accounts?page={page}") for page in (1, 2))
    assert "Page 1 of 2, 27 accounts" in first
    assert "Page 2 of 2, 27 accounts" in second
    shown = re.findall(r"\w+@example.com", first + second)
    assert (len(shown), len(set(shown)), first.count("@example.com")) == (27, 27, 25)
    for odd in ("99", "0", "-1", "x", "9" * 30, "²"):
        assert olga.get(f"/operator/accounts?page={odd}").status_code == 200
    assert says(olga.get("/operator/accounts?page=99"), "Page 2 of 2")


# --- payment events that failed


@pytest.fixture
def stripe(settings: Settings, double: StripeDouble) -> Flask:
    return create_app(with_stripe(settings, double).model_copy(update={"operators": ["olga@example.com"]}))


def test_what_failed_is_done_again_by_hand(stripe: Flask, double: StripeDouble, clock: Clock) -> None:
    payer, olga = Payer(stripe, double, clock), Cast(stripe).person("Olga").signs_in()
    payer.buys(10)
    with stripe.app_context(), transaction():
        event = session.scalars(select(WebhookEvent).where(WebhookEvent.type == "checkout.session.completed")).one()
        event.done_at, event.tries, event_id = None, webhooks.MAX_TRIES, event.id
    assert "Nothing has failed" in text(olga, "/operator/webhooks")  # a first try may be under way
    clock.forward(minutes=5)
    assert "1 event that failed Event" in text(olga, "/operator/webhooks")
    assert "Failed payment events 1" in text(olga, "/operator")

    double.failing = True
    answer = olga.post(f"/operator/webhooks/{event_id}/replay", htmx=False)
    assert (answer.status_code, answer.location) == (303, "/operator/webhooks")
    seen = text(olga, "/operator/webhooks")
    assert seen.count("It failed again:") == 1
    assert "1 event that failed Event" in seen

    double.failing = False
    olga.post(f"/operator/webhooks/{event_id}/replay", htmx=False)
    seen = text(olga, "/operator/webhooks")
    assert "The event has been processed." in seen
    assert "Nothing has failed" in seen
    assert payer.credits == 10  # and none of them twice

    olga.post(f"/operator/webhooks/{event_id}/replay", htmx=False)
    assert payer.credits == 10
    assert olga.post("/operator/webhooks/evt_none/replay", htmx=False).status_code == 404
    assert Cast(stripe).mallory.post(f"/operator/webhooks/{event_id}/replay", htmx=False).status_code == 404
    with stripe.app_context():
        db.engine.dispose()
