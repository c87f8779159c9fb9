"""What is Linear's own: scales, its way to refuse, places, and how many requests are made."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from poker_app import trackers
from poker_app.rules import Refused
from poker_app.rules.trackers import EstimateField, Search, value_for
from poker_app.trackers.engines.base import Tracker
from poker_app.trackers.failures import Busy, Denied, Gone, Rejected, TrackerFailure, Unauthorized, Unreachable
from tests.cast import Clock
from tests.trackers.double import SPRINT, Fault
from tests.trackers.linear import LinearDouble, uuid

CHECKOUT = uuid("team Checkout")


@pytest.fixture(scope="module")
def there() -> Iterator[LinearDouble]:
    with LinearDouble() as double:
        yield double


@pytest.fixture(autouse=True)
def anew(there: LinearDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trackers, "_inside", True)
    there.reset()
    there.requests.clear()


@pytest.fixture
def linear(there: LinearDouble) -> Tracker:
    return trackers.tracker("linear", there.credentials())


@pytest.mark.parametrize(
    ("scale", "choices"),
    [
        (("exponential", False, False), "1 2 4 8 16"),
        (("exponential", True, True), "0 1 2 4 8 16 32 64"),
        (("fibonacci", True, False), "1 2 3 5 8 13 21"),
        (("linear", False, True), "0 1 2 3 4 5"),
        (("tShirt", False, False), "XS S M L XL"),
        (("tShirt", True, True), "– XS S M L XL XXL XXXL"),
        (("notUsed", False, False), ""),
        (("of another day", False, False), ""),
    ],
)
def test_a_team_estimates_on_its_own_scale(
    linear: Tracker, there: LinearDouble, scale: tuple[str, bool, bool], choices: str
) -> None:
    there.scales["Checkout"] = scale
    assert [" ".join(field.choices) for field in linear.estimate_fields(CHECKOUT)] == ([choices] if choices else [])


def test_a_size_is_written_as_its_number(linear: Tracker, there: LinearDouble) -> None:
    there.scales["Checkout"] = ("tShirt", False, False)
    (field,) = linear.estimate_fields(CHECKOUT)
    linear.write_estimate(there.titled("Task 1").id, field, value_for(field, "l", {}))
    assert there.titled("Task 1").estimate == 5
    assert linear.estimate(there.titled("Task 1").id, field) == "L"


def test_a_value_off_the_scale_is_refused(linear: Tracker, there: LinearDouble) -> None:
    (field,) = linear.estimate_fields(CHECKOUT)
    with pytest.raises(Refused, match="Estimate has no choice “13”"):
        value_for(field, "13", {})
    # The team changes its scale after the fields were asked for.
    there.scales["Checkout"] = ("exponential", False, False)
    there.edit("Task 1", estimate=3.0)
    with pytest.raises(Rejected, match=r"“3” is not on the scale .*: 1, 2, 4, 8, 16"):
        linear.write_estimate(there.titled("Task 1").id, field, "3")
    assert linear.estimate(there.titled("Task 1").id, field) == "3"


def test_an_issue_that_moves_is_found_by_its_id(linear: Tracker, there: LinearDouble) -> None:
    there.edit("Task 1", project="Billing", key="BIL-4")
    issue = linear.issue(there.titled("Task 1").id)
    assert (issue.key, issue.project) == ("BIL-4", uuid("team Billing"))
    with pytest.raises(Rejected, match="does not use estimates"):
        linear.estimate(issue.id, EstimateField("estimate", "Estimate", "choice", ("5",)))


def test_an_archived_issue_is_gone(linear: Tracker, there: LinearDouble) -> None:
    there.archived.add("Task 1")
    with pytest.raises(Gone):
        linear.issue(there.titled("Task 1").id)


def test_places_are_cycles_projects_and_labels(linear: Tracker) -> None:
    shown = [f"{place.group} {place.name} {place.note}".strip() for place in linear.places(CHECKOUT)]
    assert shown == [
        "Cycle Sprint 42 active",
        "Cycle Cycle 43 upcoming",
        "Project Launch",
        "Label web",
        "Label urgent",
    ]


def test_a_label_narrows_a_search(linear: Tracker) -> None:
    label = next(place.id for place in linear.places(CHECKOUT) if place.name == "web")
    assert [issue.title for issue in linear.search(Search(CHECKOUT, label)).issues] == ["Task 1"]
    assert linear.search(Search(CHECKOUT, label, "Task 2")).issues == ()
    with pytest.raises(Rejected):
        linear.search(Search(CHECKOUT, "team:another"))


def test_a_search_is_one_request_a_page(linear: Tracker, there: LinearDouble) -> None:
    page = linear.search(Search(CHECKOUT, f"cycle:{uuid('Sprint 42')}"))
    rest = linear.search(Search(CHECKOUT, f"cycle:{uuid('Sprint 42')}"), page.cursor)
    assert (len(page.issues), len(rest.issues), rest.cursor) == (50, SPRINT - 50, "")
    assert linear.search(Search(CHECKOUT, words="task")).total == 120
    assert len(there.requests) == 3


def test_teams_are_read_in_ten_pages_at_most(linear: Tracker, there: LinearDouble) -> None:
    there.more_teams = 150
    assert len(linear.projects()) == 152
    there.more_teams = 2000
    there.requests.clear()
    assert len(linear.projects()) == 1000
    assert len(there.requests) == 10


def failing(code: str, kind: str, message: str = "No") -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": {"code": code, "type": kind}}], "data": None}


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    ("body", "raised"),
    [
        (failing("RATELIMITED", "ratelimited"), Busy),
        (failing("AUTHENTICATION_ERROR", "authentication error"), Unauthorized),
        (failing("FORBIDDEN", "forbidden"), Denied),
        (failing("INPUT_ERROR", "invalid input", "Entity not found: Issue"), Gone),
        (failing("INTERNAL_SERVER_ERROR", "internal error"), Unreachable),
        (failing("INVALID_INPUT", "invalid input"), Rejected),
        ({"errors": [{"message": "Syntax"}]}, Rejected),
        ({"errors": ["Syntax"]}, Unreachable),
    ],
)
def test_a_refusal_is_read_from_the_body(
    linear: Tracker, there: LinearDouble, status: int, body: Any, raised: type[TrackerFailure]
) -> None:
    there.faults.append(Fault(status, body=json.dumps(body).encode()))
    with pytest.raises(raised):
        linear.issue(there.titled("Task 1").id)


def test_a_used_up_limit_says_when_it_begins_anew(linear: Tracker, there: LinearDouble, clock: Clock) -> None:
    headers = {
        "X-RateLimit-Requests-Remaining": "4900",
        "X-RateLimit-Requests-Reset": str(int(clock.now().timestamp() * 1000) + 3_600_000),
        "X-RateLimit-Complexity-Remaining": "0",
        "X-RateLimit-Complexity-Reset": str(int(clock.now().timestamp() * 1000) + 9_000),
    }
    there.faults.append(Fault(400, headers=headers, body=json.dumps(failing("RATELIMITED", "ratelimited")).encode()))
    with pytest.raises(Busy) as refused:
        linear.check()
    assert refused.value.retry_after == pytest.approx(9, abs=0.01)


@pytest.mark.parametrize(
    "body", [[], {}, {"data": None}, {"data": {"issue": None}}, {"data": {"issue": {"archivedAt": None}}}]
)
def test_an_answer_of_another_shape_is_unreachable(linear: Tracker, there: LinearDouble, body: Any) -> None:
    there.faults.append(Fault(200, body=json.dumps(body).encode()))
    with pytest.raises(Unreachable, match="does not answer as expected"):
        linear.issue(there.titled("Task 1").id)


def test_what_was_not_written_is_said(linear: Tracker, there: LinearDouble) -> None:
    there.faults.append(Fault(200, body=json.dumps({"data": {"written": {"success": False}}}).encode()))
    with pytest.raises(Rejected):
        linear.comment(there.titled("Task 1").id, "5")


def test_linear_has_no_query_language(linear: Tracker) -> None:
    with pytest.raises(Rejected):
        linear.search(Search(CHECKOUT, query="priority:1"))
