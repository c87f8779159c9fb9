"""What is Azure DevOps' own: queries, rights, fields found by asking, and its ways to refuse a token."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from poker_app import trackers
from poker_app.rules import Refused
from poker_app.rules.trackers import EstimateField, Search, value_for
from poker_app.trackers.engines.base import Tracker
from poker_app.trackers.failures import Denied, Gone, Rejected, Unauthorized, Unreachable
from tests.trackers.azure_devops import POINTS, SIGN_IN, AzureDevOpsDouble
from tests.trackers.double import TASKS, Fault

STORY_POINTS = EstimateField(POINTS, "Story Points", "number")


@pytest.fixture(scope="module")
def there() -> Iterator[AzureDevOpsDouble]:
    with AzureDevOpsDouble() as double:
        yield double


@pytest.fixture(autouse=True)
def anew(there: AzureDevOpsDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trackers, "_inside", True)
    there.reset()
    there.requests.clear()


@pytest.fixture
def azure(there: AzureDevOpsDouble) -> Tracker:
    return trackers.tracker("azure-devops", there.credentials())


def titles(azure: Tracker, **search: str) -> list[str]:
    return [issue.title for issue in azure.search(Search(**{"project": "Checkout", **search})).issues]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(302, headers={"Location": SIGN_IN}),
        Fault(203, body=b"<html>Sign in</html>", headers={"Content-Type": "text/html"}),
        Fault(200, body=json.dumps({"authenticatedUser": {"id": "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa",
              "providerDisplayName": "Anonymous"}}).encode()),
    ],
    ids=["way to sign in", "page for signing in", "anonymous"],
)  # fmt: skip
def test_an_expired_token_is_unauthorized(azure: Tracker, there: AzureDevOpsDouble, fault: Fault) -> None:
    there.faults.append(fault)
    with pytest.raises(Unauthorized):
        azure.check()


@pytest.mark.parametrize(("path", "right"), [("projects", "Project and Team: Read"), ("fields", "Work Items: Read")])
def test_a_right_that_the_token_has_not_is_named(
    azure: Tracker, there: AzureDevOpsDouble, path: str, right: str
) -> None:
    assert right in azure.check().granted
    there.faults.append(Fault(401, path=path))
    with pytest.raises(Denied, match=right):
        azure.check()


def test_places_are_iterations_that_are_not_over_and_areas(azure: Tracker) -> None:
    assert [(place.group, place.name, place.note) for place in azure.places("Checkout")] == [
        ("Iteration", r"Release\Sprint 42", "active"),
        ("Iteration", "Sprint 43", "upcoming"),
        ("Iteration", "Some day", ""),
        ("Iteration", "Release", ""),
        ("Area", "Web", ""),
        ("Area", r"Web\Cart", ""),
    ]


def test_a_place_has_what_is_below_it(azure: Tracker) -> None:
    assert len(titles(azure, place=r"iteration:Checkout\Release", words="task 60")) == 1
    assert titles(azure, place=r"iteration:Checkout\Release", words="task 100") == []
    assert titles(azure, place=r"area:Checkout\Web", words="task 60") == []
    for other in ("team:Checkout", r"area:Checkout' OR [System.Title] <> 'x"):
        assert _refused_or_empty(azure, other)


def _refused_or_empty(azure: Tracker, place: str) -> bool:
    try:
        return titles(azure, place=place) == []
    except Rejected:
        return True


def test_words_are_quoted_and_a_number_is_an_id(azure: Tracker, there: AzureDevOpsDouble) -> None:
    there.edit("Task 7", title="Ada's 'cart' OR [basket]")
    assert titles(azure, words="ADA'S [basket]") == ["Ada's 'cart' OR [basket]"]
    number = there.titled("Task 8").key
    assert "Task 8" in titles(azure, words=number)
    assert titles(azure, words=f"{number} of") == []
    assert titles(azure, words="' OR [System.Title] <> '") == []


def test_conditions_are_asked_for_as_they_stand(azure: Tracker) -> None:
    assert titles(azure, query="[System.State] = 'Closed' OR [System.Title] = 'Draw a button'", words="left out") == [
        "Draw a button",
        "Finished",
    ]
    with pytest.raises(Rejected, match="does not exist: Owner"):
        titles(azure, query="[Owner] = 'Ada'")
    with pytest.raises(Rejected, match="between WHERE and ORDER BY"):
        titles(azure, query="SELECT [System.Id] FROM WorkItems WHERE [System.State] = 'New'")


def test_all_projects_are_searched_where_none_is_chosen(azure: Tracker) -> None:
    assert {*titles(azure, project="", words="1")} >= {"Task 1", "Invoice 1"}


def test_a_page_is_three_requests_without_what_was_deleted_meanwhile(
    azure: Tracker, there: AzureDevOpsDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = there._batch

    def deleted_meanwhile(request: Any, body: Any) -> Any:
        there.delete("Task 2")
        return batch(request, body)

    monkeypatch.setattr(there, "_batch", deleted_meanwhile)
    page = azure.search(Search("Checkout"))
    assert [issue.title for issue in page.issues][:2] == ["Task 1", "Task 3"]
    assert (len(page.issues), page.cursor, len(there.requests)) == (49, "50", 3)
    with pytest.raises(Rejected):
        azure.search(Search("Checkout"), "next")
    assert azure.search(Search("Checkout"), "99999").issues == ()


def test_fields_are_those_that_the_backlogs_types_have(azure: Tracker) -> None:
    assert azure.estimate_fields("Checkout") == [
        STORY_POINTS,
        EstimateField("Custom.Hours", "Hours", "number"),
        EstimateField("Custom.Shirt", "Shirt", "choice", ("S", "M", "L")),
    ]
    assert azure.estimate_fields("Billing") == []


def test_a_list_of_values_takes_its_values(azure: Tracker, there: AzureDevOpsDouble) -> None:
    shirt = azure.estimate_fields("Checkout")[2]
    issue_id = there.titled("Task 1").id
    with pytest.raises(Refused):
        value_for(shirt, "XL", {})
    azure.write_estimate(issue_id, shirt, value_for(shirt, "m", {}))
    assert azure.estimate(issue_id, shirt) == "M"
    with pytest.raises(Rejected, match="Rule Error for field Shirt"):
        azure.write_estimate(issue_id, shirt, "XL")


def test_half_a_point_is_half_a_point(azure: Tracker, there: AzureDevOpsDouble) -> None:
    azure.write_estimate(there.titled("Task 1").id, STORY_POINTS, value_for(STORY_POINTS, "½", {}))
    assert there.titled("Task 1").estimate == 0.5
    assert azure.estimate(there.titled("Task 1").id, STORY_POINTS) == "0.5"


def test_a_type_without_the_field_is_named(azure: Tracker, there: AzureDevOpsDouble) -> None:
    for ask in (azure.estimate, lambda *of: azure.write_estimate(*of, "5")):
        with pytest.raises(Rejected, match="Issue has no field Story Points in Billing"):
            ask(there.titled("Invoice 1").id, STORY_POINTS)


def test_an_issue_that_moves_is_found_by_its_id(azure: Tracker, there: AzureDevOpsDouble) -> None:
    there.edit("Task 1", project="Billing")
    issue = azure.issue(there.titled("Task 1").id)
    assert (issue.project, issue.kind) == ("Billing", "Issue")
    assert issue.url == f"{there.url}/acme/Billing/_workitems/edit/{issue.id}"
    azure.comment(issue.id, "**5** <script>")
    assert there.titled("Task 1").comments == ("<p><strong>5</strong> &lt;script&gt;</p>\n",)


def test_a_description_may_be_markdown_already(azure: Tracker, there: AzureDevOpsDouble) -> None:
    there.formats = {"System.Description": "markdown"}
    there.edit("Task 1", markup="- <b>as it is</b>")
    assert azure.issue(there.titled("Task 1").id).description == "- <b>as it is</b>"
    there.formats = {}
    there.edit("Task 1", markup="- one\n- two")
    assert azure.issue(there.titled("Task 1").id).description == "- one\n- two"


def test_a_bug_has_its_steps_and_what_it_has_to_meet(azure: Tracker, there: AzureDevOpsDouble) -> None:
    number = there.titled("Task 2").id
    there.more_fields[number] = {
        "Microsoft.VSTS.TCM.ReproSteps": "<div>Press <i>it</i></div>",
        "Microsoft.VSTS.Common.AcceptanceCriteria": "<ul><li>It opens</li></ul>",
        "System.Parent": 7,
    }
    issue = azure.issue(number)
    assert (issue.description, issue.acceptance, issue.parent) == ("Press *it*", "- It opens", "#7")
    assert azure.issue(there.titled("Finished").id).done


def test_projects_are_read_in_ten_pages_at_most(azure: Tracker, there: AzureDevOpsDouble) -> None:
    there.more_projects = 150
    assert len(azure.projects()) == 152
    there.more_projects = 2000
    there.requests.clear()
    assert len(azure.projects()) == 1000
    assert len(there.requests) == 10


@pytest.mark.parametrize(
    "body", [None, [], {}, {"id": 1}, {"id": 1, "fields": None}, {"id": "x", "fields": {"System.TeamProject": 1}}]
)
def test_an_answer_of_another_shape_is_unreachable(azure: Tracker, there: AzureDevOpsDouble, body: Any) -> None:
    there.faults.append(Fault(200, times=2, body=json.dumps(body).encode()))
    for ask in (azure.issue, lambda issue_id: azure.estimate(issue_id, STORY_POINTS)):
        with pytest.raises(Unreachable, match="does not answer as expected"):
            ask(there.titled("Task 1").id)


def test_a_project_that_is_not_there_is_gone(azure: Tracker) -> None:
    for ask in (azure.places, azure.estimate_fields, lambda project: azure.search(Search(project))):
        with pytest.raises(Gone):
            ask("No / such?")


def test_a_whole_project_is_in_the_order_of_its_backlog(azure: Tracker) -> None:
    found = [*azure.search(Search("Checkout")).issues]
    for cursor in ("50", "100"):
        found += azure.search(Search("Checkout"), cursor).issues
    assert [issue.title for issue in found] == [f"Task {number}" for number in range(1, TASKS + 1)]
