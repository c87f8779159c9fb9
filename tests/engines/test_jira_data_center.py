"""What Jira Data Center has of its own."""

import pytest

from poker_app.rules.trackers import Search
from poker_app.trackers.engines.base import Tracker
from poker_app.trackers.failures import Denied, Unauthorized
from tests.trackers.double import TASKS, Fault
from tests.trackers.jira import CHECKOUT
from tests.trackers.jira_data_center import JiraDataCenterDouble

pytestmark = pytest.mark.parametrize("there", ["jira-data-center"], indirect=True)


def test_a_jira_below_a_path_has_its_pages_there(tracker: Tracker, there: JiraDataCenterDouble) -> None:
    assert tracker.issue("SHOP-1").url == f"{there.url}/jira/browse/SHOP-1"


def test_the_number_of_issues_is_known_and_a_page_that_is_none_is_the_first(tracker: Tracker) -> None:
    found = tracker.search(Search(CHECKOUT))
    assert found.total == TASKS
    assert tracker.search(Search(CHECKOUT), "9" * 5_000).issues == found.issues
    assert tracker.search(Search(CHECKOUT), "x").issues == found.issues


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Seraph-LoginReason": "AUTHENTICATION_DENIED"},
        {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=https://jira.example.com/login.jsp"},
    ],
)
@pytest.mark.parametrize("status", [401, 403])
def test_a_captcha_is_named(
    tracker: Tracker, there: JiraDataCenterDouble, status: int, headers: dict[str, str]
) -> None:
    there.faults.append(Fault(status, headers=headers))
    with pytest.raises(Denied, match="captcha"):
        tracker.check()


def test_the_only_token_is_revoked(tracker: Tracker, there: JiraDataCenterDouble) -> None:
    there.tokens["8"] = "Another"
    assert not tracker.revoke()
    del there.tokens["8"]
    assert tracker.revoke()
    assert there.tokens == {}
    with pytest.raises(Unauthorized):
        tracker.check()
