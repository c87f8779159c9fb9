"""The columns of each tracker's import, and that a file in them changes nothing there but estimates."""

import csv
from dataclasses import replace
from fractions import Fraction
from io import StringIO

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from poker_app.rules.imports.understood import task_of, understood
from poker_app.rules.printable import one_line
from poker_app.rules.spreadsheet import is_formula, unprotected
from poker_app.rules.trackers_csv import (
    ELSEWHERE,
    FORMULA,
    NO_ESTIMATE,
    NO_KEY,
    NO_NUMBER,
    NO_TYPE,
    NOT_WHOLE,
    TRACKERS,
    TWICE,
    Estimated,
    export,
    home_of,
    usual_tracker,
)

AZURE = "User Story"


def estimated(title="Pay", key="PAY-1", estimate="5", points=Fraction(5), **more):
    return Estimated(title, key, estimate=estimate, points=points, **more)


def left_out(tracker, *tasks):
    found = export(TRACKERS[tracker], tasks)
    return {why: [task.title for task in each] for why, each in found.left_out.items()}


@pytest.mark.parametrize(
    ("tracker", "text"),
    [
        ("jira", 'Issue key,Summary,Story Points\r\nPAY-1,"Pay, later",0.5\r\n'),
        ("linear", "Title,Description,Status,Priority,Assignee,Labels,Estimate\r\n"),
        ("clickup", 'Task Name,Link,Points\r\n"Pay, later",https://acme.example/1,0.5\r\n'),
        ("asana", 'Name,Link,Points\r\n"Pay, later",https://acme.example/1,0.5\r\n'),
    ],
)
def test_half_a_point_in_the_columns_of_a_tracker(tracker, text):
    task = estimated("Pay, later", estimate="½", points=Fraction(1, 2), url="https://acme.example/1")
    assert export(TRACKERS[tracker], [task]).text == text


def test_whole_points_in_the_columns_of_a_tracker():
    task = estimated(url="https://acme.example/1")
    assert export(TRACKERS["linear"], [task]).rows == [["Pay", "https://acme.example/1", "", "", "", "", "5"]]
    assert export(TRACKERS["gitlab"], [task]).rows == [["Pay", "https://acme.example/1\n\n/weight 5"]]
    assert export(TRACKERS["gitlab"], [replace(task, url="")]).rows == [["Pay", "/weight 5"]]


def test_azure_needs_the_type_that_its_export_had():
    task = estimated(key="#12", type=AZURE, url="https://dev.azure.com/acme/shop/_workitems/edit/12")
    assert export(TRACKERS["azure"], [task]).text == ("ID,Work Item Type,Title,Story Points\r\n12,User Story,Pay,5\r\n")
    scrum = replace(task, type="Product Backlog Item")
    assert export(TRACKERS["azure"], [scrum]).heads[-1] == "Effort"
    assert left_out("azure", replace(task, type="")) == {NO_TYPE: ["Pay"]}


def test_what_is_left_out_and_why():
    tasks = [
        estimated("A", estimate=None, points=None),
        estimated("B", estimate="?", points=None),
        estimated("C", key=""),
        estimated("D", key="#12"),
        estimated("E", url="https://linear.app/acme/issue/PAY-1"),
        estimated("=F"),
        estimated("G"),
        estimated("H", key="pay-1"),
        estimated("I", key="PAY-2", points=Fraction(1, 2)),
    ]
    assert left_out("jira", *tasks) == {
        NO_ESTIMATE: ["A"],
        NO_NUMBER: ["B"],
        NO_KEY: ["C", "D"],
        ELSEWHERE: ["E"],
        FORMULA: ["=F"],
        TWICE: ["H"],
    }
    assert left_out("gitlab", *tasks) == {
        NO_ESTIMATE: ["A"],
        NO_NUMBER: ["B"],
        FORMULA: ["=F"],
        NOT_WHOLE: ["I"],
    }


@pytest.mark.parametrize(
    "task",
    [
        estimated(key="12", type="=1+1"),
        estimated(key="12", type="Bug", title="a;=1"),
    ],
)
def test_no_text_of_a_row_runs(task):
    assert list(left_out("azure", task)) == [FORMULA]


def test_an_address_that_would_run_is_in_no_file():
    task = estimated(url="https://acme.example/;=1+1")
    assert [list(left_out(name, task)) for name in ("jira", "gitlab", "asana")] == [[], [FORMULA], [FORMULA]]


# --- which tracker


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://acme.atlassian.net/browse/PAY-1", "jira"),
        ("https://jira.acme.example:8443/browse/PAY-1", "jira"),
        ("https://dev.azure.com/acme/shop/_workitems/edit/1", "azure"),
        ("https://acme.visualstudio.com/shop/_workitems/edit/1", "azure"),
        ("https://tfs.acme.example/shop/_workitems/edit/1", "azure"),
        ("https://gitlab.com/acme/shop/-/issues/1", "gitlab"),
        ("https://git.acme.example/acme/shop/-/issues/1", "gitlab"),
        ("https://linear.app/acme/issue/PAY-1/pay", "linear"),
        ("https://app.clickup.com/t/86a", "clickup"),
        ("https://app.asana.com/0/1/2", "asana"),
        ("https://github.com/acme/shop/issues/1", "github"),
        ("https://GitHub.com/acme/shop/issues/1", "github"),
        ("https://evilgithub.com/acme", ""),
        ("https://acme.example", ""),
        ("https://", ""),
        ("", ""),
    ],
)
def test_where_a_task_is_at_home(url, name):
    assert home_of(url) == name


@pytest.mark.parametrize(
    ("tasks", "name"),
    [
        ([], "jira"),
        ([estimated(key="#1")], "jira"),
        ([estimated(key="#1", url="https://github.com/a/b/issues/1")], "jira"),
        ([estimated(url="https://linear.app/acme/issue/PAY-1")], "linear"),
        ([estimated(), estimated(), estimated(key="1", url="https://dev.azure.com/a")], "jira"),
        ([estimated(key="1", url="https://dev.azure.com/a")] * 2 + [estimated()], "azure"),
    ],
)
def test_the_usual_tracker_is_the_one_of_most_tasks(tasks, name):
    assert usual_tracker(tasks) == name


# --- and back

TITLES = st.text(st.sampled_from("=+-@\t\n ,;|\"'aäß½1/2.é漢\u200b"), min_size=1, max_size=20) | st.text(min_size=1)


@given(st.lists(TITLES, min_size=1, max_size=4))
@example(["MAR-12", "1/2", 'Say "hello", world; or | not', "-5", "a\nb", "Größe", "'quoted'", "0007"])
def test_what_a_tracker_gets_has_the_keys_and_titles_of_its_tasks(typed):
    titles = [title for text in typed if (title := one_line(text))]
    assume(titles and all(unprotected(title) == title or is_formula(title) for title in titles))
    tasks = [estimated(title, key=f"MAR-{place}") for place, title in enumerate(titles, start=1)]
    exported = export(TRACKERS["jira"], tasks)
    written = {(task.key, task.title) for task in tasks if not is_formula(task.title)}
    assert {(key, title) for key, title, _ in csv.reader(StringIO(exported.text, newline=""))} - {
        ("Issue key", "Summary")
    } == written
    table = understood(exported.text)
    found = [task_of(table.columns, row)[0] for row in table.rows]
    assert {(task.key, task.title) for task in found if task} == written
    # An update here changes what has a text: nothing but titles, which are the same.
    assert all(not (task.url or task.description) for task in found if task)
