"""What is GitLab's own, beside the contract in test_trackers.py."""

from collections.abc import Callable, Iterator

import pytest

from poker_app import trackers
from poker_app.rules.trackers import LABEL, EstimateField, Place, Search
from poker_app.trackers.engines.base import PAGE, Tracker
from poker_app.trackers.engines.gitlab import WEIGHT
from poker_app.trackers.failures import Denied, Gone, Rejected, Unauthorized, Unreachable
from tests.trackers.double import READER, Fault
from tests.trackers.gitlab import BILLING, CHECKOUT, GitLab

PROJECT = str(CHECKOUT)
LABELS = EstimateField("points::", "Labels “points::…”", LABEL)


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitLab]:
    monkeypatch.setattr(trackers, "_inside", True)
    with GitLab() as double:
        yield double


@pytest.fixture
def gitlab(there: GitLab) -> Tracker:
    return trackers.tracker("gitlab", there.credentials())


def test_a_tokens_scopes_and_end_are_named(there: GitLab, gitlab: Tracker) -> None:
    assert gitlab.check().name == "olga"
    assert gitlab.check().granted == ("api", "until 2027-01-31")
    assert trackers.tracker("gitlab", there.credentials(READER)).check().granted == ("read_api",)


def test_projects_are_those_of_the_tokens_person(gitlab: Tracker) -> None:
    assert gitlab.projects() == [Place("11", "Acme / Checkout"), Place("12", "Acme / Billing")]


def test_places_are_iterations_milestones_and_labels(gitlab: Tracker) -> None:
    assert [(each.group, each.name, each.note) for each in gitlab.places(PROJECT)] == [
        ("Iteration", "Iteration 7", "current"),
        # One of a cadence has no title.
        ("Iteration", "2026-12-14 to 2026-12-27", "2026-12-14 to 2026-12-27"),
        ("Milestone", "Sprint 42", "due 2026-12-11"),
        ("Milestone", "Some day", ""),
        ("Label", "web", ""),
        ("Label", "urgent", ""),
        ("Label", "bug", ""),
    ]
    # Without Premium there are no iterations.
    assert [each.group for each in gitlab.places(str(BILLING))] == ["Label"]


@pytest.mark.parametrize(
    ("name", "words", "found"),
    [("Iteration 7", "task 60", ["Task 60"]), ("Some day", "", []), ("urgent", "", ["Task 1"]), ("urgent", "x9", [])],
)
def test_a_place_is_searched(there: GitLab, gitlab: Tracker, name: str, words: str, found: list[str]) -> None:
    where = next(each.id for each in gitlab.places(PROJECT) if each.name == name)
    there.requests.clear()
    assert [each.title for each in gitlab.search(Search(PROJECT, where, words)).issues] == found
    assert len(there.requests) == 1


def test_a_search_says_how_many_there_are_where_gitlab_counts(there: GitLab, gitlab: Tracker) -> None:
    page = gitlab.search(Search(PROJECT))
    assert (len(page.issues), page.total, page.cursor) == (PAGE, 120, "2")
    there.is_counted = False
    page = gitlab.search(Search(PROJECT), "2")
    assert (page.issues[0].title, page.total, page.cursor) == ("Task 51", None, "3")


def test_without_a_project_it_searches_what_is_the_persons_own(gitlab: Tracker) -> None:
    assert {each.project for each in gitlab.search(Search(words="invoice")).issues} == {"12"}


def test_an_issue_is_found_by_number_and_by_path(gitlab: Tracker) -> None:
    issue = gitlab.issue("11#2")
    assert (issue.key, issue.kind, issue.status, issue.parent) == ("checkout#2", "issue", "opened", "&5")
    assert gitlab.issue("acme/checkout#2") == issue
    assert (gitlab.issue("12#1").description, gitlab.issue("12#1").parent) == ("", "")
    assert gitlab.issue("11#121").done


def test_a_moved_issue_says_where_it_is(there: GitLab, gitlab: Tracker) -> None:
    asked: list[Callable[[], object]] = [
        lambda: gitlab.issue("11#5"),
        lambda: gitlab.estimate("11#5", WEIGHT),
        lambda: gitlab.write_estimate("11#5", LABELS, "5"),
        lambda: gitlab.write_estimate("11#5", WEIGHT, "5"),
    ]
    there.moved["11#5"] = "12#2"
    for ask in asked:
        with pytest.raises(Gone) as gone:
            ask()
        assert gone.value.moved_to == "acme/billing#2"
    assert gitlab.issue(gone.value.moved_to).title == "Invoice 2"
    # Where its person may not see it.
    there.moved["11#5"] = "12#9"
    with pytest.raises(Gone) as gone:
        gitlab.issue("11#5")
    assert gone.value.moved_to == ""
    assert (there.titled("Task 5").estimate, there.titled("Task 5").labels) == (None, ())


@pytest.mark.parametrize("issue_id", ["", "7", "11", "11#x", "a b#1"])
def test_what_is_no_issue_is_gone(there: GitLab, gitlab: Tracker, issue_id: str) -> None:
    with pytest.raises(Gone):
        gitlab.issue(issue_id)
    assert not there.requests


def test_fields_are_the_weight_where_there_is_one_and_labels(there: GitLab, gitlab: Tracker) -> None:
    assert gitlab.estimate_fields(PROJECT) == [WEIGHT, LABELS]
    assert gitlab.estimate_fields(str(BILLING)) == [LABELS]
    there.labels[CHECKOUT] += ["estimate::3", "estimate::5", "size/M", "priority::1"]
    assert [each.id for each in gitlab.estimate_fields(PROJECT)] == ["weight", "estimate::", "size/"]


@pytest.mark.parametrize("value", ["0.5", "-1", "²", "XL"])
def test_a_weight_is_a_whole_number(there: GitLab, gitlab: Tracker, value: str) -> None:
    with pytest.raises(Rejected, match="whole number"):
        gitlab.write_estimate("11#1", WEIGHT, value)
    assert there.titled("Task 1").estimate is None


def test_labels_are_replaced_by_one_request(there: GitLab, gitlab: Tracker) -> None:
    there.edit("Task 1", labels=("web", "points::8", "points::13"))
    there.requests.clear()
    gitlab.write_estimate("11#1", LABELS, "8")
    assert there.titled("Task 1").labels == ("web", "points::8")
    assert [method for method, _ in there.requests] == ["GET", "PUT"]
    there.requests.clear()
    gitlab.write_estimate("11#1", LABELS, "8")
    assert [method for method, _ in there.requests] == ["GET"]
    with pytest.raises(Rejected, match="comma"):
        gitlab.write_estimate("11#1", LABELS, "0,5")


def test_what_gitlab_leaves_out_for_the_role_is_denied(there: GitLab, gitlab: Tracker) -> None:
    there.role_may_write = False
    for field in (WEIGHT, LABELS):
        with pytest.raises(Denied, match="Planner"):
            gitlab.write_estimate("11#1", field, "5")


def test_a_token_without_the_scope_is_named(there: GitLab) -> None:
    reader = trackers.tracker("gitlab", there.credentials(READER))
    with pytest.raises(Denied, match="insufficient_scope"):
        reader.comment("11#1", "5")


def test_a_comment_holds_no_quick_action(there: GitLab, gitlab: Tracker) -> None:
    gitlab.comment("11#1", "Estimated **5**\n/close\n  /assign @ada\n\n- Ada 5/8")
    assert there.titled("Task 1").comments == ("Estimated **5**\n\\/close\n\\/assign @ada\n\n- Ada 5/8",)


def test_a_token_is_revoked(there: GitLab, gitlab: Tracker) -> None:
    assert gitlab.revoke()
    with pytest.raises(Unauthorized):
        gitlab.check()


@pytest.mark.parametrize("body", [b"", b"{}", b"[{}]", b"[null]", b'"words"'])
@pytest.mark.parametrize(
    "asked",
    [
        lambda gitlab: gitlab.check(),
        lambda gitlab: gitlab.projects(),
        lambda gitlab: gitlab.places(PROJECT),
        lambda gitlab: gitlab.search(Search(PROJECT)),
        lambda gitlab: gitlab.issue("11#1"),
        lambda gitlab: gitlab.estimate_fields(PROJECT),
        lambda gitlab: gitlab.write_estimate("11#1", LABELS, "5"),
    ],
    ids=["check", "projects", "places", "search", "issue", "fields", "write"],
)
def test_an_answer_of_another_shape_is_unreachable(
    there: GitLab, gitlab: Tracker, asked: Callable[[Tracker], object], body: bytes
) -> None:
    there.faults.append(Fault(200, times=9, body=body))
    with pytest.raises(Unreachable, match="does not answer as expected"):
        asked(gitlab)


def test_an_answer_to_a_write_of_another_shape_is_unreachable(there: GitLab, gitlab: Tracker) -> None:
    there.faults.append(Fault(200, method="PUT", body=b"{}", after=True))
    with pytest.raises(Unreachable):
        gitlab.write_estimate("11#1", WEIGHT, "5")
    assert gitlab.estimate("11#1", WEIGHT) == "5"
