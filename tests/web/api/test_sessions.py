"""Sessions through the API: opened, read, changed, ended."""

from base64 import urlsafe_b64encode
from datetime import timedelta

import pytest

from poker_app.api import idempotency, operations
from poker_app.db import _writer
from poker_app.poker.session import access
from poker_app.rate_limits import Limit
from tests.api_client import Program, program_of
from tests.world.pages import Club


class TestOpening:
    def test_a_session_with_tasks_is_there_for_its_person_in_the_browser(self, club: Club, tim: Program) -> None:
        made = tim.opens(tasks=[{"title": "Pay by card", "labels": ["shop", "money"]}, {"title": "Refunds"}])
        assert (made["tasks"], made["task"]["title"], made["task"]["labels"]) == (2, "Pay by card", ["shop", "money"])
        assert [(each["name"], each["facilitates"], each["is_me"]) for each in made["members"]] == [("Tim", True, True)]
        page = club.tim.get(f"/sessions/{made['id']}")
        assert page.status_code == 200
        assert "Pay by card" in page.get_data(as_text=True)

    def test_the_backlog_may_come_as_text(self, tim: Program) -> None:
        made = tim.opens(text="Key,Title\nPAY-1,Pay by card\nPAY-2," + "x" * 301)
        assert (made["tasks"], made["task"]["key"], made["task"]["title"]) == (2, "PAY-1", "Pay by card")
        assert made["left_out"] == [
            "Line 3: a title has at most 255 characters, and this one 301: the whole is in the description."
        ]
        assert tim.opens(tasks=[{"title": "One"}])["left_out"] == []

    def test_a_text_without_a_task_opens_nothing_and_costs_nothing(self, tim: Program) -> None:
        for body in ({"text": "---"}, {"text": "One", "tasks": [{"title": "Two"}]}):
            assert tim.post("/sessions", body).status_code == 422
        assert tim.get("/sessions").get_json()["items"] == []

    def test_the_same_key_opens_one_session(self, tim: Program) -> None:
        first = tim.post("/sessions", {"name": "One"}, Idempotency_Key="a")
        again = tim.post("/sessions", {"name": "One"}, Idempotency_Key="a")
        assert again.get_data() == first.get_data()
        assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
        assert again.headers["ETag"] == first.headers["ETag"]
        other = tim.post("/sessions", {"name": "Two"}, Idempotency_Key="a")
        assert other.status_code == 422

    def test_where_a_program_facilitates_the_first_teammate_does_too(self, club: Club, service: Program) -> None:
        made = service.opens()
        assert made["members"][0]["votes"] is False
        club.cast.gus.post(f"/sessions/{made['id']}/members", {"member_name": "Gus", "role": "voter"}, htmx=False)
        club.tim.post(f"/sessions/{made['id']}/members", {"member_name": "Tim", "role": "voter"}, htmx=False)
        now = service.get(f"/sessions/{made['id']}").get_json()
        assert {each["name"]: each["facilitates"] for each in now["members"]} == {
            "Program": True,
            "Gus": False,
            "Tim": True,
        }

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"deck": "none"}, "#/deck"),
            ({"tasks": [{"title": "Good"}, {"title": ""}]}, "#/tasks/1/title"),
            ({"timer_length": 1}, "#/timer_length"),
            ({"nmae": "x"}, "#/nmae"),
            ({"name": 5}, "#/name"),
        ],
    )
    def test_unusable_input_names_its_field(self, tim: Program, body: dict[str, object], pointer: str) -> None:
        answer = tim.post("/sessions", body)
        assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
        assert [each["pointer"] for each in answer.get_json()["errors"]] == [pointer]


class TestReading:
    def test_a_list_comes_in_pages(self, tim: Program) -> None:
        names = [tim.opens(f"Session {n}")["name"] for n in range(5)]
        found, cursor = [], ""
        while cursor is not None:
            page = tim.get(f"/sessions?limit=2&cursor={cursor}").get_json()
            found += [each["name"] for each in page["items"]]
            cursor = page["next_cursor"]
        assert sorted(found) == sorted(names)

    def test_what_has_not_changed_is_not_sent_again(self, tim: Program) -> None:
        made = tim.opens()
        first = tim.get(f"/sessions/{made['id']}")
        assert tim.get(f"/sessions/{made['id']}", If_None_Match=first.headers["ETag"]).status_code == 304

    def test_a_session_of_another_account_is_not_there(self, tim: Program, mallory: Program) -> None:
        made = tim.opens()
        assert mallory.get(f"/sessions/{made['id']}").status_code == 404


class TestOptions:
    def test_two_programs_do_not_undo_one_another(self, tim: Program) -> None:
        path = f"/sessions/{tim.opens()['id']}/options"
        seen = tim.get(path).headers["ETag"]
        assert tim.patch(path, {"names_hidden": True}, If_Match=seen).get_json()["names_hidden"] is True
        late = tim.patch(path, {"name": "Mine"}, If_Match=seen)
        assert late.status_code == 412
        assert tim.get(path).get_json()["name"] == "Sprint 42"

    def test_ending_and_reopening(self, tim: Program) -> None:
        path = f"/sessions/{tim.opens()['id']}"
        assert tim.post(f"{path}/end").get_json()["state"] == "ended"
        assert tim.post(f"{path}/reopen").get_json()["state"] == "voting"


class TestRefusals:
    def test_without_a_token(self, club: Club) -> None:
        answer = Program(club.app, "faceup_pat_no").get("/sessions")
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")

    def test_without_the_scope(self, club: Club) -> None:
        reader = program_of(club.app, club.tim.user, club.account, "sessions:read")
        answer = reader.post("/sessions", {})
        assert answer.status_code == 403
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="sessions:write"'

    def test_no_such_address_and_no_such_method(self, tim: Program) -> None:
        assert tim.get("/nothing").mimetype == "application/problem+json"
        wrong = tim.delete("/sessions")
        assert (wrong.status_code, wrong.headers["Allow"]) == (405, "GET, POST")

    def test_a_body_that_is_no_json(self, tim: Program) -> None:
        assert tim.asks("POST", "/sessions", None, Content_Type="text/plain").status_code == 415

    def test_a_token_may_ask_so_often(self, tim: Program) -> None:
        first = tim.get("/sessions").headers["RateLimit"]
        assert first == '"api";r=599;t=61'


class TestBounds:
    def test_a_token_is_a_guest_in_another_account_s_sessions(self, club: Club, mallory: Program) -> None:
        made = mallory.opens("Theirs")
        club.tim.post(f"/sessions/{made['id']}/members", {"member_name": "Tim", "role": "voter"}, htmx=False)
        elsewhere = program_of(club.app, club.tim.user, club.account)
        assert elsewhere.get(f"/sessions/{made['id']}").status_code == 404
        assert elsewhere.get("/sessions?show=mine").get_json()["items"] == []

    def test_a_password_is_hashed_before_the_session_is_locked(
        self, tim: Program, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        locked = []
        hashed = access.hashed

        def noting(typed: str) -> str:
            locked.append(_writer.locked())
            return hashed(typed)

        monkeypatch.setattr(access, "hashed", noting)
        path = f"/sessions/{tim.opens()['id']}/options"
        assert tim.patch(path, {"password": "long enough"}).get_json()["has_password"] is True
        assert locked == [False]

    def test_an_answer_that_is_too_long_is_not_kept(self, tim: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(idempotency, "MAX_BODY", 10)
        assert tim.post("/sessions", {}, Idempotency_Key="a").status_code == 201
        assert tim.post("/sessions", {}, Idempotency_Key="a").status_code == 409
        assert len(tim.get("/sessions?show=live").get_json()["items"]) == 1

    def test_the_newest_keys_are_kept(self, tim: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(idempotency, "MAX_KEYS", 2)
        for key in "abc":
            tim.post("/sessions", {}, Idempotency_Key=key)
        assert "Idempotent-Replayed" in tim.post("/sessions", {}, Idempotency_Key="c").headers

    @pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+12:00", "9999-12-31T23:59:59-12:00"])
    def test_a_cursor_at_the_end_of_time(self, tim: Program, moment: str) -> None:
        cursor = urlsafe_b64encode(f"{moment} x".encode()).decode()
        assert tim.get(f"/sessions?cursor={cursor}").status_code == 422


class TestWhatIsNotRead:
    @pytest.mark.parametrize(
        ("path", "body", "status"),
        [
            ("/sessions", {"cards": ["1", "2"]}, 422),
            ("/sessions/{id}/timer", {"seconds": 60}, 422),
            ("/sessions/{id}/end?force=1", {}, 422),
        ],
    )
    def test_nothing_is_ignored_in_silence(self, tim: Program, path: str, body: dict[str, object], status: int) -> None:
        assert tim.post(path.format(id=tim.opens()["id"]), body).status_code == status

    def test_a_body_that_is_broken(self, club: Club, tim: Program) -> None:
        headers = {"Authorization": f"Bearer {tim.token}", "Content-Type": "application/json"}
        answer = club.app.test_client().post("/api/v1/sessions", data="{", headers=headers)
        assert answer.status_code == 400

    def test_beyond_the_limit_the_headers_say_when(self, tim: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(operations, "RATE", Limit("api", 1, timedelta(minutes=1)))
        tim.get("/sessions")
        answer = tim.get("/sessions")
        assert (answer.status_code, answer.headers["RateLimit"].startswith('"api";r=0;')) == (429, True)
        assert "Date" not in tim.get("/sessions").headers
