"""Plan and credits through the API, where something is sold and where not."""

import pytest
from flask import Flask

from poker_app.settings import Settings
from tests.api_client import Program, program_of
from tests.cast import Cast
from tests.world.pages import sign_in_teammates


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"billing": "fake"})


@pytest.fixture
def programs(app: Flask, cast: Cast) -> list[Program]:
    """Olga's, Abe's and Tim's."""
    return [program_of(app, each.user, each.account) for each in sign_in_teammates(cast)]


def test_a_session_costs_a_credit_and_stands_in_the_ledger(programs: list[Program]) -> None:
    olga, _, _ = programs
    before = olga.get("/account/plan").get_json()
    assert (before["name"], before["balance"], before["can_open"]) == ("free", before["included"]["credits"], True)
    olga.opens("Sprint 42")
    assert olga.get("/account/plan").get_json()["balance"] == before["balance"] - 1
    page = olga.get("/account/credits?limit=1").get_json()
    assert (page["items"][0]["what"], page["items"][0]["change"]) == ("Session “Sprint 42”", -1)
    older = olga.get(f"/account/credits?cursor={page['next_cursor']}").get_json()
    assert ([each["change"] for each in older["items"]], older["next_cursor"]) == ([before["balance"]], None)


def test_without_a_credit_no_session_opens(programs: list[Program]) -> None:
    olga, _, _ = programs
    for _ in range(olga.get("/account/plan").get_json()["balance"]):
        olga.opens()
    refused = olga.post("/sessions", {})
    assert (refused.status_code, refused.mimetype) == (402, "application/problem+json")


def test_facilitators_do_not_see_it(programs: list[Program]) -> None:
    assert [each.get("/account/plan").status_code for each in programs] == [200, 200, 403]
