"""What Jira Cloud and Jira Data Center have beside what every tracker promises."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from poker_app import trackers
from poker_app.rules.trackers import CHOICE, NUMBER, TEXT, EstimateField, Search
from poker_app.trackers.engines.base import Tracker
from poker_app.trackers.failures import Denied, Rejected, Unreachable
from tests.trackers.double import READER, Fault
from tests.trackers.jira import ACCEPTANCE, BILLING, BUDGET, CHECKOUT, EPIC, LINE, POINTS, SIZE, WEIGHT, JiraDouble

SPRINT_42, SPRINT_43, BOARD, BACKLOG, SUPPORT = "sprint:42", "sprint:43", "board:7", "backlog:7", "board:8"


pytestmark = pytest.mark.parametrize("there", ["jira", "jira-data-center"], indirect=True)


def titles(tracker: Tracker, project: str = CHECKOUT, **search: str) -> list[str]:
    return [each.title for each in tracker.search(Search(project, **search)).issues]


def test_sprints_boards_backlogs_and_versions_are_places(tracker: Tracker, there: JiraDouble) -> None:
    places = [(each.id, each.group, each.note) for each in tracker.places(CHECKOUT)]
    assert places == [
        (SPRINT_42, "Sprint", "active"),
        (SPRINT_43, "Sprint", "future"),
        (BOARD, "Board", ""),
        (BACKLOG, "Backlog", ""),
        (SUPPORT, "Board", ""),
        ("version:10301", "Version", ""),
    ]
    assert len(there.requests) == 3


def test_a_project_without_boards_and_sprints_has_no_places(tracker: Tracker, there: JiraDouble) -> None:
    assert [each.id for each in tracker.places(BILLING)] == ["board:9", "backlog:9"]
    there.faults.append(Fault(404, path="/board"))
    assert tracker.places(BILLING) == []


@pytest.mark.parametrize(
    ("place", "first"),
    [(SPRINT_42, "Task 1"), (BOARD, "Task 1"), (BACKLOG, "Task 61"), (SUPPORT, "Task 1"), ("", "Task 120")],
    ids=["sprint", "board", "backlog", "kanban", "project"],
)
def test_a_place_has_its_issues_by_rank_and_a_project_the_newest_first(
    tracker: Tracker, place: str, first: str
) -> None:
    found = titles(tracker, place=place)
    assert found[0] == first
    assert len(found) == (1 if place == SUPPORT else 50)


def test_a_place_that_jira_has_not_is_refused(tracker: Tracker, there: JiraDouble) -> None:
    for place in ("sprint:42 OR project = BILL", "label:web", "sprint"):
        with pytest.raises(Rejected):
            titles(tracker, place=place)
    assert there.requests == []


@pytest.mark.parametrize(
    "words", ["SHOP-7", " shop-7 ", "{base}/browse/SHOP-7", "{base}/x/boards/7?selectedIssue=SHOP-7&a=b"]
)
def test_a_key_or_an_address_finds_its_issue(tracker: Tracker, words: str) -> None:
    base = tracker.search(Search(words="SHOP-1")).issues[0].url.removesuffix("/browse/SHOP-1")
    assert titles(tracker, words=words.format(base=base)) == ["Task 7"]
    assert titles(tracker, BILLING, words=words.format(base=base)) == []


def test_what_only_looks_like_a_key_is_searched(tracker: Tracker, there: JiraDouble) -> None:
    there.edit("Task 5", title="Read UTF-8")
    assert titles(tracker, words="UTF-8") == ["Read UTF-8"]
    assert titles(tracker, words="https://elsewhere.example.com/browse/SHOP-7") == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ('"Invoice" (2)', ["Invoice 2"]),
        ("invoice-2", ["Invoice 2"]),
        ("invoice AND 2", []),
        ('x" OR project = SHOP OR text ~ "task', []),
        ("Invoice 2 \\", ["Invoice 2"]),
        ("?! …", []),
    ],
)
def test_words_are_no_query(tracker: Tracker, words: str, found: list[str]) -> None:
    assert titles(tracker, BILLING, words=words) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("statusCategory = Done", ["Finished"]),
        ("key = SHOP-2 OR project = BILL", ["Task 2"]),
        ("key IN (SHOP-2, SHOP-3) order by key desc", ["Task 3", "Task 2"]),
        ("key IN (SHOP-2, SHOP-3)\nORDER BY created", ["Task 2", "Task 3"]),
        ('text ~ "sort order by"', ["Sort order by date"]),
    ],
)
def test_a_query_goes_as_it_is_and_stays_in_its_project(
    tracker: Tracker, there: JiraDouble, query: str, found: list[str]
) -> None:
    there.edit("Task 5", title="Sort order by date")
    assert titles(tracker, query=query) == found
    assert titles(tracker, BILLING, query="ORDER BY created ASC") == ["Invoice 1", "Invoice 2", "Invoice 3"]


def test_a_query_that_cannot_be_read_is_refused_in_words_of_jira(tracker: Tracker) -> None:
    with pytest.raises(Rejected, match="Field 'colour' does not exist"):
        tracker.search(Search(query="colour = red"))


def test_fields_are_asked_for_once_and_issues_in_pages(tracker: Tracker, there: JiraDouble) -> None:
    first = tracker.search(Search(CHECKOUT))
    second = tracker.search(Search(CHECKOUT), first.cursor)
    assert len(there.requests) == 3
    assert not {each.id for each in first.issues} & {each.id for each in second.issues}


def test_a_moved_issue_is_found_by_its_id_and_by_its_former_key(tracker: Tracker, there: JiraDouble) -> None:
    entry = there.titled("Task 7")
    there.move("Task 7", BILLING)
    for name in (entry.id, entry.key):
        moved = tracker.issue(name)
        assert (moved.id, moved.key, moved.project, moved.title) == (entry.id, "BILL-4", BILLING, "Task 7")
    assert titles(tracker, BILLING, words=entry.key) == ["Task 7"]


def test_parents_epics_and_acceptance_criteria_come_along(tracker: Tracker, there: JiraDouble) -> None:
    child, of_epic = there.titled("Task 2"), there.titled("Task 3")
    there.parents[child.id] = there.titled("Task 4").id
    there.values[of_epic.id, EPIC] = "SHOP-9"
    there.values[child.id, ACCEPTANCE] = there.description()
    found = tracker.issue(child.id)
    assert (found.parent, found.kind, found.status, found.priority) == ("Task 4", "Story", "To Do", "Medium")
    assert "**must**" in found.acceptance
    assert tracker.issue(of_epic.id).parent == "SHOP-9"


def test_fields_for_estimates_are_those_on_the_screens_the_likeliest_first(tracker: Tracker, there: JiraDouble) -> None:
    fields = tracker.estimate_fields(CHECKOUT)
    assert [(each.id, each.kind, each.choices) for each in fields] == [
        (POINTS, NUMBER, ()),
        (SIZE, CHOICE, ("S", "M", "L")),
        (BUDGET, NUMBER, ()),
        (LINE, TEXT, ()),
    ]
    assert len(there.requests) <= 8


def test_what_the_board_estimates_in_comes_first(tracker: Tracker, there: JiraDouble) -> None:
    estimation = {"estimation": {"type": "field", "field": {"fieldId": BUDGET}}}
    there.faults.append(Fault(200, path="/configuration", body=json.dumps(estimation).encode()))
    assert [each.id for each in tracker.estimate_fields(CHECKOUT)][:2] == [BUDGET, POINTS]


def test_without_a_screen_fields_are_known_by_their_names(there: JiraDouble) -> None:
    reader = trackers.tracker(there.kind, there.credentials(READER))
    assert [each.id for each in reader.estimate_fields(CHECKOUT)] == [POINTS, WEIGHT]


def test_choices_and_texts_are_written_as_jira_has_them(tracker: Tracker, there: JiraDouble) -> None:
    issue_id = there.titled("Task 1").id
    for field, value in (
        (EstimateField(SIZE, "T-shirt size", CHOICE, ("S", "M", "L")), "M"),
        (EstimateField(LINE, "Remark", TEXT), "☕"),
    ):
        tracker.write_estimate(issue_id, field, value)
        assert tracker.estimate(issue_id, field) == value


def test_a_refused_value_is_explained_by_the_name_of_the_field(tracker: Tracker, there: JiraDouble) -> None:
    issue_id = there.titled("Task 1").id
    for field, value in (
        (EstimateField(SIZE, "T-shirt size", CHOICE), "XXL"),
        (EstimateField(WEIGHT, "Weight", NUMBER), "5"),
    ):
        with pytest.raises(Rejected, match=field.name) as refused:
            tracker.write_estimate(issue_id, field, value)
        assert field.id not in refused.value.sentence
    with pytest.raises(Rejected):
        tracker.estimate(there.titled("Invoice 1").id, EstimateField(POINTS, "Story points", NUMBER))


def test_a_token_is_named_with_what_it_may_do(tracker: Tracker, there: JiraDouble) -> None:
    assert (tracker.check().name, tracker.check().granted) == ("Olga", ("reads issues", "edits issues", "comments"))
    assert trackers.tracker(there.kind, there.credentials(READER)).check().granted == ("reads issues",)


@pytest.mark.parametrize("body", ["null", "{}", "[null]", '{"values": [{}], "issues": [{}], "fields": null}', '"text"'])
@pytest.mark.parametrize(
    "ask",
    [
        lambda tracker: tracker.check(),
        lambda tracker: tracker.projects(),
        lambda tracker: tracker.places(CHECKOUT),
        lambda tracker: tracker.search(Search(CHECKOUT)),
        lambda tracker: tracker.search(Search(CHECKOUT, BOARD)),
        lambda tracker: tracker.issue("1"),
        lambda tracker: tracker.estimate_fields(CHECKOUT),
        lambda tracker: tracker.estimate("1", EstimateField(POINTS, "Story points", NUMBER)),
    ],
    ids=["check", "projects", "places", "search", "board", "issue", "fields", "estimate"],
)
def test_an_answer_of_another_shape_is_named(
    tracker: Tracker, there: JiraDouble, ask: Callable[[Tracker], Any], body: str
) -> None:
    fields = json.dumps([{"id": "summary", "name": "Summary"}]).encode()
    there.faults += [Fault(200, 99, "/field", body=fields), Fault(200, 99, body=body.encode())]
    with pytest.raises(Unreachable, match="does not answer as expected"):
        ask(tracker)


def test_what_may_not_be_done_is_denied_and_what_cannot_be_is_refused(tracker: Tracker, there: JiraDouble) -> None:
    issue_id = there.titled("Task 1").id
    refusal = json.dumps({"errorMessages": ["The comment is too long."]}).encode()
    there.faults.append(Fault(400, path="/comment", body=refusal))
    with pytest.raises(Rejected, match="too long"):
        tracker.comment(issue_id, "5")
    reader = trackers.tracker(there.kind, there.credentials(READER))
    with pytest.raises(Denied, match="ADD_COMMENTS"):
        reader.comment(issue_id, "5")
