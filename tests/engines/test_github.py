"""What is GitHub's own, beside the contract in test_trackers.py."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from poker_app import trackers
from poker_app.rules.trackers import CHOICE, LABEL, NUMBER, EstimateField, Place, Search
from poker_app.trackers.engines.base import PAGE, Tracker
from poker_app.trackers.failures import Busy, Denied, Gone, Rejected, Unreachable
from tests.trackers.double import Fault
from tests.trackers.github import GitHub

CHECKOUT = "acme/Checkout"
POINTS = EstimateField("PVTF_points", "Story points in Delivery", NUMBER)
SIZE = EstimateField("PVTSSF_size", "Size in Delivery", CHOICE, ("S", "M", "L"))
LABELS = EstimateField("points: ", "Labels “points: …”", LABEL)


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    monkeypatch.setattr(trackers, "_inside", True)
    with GitHub() as double:
        yield double


@pytest.fixture
def github(there: GitHub) -> Tracker:
    return trackers.tracker("github", there.credentials())


def place(github: Tracker, name: str) -> str:
    return next(each.id for each in github.places(CHECKOUT) if each.name == name)


def test_a_classic_tokens_scopes_and_end_are_named(github: Tracker) -> None:
    assert github.check().name == "olga"
    assert github.check().granted == ("repo", "project", "until 2027-01-31")


def test_repositories_without_issues_are_left_out(github: Tracker) -> None:
    names = [Place(CHECKOUT, CHECKOUT), Place("acme/Billing", "acme/Billing", note="archived")]
    assert github.projects() == names


def test_places_are_milestones_columns_iterations_and_labels(there: GitHub, github: Tracker) -> None:
    there.labels[CHECKOUT].append("a, b")
    assert [(each.group, each.name, each.note) for each in github.places(CHECKOUT)] == [
        ("Milestone", "Sprint 42", "due 2026-12-11"),
        ("Milestone", "Some day", ""),
        ("Status", "Backlog", "Delivery"),
        ("Status", "Ready", "Delivery"),
        ("Status", "Done", "Delivery"),
        ("Sprint", "Sprint 42", "Delivery, from 2026-11-30"),
        ("Label", "web", ""),
        ("Label", "urgent", ""),
        ("Label", "bug", ""),
    ]


@pytest.mark.parametrize(
    ("name", "words", "query", "found"),
    [
        ("Ready", "", "", ["Task 1", "Task 2", "Task 3"]),
        ("Ready", "Task 2", "", ["Task 2"]),
        ("Ready", "", "label:web", ["Task 1"]),
        ("urgent", "", "", ["Task 1"]),
        ("urgent", "goal", "", ["Task 1"]),
        ("Sprint 42", "Task 61", "", []),
        ("Sprint 42", "Task 60", "", ["Task 60"]),
    ],
)
def test_a_place_is_searched(
    there: GitHub, github: Tracker, name: str, words: str, query: str, found: list[str]
) -> None:
    where = place(github, name)
    there.requests.clear()
    page = github.search(Search(CHECKOUT, where, words, query))
    assert [each.title for each in page.issues] == found
    assert page.cursor == ""
    assert len(there.requests) <= 2


def test_pages_of_pull_requests_alone_are_passed_over(there: GitHub, github: Tracker) -> None:
    there.pull_requests = 2 * PAGE + 10
    first = github.search(Search(CHECKOUT))
    assert [each.title for each in first.issues] == [f"Task {number}" for number in range(120, 80, -1)]
    assert {"pull" in each.title for each in github.search(Search(CHECKOUT), first.cursor).issues} == {False}


def test_a_query_goes_before_words_and_decides_what_is_open(github: Tracker) -> None:
    page = github.search(Search(CHECKOUT, query="is:closed"))
    assert [(each.title, each.done) for each in page.issues] == [("Finished", True)]
    page = github.search(Search(CHECKOUT, query="label:web OR is:closed", words="task"))
    assert [each.title for each in page.issues] == ["Task 1"]
    page = github.search(Search(query=f"repo:{CHECKOUT} label:web"))
    assert [each.title for each in page.issues] == ["Task 1"]
    with pytest.raises(Rejected):
        github.search(Search(CHECKOUT, query="lable:web"))


def test_a_search_says_how_many_there_are(github: Tracker) -> None:
    page = github.search(Search(CHECKOUT, words="task"))
    assert (len(page.issues), page.total, bool(page.cursor)) == (PAGE, 120, True)
    # Without a repository: what the token's person takes part in.
    assert {each.project for each in github.search(Search(words="invoice")).issues} == {"acme/Billing"}


def test_words_have_no_meaning_of_their_own(there: GitHub, github: Tracker) -> None:
    there.edit("Task 7", title='Task 7 OR repo:acme/Website "now"')
    found = github.search(Search(CHECKOUT, words='or OR repo:acme/Website "now"')).issues
    assert [each.key for each in found] == ["Checkout#7"]


def test_an_issue_has_its_type_parent_and_key(github: Tracker) -> None:
    issue = github.issue(f"{CHECKOUT}#2")
    assert (issue.key, issue.kind, issue.status, issue.parent) == ("Checkout#2", "Story", "open", "Checkout#1")
    assert (github.issue("acme/Billing#1").description, github.issue("acme/Billing#1").parent) == ("", "")
    assert github.issue(f"{CHECKOUT}#121").done


@pytest.mark.parametrize("issue_id", ["", "7", "acme/Checkout", "acme/Checkout#x", "a/b/c#1"])
def test_what_is_no_issue_is_gone(there: GitHub, github: Tracker, issue_id: str) -> None:
    with pytest.raises(Gone):
        github.issue(issue_id)
    assert not there.requests


@pytest.mark.parametrize(
    "asked",
    [
        lambda github, issue: github.issue(issue),
        lambda github, issue: github.estimate(issue, LABELS),
        lambda github, issue: github.estimate(issue, POINTS),
        lambda github, issue: github.write_estimate(issue, LABELS, "5"),
        lambda github, issue: github.write_estimate(issue, POINTS, "5"),
    ],
    ids=["read", "labels", "field", "write labels", "write field"],
)
def test_a_transferred_issue_says_where_it_is(
    there: GitHub, github: Tracker, asked: Callable[[Tracker, str], object]
) -> None:
    there.moved[f"{CHECKOUT}#5"] = "acme/Billing#2"
    with pytest.raises(Gone) as gone:
        asked(github, f"{CHECKOUT}#5")
    assert gone.value.moved_to == "acme/Billing#2"
    assert github.issue(gone.value.moved_to).title == "Invoice 2"


def test_fields_are_found_the_likeliest_first(there: GitHub, github: Tracker) -> None:
    rank = EstimateField("PVTF_rank", "Rank in Delivery", NUMBER)
    assert github.estimate_fields(CHECKOUT) == [SIZE, POINTS, LABELS, rank]
    there.labels[CHECKOUT] += ["size/M", "Estimate: 3", "Estimate: 5", "priority: 1", "v1/2", "points: many"]
    labels = [each.id for each in github.estimate_fields(CHECKOUT) if each.kind == LABEL]
    assert labels == ["Estimate: ", "size/"]
    assert [each.id for each in github.estimate_fields("acme/Billing")] == ["points: "]


def test_a_project_is_found_by_its_issues_where_it_is_not_linked(there: GitHub, github: Tracker) -> None:
    there.is_linked = False
    assert POINTS in github.estimate_fields(CHECKOUT)


def test_a_token_that_may_not_read_projects_has_the_rest(there: GitHub, github: Tracker) -> None:
    there.projects_are_allowed = False
    assert github.estimate_fields(CHECKOUT) == [LABELS]
    assert {each.group for each in github.places(CHECKOUT)} == {"Milestone", "Label"}
    with pytest.raises(Denied):
        github.write_estimate(f"{CHECKOUT}#1", POINTS, "5")


def test_a_choice_is_written_by_its_name(there: GitHub, github: Tracker) -> None:
    github.write_estimate(f"{CHECKOUT}#1", SIZE, "M")
    assert there.sizes == {f"{CHECKOUT}#1": "M"}
    assert github.estimate(f"{CHECKOUT}#1", SIZE) == "M"
    with pytest.raises(Rejected, match="no choice “XL” any more"):
        github.write_estimate(f"{CHECKOUT}#1", SIZE, "XL")
    with pytest.raises(Rejected, match="not in the project “Delivery”"):
        github.write_estimate("acme/Billing#1", SIZE, "M")


def test_a_field_that_is_no_more_is_refused_and_the_issue_not_gone(github: Tracker) -> None:
    with pytest.raises(Rejected):
        github.write_estimate(f"{CHECKOUT}#1", replace(POINTS, id="PVTF_deleted"), "5")


def test_labels_are_replaced_by_one_request_without_regard_to_case(there: GitHub, github: Tracker) -> None:
    there.labels[CHECKOUT].append("Points: 8")
    there.edit("Task 1", labels=("web", "Points: 8"))
    assert github.estimate(f"{CHECKOUT}#1", LABELS) == "8"
    there.requests.clear()
    github.write_estimate(f"{CHECKOUT}#1", LABELS, "8")
    assert [method for method, _ in there.requests] == ["GET"]
    # Another estimate makes the same label meanwhile.
    there.faults.append(Fault(422, path="/labels", method="POST", after=True))
    github.write_estimate(f"{CHECKOUT}#1", LABELS, "5")
    assert there.titled("Task 1").labels == ("web", "points: 5")
    assert [method for method, _ in there.requests].count("PUT") == 1


def test_an_enterprise_server_has_graphql_beside_rest(there: GitHub) -> None:
    credentials = {**there.credentials(), "address": f"{there.url}/api/v3/"}
    github = trackers.tracker("github", credentials)
    github.write_estimate(f"{CHECKOUT}#1", POINTS, "0.5")
    assert github.estimate(f"{CHECKOUT}#1", POINTS) == "0.5"
    assert {path for _, path in there.requests} == {"/api/graphql"}


def test_a_limit_is_busy_with_and_without_headers(there: GitHub, github: Tracker) -> None:
    secondary = b'{"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}'
    there.faults.append(Fault(403, body=secondary))
    with pytest.raises(Busy):
        github.issue(f"{CHECKOUT}#1")
    limited = b'{"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}'
    there.faults.append(Fault(200, body=limited, headers={"Retry-After": "60"}))
    with pytest.raises(Busy) as busy:
        github.estimate(f"{CHECKOUT}#1", POINTS)
    assert busy.value.retry_after == 60


@pytest.mark.parametrize("body", [b"", b"{}", b"[{}]", b"[null]", b'"words"', b'{"data": {"node": null}}'])
@pytest.mark.parametrize(
    "asked",
    [
        lambda github: github.check(),
        lambda github: github.search(Search(CHECKOUT)),
        lambda github: github.search(Search(CHECKOUT, words="task")),
        lambda github: github.issue(f"{CHECKOUT}#1"),
        lambda github: github.estimate(f"{CHECKOUT}#1", POINTS),
        lambda github: github.write_estimate(f"{CHECKOUT}#1", LABELS, "5"),
        lambda github: github.places(CHECKOUT),
    ],
    ids=["check", "list", "search", "issue", "estimate", "write", "places"],
)
def test_an_answer_of_another_shape_is_unreachable(
    there: GitHub, github: Tracker, asked: Callable[[Tracker], object], body: bytes
) -> None:
    there.faults.append(Fault(200, times=9, body=body))
    with pytest.raises(Unreachable, match="does not answer as expected"):
        asked(github)


def test_an_issue_without_a_title_is_unreachable(there: GitHub, github: Tracker) -> None:
    there.edit("Task 1", title=None)
    with pytest.raises(Unreachable, match="does not answer as expected"):
        github.issue(f"{CHECKOUT}#1")
    with pytest.raises(Unreachable, match="does not answer as expected"):
        github.search(Search(CHECKOUT, query="label:web"))


def test_a_token_is_not_revoked(there: GitHub, github: Tracker) -> None:
    assert not github.revoke()
    assert not there.requests
