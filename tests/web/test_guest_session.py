"""A session without an account: who may open one, what its pages say, and how signing up keeps it."""

from dataclasses import replace

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from poker_app.accounts import memberships
from poker_app.accounts.models import Teammate, User
from poker_app.billing import ledger
from poker_app.db import session
from poker_app.poker.models import PokerSession
from poker_app.rules.plans import GUESTS, MAX_GUEST_ROUNDS
from poker_app.settings import Settings
from poker_app.web.home import guest_session
from tests.cast import Cast, Person, Table, add_user
from tests.conftest import lent
from tests.mail_server import Post
from tests.web.route_checks import says

FORM = {"name": "Trying it", "deck": "fibonacci", "member_name": "Gus", "form_key": "once"}
GOOD = "vier kleine Igel"


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings.model_copy(update={"billing": "fake"})


@pytest.fixture
def table(app: Flask, cast: Cast) -> Table:
    """Gus's session without an account, where Ben votes."""
    table = Table(app, opens(cast.gus).location.rsplit("/", 1)[1])
    cast.ben.joins(table)
    return table


def opens(person: Person, **form: str) -> TestResponse:
    person.get("/try")
    return person.post("/try", {**FORM, **form}, htmx=False)


def plays_all(cast: Cast, table: Table) -> None:
    for number in range(MAX_GUEST_ROUNDS):
        if number:
            assert cast.gus.calls_another_vote(table).status_code == 200
        assert cast.ben.votes(table, "5").status_code == 200
        assert cast.gus.reveals(table).status_code == 200


def owner(app: Flask, table: Table) -> tuple[str, int]:
    """Whose the session is: the names of the account's teammates, and the credits that they have left."""
    with app.app_context():
        account = table.row.account_id
        names = session.query(User.name).join(Teammate).where(Teammate.account_id == account).all()
        return ", ".join(name for (name,) in names), ledger.balance(account)


def signs_in(person: Person, post: Post, onward: str) -> TestResponse:
    """By a link that is mailed to Gus."""
    person.post("/sign-in/link", {"email": "gus@example.com", "next": onward}, htmx=False)
    return person.post(mailed(post.next_to("gus@example.com").link), {"name": "Gus"}, htmx=False)


def mailed(letter_link: str) -> str:
    return letter_link.removeprefix("http://localhost")


# --- opening


def test_it_is_offered_where_an_account_would_be_needed(cast: Cast) -> None:
    for page in ("/", "/sign-in", "/sign-in?next=/sessions/new"):
        assert 'href="/try"' in cast.gus.get(page).text, page
    page = cast.gus.get("/try")
    assert (page.status_code, says(page, "up to 5 people and 5 rounds. No report is kept")) == (200, True)
    assert "teammates_only" not in page.text
    cast.gus.signs_in()
    assert 'href="/try"' not in cast.gus.get("/").text
    assert cast.gus.get("/try").location == "/sessions/new"


@pytest.mark.parametrize("otherwise", [{"billing": "off"}, {"billing": "off", "auth": "open"}])
def test_it_is_nowhere_where_nothing_is_sold(settings: Settings, otherwise: dict[str, str]) -> None:
    with lent(settings.model_copy(update=otherwise)) as other:
        gus = Cast(other).gus
        assert (gus.get("/try").status_code, opens(gus).status_code) == (404, 404)
        assert 'href="/try"' not in gus.get("/").text + gus.get("/sign-in").text
        with other.app_context():
            assert session.query(PokerSession).count() == 0


def test_a_form_sent_twice_opens_one_and_counts_once(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guest_session, "OPENED", replace(guest_session.OPENED, most=2))
    assert len({opens(cast.gus).location for _ in range(5)}) == 1
    assert opens(cast.mallory).status_code == 409  # a form that another browser sent
    wrong = opens(cast.gus, form_key="wrong", deck="tarot")
    assert (wrong.status_code, says(wrong, "Choose one of the decks.")) == (422, True)
    assert 'value="Trying it"' in wrong.text
    assert opens(cast.gus, form_key="second").status_code == 303
    refused = opens(cast.gus, form_key="third")
    assert (refused.status_code, says(refused, "2 sessions without an account were opened")) == (429, True)
    assert ('value="Trying it"' in refused.text, int(refused.headers["Retry-After"]) > 0) == (True, True)
    with app.app_context():
        assert session.query(PokerSession).count() == 2


def test_who_signed_in_meanwhile_is_told_what_it_costs(app: Flask, cast: Cast) -> None:
    cast.gus.get("/try")
    cast.gus.signs_in()
    answer = cast.gus.post("/try", FORM, htmx=False)
    page = cast.gus.get(answer.location)
    assert (answer.status_code, 'value="Trying it"' in page.text, says(page, "Takes 1 credit.")) == (303, True, True)
    with app.app_context():
        assert session.query(PokerSession).count() == 0


# --- at the table


def test_its_pages_say_what_it_has(cast: Cast, table: Table) -> None:
    assert says(cast.ben.get(table.path), "0 of 5 rounds, 2 of 5 people.")
    for name in ("Dora", "Eli", "Fay"):
        cast.person(name).joins(table)
    cast.mallory.get(f"{table.path}/join")
    refused = cast.mallory.post(f"{table.path}/members", {"member_name": "Mallory", "role": "spectator"}, htmx=False)
    assert (refused.status_code, says(refused, "without an account it is for 5 people. A facilitator can")) == (
        409,
        True,
    )
    assert says(cast.gus.get(f"{table.path}/vote-table"), "5 of 5 people.")
    assert "teammates_only" not in cast.gus.get(f"{table.path}/options").text


def test_the_last_round_leads_on(cast: Cast, table: Table) -> None:
    plays_all(cast, table)
    refused = cast.gus.calls_another_vote(table)
    assert (refused.status_code, says(refused, "A facilitator can sign up to go on")) == (402, True)
    assert cast.gus.finalizes(table, "5").status_code == 200
    assert cast.ben.votes(table, "5").status_code == 402
    mine, theirs = cast.gus.get(table.path), cast.ben.get(table.path)
    assert ("Sign up and go on" in mine.text, "Sign up and go on" in theirs.text) == (True, False)
    assert says(theirs, "A facilitator can sign up to go on.")
    assert (says(theirs, "No round is left"), says(theirs, "Thinking")) == (True, False)
    assert "Nudge" not in cast.gus.get(f"{table.path}/people").text
    assert 'id="hand"' not in mine.text + theirs.text


def test_its_end_leaves_no_report(cast: Cast, table: Table) -> None:
    cast.ben.votes(table, "5")
    cast.gus.reveals(table)
    cast.gus.finalizes(table, "5")
    assert says(cast.gus.get(table.path), "Without an account no report is kept.")
    assert cast.gus.ends(table).status_code == 200
    for kind in ("", ".csv", ".json", ".md"):
        for person in (cast.gus, cast.ben):
            assert person.get(f"{table.path}/report{kind}").status_code == 402
        assert cast.mallory.get(f"{table.path}/report{kind}").status_code == 404
    mine, theirs = cast.gus.get(table.path), cast.ben.get(table.path)
    assert says(mine, "1 task estimated.")
    assert ("Sign up and keep the report" in mine.text, "Sign up and keep" in theirs.text) == (True, False)
    assert says(cast.mallory.get(f"{table.path}/join"), "no report of it is kept")
    assert cast.gus.post(f"{table.path}/reopening", htmx=False).status_code == 303
    assert cast.ben.get(f"{table.path}/vote-table").status_code == 200


def test_nobody_acts_for_the_account_of_guests(cast: Cast, table: Table) -> None:
    mallory = cast.mallory.signs_in()
    for page in ("", "/team", "/billing", "/settings", "/log", "/series/new"):
        assert mallory.get(f"/accounts/{GUESTS}{page}").status_code == 404, page
    assert mallory.post(f"/accounts/{GUESTS}/sessions/{table.id}/deletion", htmx=False).status_code == 404
    assert mallory.post("/sessions", {**FORM, "account": GUESTS}, htmx=False).status_code == 404
    assert mallory.get(f"{table.path}/report").status_code == 404


# --- signing up


def test_signing_up_with_a_password_keeps_it(app: Flask, cast: Cast, table: Table, post: Post) -> None:
    plays_all(cast, table)
    way = cast.gus.get(f"{table.path}/claim").location
    assert way == f"/sign-in?next={table.path}/claim"
    costs = "That takes 1 credit, unless your plan needs none; a new account has 3 a month, free."
    assert says(cast.gus.get(way), costs)
    form = {"name": "Gus", "email": "gus@example.com", "password": GOOD, "next": f"{table.path}/claim"}
    cast.gus.post("/sign-up", form, htmx=False)
    answer = cast.gus.post(mailed(post.next_to("gus@example.com").link), htmx=False)
    assert (answer.status_code, answer.location) == (303, f"{table.path}/claim")
    assert cast.gus.get(answer.location).location == table.path
    assert owner(app, table) == ("Gus", 2)
    # The same table, in another tab too: the same facilitator, Ben's card, and another round.
    assert cast.gus.calls_another_vote(table).status_code == 200
    assert cast.ben.votes(table, "8").status_code == 200
    assert "No account:" not in cast.ben.get(table.path).text
    assert cast.gus.post(f"{table.path}/claim", htmx=False).location == table.path
    assert owner(app, table) == ("Gus", 2)
    assert "Trying it" in cast.gus.get("/dashboard", follow_redirects=True).text


def test_by_a_mailed_link_in_another_browser_it_waits_for_this_one(
    app: Flask, cast: Cast, table: Table, post: Post
) -> None:
    onward = f"{table.path}/claim"
    phone = cast.person("Gus's phone")
    assert signs_in(phone, post, onward).location == onward
    page = phone.get(onward)
    assert (page.status_code, says(page, "you opened the session in another browser")) == (404, True)
    assert owner(app, table) == ("", 0)
    assert signs_in(cast.gus, post, onward).location == onward
    assert owner(app, table) == ("Gus", 2)


def test_signing_in_for_something_else_keeps_nothing(app: Flask, cast: Cast, table: Table, post: Post) -> None:
    signs_in(cast.gus, post, "/dashboard")
    assert owner(app, table) == ("", 0)
    page = cast.gus.get(f"{table.path}/claim")
    assert (says(page, "Keep Trying it?"), says(page, "Takes 1 credit. You have 3 left.")) == (True, True)
    assert cast.gus.post(f"{table.path}/claim", htmx=False).location == table.path
    assert owner(app, table) == ("Gus", 2)


def test_without_a_credit_it_stays_a_guest_s_and_says_so(app: Flask, cast: Cast, table: Table) -> None:
    cast.gus.signs_in()
    for number in range(3):
        cast.gus.opens(f"Sprint {number}")
    app.jinja_env.globals["GUEST_KEPT"] = "a fortnight"
    page = cast.gus.get(f"{table.path}/claim")
    assert (says(page, "none left."), "Plan and billing" in page.text) == (True, True)
    assert says(page, "The session stays as it is until a fortnight after its end.")
    refused = cast.gus.post(f"{table.path}/claim", htmx=False)
    assert (refused.status_code, says(refused, "this account has none left")) == (402, True)
    assert owner(app, table) == ("", 0)
    assert cast.gus.get(table.path).status_code == 200


def test_with_several_accounts_it_asks_which_one_pays(app: Flask, cast: Cast, table: Table, post: Post) -> None:
    with app.app_context():
        accounts = [memberships.make_account(add_user("Gus"), "One").account.id]
        accounts += [memberships.make_account(session.query(User).one(), "Two").account.id]
    signs_in(cast.gus, post, f"{table.path}/claim")
    assert owner(app, table) == ("", 0)
    assert f'href="{table.path}/claim?account={accounts[1]}"' in cast.gus.get(f"{table.path}/claim").text
    assert cast.gus.post(f"{table.path}/claim", {"account": GUESTS}, htmx=False).status_code == 404
    assert cast.gus.post(f"{table.path}/claim", {"account": accounts[1]}, htmx=False).location == table.path
    with app.app_context():
        assert table.row.account_id == accounts[1]
    assert cast.gus.post(f"{table.path}/claim", {"account": accounts[0]}, htmx=False).status_code == 409


def test_only_who_facilitates_keeps_it(app: Flask, cast: Cast, table: Table) -> None:
    ben = cast.ben.signs_in()
    mallory = cast.mallory.signs_in()
    for person, status in ((ben, 403), (mallory, 404), (cast.person("Nobody"), 404), (cast.gus, 303)):
        for ask in (person.get, person.post):
            assert ask(f"{table.path}/claim").status_code == status, person.name
    assert owner(app, table) == ("", 0)
