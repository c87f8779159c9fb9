"""Plan and billing: what owners and admins see and do, the page for who has no credit, and asking for some."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from poker_app.accounts.models import Teammate, User
from poker_app.billing import ledger
from poker_app.billing.models import Subscription
from poker_app.db import session, transaction
from poker_app.settings import Settings
from tests.cast import Cast, Clock, Person
from tests.mail_server import Post
from tests.web.route_checks import says


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings.model_copy(update={"billing": "fake"})


@pytest.fixture
def ada(cast: Cast, clock: Clock) -> Person:
    """Owns an account on the free plan."""
    return cast.ada.signs_in()


@pytest.fixture
def ben(cast: Cast, app: Flask, ada: Person) -> Person:
    """A facilitator in it, which Ada's plan has room for."""
    subscribes(app, ada, "team")
    return cast.ben.signs_in("facilitator", ada.account)


def subscribes(app: Flask, person: Person, plan: str, status: str = "active", **more: object) -> None:
    with app.app_context(), transaction():
        session.merge(Subscription(account_id=person.account, plan=plan, status=status, **more))


def granted(app: Flask, person: Person, count: int) -> None:
    with app.app_context(), transaction():
        ledger.grant(person.account, "pack:test", count, source="pack", why="Bought")


def tries(person: Person, name: str = "Sprint 43", **more: str):  # type: ignore[no-untyped-def]
    person.get(f"/sessions/new?account={person.account}")
    form = {"name": name, "deck": "t-shirts", "member_name": person.name, "form_key": name, "account": person.account}
    return person.post("/sessions", {**form, **more}, htmx=False)


def uses_up(person: Person, count: int = 3) -> None:
    for number in range(count):
        assert tries(person, f"Session {number}").status_code == 303


def at(person: Person, more: str = "") -> str:
    return f"/accounts/{person.account}/billing{more}"


# --- out of credits


def test_what_was_typed_waits_for_a_credit(app: Flask, ada: Person) -> None:
    uses_up(ada)
    answer = tries(ada, "Sprint 43", timer_minutes="7", password="between us")
    assert answer.status_code == 402
    for words in ("You are out of credits", "“Sprint 43” is kept", "Buy 10 credits", "€9", "23 Dec"):
        assert words in answer.text, words
    page = ada.get("/sessions/new").text
    assert 'value="Sprint 43"' in page
    assert re.search(r'value="t-shirts"\s+checked', page)
    assert 'value="7"' in page
    assert "between us" not in page
    granted(app, ada, 1)
    assert tries(ada, "Sprint 43").status_code == 303
    assert 'name="name" value="Sprint 43"' not in ada.get("/sessions/new").text


def pays(person: Person, **form: str) -> str:
    """At the checkout that a form leads to; answers with where the person lands."""
    checkout = person.post(at(person, "/purchases"), form, htmx=False).location
    return person.post(f"{checkout}/payment", {"card": "good"}, htmx=False).location


@pytest.mark.parametrize("bought", [{"pack": "10"}, {"plan": "team"}])
def test_buying_for_a_session_starts_it(ada: Person, bought: dict[str, str]) -> None:
    uses_up(ada)
    assert says(tries(ada), "Buy and start session")
    landing = pays(ada, **bought, start="1")
    page = ada.get(landing).text
    assert ("data-start" in page, 'value="Sprint 43"' in page) == (True, True)
    # Loaded again, it waits for a click; and however often its form is sent, one session is opened.
    assert "data-start" not in ada.get(landing).text
    key = re.findall(r'name="form_key" value="([^"]+)"', page)[0]
    opened = {tries(ada, form_key=key).location for _ in range(2)}
    assert len(opened) == 1
    assert "waits to be started" not in ada.get(at(ada)).text


def test_what_was_paid_for_is_awaited(app: Flask, ada: Person) -> None:
    """The provider leads back before it says that it was paid."""
    uses_up(ada)
    tries(ada)
    ada.post(at(ada, "/purchases"), {"pack": "10", "start": "1"}, htmx=False)
    waiting = f"/sessions/new/payment?account={ada.account}"
    page = ada.get(f"/sessions/new?account={ada.account}&paid=1").text
    assert ("data-start" in page, f'hx-get="{waiting}"' in page) == (False, True)
    assert ada.get(waiting).status_code == 204
    granted(app, ada, 10)
    assert "data-start" in ada.get(waiting).text


def test_who_buys_for_later_or_comes_back_without_paying_starts_nothing(ada: Person) -> None:
    uses_up(ada)
    tries(ada)
    assert "data-start" not in ada.get(pays(ada, pack="10")).text
    for number in range(10):
        tries(ada, f"Later {number}")
    tries(ada, "Sprint 44")
    ada.post(at(ada, "/purchases"), {"pack": "10", "start": "1"}, htmx=False)
    page = ada.get(f"/sessions/new?account={ada.account}").text
    assert ("data-start" in page, "starting" in page, 'value="Sprint 44"' in page) == (False, False, True)
    assert says(ada.get(at(ada)), "“Sprint 44” waits to be started")


def test_a_password_that_is_not_kept_is_asked_for_before_the_start(ada: Person) -> None:
    uses_up(ada)
    tries(ada, password="between us")
    page = ada.get(pays(ada, pack="10", start="1"))
    assert ("data-start" in page.text, "between us" in page.text) == (False, False)
    assert says(page, "except for its password: please type it again")


def test_a_long_list_waits_as_far_as_the_cookie_has_room(ada: Person) -> None:
    uses_up(ada)
    lines = [f"PAY-{number} Something to estimate" for number in range(100)]
    tries(ada, tasks="\n".join(lines[:20]))
    assert lines[19] in ada.get("/sessions/new").text
    tries(ada, tasks="\n".join(lines))
    page = ada.get(pays(ada, pack="10", start="1"))
    assert (lines[40] in page.text, lines[80] in page.text, "data-start" in page.text) == (True, False, False)
    assert says(page, "please paste its end again")


def test_a_new_session_says_what_it_costs_and_what_is_left(app: Flask, ada: Person) -> None:
    assert says(ada.get("/sessions/new"), "Takes 1 credit. You have 3 left.")
    uses_up(ada)
    assert says(ada.get("/sessions/new"), "You have none left. What you type here is kept while you get one.")
    subscribes(app, ada, "business")
    assert says(ada.get("/sessions/new"), "Included in Business: sessions need no credits.")


def test_from_the_price_list_to_the_plans_of_ones_account(cast: Cast, ada: Person) -> None:
    page = cast.mallory.get("/").text
    for words in ("Start for free", "Subscribe to Team", "Subscribe to Business", 'href="/plans"'):
        assert words in page, words
    assert cast.mallory.get("/plans").location == "/sign-in?next=/plans"
    assert ada.get("/plans").location == f"{at(ada)}#plans"


@pytest.mark.parametrize(("plan", "larger"), [("", "Move to Team"), ("team", "Move to Business")])
def test_who_is_out_of_credits_is_offered_the_next_plan(app: Flask, ada: Person, plan: str, larger: str) -> None:
    uses_up(ada)
    if plan:
        subscribes(app, ada, plan)
    assert larger in tries(ada).text


def test_who_used_the_trial_up_is_offered_the_plan_itself(app: Flask, ada: Person) -> None:
    ada.post(at(ada, "/trial"), htmx=False)
    with app.app_context(), transaction():
        ledger.spend(ada.account, "spent", ref="", why="Sessions", amount=20)
    assert "Subscribe to Team" in tries(ada).text


def test_a_facilitator_asks_the_owner(app: Flask, ada: Person, ben: Person, post: Post) -> None:
    answer = tries(ben)
    assert answer.status_code == 402
    assert "Ask Ada to add credits" in answer.text
    assert "Buy 10 credits" not in answer.text
    asked = ben.post(at(ada, "/requests"), htmx=False)
    assert (asked.status_code, "has a mail from you" in asked.text) == (200, True)
    letter = post.next_to("ada@example.com")
    assert letter.subject.startswith("Ben needs a credit to open a session for")
    assert letter.link.endswith(at(ada))
    again = ben.post(at(ada, "/requests"), htmx=False)
    assert again.status_code == 429


def test_a_mail_server_that_refuses_costs_nobody_the_hour(ada: Person, ben: Person, post: Post) -> None:
    tries(ben)
    post.refuses = "550 Not today"
    refused = ben.post(at(ada, "/requests"), htmx=False)
    assert (refused.status_code, says(refused, "The mail could not be sent just now.")) == (503, True)
    post.refuses = ""
    assert ben.post(at(ada, "/requests"), htmx=False).status_code == 200
    assert ben.post(at(ada, "/requests"), htmx=False).status_code == 429


def test_only_who_was_written_to_is_said_to_have_a_mail(
    app: Flask, cast: Cast, ada: Person, ben: Person, post: Post
) -> None:
    cast.cleo.signs_in("owner", ada.account)
    no_address(app, cast.cleo)
    cast.gus.signs_in("owner", ada.account)
    post.unknown = {"gus@example.com"}
    assert says(tries(ben), "Ask Ada and Gus to add credits")
    assert says(ben.post(at(ada, "/requests"), htmx=False), "Ada has a mail from you.")


def test_where_no_owner_has_an_address_nobody_is_asked(app: Flask, ada: Person, ben: Person) -> None:
    no_address(app, ada)
    answer = tries(ben)
    assert (says(answer, "to add credits"), says(answer, "please ask one yourself")) == (False, True)
    assert says(ben.post(at(ada, "/requests"), htmx=False), "Nobody was asked")


def no_address(app: Flask, person: Person) -> None:
    with app.app_context(), transaction():
        session.get_one(User, person.user).email = None


def test_an_overdue_account_opens_nothing(app: Flask, ada: Person, clock: Clock) -> None:
    subscribes(app, ada, "business", "past_due", past_due_since=clock.now())
    clock.forward(days=14)
    answer = tries(ada)
    assert answer.status_code == 402
    assert "The last payment failed" in answer.text


# --- the page


def test_owners_see_plan_credits_and_history(ada: Person) -> None:
    uses_up(ada, 1)
    page = ada.get(at(ada)).text
    for words in ("Free plan", "credits left", "2 of 3 monthly credits left", "“Session 0”", "Ada", "Credit history"):
        assert words in page, words


def test_the_month_s_credits_count_before_they_are_asked_for(ada: Person) -> None:
    assert ">3</span>" in ada.get(at(ada)).text


def test_facilitators_and_strangers_do_not(ada: Person, ben: Person, cast: Cast) -> None:
    refused = ben.get(at(ada))
    assert refused.status_code == 403
    assert says(refused, "Only an owner or admin may see plan and billing.")
    assert ben.get(at(ada, "/credits.csv")).status_code == 403
    gus = cast.gus.signs_in()
    assert gus.get(at(ada)).status_code == 404
    assert cast.mallory.get(at(ada)).status_code == 303


def test_the_history_goes_back_page_by_page(app: Flask, ada: Person) -> None:
    with app.app_context(), transaction():
        for number in range(60):
            ledger.grant(ada.account, f"pack:{number}", 1, source="pack", why=f"Pack {number}")
    first = ada.get(at(ada)).text
    assert ("Pack 59<" in first, "Pack 9<" in first) == (True, False)
    earlier = re.search(r'href="([^"]+before=\d+[^"]*)"', first)
    assert earlier
    assert "Pack 9<" in ada.get(earlier[1].partition("#")[0]).text


@pytest.mark.parametrize("before", ["x", "-1", "9" * 10, "9" * 19, "9" * 30, "٣", "%00"])
def test_a_page_that_is_none(ada: Person, before: str) -> None:
    assert ada.get(at(ada, f"?before={before}")).status_code == 200


def test_the_history_as_a_file(ada: Person) -> None:
    tries(ada, "=cmd()")
    lines = ada.get(at(ada, "/credits.csv")).text.splitlines()
    assert lines[0].removeprefix("\ufeff") == "at,what,who,change,balance"
    assert lines[1].endswith(",Ada,-1,2")
    assert lines[2].endswith(",Faceup,3,3")


def test_a_trial_begins_once(ada: Person) -> None:
    assert "Try Team for 14 days" in ada.get(at(ada)).text
    assert ada.post(at(ada, "/trial"), htmx=False).status_code == 303
    page = ada.get(at(ada)).text
    assert ("Team plan" in page, "The trial ends on" in page, "Try Team" in page) == (True, True, False)
    assert ada.post(at(ada, "/trial"), htmx=False).status_code == 409


def test_what_is_tried_can_be_subscribed_to(ada: Person) -> None:
    ada.post(at(ada, "/trial"), htmx=False)
    page = ada.get(at(ada)).text
    assert ("Subscribe to Team" in page, "Your plan now" in page) == (True, False)
    assert ada.post(at(ada, "/purchases"), {"plan": "team"}, htmx=False).status_code == 303


def test_buying_leads_to_the_checkout(ada: Person) -> None:
    for form in ({"pack": "50"}, {"plan": "team"}):
        ada.get(at(ada))
        assert ada.post(at(ada, "/purchases"), form, htmx=False).status_code == 303
    for form in ({"pack": "51"}, {"plan": "free"}, {}):
        assert ada.post(at(ada, "/purchases"), form, htmx=False).status_code == 404
    assert ada.post(at(ada, "/portal"), htmx=False).status_code == 303


def test_a_plan_that_was_cancelled_can_be_kept(ada: Person) -> None:
    ada.get(at(ada))
    checkout = ada.post(at(ada, "/purchases"), {"plan": "team"}, htmx=False).location
    ada.post(f"{checkout}/payment", {"card": "good"}, htmx=False)
    page = ada.get(at(ada)).text
    for words in ("Renews on", "the next ones come on", "Cancel plan", "Go back to Free"):
        assert words in page, words
    cancelling = ada.post(at(ada, "/portal"), {"door": "cancel"}, htmx=False).location
    ada.post(f"{cancelling}/cancellation", htmx=False)
    assert "Do not cancel after all" not in ada.get(cancelling).text
    page = ada.get(at(ada)).text
    for words, seen in (("The plan ends on", True), ("the next ones come", False), ("Cancel plan", False)):
        assert (words in page) == seen, words
    assert "Go back to Free" not in page
    assert re.search(r'<button class="btn" name="door" value="">Keep the plan</button>', page)
    overview = ada.post(at(ada, "/portal"), {"door": ""}, htmx=False).location
    assert "Do not cancel after all" in ada.get(overview).text
    ada.post(f"{overview}/resumption", htmx=False)
    assert "Renews on" in ada.get(at(ada)).text


def test_who_cancelled_waits_for_no_credits(app: Flask, ada: Person, clock: Clock) -> None:
    uses_up(ada)
    ends = clock.now() + timedelta(days=20)
    subscribes(app, ada, "team", subscription_id="sub_1", period_end=ends)
    assert "<h2>Wait</h2>" in tries(ada).text
    subscribes(app, ada, "team", ends_at=ends)
    assert "<h2>Wait</h2>" not in tries(ada).text


def test_where_nothing_is_sold_nothing_is_shown(app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poker_app.billing._offer", None)
    assert ada.get(at(ada)).status_code == 404
    assert "Plan and billing" not in ada.get(f"/accounts/{ada.account}").text
    with app.app_context():
        assert session.query(Teammate).count() == 1


# --- after a downgrade


def test_who_has_no_place_is_told_what_to_do_and_keeps_what_was_typed(app: Flask, ada: Person, ben: Person) -> None:
    subscribes(app, ada, "team", "canceled")
    assert says(ada.get(at(ada)), "One teammate is more than this plan allows.")
    ben.get(f"/sessions/new?account={ada.account}")
    form = {"name": "Sprint 44", "deck": "t-shirts", "member_name": "Ben", "form_key": "44", "account": ada.account}
    answer = ben.post("/sessions", form, htmx=False)
    assert (answer.status_code, says(answer, "ask an owner to choose a larger plan")) == (402, True)
    assert 'value="Sprint 44"' in answer.text
    assert ben.get(f"/accounts/{ada.account}").status_code == 200
    subscribes(app, ada, "team")
    granted(app, ada, 1)
    assert ben.post("/sessions", form, htmx=False).status_code == 303


def test_a_report_that_the_plan_does_not_show(app: Flask, ada: Person, clock: Clock) -> None:
    table = ada.opens(account=ada.account)
    ada.ends(table)
    files = [f"/report.{ending}" for ending in ("csv", "json", "md", "txt", "xlsx")]
    paths = [f"{table.path}{path}" for path in ("", "/report", *files)]
    clock.forward(days=29)
    assert {ada.get(path).status_code for path in paths} == {200}
    clock.forward(days=1)
    for path in paths:
        answer = ada.get(path)
        assert (answer.status_code, says(answer, "with a larger plan it opens again")) == (402, True)
    subscribes(app, ada, "team")
    assert {ada.get(path).status_code for path in paths} == {200}
