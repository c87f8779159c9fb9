"""Reports through the API: the same as the page's files."""

import pytest

from tests.api_client import Program
from tests.world.pages import Club


@pytest.fixture
def played(club: Club, tim: Program) -> str:
    """The address of a session whose first task has been estimated."""
    made = tim.opens(tasks=[{"title": "Pay by card", "key": "PAY-1", "labels": ["shop"]}, {"title": "Refunds"}])
    path = f"/sessions/{made['id']}"
    votes = {"round": made["round"]["id"], "card": "5"}
    assert club.tim.post(f"{path}/votes", votes).status_code == 200
    assert club.tim.post(f"{path}/reveal", {"round": made["round"]["id"]}).status_code == 200
    estimate = {"estimate": "5", "note": "As before"}
    assert club.tim.post(f"{path}/tasks/{made['task']['id']}/estimate", estimate).status_code == 200
    return path


class TestReport:
    def test_it_is_the_json_of_the_page(self, club: Club, tim: Program, played: str) -> None:
        report = tim.get(f"{played}/report").get_json()
        assert report["totals"]["estimated"] == 1
        assert report["tasks"][0]["rounds"][0]["votes"][0]["card"] == "5"
        downloaded = club.tim.get(f"{played}/report.json").get_json()
        for each in (report, downloaded):  # they grow while it runs
            del each["session"]["seconds"]
            for task in each["tasks"]:
                del task["seconds"]
        assert report == downloaded

    @pytest.mark.parametrize("name", ["report.csv", "report.md", "report.txt", "report/for-tracker.csv"])
    def test_files_are_those_of_the_page(self, club: Club, tim: Program, played: str, name: str) -> None:
        answer, page = tim.get(f"{played}/{name}"), club.tim.get(f"{played}/{name}")
        assert answer.get_data() == page.get_data()
        for header in ("Content-Type", "Content-Disposition"):
            assert answer.headers[header] == page.headers[header]

    def test_a_workbook_is_one(self, tim: Program, played: str) -> None:
        answer = tim.get(f"{played}/report.xlsx")
        assert answer.get_data().startswith(b"PK")
        assert answer.headers["Content-Disposition"].endswith('.xlsx"')

    def test_csv_is_written_as_asked(self, tim: Program, played: str) -> None:
        assert tim.get(f"{played}/report.csv?delimiter=semicolon").text.startswith("\ufeffPosition;Key;")
        wrong = tim.get(f"{played}/report.csv?delimiter=pipe")
        assert [each["pointer"] for each in wrong.get_json()["errors"]] == ["delimiter"]

    def test_services_of_the_account_read_it_and_others_do_not(
        self, service: Program, mallory: Program, played: str
    ) -> None:
        assert service.get(f"{played}/report").status_code == 200
        assert mallory.get(f"{played}/report").status_code == 404
