"""What every tracker promises, held to the doubles; tests/engines/test_trackers_outside.py asks a real one."""

from dataclasses import replace

import pytest

from poker_app import trackers
from poker_app.rules.trackers import LABEL, EstimateField, Search, value_for
from poker_app.trackers.engines.base import PAGE, Tracker
from poker_app.trackers.failures import Busy, Denied, Gone, Rejected, TrackerFailure, Unauthorized, Unreachable
from tests.trackers import STANDS, Double
from tests.trackers.double import EXPIRED, READER, SPRINT, TASKS, Fault

pytestmark = pytest.mark.parametrize("there", [*STANDS], indirect=True)


def project(tracker: Tracker, name: str = "Checkout") -> str:
    return next(each.id for each in tracker.projects() if name in each.name)


def sprint(tracker: Tracker) -> str:
    return next(each.id for each in tracker.places(project(tracker)) if "Sprint 42" in each.name)


def field_of(tracker: Tracker, there: Double) -> EstimateField:
    return next(each for each in tracker.estimate_fields(project(tracker)) if each.name == there.field)


def titles(tracker: Tracker, search: Search) -> list[str]:
    found, cursor = [], ""
    while True:
        page = tracker.search(search, cursor)
        assert len(page.issues) <= PAGE
        found += [each.title for each in page.issues]
        if not page.cursor:
            return found
        cursor = page.cursor


def test_says_whose_token_it_is(tracker: Tracker) -> None:
    assert tracker.check().name


@pytest.mark.parametrize("token", [EXPIRED, "never was one"])
def test_a_token_that_is_not_valid_is_unauthorized(there: Double, token: str) -> None:
    with pytest.raises(Unauthorized) as refused:
        trackers.tracker(there.kind, there.credentials(token)).check()
    assert token not in str(refused.value)


def test_a_token_with_a_letter_that_no_token_has_is_refused(there: Double) -> None:
    with pytest.raises(TrackerFailure) as refused:
        trackers.tracker(there.kind, there.credentials("“quoted”")).check()
    assert "quoted" not in str(refused.value)


def test_a_sprint_is_found_with_all_its_issues_in_order(tracker: Tracker) -> None:
    search = Search(project=project(tracker), place=sprint(tracker))
    assert titles(tracker, search) == [f"Task {number}" for number in range(1, SPRINT + 1)]


def test_a_project_is_paged_through_whole(tracker: Tracker) -> None:
    found = titles(tracker, Search(project=project(tracker)))
    assert sorted(found) == sorted([*(f"Task {number}" for number in range(1, TASKS + 1))])
    assert len(found) == len({*found})


def test_words_are_searched(tracker: Tracker) -> None:
    assert titles(tracker, Search(project=project(tracker, "Billing"), words="Invoice 2")) == ["Invoice 2"]


def test_an_issue_has_what_a_task_needs(tracker: Tracker, there: Double) -> None:
    entry = there.titled("Task 1")
    issue = tracker.issue(entry.id)
    assert issue in tracker.search(Search(project=project(tracker), words="Task 1")).issues
    assert (issue.id, issue.key, issue.title) == (entry.id, entry.key, "Task 1")
    assert issue.project == project(tracker)
    assert issue.url.startswith(("https://", "http://"))
    assert {*issue.labels} >= {"web", "urgent"}
    for part in ("Goal", "- one", "- two", "**must**", "[the spec](https://example.com/spec)"):
        assert part in issue.description.replace("* one", "- one").replace("* two", "- two")
    assert not issue.done


def test_a_deleted_issue_is_gone(tracker: Tracker, there: Double) -> None:
    issue_id = there.titled("Task 9").id
    there.delete("Task 9")
    with pytest.raises(Gone):
        tracker.issue(issue_id)


def test_an_estimate_is_written_once_and_read_again(tracker: Tracker, there: Double) -> None:
    field = field_of(tracker, there)
    issue_id = there.titled("Task 3").id
    assert tracker.estimate(issue_id, field) == ""
    for card in ("5", "5", "8"):
        tracker.write_estimate(issue_id, field, value_for(field, card, {}))
        assert tracker.estimate(issue_id, field) == value_for(field, card, {})
        assert there.titled("Task 3").estimate in (float(card), card)


def test_an_estimate_of_labels_replaces_the_one_before(tracker: Tracker, there: Double) -> None:
    field = next((each for each in tracker.estimate_fields(project(tracker)) if each.kind == LABEL), None)
    if field is None:
        assert there.kind not in ("github", "gitlab")
        return
    issue_id = there.titled("Task 1").id
    for card in ("3", "½"):
        tracker.write_estimate(issue_id, field, value_for(field, card, {}))
    assert tracker.estimate(issue_id, field) == "½"
    assert sorted(tracker.issue(issue_id).labels) == sorted(["web", "urgent", f"{field.id}½"])


def test_an_issue_without_the_field_refuses_it(tracker: Tracker, there: Double) -> None:
    field = field_of(tracker, there)
    with pytest.raises((Rejected, Gone)):
        tracker.write_estimate(there.titled("Invoice 1").id, field, value_for(field, "5", {}))
    assert there.titled("Invoice 1").estimate is None


def test_a_reader_may_not_write(there: Double) -> None:
    tracker = trackers.tracker(there.kind, there.credentials(READER))
    field = field_of(tracker, there)
    issue_id = there.titled("Task 1").id
    assert tracker.issue(issue_id).title == "Task 1"
    for write in (
        lambda: tracker.write_estimate(issue_id, field, value_for(field, "5", {})),
        lambda: tracker.comment(issue_id, "5"),
    ):
        with pytest.raises(Denied):
            write()
    assert (there.titled("Task 1").estimate, there.titled("Task 1").comments) == (None, ())


def test_a_comment_is_added(tracker: Tracker, there: Double) -> None:
    tracker.comment(there.titled("Task 2").id, "Estimated **5** with Faceup.\n\n- Ada 5\n- Ben 5")
    assert len(there.titled("Task 2").comments) == 1
    assert "Ada" in str(there.titled("Task 2").comments[0])


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (Fault(429, headers={"Retry-After": "7"}), Busy),
        (Fault(503), Unreachable),
        (Fault(502, body=b"<html>Bad gateway</html>"), Unreachable),
        (Fault(200, body=b"<html>Sign in</html>", headers={"Content-Type": "text/html"}), Unreachable),
        (Fault(302, headers={"Location": "http://169.254.169.254/latest"}), Rejected),
        (Fault(401), Unauthorized),
    ],
    ids=["busy", "down", "gateway", "a page", "elsewhere", "expired"],
)
def test_what_goes_wrong_is_named(tracker: Tracker, there: Double, fault: Fault, raised: type[TrackerFailure]) -> None:
    issue_id = there.titled("Task 1").id
    there.faults.append(replace(fault, times=9))
    asked = len(there.requests)
    with pytest.raises(raised) as refused:
        tracker.issue(issue_id)
    assert len(there.requests) == asked + 1
    assert getattr(refused.value, "retry_after", 7) == 7


def test_a_tracker_that_is_not_there_is_unreachable(there: Double) -> None:
    double = type(there)()
    tracker = trackers.tracker(there.kind, double.credentials())
    double.stop()
    with pytest.raises(Unreachable):
        tracker.check()


def test_a_tracker_in_a_private_network_is_refused(there: Double, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trackers, "_inside", False)
    asked = len(there.requests)
    with pytest.raises(TrackerFailure):
        trackers.tracker(there.kind, there.credentials()).check()
    assert len(there.requests) == asked
