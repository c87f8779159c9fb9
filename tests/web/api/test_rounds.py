"""Rounds through the API."""

import pytest

from tests.api_client import Program
from tests.cast import Clock
from tests.world.pages import Club


@pytest.fixture
def path(tim: Program, mallory: Program) -> str:
    """Tim's session, in which Mallory votes too."""
    path = f"/sessions/{tim.opens()['id']}"
    assert mallory.post(f"{path}/members", {"name": "Mallory", "votes": True}).status_code == 201
    return path


def round_of(program: Program, path: str) -> str:
    return str(program.get(f"{path}/round").get_json()["id"])


class TestVoting:
    def test_a_round_from_the_first_card_to_the_next_round(self, tim: Program, mallory: Program, path: str) -> None:
        own = f"{path}/rounds/{round_of(tim, path)}/vote"
        assert tim.put(own, {"card": "5"}).get_json() == {"card": "5"}
        assert mallory.put(own, {"card": "8"}).get_json() == {"card": "8"}
        assert (tim.get(own).get_json(), mallory.get(own).get_json()) == ({"card": "5"}, {"card": "8"})
        hidden = mallory.get(f"{path}/round").get_json()
        assert (hidden["state"], hidden["voted"], hidden["cards"], hidden["figures"]) == ("voting", 2, None, None)
        reveal = own.replace("/vote", "/reveal")
        assert mallory.post(reveal).status_code == 403
        shown = tim.post(reveal).get_json()
        assert [(each["card"], each["voters"]) for each in shown["cards"]] == [("5", ["Tim"]), ("8", ["Mallory"])]
        assert tim.post(reveal).status_code == 200
        again = tim.post(f"{path}/rounds", {"round_id": shown["id"]}).get_json()
        assert again["round"]["number"] == 2
        assert mallory.put(own, {"card": "8"}).status_code == 409
        assert mallory.get(own).status_code == 404

    def test_a_card_is_taken_back(self, tim: Program, path: str) -> None:
        own = f"{path}/rounds/{round_of(tim, path)}/vote"
        tim.put(own, {"card": "5"})
        assert [tim.delete(own).status_code for _ in range(2)] == [204, 204]
        assert tim.get(own).get_json() == {"card": None}

    def test_a_card_that_is_none_and_a_member_who_watches(self, tim: Program, mallory: Program, path: str) -> None:
        own = f"{path}/rounds/{round_of(tim, path)}/vote"
        assert tim.put(own, {"card": "6"}).status_code == 422
        mallory.patch(f"{path}/me", {"votes": False})
        assert mallory.put(own, {"card": "5"}).status_code == 403

    def test_without_cards_nothing_is_revealed(self, tim: Program, path: str) -> None:
        assert tim.post(f"{path}/rounds/{round_of(tim, path)}/reveal").status_code == 409

    def test_a_restarted_vote_is_undone(self, tim: Program, path: str) -> None:
        first = round_of(tim, path)
        tim.put(f"{path}/rounds/{first}/vote", {"card": "5"})
        restarted = tim.post(f"{path}/rounds", {"round_id": first}).get_json()
        assert (restarted["round"]["number"], restarted["round"]["voted"]) == (1, 0)
        undo = f"{path}/changes/{restarted['undo']}/undo"
        assert tim.post(undo).get_json()["round"]["voted"] == 1
        assert tim.post(undo).status_code == 409
        assert tim.post(f"{path}/changes/last/undo").status_code == 404


class TestPresence:
    def test_a_program_that_only_reads_is_not_awaited_for_long(
        self, club: Club, clock: Clock, tim: Program, mallory: Program
    ) -> None:
        """The cards turn over once all who are there have voted; a program that reads is not there by that."""
        path = f"/sessions/{tim.opens(auto_reveal=True)['id']}"
        mallory.post(f"{path}/members", {"votes": True})
        own = f"{path}/rounds/{round_of(tim, path)}/vote"
        tim.put(own, {"card": "5"})
        for _ in range(20):
            clock.forward(seconds=20)
            tim.put(own, {"card": "5"})
            mallory.get(path)
            if tim.get(f"{path}/round").get_json()["state"] == "revealed":
                break
        else:
            pytest.fail("it is awaited")
        others = {each["name"]: each["presence"] for each in tim.get(f"{path}/members").get_json()["items"]}
        assert set(others.values()) == {"present", "away"}

    def test_a_round_is_watched(self, tim: Program, path: str) -> None:
        seen = tim.get(f"{path}/round").headers["ETag"]
        assert tim.get(f"{path}/round", If_None_Match=seen).status_code == 304
