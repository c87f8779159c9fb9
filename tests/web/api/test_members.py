"""Members through the API."""

import pytest

from poker_app.accounts.models import User
from poker_app.db import session
from tests.api_client import Program, program_of
from tests.cast import Clock, add_teammate
from tests.world.pages import Club


def opened(program: Program, **more: object) -> str:
    return f"/sessions/{program.opens(**more)['id']}"


def member(program: Program, path: str) -> str:
    return str(program.get(f"{path}/me").get_json()["id"])


class TestJoining:
    def test_a_program_joins_once(self, tim: Program, mallory: Program) -> None:
        path = opened(tim)
        answer = mallory.post(f"{path}/members", {"name": "Bot", "votes": True})
        me = answer.get_json()
        assert (answer.status_code, me["name"], me["votes"], me["is_me"]) == (201, "Bot", True, True)
        assert mallory.get(answer.location.removeprefix("/api/v1")).get_json() == me
        assert mallory.post(f"{path}/members", {"name": "Bot"}).get_json()["id"] == me["id"]
        assert [each["name"] for each in tim.get(f"{path}/members").get_json()["items"]] == ["Tim", "Bot"]

    def test_by_code(self, tim: Program, mallory: Program) -> None:
        made = tim.opens()
        joined = mallory.post("/join", {"code": made["code"], "name": "Bot"}).get_json()
        assert (joined["id"], [each["name"] for each in joined["members"]]) == (made["id"], ["Tim", "Bot"])
        assert mallory.post("/join", {"code": "ZZZZZZ"}).status_code == 404

    def test_a_password_is_asked_of_those_from_elsewhere(
        self, tim: Program, service: Program, mallory: Program
    ) -> None:
        path = opened(tim, password="open sesame")
        refused = mallory.post(f"{path}/members", {"password": "wrong"})
        assert (refused.status_code, refused.get_json()["errors"][0]["pointer"]) == (422, "#/password")
        assert mallory.post(f"{path}/members", {"password": "open sesame"}).status_code == 201
        assert service.post(f"{path}/members").status_code == 201

    def test_teammates_only(self, club: Club, tim: Program, service: Program, mallory: Program) -> None:
        path = opened(tim, teammates_only=True)
        assert mallory.post(f"{path}/members").status_code == 403
        assert service.post(f"{path}/members").status_code == 201

    def test_a_token_of_one_account_is_no_teammate_in_another(self, club: Club, mallory: Program) -> None:
        """Olga belongs to Mallory's account too; her token stands for her own account."""
        with club.app.app_context():
            add_teammate(club.mallory.account, session.get_one(User, club.olga.user))
        path = opened(mallory, teammates_only=True)
        here = program_of(club.app, club.olga.user, club.account)
        assert here.post(f"{path}/members").status_code == 403
        assert program_of(club.app, club.olga.user, club.mallory.account).post(f"{path}/members").status_code == 201

    def test_a_name_that_cannot_be_used(self, tim: Program, mallory: Program) -> None:
        path = opened(tim)
        refused = mallory.post(f"{path}/members", {"name": " "})
        assert (refused.status_code, refused.get_json()["errors"][0]["pointer"]) == (422, "#/name")

    def test_no_such_session_and_one_that_has_ended(self, tim: Program, mallory: Program) -> None:
        path = opened(tim)
        tim.post(f"{path}/end")
        assert mallory.post(f"{path}/members").status_code == 409
        assert mallory.post("/sessions/nonsense/members").status_code == 404

    def test_who_joins_where_a_program_facilitates(self, club: Club, service: Program, mallory: Program) -> None:
        """The first teammate becomes a facilitator too, with their token as in their browser."""
        path = opened(service)
        assert mallory.post(f"{path}/members").get_json()["facilitates"] is False
        tim = program_of(club.app, club.tim.user, club.account)
        assert tim.post(f"{path}/members").get_json()["facilitates"] is True


class TestOneself:
    def test_name_and_vote(self, tim: Program) -> None:
        path = opened(tim)
        changed = tim.patch(f"{path}/me", {"name": "Tim", "votes": False}).get_json()
        assert (changed["name"], changed["votes"]) == ("Tim", False)
        assert tim.patch(f"{path}/me", {"name": ""}).get_json()["errors"][0]["pointer"] == "#/name"

    def test_leaving_and_coming_back(self, tim: Program, mallory: Program) -> None:
        path = opened(tim)
        mallory.post(f"{path}/members", {"votes": True})
        assert [mallory.delete(f"{path}/me").status_code for _ in range(2)] == [204, 204]
        assert mallory.get(f"{path}/me").get_json()["presence"] == "gone"
        round_id = tim.get(f"{path}/round").get_json()["id"]
        assert mallory.put(f"{path}/rounds/{round_id}/vote", {"card": "5"}).status_code == 409
        assert mallory.post(f"{path}/me/return").get_json()["presence"] == "present"


class TestTheRole:
    def test_shared_handed_over_and_given_back(self, tim: Program, mallory: Program) -> None:
        path = opened(tim)
        mallory.post(f"{path}/members")
        other = member(mallory, path)
        assert tim.post(f"{path}/step-down").status_code == 409
        assert mallory.put(f"{path}/facilitators/{other}", {}).status_code == 403
        assert tim.put(f"{path}/facilitators/{other}", {}).get_json()["facilitates"] is True
        assert tim.post(f"{path}/step-down").get_json()["facilitates"] is False
        assert mallory.post(f"{path}/hand-over", {"member_id": member(tim, path)}).get_json()["facilitates"] is True
        assert mallory.get(f"{path}/me").get_json()["facilitates"] is False

    def test_a_program_that_went_silent_is_taken_over_from(self, clock: Clock, tim: Program, mallory: Program) -> None:
        path = opened(tim)
        mallory.post(f"{path}/members")
        assert mallory.post(f"{path}/take-over").status_code == 409
        for _ in range(20):
            clock.forward(seconds=20)
            mallory.patch(f"{path}/me", {})
            mallory.get(path)
        assert mallory.post(f"{path}/take-over").get_json()["facilitates"] is True
        assert tim.get(f"{path}/me").get_json()["facilitates"] is False


class TestOthers:
    def test_a_removed_member_reaches_nothing(self, tim: Program, mallory: Program) -> None:
        path = opened(tim)
        mallory.post(f"{path}/members")
        them = f"{path}/members/{member(mallory, path)}"
        assert mallory.delete(f"{path}/members/{member(tim, path)}").status_code == 403
        assert tim.delete(f"{path}/members/{member(tim, path)}").status_code == 422
        assert tim.delete(them).status_code == 204
        assert (tim.delete(them).status_code, tim.get(them).status_code) == (404, 404)
        assert mallory.get(path).status_code == 404

    def test_nudged(self, tim: Program, mallory: Program) -> None:
        path = opened(tim)
        mallory.post(f"{path}/members", {"name": "Bot", "votes": True})
        one = f"{path}/members/{member(mallory, path)}/nudge"
        assert tim.post(one).get_json() == {"names": ["Bot"]}
        assert tim.post(one).get_json() == {"names": []}
        assert tim.post(f"{path}/nudge").get_json() == {"names": []}
        assert mallory.post(one).status_code == 403


@pytest.mark.parametrize("verb", ["step-down", "take-over", "nudge", "me/return"])
def test_a_stranger_is_no_member(tim: Program, mallory: Program, verb: str) -> None:
    assert mallory.post(f"{opened(tim)}/{verb}").status_code == 404
