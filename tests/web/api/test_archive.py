"""Archiving, deleting, restoring, copying and importing sessions through the API."""

from tests.api_client import Program
from tests.world.pages import Club


def ended(program: Program, name: str = "Sprint 42") -> str:
    """The address of a session that has ended."""
    path = f"/sessions/{program.opens(name, tasks=[{'title': 'Pay by card'}])['id']}"
    assert program.post(f"{path}/end").status_code == 200
    return path


def listed(program: Program, show: str) -> list[str]:
    return [each["name"] for each in program.get(f"/sessions?show={show}").get_json()["items"]]


class TestArchiving:
    def test_a_session_goes_into_the_archive_and_out_of_it(self, tim: Program) -> None:
        path = ended(tim)
        assert tim.post(f"{path}/archive").get_json()["archived"] is True
        assert (listed(tim, "past"), listed(tim, "archived")) == ([], ["Sprint 42"])
        assert tim.post(f"{path}/unarchive").get_json()["archived"] is False
        assert listed(tim, "past") == ["Sprint 42"]

    def test_a_live_one_is_not_archived(self, tim: Program) -> None:
        assert tim.post(f"/sessions/{tim.opens()['id']}/archive").status_code == 409

    def test_a_deleted_one_can_be_restored(self, club: Club, tim: Program) -> None:
        path = ended(tim)
        assert tim.delete(path).status_code == 204
        assert tim.get(path).status_code == 404
        assert tim.post(f"{path}/restore").status_code == 200
        assert tim.get(path).status_code == 200
        assert club.log()[-2:] == ["Tim session-deleted Sprint 42", "Tim session-restored Sprint 42"]

    def test_others_sessions_are_for_admins(self, abe: Program, tim: Program, olga: Program) -> None:
        path = ended(abe)
        assert tim.delete(path).status_code == 403
        assert olga.delete(path).status_code == 204


class TestServices:
    def test_services_see_the_sessions_of_the_account_and_keep_their_own(
        self, club: Club, tim: Program, service: Program, admin_service: Program
    ) -> None:
        own, tims = ended(service, "Nightly"), ended(tim, "Daily")
        assert sorted(listed(service, "past")) == ["Daily", "Nightly"]
        assert service.post(f"{tims}/archive").status_code == 403
        assert service.post(f"{own}/archive").status_code == 200
        assert tim.delete(own).status_code == 403
        assert admin_service.post(f"{tims}/archive").status_code == 200
        assert club.log()[-1] == "Program (token) session-archived Daily"


class TestCopies:
    def test_a_copy_has_the_open_tasks_and_is_made_once(self, tim: Program) -> None:
        path = ended(tim)
        first = tim.post(f"{path}/copies", Idempotency_Key="a")
        assert (first.status_code, first.get_json()["name"]) == (201, "Sprint 42 (copy)")
        assert first.headers["Location"] == f"/api/v1/sessions/{first.get_json()['id']}"
        assert first.get_json()["task"]["title"] == "Pay by card"
        assert tim.post(f"{path}/copies", Idempotency_Key="a").get_json()["id"] == first.get_json()["id"]

    def test_a_service_only_watches_its_copy(self, service: Program) -> None:
        made = service.post(f"{ended(service)}/copies").get_json()
        assert [(each["name"], each["votes"]) for each in made["members"]] == [("Program", False)]


class TestImport:
    def test_a_report_is_a_session_again(self, tim: Program, service: Program) -> None:
        path = ended(tim)
        report = tim.get(f"{path}/report").get_json()
        for program in (tim, service):
            made = program.post("/sessions/import", report)
            assert (made.status_code, made.get_json()["state"]) == (201, "ended")
            assert tim.get(f"/sessions/{made.get_json()['id']}/report").get_json()["tasks"] == report["tasks"]

    def test_one_that_contradicts_itself_is_refused(self, tim: Program) -> None:
        report = tim.get(f"{ended(tim)}/report").get_json()
        report["session"]["started_at"], report["session"]["ended_at"] = "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"
        answer = tim.post("/sessions/import", report)
        assert answer.status_code == 422
        assert answer.get_json()["detail"] == "This report cannot be imported. It ended before it started."
        assert answer.get_json()["errors"] == []
