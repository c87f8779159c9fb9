"""The backlog's forms."""

import re

import pytest

from tests.cast import HTMX
from tests.web.route_checks import ENDED, STRANGER, Litany, Route, regions, says
from tests.world.pages import Scene

EVERYTHING = frozenset({"vote-table", "task", "backlog", "actions"})
DELETED = "That task was deleted."


def ends(scene: Scene) -> None:
    scene.ada.ends(scene.table)


def deletes(scene: Scene) -> None:
    scene.ada.post(f"{scene.table.path}/tasks/{scene.task}/deletion")


def moves_on(scene: Scene) -> None:
    scene.ada.post(f"{scene.table.path}/tasks/{scene.task}/skip")


def finalized(scene: Scene) -> None:
    scene.ben.votes(scene.table, "5")
    scene.ada.reveals(scene.table)
    scene.ada.finalizes(scene.table, "5")


def may_not(what: str) -> tuple[str, str]:
    return "ben", f"Only a facilitator may {what}."


TASK = {"title": "New title", "key": "PAY-9", "url": "https://x.example/9", "description": "So."}


class TestTasks(Litany):
    routes = {
        "add": Route(
            "tasks",
            {"tasks": "Three"},
            regions=EVERYTHING | {"notice"},
            role=may_not("add tasks"),
            wrong=(({"tasks": ""}, "There is no task in this list. Write one a line."),),
        ),
        "edit": Route(
            "tasks/{task}",
            TASK,
            regions=EVERYTHING | {"notice"},
            role=may_not("edit tasks"),
            wrong=(
                ({"title": ""}, "Give the task a title."),
                ({"title": "x" * 10_000}, "The title has at most 255 characters; this one has 10000."),
                ({"url": "javascript:alert(1)"}, "A task's link begins with https:// or http://."),
                ({"description": "x" * 10_001}, "The description has at most 10000 characters; this one has 10001."),
            ),
        ),
        "move": Route(
            "tasks/{task}/position",
            {"to": "1"},
            role=may_not("reorder tasks"),
            moments=((ends, ENDED), (deletes, DELETED)),
            wrong=tuple(
                ({"to": to}, "A place in the backlog is a whole number.") for to in ("", "x", "1.5", "9" * 5000)
            ),
        ),
        "delete": Route("tasks/{task}/deletion", regions=EVERYTHING | {"notice"}, role=may_not("delete tasks")),
        "restore": Route(
            "tasks/{task}/restoration", before=deletes, regions=EVERYTHING | {"notice"}, role=may_not("restore tasks")
        ),
        "take up": Route(
            "tasks/{task}/turn",
            before=moves_on,
            role=may_not("choose the task"),
            moments=((ends, ENDED), (deletes, DELETED)),
        ),
        "skip": Route(
            "tasks/{task}/skip",
            regions=EVERYTHING | {"notice"},
            role=may_not("skip a task"),
            moments=((ends, ENDED), (moves_on, "The table has moved on to another task.")),
        ),
        "reopen": Route(
            "tasks/{task}/reopening",
            before=finalized,
            role=may_not("reopen a task"),
            moments=((ends, ENDED), (deletes, DELETED)),
        ),
    }


def titles(scene: Scene) -> list[str]:
    page = scene.cleo.get(f"{scene.table.path}/backlog").text
    return [title for _, title in sorted((page.find(f">{t}<"), t) for t in ("One", "Two", "Three") if f">{t}<" in page)]


@pytest.mark.parametrize(("to", "order"), [("1", ["Two", "One"]), ("-5", ["One", "Two"]), ("9" * 20, ["Two", "One"])])
def test_a_place_outside_the_backlog_is_its_nearer_end(scene: Scene, to: str, order: list[str]) -> None:
    assert scene.ada.post(f"{scene.table.path}/tasks/{scene.task}/position", {"to": to}).status_code == 200
    assert titles(scene) == order


def rows_of(html: str) -> list[str]:
    return re.findall(r'<li id="task-(\w+)"', html)


def test_a_long_list_is_asked_for_in_parts(scene: Scene) -> None:
    scene.ada.adds(scene.table, "\n".join(f"Task {number}" for number in range(100)))
    everything = re.findall(r"/tasks/(\w+)", scene.ben.get(f"{scene.table.path}/tasks").text)
    assert len(everything) == 102
    whole = scene.ben.get(f"{scene.table.path}/backlog", headers=HTMX).text
    shown, version = rows_of(whole), int(re.findall(r'data-version="(\d+)"', whole)[0])
    assert shown == everything[:50]
    rest = scene.ben.get(f"{scene.table.path}/tasks?after={shown[-1]}", headers=HTMX).text
    assert rows_of(rest) == everything[50:]
    assert rows_of(scene.ben.get(f"{scene.table.path}/tasks?before={shown[3]}", headers=HTMX).text) == everything[:3]
    assert scene.ben.get(f"{scene.table.path}/tasks?after=nonsense", headers=HTMX).status_code == 204

    # a change is answered with, and asked for by, its rows
    answer = scene.ada.post(f"{scene.table.path}/tasks/{everything[60]}/position", {"before": everything[58]})
    moved = [everything[60], everything[58], everything[61]]
    assert [each for each in rows_of(answer.text) if each in moved] == moved
    asked = scene.ben.get(f"{scene.table.path}/backlog?since={version}", headers=HTMX).text
    assert rows_of(asked) == moved
    assert f'data-since="{version}"' in asked
    assert rows_of(scene.ben.get(f"{scene.table.path}/backlog?since={version - 1}", headers=HTMX).text) == shown
    scene.ada.post(f"{scene.table.path}/tasks/{everything[5]}/deletion")
    asked = scene.ben.get(f"{scene.table.path}/backlog?since={version}", headers=HTMX).text
    assert f'<li id="task-{everything[5]}" data-gone>' in asked


def test_a_task_moves_beside_another(scene: Scene) -> None:
    one, two = re.findall(r"/tasks/(\w+)", scene.ben.get(f"{scene.table.path}/tasks").text)
    for task, side, other, order in (
        (one, "after", two, ["Two", "One"]),
        (one, "before", two, ["One", "Two"]),
        (one, "before", one, ["One", "Two"]),
    ):
        assert scene.ada.post(f"{scene.table.path}/tasks/{task}/position", {side: other}).status_code == 200
        assert titles(scene) == order
    assert scene.ada.post(f"{scene.table.path}/tasks/{one}/position", {"after": "nonsense"}).status_code == 404
    scene.ada.post(f"{scene.table.path}/tasks/{two}/deletion")
    assert scene.ada.post(f"{scene.table.path}/tasks/{one}/position", {"after": two}).status_code == 409


def test_a_deleted_task_can_be_brought_back_from_the_notice(scene: Scene) -> None:
    path = f"{scene.table.path}/tasks/{scene.task}"
    answer = scene.ada.post(f"{path}/deletion")
    assert says(answer, "Task deleted.")
    assert f'action="{path}/restoration?turn=yes"' in answer.text
    assert titles(scene) == ["Two"]
    deleted = scene.task
    assert says(scene.ada.post(f"{path}/restoration?turn=yes"), "Task is back.")
    assert titles(scene) == ["One", "Two"]
    assert scene.table.task == deleted, "what was on the table is on the table again"


def test_adding_says_how_many(scene: Scene) -> None:
    assert says(scene.ada.adds(scene.table, "Three"), "Task added.")
    assert says(scene.ada.adds(scene.table, "Four\nFive"), "2 tasks added.")


def test_one_task_is_read_by_everybody_and_edited_by_facilitators(scene: Scene) -> None:
    path = f"{scene.table.path}/tasks/{scene.task}"
    scene.ada.post(path, {**TASK, "description": "**Bold** <script>alert(1)</script> [x](javascript:alert(1))"})
    for person, forms in ((scene.ada, True), (scene.ben, False), (scene.cleo, False)):
        for headers in (HTMX, {}):
            answer = person.get(path, headers=headers)
            assert answer.status_code == 200
            assert ("<!doctype html>" in answer.text.lower()) == (not headers)
            assert "<strong>Bold</strong>" in answer.text
            assert "<script>alert" not in answer.text
            assert 'href="javascript' not in answer.text
            assert (f'action="{path}/deletion"' in answer.text) == forms
    assert says(scene.mallory.get(path), STRANGER)
    assert scene.mallory.get(path).status_code == 404
    assert scene.ada.get(f"{scene.table.path}/tasks/nonsense").status_code == 404


def test_what_was_typed_is_not_lost(scene: Scene) -> None:
    answer = scene.ada.post(f"{scene.table.path}/tasks/{scene.task}", {**TASK, "title": "x" * 256, "key": "KEPT-1"})
    assert answer.status_code == 422
    assert regions(answer) == {"sheet-body"}
    assert "x" * 256 in answer.text
    assert 'value="KEPT-1"' in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_titles_are_text_wherever_they_show(scene: Scene) -> None:
    scene.ada.adds(scene.table, "<img src=x onerror=alert(1)>")
    for path in ("", "/backlog", "/task", "/report"):
        page = scene.ada.get(f"{scene.table.path}{path}").text
        assert "<img src=x" not in page


def test_a_pasted_list_keeps_what_is_good_and_says_what_is_not(scene: Scene) -> None:
    pasted = "\n".join(["Short", *["x" * 300] * 5])
    answer = scene.ada.post(f"{scene.table.path}/tasks", {"tasks": pasted})
    assert answer.status_code == 200
    assert says(answer, "6 tasks added. Line 2: a title has at most 255 characters, and this one 300")
    assert says(answer, "2 more like that.")
    assert 'role="alert"' in answer.text
    answer = scene.ada.post(f"{scene.table.path}/tasks", {"tasks": "Task\n" * 201})
    assert says(answer, "200 tasks added. The list was too long: nothing was taken from line 201 on.")


def test_the_other_fields_are_shown_where_they_are_filled(scene: Scene) -> None:
    path = f"{scene.table.path}/tasks/{scene.task}"
    pages = (path, f"{scene.table.path}/task")
    for page in pages:
        assert 'class="facts"' not in scene.ben.get(page).text
        assert not says(scene.ben.get(page), "Acceptance criteria</")
    labels = [f"label-{number}" for number in range(6)]
    fields = {"type": "Bug<", "priority": "High", "labels": ",".join(labels), "parent": "PAY-9 Cards"}
    assert scene.ada.post(path, {**TASK, **fields, "acceptance": "- **quick**"}).status_code == 200
    for page, shown in zip(pages, (labels, labels[:4]), strict=True):
        answer = scene.ben.get(page).text
        assert "Bug&lt;" in answer
        assert "High" in answer
        assert "Part of" in answer
        assert [label for label in labels if label in answer] == shown
        assert "<strong>quick</strong>" in answer
    assert "2 more" in scene.ben.get(pages[1]).text


def test_a_refusal_opens_the_fields_that_it_is_about(scene: Scene) -> None:
    path = f"{scene.table.path}/tasks/{scene.task}"
    assert '<details class="more">' in scene.ada.get(path).text
    answer = scene.ada.post(path, {**TASK, "labels": "x" * 61, "type": "Bug"})
    assert answer.status_code == 422
    assert says(answer, "A task has at most 20 labels of 60 characters each.")
    assert '<details class="more" open>' in answer.text
    assert 'value="Bug"' in answer.text
