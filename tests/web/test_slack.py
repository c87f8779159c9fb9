"""The slash command of Slack: connected on its page, and opening sessions."""

import hmac
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from poker_app.accounts.models import AuditEntry, SlackCommand
from poker_app.db import session
from poker_app.poker.models import PokerSession
from poker_app.poker.session import slash_command
from poker_app.poker.value.current import newest
from poker_app.settings import Settings
from tests.cast import Cast, Clock
from tests.world.pages import Club

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
FORM = {"command": "/faceup", "text": "Sprint 42", "team_id": "T1", "user_name": "road", "trigger_id": "1.2.3"}

Sends = Callable[..., TestResponse]


@pytest.fixture
def settings(signed_in_settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """Where people sign in, but for the tests without, and sessions cost credits for the tests of them."""
    if request.cls is TestWithoutSignIn:
        return signed_in_settings.model_copy(update={"auth": "open"})
    return signed_in_settings.model_copy(update={"billing": "fake" if request.cls is TestCredits else "off"})


@pytest.fixture
def club(club: Club) -> Club:
    """The account, whose owner has connected Slack."""
    assert club.olga.post(f"{club.path}/slack", {"secret": f" {SECRET} "}, htmx=False).status_code == 303
    return club


def signed(body: str, at: float, secret: str = SECRET) -> dict[str, str]:
    """The headers of a command, as Slack makes them."""
    stamp = str(int(at))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), "sha256").hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def sender(app: Flask, connected: str, clock: Clock) -> Sends:
    """Slack, which sends a command that a person typed to an account."""

    def sends(secret: str = SECRET, late: float = 0, account: str = connected, **form: str) -> TestResponse:
        body = urlencode({**FORM, **form})
        return app.test_client(use_cookies=False).post(
            f"/slack/{account}",
            data=body,
            content_type="application/x-www-form-urlencoded",
            headers=signed(body, clock.now().timestamp() - late, secret),
        )

    return sends


@pytest.fixture
def sends(club: Club, clock: Clock) -> Sends:
    """Slack, for the account of the club."""
    return sender(club.app, club.account, clock)


def sessions(app: Flask) -> list[str]:
    """The names of all sessions."""
    with app.app_context():
        return list(session.scalars(select(PokerSession.name).order_by(PokerSession.created_at)))


def answered(answer: TestResponse) -> Any:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


class TestOpening:
    def test_the_channel_gets_the_link_and_the_first_teammate_facilitates(self, club: Club, sends: Sends) -> None:
        answer = answered(sends())
        assert (answer["response_type"], answer["text"]) == ("in_channel", "Planning poker is open: Sprint 42")
        link = answer["blocks"][-1]["text"]["text"]
        path = link.removeprefix("<http://localhost").removesuffix("|Join>")
        club.cast.gus.post(f"{path}/members", {"member_name": "Gus", "role": "voter"}, htmx=False)
        club.tim.post(f"{path}/members", {"member_name": "Tim", "role": "voter"}, htmx=False)
        with club.app.app_context():
            found = session.scalars(select(PokerSession)).one()
            assert (found.account_id, found.user_id) == (club.account, None)
            present = newest(found.id).value.current_members
            assert {each.name: (each.facilitates, each.votes) for each in present} == {
                "Slack": (True, False),
                "Gus": (False, True),
                "Tim": (True, True),
            }

    def test_it_begins_with_the_accounts_defaults(self, club: Club, sends: Sends) -> None:
        defaults = {"deck": "t-shirts", "timer_minutes": "2", "auto_reveal": "1"}
        assert club.olga.post(f"{club.path}/session-defaults", defaults, htmx=False).status_code == 303
        answered(sends())
        with club.app.app_context():
            found = session.scalars(select(PokerSession)).one()
            assert (found.deck, found.timer_length, found.auto_reveal) == ("t-shirts", 120, True)

    def test_without_a_name_it_is_named_after_the_day(self, club: Club, sends: Sends, clock: Clock) -> None:
        answered(sends(text=" "))
        assert sessions(club.app) == [f"Planning poker, {clock.now().day} {clock.now():%B}"]

    def test_a_command_that_comes_twice_opens_one_session(self, club: Club, sends: Sends) -> None:
        assert answered(sends()) == answered(sends())
        assert sessions(club.app) == ["Sprint 42"]
        answered(sends(trigger_id="4.5.6"))
        assert sessions(club.app) == ["Sprint 42", "Sprint 42"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("how", "status"),
        [({"secret": SECRET[::-1]}, 401), ({"late": 301}, 401), ({"late": -301}, 401), ({"account": "nowhere"}, 404)],
    )
    def test_what_is_not_slacks_opens_nothing(self, club: Club, sends: Sends, how: dict[str, Any], status: int) -> None:
        assert sends(**how).status_code == status
        assert sessions(club.app) == []

    def test_an_overheard_command_opens_nothing_later(self, club: Club, clock: Clock) -> None:
        body = urlencode(FORM)
        headers = signed(body, clock.now().timestamp())
        clock.forward(minutes=6)
        client = club.app.test_client(use_cookies=False)
        assert client.post(f"/slack/{club.account}", data=body, headers=headers).status_code == 401

    def test_a_long_body_is_not_read(self, club: Club, sends: Sends) -> None:
        assert sends(text="x" * 16 * 1024).status_code == 413

    def test_refusals_are_for_the_one_who_typed(self, club: Club, sends: Sends) -> None:
        refused = answered(sends(text="x" * 121))
        assert refused["response_type"] == "ephemeral"
        assert refused["text"].startswith("A session's name has at most 120 characters")

    def test_another_slack_team_is_refused_until_the_secret_is_stored_again(self, club: Club, sends: Sends) -> None:
        answered(sends())
        refused = answered(sends(team_id="T2", trigger_id="4.5.6"))
        assert (refused["response_type"], refused["text"].partition(".")[0]) == (
            "ephemeral",
            "This command belongs to another Slack team",
        )
        club.olga.post(f"{club.path}/slack", {"secret": SECRET}, htmx=False)
        assert answered(sends(team_id="T2", trigger_id="4.5.6"))["response_type"] == "in_channel"
        assert sessions(club.app) == ["Sprint 42", "Sprint 42"]

    def test_an_account_opens_sixty_in_ten_minutes(
        self, club: Club, sends: Sends, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(slash_command, "COMMANDS", slash_command.Limit("few", 1, slash_command.COMMANDS.within))
        answered(sends())
        assert answered(sends(trigger_id="4.5.6"))["response_type"] == "ephemeral"
        assert sessions(club.app) == ["Sprint 42"]

    def test_wrong_ones_are_limited_and_never_shut_right_ones_out(
        self, club: Club, sends: Sends, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(slash_command, "FORGED", slash_command.Limit("few", 1, slash_command.FORGED.within))
        assert [sends(secret=SECRET[::-1]).status_code for _ in range(2)] == [401, 429]
        assert answered(sends())["response_type"] == "in_channel"


class TestPage:
    def test_it_has_the_manifest_with_the_address_and_never_the_secret(self, club: Club) -> None:
        page = club.olga.get(f"{club.path}/slack").get_data(as_text=True)
        assert f"      url: http://localhost/slack/{club.account}\n" in page
        assert SECRET not in page
        with club.app.app_context():
            assert SECRET not in session.get_one(SlackCommand, club.account).sealed

    def test_what_is_no_secret_is_refused(self, club: Club) -> None:
        for typed in ("", "short", "x" * 201, "ä" * 32):
            assert club.olga.post(f"{club.path}/slack", {"secret": typed}, htmx=False).status_code == 422

    def test_disconnected_it_opens_nothing(self, club: Club, sends: Sends) -> None:
        assert club.abe.post(f"{club.path}/slack/disconnection", {}, htmx=False).status_code == 303
        assert sends().status_code == 404
        with club.app.app_context():
            lines = session.scalars(select(AuditEntry.action).where(AuditEntry.action.startswith("slack")))
            assert list(lines) == ["slack-connected", "slack-disconnected"]


class TestWithoutSignIn:
    @pytest.fixture
    def sends(self, app: Flask, cast: Cast, clock: Clock) -> Sends:
        assert cast.ada.post("/accounts/local/slack", {"secret": SECRET}, htmx=False).status_code == 303
        return sender(app, "local", clock)

    def test_everybody_connects_it_and_whoever_joins_first_facilitates(
        self, app: Flask, cast: Cast, sends: Sends
    ) -> None:
        assert "It will belong to the Slack team" in cast.ben.get("/accounts/local/slack").get_data(as_text=True)
        answered(sends())
        with app.app_context():
            found = session.scalars(select(PokerSession)).one()
        cast.gus.post(f"/sessions/{found.id}/members", {"member_name": "Gus", "role": "voter"}, htmx=False)
        with app.app_context():
            present = newest(found.id).value.current_members
            assert {each.name: each.facilitates for each in present} == {"Slack": True, "Gus": True}


class TestCredits:
    def test_without_a_credit_nothing_is_opened(self, club: Club, sends: Sends) -> None:
        answers = (answered(sends(trigger_id=str(number))) for number in range(50))
        refused = next(answer for answer in answers if answer["response_type"] == "ephemeral")
        assert "credit" in refused["text"]
        opened = sessions(club.app)
        assert answered(sends(trigger_id="later")) == refused
        assert sessions(club.app) == opened
