"""Bringing a backlog in: a file or a pasted table, its preview, and what is added of it."""

import re
from hashlib import sha256
from html import unescape
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from itsdangerous import URLSafeSerializer
from werkzeug.test import TestResponse

from poker_app.db import session
from poker_app.poker.models import PokerSession, Task
from poker_app.poker.reports.exports import as_json
from poker_app.poker.reports.report import report_of
from poker_app.poker.round.tasks import live_tasks
from poker_app.rules.backlog import said
from poker_app.rules.imports.columns import Column
from poker_app.rules.imports.understood import Row, Understood
from poker_app.web.http.guards import MAX_LONG_FORM
from tests.cast import FROM_OUR_PAGE, Clock
from tests.web.route_checks import says
from tests.world.pages import Scene

JIRA = (Path(__file__).parent.parent / "rules/tracker_exports/jira.csv").read_bytes()
TABLE = "Title;Key;Squad\nPay;PAY-1;Red\nShip;PAY-2;Blue\n"


def reads(scene: Scene, content: bytes = b"", **form: str) -> TestResponse:
    data = {**form, **({"file": (BytesIO(content), "backlog")} if content else {})}
    return scene.ada.browser.post(f"{scene.table.path}/import/file", data=data, headers=FROM_OUR_PAGE)


def form_of(answer: TestResponse, status: int = 200) -> dict[str, str]:
    """The form of a preview as a browser sends it, without its ticks."""
    assert answer.status_code == status, answer.text
    page = answer.text
    columns = re.findall(r'name="(column-\d+)".*?<option value="(\w+)" selected>', page, re.DOTALL)
    table = re.search(r'name="table" value="([^"]*)"', page)
    assert table
    return {"table": unescape(table[1]), **dict(columns)}


def ticks(answer: TestResponse) -> list[str]:
    return re.findall(r'name="row" value="(\d+)"\s+checked', answer.text)


def saves(scene: Scene, answer: TestResponse, **changed: object) -> TestResponse:
    form = {**form_of(answer), "row": ticks(answer), **changed}
    return scene.ada.browser.post(f"{scene.table.path}/import", data=form, headers=FROM_OUR_PAGE)


def backlog(scene: Scene) -> list[tuple[str, str]]:
    return [(task.title, task.key) for task in tasks_of(scene)]


def tasks_of(scene: Scene) -> list[Task]:
    with scene.app.app_context():
        return live_tasks(scene.table.id)


def test_an_export_is_previewed_and_added(scene: Scene) -> None:
    answer = reads(scene, JIRA)
    assert says(answer, "Preview: 3 tasks")
    assert says(answer, "Line 6: Done already.")
    assert ticks(answer) == ["2", "5"]
    assert backlog(scene) == [("One", ""), ("Two", "")]
    assert saves(scene, answer).status_code == 303
    room = scene.ada.get(scene.table.path)
    assert says(room, "2 tasks added.")
    assert backlog(scene) == [
        ("One", ""),
        ("Two", ""),
        ("Login page hidden", "PAY-12"),
        ("Export report, as CSV", "PAY-13"),
    ]
    undo = re.search(r'action="([^"]*/undoing)"', room.text)
    assert undo
    assert scene.ada.post(undo[1]).status_code == 200
    assert backlog(scene) == [("One", ""), ("Two", "")]


def test_a_table_pasted_below_the_backlog_is_previewed(scene: Scene) -> None:
    tasks, preview = f"{scene.table.path}/tasks", f"{scene.table.path}/import/file"
    by_script = scene.ada.post(tasks, {"tasks": TABLE})
    assert (by_script.status_code, by_script.headers["X-Send-To"]) == (200, preview)
    # The browser sends the same form again.
    by_browser = scene.ada.post(tasks, {"tasks": TABLE}, htmx=False)
    assert (by_browser.status_code, by_browser.location) == (307, preview)
    answer = scene.ada.post(preview, {"tasks": TABLE}, htmx=False)
    assert says(answer, "Preview: 2 tasks")
    assert backlog(scene) == [("One", ""), ("Two", "")]
    saves(scene, answer)
    assert backlog(scene)[2:] == [("Pay", "PAY-1"), ("Ship", "PAY-2")]
    long = TABLE + "".join(f"{'Task ' * 30}{n};T-{n};\n" for n in range(1_000))
    assert scene.ada.post(tasks, {"tasks": long}, htmx=False).status_code == 307
    assert says(scene.ada.post(preview, {"tasks": long}, htmx=False), "The first 500 tasks are shown")
    assert len(backlog(scene)) == 4


def test_a_workbook_is_read(scene: Scene) -> None:
    book, content = openpyxl.Workbook(), BytesIO()
    for row in (["Key", "Summary"], ["PAY-1", "Pay later"]):
        book.active.append(row)
    book.save(content)
    saves(scene, reads(scene, content.getvalue()))
    assert backlog(scene)[2:] == [("Pay later", "PAY-1")]


def test_a_column_gets_another_meaning(scene: Scene) -> None:
    first = reads(scene, tasks=TABLE)
    form = {**form_of(first), "column-0": "other", "column-2": "title", "row": ["3"]}
    again = scene.ada.browser.post(f"{scene.table.path}/import/preview", data=form, headers=FROM_OUR_PAGE)
    assert says(again, "Red")
    assert ticks(again) == ["3"]
    saves(scene, again)
    assert backlog(scene)[2:] == [("Blue", "PAY-2")]


def test_correcting_the_columns_marks_and_ticks_the_rows_anew(scene: Scene) -> None:
    def corrected(shown: TestResponse, *row: str, **columns: str) -> TestResponse:
        form = {**form_of(shown), "row": [*row], **columns}
        return scene.ada.browser.post(f"{scene.table.path}/import/preview", data=form, headers=FROM_OUR_PAGE)

    table = "Title;Status;Squad\nPay;Done;Red\nShip;Open;Blue\n;Open;Green\nTitle;Status;Squad\n"
    shown = reads(scene, tasks=table)
    assert (ticks(shown), says(shown, "Line 4: No title, key or link.")) == (["3"], True)
    # What is ticked by hand, or not, stays so; the names of the columns are no task whatever they mean.
    again = corrected(shown, **{"column-0": "other", "column-1": "other", "column-2": "title"})
    assert ticks(again) == ["2", "4"]
    assert says(again, "Line 5: A heading, not a task.")
    back = corrected(again, "3", "4", **{"column-0": "title", "column-1": "status", "column-2": "other"})
    assert ticks(back) == ["3"]
    assert says(back, "Line 2: Done already.")


def test_corrected_columns_are_known_the_next_time(scene: Scene) -> None:
    def hints(answer: TestResponse) -> list[str]:
        return re.findall(r"As last time</span>\s+(\w+)", answer.text)

    first = reads(scene, tasks=TABLE)
    assert hints(first) == []
    form = {**form_of(first), "column-0": "other", "column-2": "title", "row": ["2", "3"]}
    corrected = scene.ada.browser.post(f"{scene.table.path}/import/preview", data=form, headers=FROM_OUR_PAGE)
    assert hints(reads(scene, tasks=TABLE)) == []  # not before it is saved
    saves(scene, corrected)
    assert backlog(scene)[2:] == [("Red", "PAY-1"), ("Blue", "PAY-2")]

    another = scene.ada.opens("Another")
    again = scene.ada.post(f"{another.path}/import/file", {"tasks": "Title;SQUAD\nSell;Green\n"}, htmx=False)
    assert hints(again) == ["Sell", "Green"]
    assert says(again, "What the columns mean, 2 as last time")
    assert says(again, "<b>Green</b>")
    # Where the guess is chosen again, it is forgotten.
    saves(scene, reads(scene, tasks=TABLE), **{"column-2": "other"}, duplicates="add")
    assert hints(reads(scene, tasks=TABLE)) == ["Pay"]


def test_rows_that_seem_to_be_no_tasks_are_shown_where_there_is_room(scene: Scene) -> None:
    done = "Title;Status\n" + "".join(f"Task {n};{'Open' if n % 300 == 299 else 'Done'}\n" for n in range(600))
    answer = reads(scene, done.encode())
    assert says(answer, "Preview: 500 tasks")
    assert says(answer, "100 rows that are headings or done are not shown.")
    assert ticks(answer) == ["301", "601"]


def test_what_is_in_the_backlog_already(scene: Scene) -> None:
    saves(scene, reads(scene, tasks=TABLE))
    again = reads(scene, tasks=TABLE.replace("Ship", "Ship it") + "Sell;PAY-3;Red\n")
    assert says(again, "2 tasks have keys that are in the backlog already")
    saves(scene, again)
    assert says(scene.ada.get(scene.table.path), "1 task added. 2 tasks here already, not changed.")
    saves(scene, again, duplicates="update")
    assert says(scene.ada.get(scene.table.path), "1 task updated. 2 tasks here already, not changed.")
    assert backlog(scene)[2:] == [("Pay", "PAY-1"), ("Ship it", "PAY-2"), ("Sell", "PAY-3")]
    saves(scene, again, duplicates="add", row=["2"])
    assert backlog(scene)[5:] == [("Pay", "PAY-1")]
    assert saves(scene, again, duplicates="nonsense").status_code == 422


def test_what_becomes_of_one_row_that_is_in_the_backlog(scene: Scene) -> None:
    def chosen(answer: TestResponse) -> list[str]:
        rows = answer.text.partition('id="import-tasks"')[2]
        return re.findall(r'<option value="(\w*)"\s+selected>', rows)

    table = "Title;Key;Squad\n" + "".join(f"{title};PAY-{n};Red\n" for n, title in enumerate(("Pay", "Ship", "Sell")))
    saves(scene, reads(scene, tasks=table))
    again = reads(scene, tasks=table.replace(";PAY", " it;PAY") + "New;PAY-9;Red\nTwice;PAY-1;Red\n")
    assert chosen(again) == ["", "", "", ""]
    assert ticks(again) == ["2", "3", "4", "5"]
    assert says(again, "Line 6: The same key as above.")

    form = {**form_of(again), "row": ticks(again), "duplicates": "update", "known-3": "skip", "known-4": "add"}
    shown = scene.ada.browser.post(f"{scene.table.path}/import/preview", data=form, headers=FROM_OUR_PAGE)
    assert chosen(shown) == ["", "skip", "add", ""]
    assert saves(scene, again, **{"known-2": "nonsense"}).status_code == 422
    saves(scene, shown, **{key: form[key] for key in ("duplicates", "known-3", "known-4")})
    added = "2 tasks added. 1 task updated. 1 task here already, not changed."
    assert says(scene.ada.get(scene.table.path), added)
    titles = [title for title, _ in backlog(scene)]
    assert titles[2:] == ["Pay it", "Ship", "Sell", "Sell it", "New"]


def test_an_update_is_undone(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    saves(scene, reads(scene, tasks=TABLE))
    before = backlog(scene)
    again = reads(scene, tasks=TABLE.replace("Pay", "Pay later") + "Sell;PAY-3;Red\n")
    for _ in range(2):
        saves(scene, again, duplicates="update", row=["2"])
        room = scene.ada.get(scene.table.path)
        assert says(room, "1 task updated.")
        undo = re.search(r'action="([^"]*/undoing)"', room.text)
        assert undo
    scene.ada.post(undo[1])
    assert backlog(scene) == before

    monkeypatch.setattr("poker_app.rules.session.change.MAX_REPLACED", 2)
    saves(scene, again, duplicates="update")
    room = scene.ada.get(scene.table.path)
    changed = "1 task added. 1 task updated. 1 task here already, not changed."
    assert says(room, f"{changed} So much text was replaced that this cannot be undone.")
    assert "/undoing" not in room.text


def test_a_full_backlog_has_a_choice_for_each_row(scene: Scene) -> None:
    names = ";".join(f"Squad {n}" for n in range(200))
    table = f"Title;Key;{names}\n" + "".join(f"Task {n};T-{n};{n}{';x' * 199}\n" for n in range(498))
    saves(scene, reads(scene, tasks=table))
    again = reads(scene, tasks=table)
    known = {f"known-{line}": "skip" for line in range(2, 500)}
    assert saves(scene, again, **known).status_code == 303
    assert says(scene.ada.get(scene.table.path), "498 tasks here already, not changed.")


def test_saving_twice_adds_once(scene: Scene) -> None:
    preview = reads(scene, tasks="Title;Squad\nPay;Red\nShip;Blue\n")
    both = [("One", ""), ("Two", ""), ("Pay", ""), ("Ship", "")]
    for _ in range(2):
        assert saves(scene, preview).status_code == 303
        room = scene.ada.get(scene.table.path)
        assert says(room, "2 tasks added.")
        assert backlog(scene) == both
    undo = re.search(r'action="([^"]*/undoing)"', room.text)
    assert undo
    scene.ada.post(undo[1])
    assert len(backlog(scene)) == 2
    # After Undo and Back it is meant, and they come back.
    saves(scene, preview)
    assert backlog(scene) == both
    # With the columns corrected they are other tasks.
    saves(scene, preview, **{"column-0": "unused", "column-1": "title"})
    assert backlog(scene) == [*both, ("Red", ""), ("Blue", "")]
    # Another file with the same tasks is no retry.
    saves(scene, reads(scene, tasks="Pay\nShip"), row=["1"])
    assert backlog(scene)[6:] == [("Pay", "")]


def test_what_an_import_did_is_said_at_its_own_session(scene: Scene) -> None:
    another = scene.ada.opens("Another")
    saves(scene, reads(scene, tasks=TABLE))
    assert not says(scene.ada.get(another.path), "2 tasks added.")
    assert [says(scene.ada.get(scene.table.path), "2 tasks added.") for _ in range(2)] == [True, False]


def test_what_was_added_before_is_not_counted_with_what_is_new(scene: Scene) -> None:
    preview = reads(scene, tasks=TABLE)
    saves(scene, preview, row=["2"])
    saves(scene, preview)
    assert says(scene.ada.get(scene.table.path), "1 task added. 1 task here already, not changed.")
    assert backlog(scene)[2:] == [("Pay", "PAY-1"), ("Ship", "PAY-2")]


def test_an_update_replaces_only_what_the_table_has(scene: Scene) -> None:
    table = (
        "Title;Key;Link;Description;Type;Labels\nPay;PAY-1;https://e.org/1;With a card;Bug;web\n"
        "Ship;PAY-2;https://e.org/2;By post;Story;\n"
    )
    saves(scene, reads(scene, tasks=table))
    before = [said(task) for task in tasks_of(scene)]
    for sparse, columns in (("Title;Key\n;PAY-1\n;PAY-2\n", {}), (TABLE, {"column-0": "unused", "column-2": "unused"})):
        saves(scene, reads(scene, tasks=sparse), duplicates="update", **columns)
        assert says(scene.ada.get(scene.table.path), "2 tasks here already, not changed.")
    assert [said(task) for task in tasks_of(scene)] == before
    more = "Title;Key;Priority;Labels;Parent;Acceptance criteria\nPay now;PAY-1;High;web,login;Cards;It works\n"
    # As last time, the title would not be used.
    saves(scene, reads(scene, tasks=more), duplicates="update", **{"column-0": "title"})
    changed = {"title": "Pay now", "priority": "High", "labels": "web, login", "parent": "Cards"}
    assert said(tasks_of(scene)[2]) == before[2] | changed | {"acceptance": "It works"}


def test_a_key_twice_in_one_table_is_ticked_once(scene: Scene) -> None:
    answer = reads(scene, tasks=TABLE + "Pay again;pay-1;Red\n")
    assert ticks(answer) == ["2", "3"]
    assert says(answer, "Line 4: The same key as above.")


def test_more_than_a_session_holds_is_cut_and_said(scene: Scene) -> None:
    table = "Title;Key\n" + "".join(f"Task {n};T-{n}\n" for n in range(600))
    answer = reads(scene, table.encode())
    assert says(answer, "The first 500 tasks are shown, as many as a session holds; 100 more are not.")
    saves(scene, answer)
    assert says(scene.ada.get(scene.table.path), "498 tasks added. 2 tasks left out: a session holds at most 500.")
    assert len(backlog(scene)) == 500


def test_our_own_json_changes_nothing(scene: Scene) -> None:
    about = {
        "title": "=Pay, „später“",
        "key": "PAY-1",
        "url": "https://e.org/1",
        "description": "One\n\n- two\n  - three",
        "type": "Bug",
        "priority": "High",
        "labels": "web, login",
        "parent": "PAY-9 Cards",
        "acceptance": "- it works\n- it says so",
    }
    scene.ada.post(f"{scene.table.path}/tasks/{scene.task}", about)
    with scene.app.app_context():
        content = as_json(report_of(session.get_one(PokerSession, scene.table.id))).encode()
    saves(scene, reads(scene, content), duplicates="add")
    assert backlog(scene)[2] == (about["title"], "PAY-1")
    added = tasks_of(scene)[2]
    assert {name: getattr(added, name) for name in about} == about


@pytest.mark.parametrize(
    ("content", "form", "sentence"),
    [
        (b"", {}, "Choose a file, or paste a table."),
        (b"%PDF-1.7", {}, "This kind of file is not read."),
        (b"---\n", {}, "There is no task in it. One row or line is one task."),
        (b"", {"tasks": "***"}, "There is no task in it. One row or line is one task."),
    ],
)
def test_what_cannot_be_read_is_said_and_nothing_typed_is_lost(
    scene: Scene, content: bytes, form: dict[str, str], sentence: str
) -> None:
    answer = reads(scene, content, **form)
    assert answer.status_code == 422
    assert says(answer, sentence)
    assert form.get("tasks", "") in answer.text


def test_only_what_the_preview_signed_is_added(scene: Scene) -> None:
    answer = reads(scene, tasks=TABLE)
    for table in ("", "nonsense", form_of(answer)["table"][:-1]):
        assert saves(scene, answer, table=table).status_code == 422
    refused = saves(scene, answer, row=[])
    assert refused.status_code == 422
    assert says(refused, "No task is ticked, so nothing was added.")
    assert form_of(refused, 422)["table"] == form_of(answer)["table"]
    assert len(backlog(scene)) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"columns": [{"label": "Title", "meaning": "title"}]},
        {"columns": 5},
        {"rows": [{"number": 2, "cells": ["Pay"]}]},
        {"rows": [2]},
    ],
)
def test_a_preview_of_another_release_or_session_is_refused(scene: Scene, change: dict[str, object]) -> None:
    key, path = scene.app.config["SETTINGS"].signing_key, f"{scene.table.path}/import"
    table = {"columns": [{"name": "Title", "meaning": "title"}], "header": 1, "notes": [], "id": "x"}
    table |= {"rows": [{"line": 2, "cells": ["Pay"], "not_a_task": ""}]}
    ours = f"import {scene.table.id}"
    for salt, sent, status in ((ours, table, 303), (ours, table | change, 422), ("import another", table, 422)):
        form = {"table": URLSafeSerializer(key, salt=salt).dumps(sent), "row": "2"}
        answer = scene.ada.post(path, form, htmx=False)
        assert answer.status_code == status
    assert says(answer, "This preview is not valid any more, so nothing was added. Read the file again.")
    assert len(backlog(scene)) == 3


def test_a_body_is_bounded(scene: Scene) -> None:
    too_long = reads(scene, b"a\n" * MAX_LONG_FORM)
    assert too_long.status_code == 413
    assert says(too_long, "That is too much text for one form. 1 MB is the limit.")
    assert says(scene.ada.get(f"{scene.table.path}/import"), "up to 1 MB.")
    many = {f"field{number}": "x" for number in range(20)}
    assert reads(scene, JIRA, **many).status_code == 413


def test_reading_and_correcting_and_saving_are_limited_together(scene: Scene, clock: Clock) -> None:
    def tries() -> list[int]:
        others = [scene.ada.post(f"{scene.table.path}/{path}", htmx=False) for path in ("import/preview", "import")]
        return [each.status_code for each in (reads(scene, tasks=TABLE), *others)]

    assert [tries() for _ in range(20)] == [[200, 422, 422]] * 20
    assert tries() == [429] * 3
    refused = reads(scene, tasks=TABLE)
    assert refused.headers["Retry-After"] == "601"
    assert says(refused, "Too many tries from here. Wait 11 minutes and try again.")
    assert TABLE in refused.text
    clock.forward(minutes=10)
    assert tries() == [200, 422, 422]


@pytest.mark.parametrize(
    "table",
    [
        Understood((Column("Title", "title"),), (Row(2, ("x \ud83d",)),), 1),
        Understood((Column("x \ud83d", "title"),), (Row(2, ("Pay",)),), 1),
        Understood((Column("Title", "title"),), (Row(2, ("Pay",)),), 1, ("x \ud83d",)),
    ],
)
def test_half_a_character_is_refused(scene: Scene, table: Understood, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poker_app.web.room.imports.understood", lambda _text: table)
    answer = reads(scene, tasks="Title\nPay")
    assert answer.status_code == 422
    assert says(answer, "Half of a character is in it, such as of an emoji that was cut. Take it out.")


@pytest.mark.parametrize("table", [f"Title;Key;{'name' * 200}\nPay;PAY-1;Red\n", f"Title;Key\n{'Pay ' * 200};PAY-1\n"])
def test_a_table_of_which_no_row_can_travel_is_refused(
    scene: Scene, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("poker_app.web.room.imports.MAX_SIGNED", 100)
    answer = reads(scene, tasks=table)
    assert answer.status_code == 422
    assert says(answer, "Its columns' names or its first row are too long. Shorten them, and try again.")
    assert table.splitlines()[0] in unescape(answer.text)


def test_a_table_whose_descriptions_are_long_travels_as_far_as_it_goes(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"Task {n};T-{n};{sha256(bytes([n])).hexdigest()}\n" for n in range(40))
    whole = form_of(reads(scene, tasks=f"Title;Key;Description\n{rows}"))["table"]
    monkeypatch.setattr("poker_app.web.room.imports.MAX_SIGNED", len(whole) // 2)
    answer = reads(scene, tasks=f"Title;Key;Description\n{rows}")
    assert len(form_of(answer)["table"]) <= len(whole) // 2
    assert answer.text.count("Its descriptions are so long that not all rows are shown.") == 1
    assert ticks(answer) == [str(line) for line in range(2, len(ticks(answer)) + 2)]
    assert 0 < len(ticks(answer)) < 40
    saves(scene, answer)
    assert len(backlog(scene)) == 2 + len(ticks(answer))
