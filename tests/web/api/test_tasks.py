"""The backlog through the API."""

import pytest

from poker_app.accounts.models import IdempotentAnswer
from poker_app.db import session
from tests.api_client import Program
from tests.world.pages import Club


@pytest.fixture
def path(tim: Program) -> str:
    """Tim's session with the tasks One and Two."""
    return f"/sessions/{tim.opens(tasks=[{'title': 'One', 'key': 'PAY-1'}, {'title': 'Two'}])['id']}"


def titles(program: Program, path: str) -> list[str]:
    return [each["title"] for each in program.get(f"{path}/tasks").get_json()["items"]]


def ids_of(program: Program, path: str) -> dict[str, str]:
    return {each["title"]: each["id"] for each in program.get(f"{path}/tasks").get_json()["items"]}


class TestAdding:
    def test_several_at_once_and_what_was_left_out(self, tim: Program, path: str) -> None:
        sent = [{"title": "One again", "key": "pay-1"}, {"title": "Three", "labels": ["shop"]}]
        done = tim.post(f"{path}/tasks", {"tasks": sent}).get_json()
        assert [each["title"] for each in done["added"]] == ["Three"]
        assert (done["skipped"], done["too_many"], done["updated"], done["left_out"]) == (1, 0, [], [])
        assert titles(tim, path) == ["One", "Two", "Three"]

    def test_those_with_a_known_key_are_updated_where_it_is_asked_for(self, tim: Program, path: str) -> None:
        sent = {"tasks": [{"title": "One again", "key": "PAY-1"}], "duplicates": "update"}
        assert [each["title"] for each in tim.post(f"{path}/tasks", sent).get_json()["updated"]] == ["One again"]
        assert titles(tim, path) == ["One again", "Two"]

    def test_a_pasted_list(self, tim: Program, path: str) -> None:
        done = tim.post(f"{path}/tasks", {"text": f"PAY-3 Three\n{'x' * 300}"}).get_json()
        assert [(each["key"], each["title"][:5]) for each in done["added"]] == [("PAY-3", "Three"), ("", "xxxxx")]
        assert len(done["left_out"]) == 1

    def test_the_same_key_adds_once(self, tim: Program, path: str) -> None:
        sent = {"tasks": [{"title": "Three"}]}
        first, again = (tim.post(f"{path}/tasks", sent, Idempotency_Key="k") for _ in range(2))
        assert first.get_data() == again.get_data()
        assert titles(tim, path) == ["One", "Two", "Three"]

    def test_an_attempt_whose_answer_was_lost_adds_once(self, club: Club, tim: Program, path: str) -> None:
        """As after a process that ended between the change and its answer."""
        sent = {"tasks": [{"title": "Three"}]}
        first = tim.post(f"{path}/tasks", sent, Idempotency_Key="k").get_json()
        with club.app.app_context():
            session.query(IdempotentAnswer).delete()
            session.commit()
        again = tim.post(f"{path}/tasks", sent, Idempotency_Key="k").get_json()
        assert [each["id"] for each in again["added"]] == [each["id"] for each in first["added"]]
        assert titles(tim, path) == ["One", "Two", "Three"]

    def test_what_no_database_keeps_is_refused(self, tim: Program, path: str) -> None:
        answer = tim.post(f"{path}/tasks", {"tasks": [{"title": "a\0b"}]})
        assert (answer.status_code, answer.get_json()["errors"][0]["pointer"]) == (422, "#/tasks/0/title")

    def test_neither_tasks_nor_text(self, tim: Program, path: str) -> None:
        assert tim.post(f"{path}/tasks", {}).status_code == 422


class TestReading:
    def test_a_backlog_that_has_not_changed_is_not_sent_again(self, tim: Program, path: str) -> None:
        seen = tim.get(f"{path}/tasks").headers["ETag"]
        assert tim.get(f"{path}/tasks", If_None_Match=seen).status_code == 304
        tim.post(f"{path}/tasks", {"text": "Three"})
        assert tim.get(f"{path}/tasks", If_None_Match=seen).status_code == 200

    def test_a_task_of_no_tracker_has_no_issue(self, tim: Program, path: str) -> None:
        one = ids_of(tim, path)["One"]
        assert tim.get(f"{path}/tasks/{one}/issue").status_code == 404
        assert tim.get(f"{path}/tasks/nonsense").status_code == 404


class TestEditing:
    def test_two_programs_do_not_undo_one_another(self, tim: Program, path: str) -> None:
        task = f"{path}/tasks/{ids_of(tim, path)['One']}"
        seen = tim.get(task).headers["ETag"]
        changed = tim.patch(task, {"title": "First", "labels": ["a", "b"]}, If_Match=seen)
        assert (changed.get_json()["title"], changed.get_json()["labels"]) == ("First", ["a", "b"])
        assert tim.patch(task, {"title": "Mine"}, If_Match=seen).status_code == 412
        assert tim.get(task).get_json()["title"] == "First"
        assert tim.patch(task, {"title": "Mine"}, If_Match=changed.headers["ETag"]).status_code == 200

    def test_unusable_fields(self, tim: Program, path: str) -> None:
        task = f"{path}/tasks/{ids_of(tim, path)['One']}"
        refused = tim.patch(task, {"url": "ftp://x"})
        assert (refused.status_code, refused.get_json()["errors"][0]["pointer"]) == (422, "#/url")

    def test_order(self, tim: Program, path: str) -> None:
        tasks = ids_of(tim, path)
        place = f"{path}/tasks/{tasks['Two']}/position"
        assert [each["title"] for each in tim.put(place, {"to": 0}).get_json()["items"]] == ["Two", "One"]
        tim.put(place, {"after": tasks["One"]})
        assert titles(tim, path) == ["One", "Two"]
        tim.put(place, {"before": tasks["One"]})
        assert titles(tim, path) == ["Two", "One"]
        assert tim.put(place, {"to": 0, "before": tasks["One"]}).status_code == 422

    def test_a_deleted_task_comes_back(self, tim: Program, path: str) -> None:
        task = f"{path}/tasks/{ids_of(tim, path)['Two']}"
        assert [tim.delete(task).status_code for _ in range(2)] == [204, 204]
        assert titles(tim, path) == ["One"]
        assert tim.patch(task, {"title": "Other"}).status_code == 409
        assert tim.post(f"{task}/restore").get_json()["title"] == "Two"
        assert titles(tim, path) == ["One", "Two"]


class TestTheTable:
    def test_tasks_are_taken_up_skipped_estimated_and_reopened(self, tim: Program, path: str) -> None:
        tasks = ids_of(tim, path)
        assert tim.put(f"{path}/task", {"task_id": tasks["Two"]}).get_json()["task"]["title"] == "Two"
        skipped = tim.post(f"{path}/tasks/{tasks['Two']}/skip").get_json()
        assert (skipped["task"]["title"], tim.get(f"{path}/tasks/{tasks['Two']}").get_json()["state"]) == (
            "One",
            "skipped",
        )
        undone = tim.post(f"{path}/changes/{skipped['undo']}/undo").get_json()
        assert (undone["task"]["title"], undone["undo"]) == ("Two", None)
        round_id = undone["round"]["id"]
        estimate = f"{path}/tasks/{tasks['Two']}/estimate"
        assert tim.put(estimate, {"estimate": "5"}).status_code == 409
        tim.put(f"{path}/rounds/{round_id}/vote", {"card": "5"})
        tim.post(f"{path}/rounds/{round_id}/reveal")
        assert tim.put(estimate, {"estimate": "5", "round_id": "another"}).status_code == 409
        assert tim.put(estimate, {"estimate": "6"}).status_code == 422
        done = tim.put(estimate, {"estimate": "5", "note": "So", "round_id": round_id}).get_json()
        assert done["task"]["title"] == "One"
        task = tim.get(f"{path}/tasks/{tasks['Two']}").get_json()
        assert (task["estimate"], task["note"], task["state"]) == ("5", "So", "estimated")
        results = tim.get(f"{path}/tasks/{tasks['Two']}/results").get_json()["items"]
        assert [(each["number"], each["cards"][0]["card"], each["figures"]["votes"]) for each in results] == [
            (1, "5", 1)
        ]
        assert results[0]["cards"][0]["voters"] == ["Tim"]
        assert tim.post(f"{path}/tasks/{tasks['Two']}/reopen").get_json()["task"]["title"] == "Two"

    def test_a_member_who_does_not_facilitate(self, mallory: Program, tim: Program, path: str) -> None:
        mallory.post(f"{path}/members", {})
        tasks = ids_of(mallory, path)
        assert mallory.post(f"{path}/tasks", {"text": "Three"}).status_code == 403
        assert mallory.delete(f"{path}/tasks/{tasks['One']}").status_code == 403
        assert titles(tim, path) == ["One", "Two"]
