"""An account with as many teammates as its plan allows: who invites is warned, and who is invited has ways on."""

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from poker_app.accounts.models import User
from poker_app.billing.models import Subscription
from poker_app.db import session, transaction
from poker_app.settings import Settings
from tests.cast import Cast, Person
from tests.mail_server import Post
from tests.web.route_checks import says

FULL = "Your plan is for one facilitator, and no more can join."


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings.model_copy(update={"billing": "fake"})


@pytest.fixture
def ada(cast: Cast) -> Person:
    """Owns an account on the free plan, which has a place for her alone."""
    return cast.ada.signs_in()


def invites(ada: Person, emails: str, **more: str) -> TestResponse:
    form = {"emails": emails, "role": "facilitator", **more}
    return ada.post(f"/accounts/{ada.account}/invitations", form, htmx=False)


def invited(ada: Person, post: Post, email: str = "ben@example.com") -> str:
    """The path of the link in the mail."""
    assert invites(ada, email, anyway="1").status_code == 303
    return post.next_to(email).link.removeprefix("http://localhost")


def subscribes(app: Flask, person: Person, plan: str) -> None:
    with app.app_context(), transaction():
        session.merge(Subscription(account_id=person.account, plan=plan, status="active"))


def has_address(app: Flask, person: Person, email: str) -> None:
    with app.app_context(), transaction():
        session.get_one(User, person.user).email = email


def test_who_invites_beyond_the_plan_is_warned_first(app: Flask, ada: Person, post: Post) -> None:
    assert says(
        ada.get(f"/accounts/{ada.account}/team"), "nobody can accept an invitation until you choose a larger plan"
    )
    answer = invites(ada, "ben@example.com")
    assert (answer.status_code, says(answer, FULL)) == (402, True)
    for words in ("See the plans", "Send them anyway", ">ben@example.com</textarea>"):
        assert words in answer.text, words
    assert post.letters == []
    assert invites(ada, "ben@example.com", anyway="1").status_code == 303
    assert [letter.to for letter in post.letters] == ["ben@example.com"]
    # Team is for five facilitators; who waits counts, and who waits already is no warning.
    subscribes(app, ada, "team")
    assert invites(ada, "cleo@example.com, dora@example.com, emil@example.com").status_code == 303
    assert invites(ada, "cleo@example.com").status_code == 303
    assert says(invites(ada, "finn@example.com"), "and only 4 more can join.")


def test_who_is_invited_is_told_before_signing_in(ada: Person, cast: Cast, post: Post) -> None:
    page = cast.gus.get(invited(ada, post))
    assert (page.status_code, says(page, "Ada’s team is full")) == (200, True)
    assert says(page, "Its plan is for one facilitator, and no more can join.")
    for words in ("Ask the owner to let you in", 'href="/sessions/new"', 'name="code"'):
        assert words in page.text, words
    assert "Sign in to join" not in page.text


def test_the_owner_is_told_who_waits_once_a_day(ada: Person, cast: Cast, post: Post) -> None:
    link = invited(ada, post)
    asked = cast.gus.post(f"{link}/requests", htmx=False)
    assert (asked.status_code, says(asked, "The owner of Ada’s team has a mail that says so.")) == (200, True)
    letter = post.next_to("ada@example.com")
    assert letter.subject == "ben@example·com would like to join Ada’s team"
    assert letter.link == f"http://localhost/accounts/{ada.account}/billing#plans"
    assert cast.gus.post(f"{link}/requests", htmx=False).status_code == 429


def test_a_mail_server_that_refuses_costs_nobody_the_day(ada: Person, cast: Cast, post: Post) -> None:
    link = invited(ada, post)
    post.refuses = "550 Not today"
    assert cast.gus.post(f"{link}/requests", htmx=False).status_code == 503
    post.refuses = ""
    assert cast.gus.post(f"{link}/requests", htmx=False).status_code == 200


def test_accepting_leads_on_and_works_once_there_is_a_place(app: Flask, ada: Person, cast: Cast, post: Post) -> None:
    link, ben = invited(ada, post), cast.ben.signs_in_without_account()
    own = ben.get("/accounts").text.split("/acceptance")[0].rsplit('"', 1)[1]
    for path in (link, own):
        refused = ben.post(f"{path}/acceptance", htmx=False)
        assert (refused.status_code, says(refused, "Ask the owner to let you in")) == (409, True)
    assert says(ben.post(f"{own}/requests", htmx=False), "has a mail that says so")
    subscribes(app, ada, "team")
    # Who comes back to ask finds the way in.
    assert ben.post(f"{own}/requests", htmx=False).location == own
    assert says(ben.get(own), "Join Ada’s team")
    assert ben.post(f"{own}/acceptance", htmx=False).location == f"/accounts/{ada.account}/team"


def test_a_link_and_a_domain_lead_on_too(app: Flask, ada: Person, cast: Cast, post: Post) -> None:
    has_address(app, ada, "ada@nordbahn.example")
    has_address(app, cast.ben.signs_in_without_account(), "ben@nordbahn.example")
    ada.post(f"/accounts/{ada.account}/domain", {"open": "1"}, htmx=False)
    joining = f"/accounts/{ada.account}/joining"
    refused = cast.ben.post(joining, htmx=False)
    assert (refused.status_code, says(refused, "Ask the owner to let you in")) == (409, True)
    assert says(cast.ben.post(f"{joining}/requests", htmx=False), "has a mail that says so")
    assert cast.mallory.signs_in().post(f"{joining}/requests", htmx=False).status_code == 404
    ada.post(f"/accounts/{ada.account}/invitation-link", htmx=False)
    team = ada.get(f"/accounts/{ada.account}/team").text
    link = team.split('value="http://localhost')[1].split('"')[0]
    assert says(cast.gus.post(f"{link}/requests", htmx=False), "has a mail that says so")
    assert post.letters[-1].subject.startswith("Somebody who has your invitation link would like to")
