"""What Jira Cloud has of its own."""

from collections.abc import Callable
from typing import Any

import pytest

from poker_app import trackers
from poker_app.rules.trackers import Search
from poker_app.trackers.engines.base import Tracker
from poker_app.trackers.engines.jira_cloud import JiraCloud
from poker_app.trackers.failures import Rejected, Unauthorized
from tests.trackers.double import EXPIRED
from tests.trackers.jira import CHECKOUT, OTHERS, PROJECTS
from tests.trackers.jira_cloud import JiraCloudDouble

pytestmark = pytest.mark.parametrize("there", ["jira"], indirect=True)


@pytest.mark.parametrize(
    "ask",
    [
        lambda tracker: tracker.projects(),
        lambda tracker: tracker.search(Search(CHECKOUT)),
        lambda tracker: tracker.issue("SHOP-1"),
        lambda tracker: tracker.places(CHECKOUT),
        lambda tracker: tracker.comment("20000", "5"),
    ],
    ids=["projects", "search", "issue", "places", "comment"],
)
def test_a_token_that_makes_a_visitor_is_noticed(there: JiraCloudDouble, ask: Callable[[Tracker], Any]) -> None:
    with pytest.raises(Unauthorized):
        ask(trackers.tracker("jira", there.credentials(EXPIRED)))
    with pytest.raises(Unauthorized):
        ask(trackers.tracker("jira", {**there.credentials(), "email": "rita@example.com"}))


@pytest.mark.parametrize(
    ("typed", "site"),
    [
        ("https://example.atlassian.net/", "https://example.atlassian.net"),
        ("https://example.atlassian.net/jira/software/projects/SHOP/boards/1?a=b", "https://example.atlassian.net"),
        ("https://jira.example.com/cloud", "https://jira.example.com/cloud"),
    ],
)
@pytest.mark.usefixtures("there")
def test_the_site_of_a_page_is_asked(typed: str, site: str) -> None:
    assert JiraCloud.of({"address": typed, "email": "olga@example.com", "token": "t"}, inside=False)._base == site


def test_projects_are_read_a_thousand_at_the_most(
    tracker: Tracker, there: JiraCloudDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1_200):
        monkeypatch.setitem(PROJECTS, str(50_000 + number), (f"P{number}", f"Project {number:04}"))
    found = tracker.projects()
    assert [each.name for each in found[:3]] == ["Billing", "Checkout", "Project 0000"]
    assert (len({each.id for each in found}), len(there.requests)) == (1_000, 10)


def test_a_cursor_is_of_its_search(tracker: Tracker) -> None:
    cursor = tracker.search(Search(CHECKOUT)).cursor
    with pytest.raises(Rejected, match="page token"):
        tracker.search(Search(CHECKOUT, words="task"), cursor)


def test_a_search_without_a_project_is_bounded(tracker: Tracker) -> None:
    assert len(tracker.search(Search()).issues) == 50
    with pytest.raises(Rejected, match="Unbounded"):
        tracker.search(Search(query="order by created"))


def test_a_field_of_another_project_is_not_offered(tracker: Tracker) -> None:
    assert OTHERS not in [each.id for each in tracker.estimate_fields(CHECKOUT)]


def test_a_token_is_not_revoked(tracker: Tracker, there: JiraCloudDouble) -> None:
    assert not tracker.revoke()
    assert there.requests == []
