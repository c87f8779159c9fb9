"""The account through the API: its token, name, defaults, plan, audit log, teammates and invitations."""

import pytest

from tests.api_client import Program, program_of
from tests.world.pages import Club


class TestToken:
    def test_it_says_whose_it_is(self, club: Club, tim: Program, service: Program) -> None:
        said = tim.get("/token").get_json()
        assert (said["kind"], said["person"]["name"], said["role"]) == ("person", "Tim", "facilitator")
        assert said["account"] == {"id": club.account, "name": "Olga’s team"}
        assert said["scopes"] == ["account:read", "sessions:read", "sessions:write"]
        assert service.get("/token").get_json()["person"] is None

    def test_every_scope_is_enough(self, club: Club) -> None:
        reader = program_of(club.app, club.tim.user, club.account, "sessions:read")
        assert reader.get("/token").status_code == 200
        assert reader.get("/account").status_code == 403


class TestAccount:
    def test_an_admin_renames_it(self, club: Club, abe: Program) -> None:
        assert abe.patch("/account", {"name": " Nordbahn "}).get_json()["name"] == "Nordbahn"
        assert club.log()[-1] == "Abe account-renamed Nordbahn"
        refused = abe.patch("/account", {"name": " "})
        assert [each["pointer"] for each in refused.get_json()["errors"]] == ["#/name"]

    def test_an_admin_who_is_one_no_more_does_not(self, club: Club, olga: Program, abe: Program) -> None:
        assert olga.patch(f"/teammates/{club.abe.user}", {"role": "facilitator"}).status_code == 200
        assert abe.patch("/account", {"name": "Mine"}).status_code == 403

    def test_reports_are_kept_as_long_as_chosen(self, olga: Program) -> None:
        assert olga.asks("PUT", "/account/retention", {"report_days": 90}).get_json()["report_days"] == 90
        assert olga.asks("PUT", "/account/retention", {"report_days": 3}).status_code == 422

    def test_two_programs_do_not_undo_ones_anothers_defaults(self, olga: Program) -> None:
        path = "/account/session-defaults"
        first = olga.get(path)
        assert first.get_json()["timer_length"] == 180
        wanted = {"deck": "t-shirts", "timer_length": 90, "names_hidden": True}
        saved = olga.asks("PUT", path, wanted, If_Match=first.headers["ETag"])
        assert saved.get_json() == {**first.get_json(), **wanted}
        assert olga.asks("PUT", path, {}, If_Match=first.headers["ETag"]).status_code == 412
        assert olga.get(path).get_json() == saved.get_json()


class TestAuditLog:
    def test_it_comes_in_pages_the_newest_first(self, olga: Program) -> None:
        for name in ("One", "Two", "Three"):
            olga.patch("/account", {"name": name})
        found, cursor = [], ""
        while cursor is not None:
            page = olga.get(f"/account/audit-log?action=account-renamed&limit=2&cursor={cursor}").get_json()
            found += [each["about"] for each in page["items"]]
            cursor = page["next_cursor"]
        assert found == ["Three", "Two", "One"]

    def test_it_is_for_admins(self, tim: Program, admin_service: Program) -> None:
        assert tim.get("/account/audit-log").status_code == 403
        assert admin_service.get("/account/audit-log").status_code == 200

    @pytest.mark.parametrize("cursor", ["x", "MTI", "LTE", "é"])
    def test_a_cursor_of_another_list_is_refused(self, tim: Program, olga: Program, cursor: str) -> None:
        answers = [olga.get(f"{path}?cursor={cursor}") for path in ("/sessions", "/account/audit-log")]
        assert 422 in [each.status_code for each in answers]
        assert {each.status_code for each in answers} <= {200, 422}


class TestTeammates:
    def test_they_are_listed_and_found(self, tim: Program) -> None:
        people = tim.get("/teammates").get_json()["items"]
        assert sorted((each["name"], each["role"]) for each in people) == [
            ("Abe", "admin"),
            ("Olga", "owner"),
            ("Tim", "facilitator"),
        ]
        assert [each["name"] for each in tim.get("/teammates?search=abe@").get_json()["items"]] == ["Abe"]

    def test_roles_are_given_as_on_the_page(self, club: Club, abe: Program) -> None:
        assert abe.patch(f"/teammates/{club.tim.user}", {"role": "admin"}).get_json()["role"] == "admin"
        assert abe.patch(f"/teammates/{club.olga.user}", {"role": "admin"}).status_code == 403
        assert abe.patch(f"/teammates/{club.mallory.user}", {"role": "admin"}).status_code == 404

    def test_a_removed_persons_token_is_none(self, club: Club, abe: Program, tim: Program) -> None:
        assert abe.delete(f"/teammates/{club.tim.user}").status_code == 204
        assert tim.get("/teammates").status_code == 401

    def test_a_person_leaves_and_a_service_does_not(self, club: Club, abe: Program, admin_service: Program) -> None:
        assert admin_service.post("/account/leave").status_code == 409
        assert abe.post("/account/leave").status_code == 204
        assert club.roles().keys() == {"Olga", "Tim"}


class TestInvitations:
    def test_they_are_mailed_listed_sent_again_and_withdrawn(self, club: Club, admin_service: Program) -> None:
        made = admin_service.post("/invitations", {"emails": ["ben@nordbahn.example", "tim@example.com"]})
        assert made.get_json() == {
            "sent": ["ben@nordbahn.example"],
            "unsent": [],
            "waiting": [],
            "teammates": ["tim@example.com"],
        }
        club.post.next_to("ben@nordbahn.example")
        [one] = admin_service.get("/invitations").get_json()["items"]
        assert (one["email"], one["role"], one["state"]) == ("ben@nordbahn.example", "facilitator", "waiting")
        assert admin_service.post(f"/invitations/{one['id']}/resend").status_code == 200
        club.post.next_to("ben@nordbahn.example")
        assert admin_service.delete(f"/invitations/{one['id']}").status_code == 204
        assert admin_service.get("/invitations").get_json()["items"] == []

    def test_unusable_addresses_are_named(self, abe: Program) -> None:
        refused = abe.post("/invitations", {"emails": ["ben"]})
        assert refused.status_code == 422
        assert [each["pointer"] for each in refused.get_json()["errors"]] == ["#/emails"]

    def test_facilitators_do_not_see_them(self, tim: Program) -> None:
        assert tim.get("/invitations").status_code == 403
