"""Decks and series through the API."""

import pytest

from tests.api_client import Program, program_of
from tests.world.pages import Club


class TestDecks:
    def test_a_deck_is_made_used_changed_and_deleted(self, abe: Program, tim: Program) -> None:
        made = abe.post("/decks", {"name": "Powers", "cards": ["1", "2", "4", "?"]})
        assert (made.status_code, made.get_json()["cards"]) == (201, ["1", "2", "4", "?", "☕"])
        path = made.headers["Location"].removeprefix("/api/v1")
        assert tim.get(path).get_json() == made.get_json()
        assert tim.opens(deck=made.get_json()["id"])["cards"] == made.get_json()["cards"]
        changed = abe.asks("PUT", path, {"name": "Powers", "cards": ["1", "3", "9"]}, If_Match=made.headers["ETag"])
        assert changed.get_json()["cards"] == ["1", "3", "9", "?", "☕"]
        late = abe.asks("PUT", path, {"name": "Mine", "cards": ["1", "2"]}, If_Match=made.headers["ETag"])
        assert late.status_code == 412
        names = [each["name"] for each in tim.get("/decks").get_json()["items"]]
        assert (names[0], names[-1]) == ("Fibonacci", "Powers")
        assert abe.delete(path).status_code == 204
        assert tim.get(path).status_code == 404

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"name": "", "cards": ["1", "2"]}, "#/name"),
            ({"name": "Long", "cards": ["1", "123456789"]}, "#/cards"),
            ({"name": "Two in one", "cards": ["1, 2", "3"]}, "#/cards/0"),
        ],
    )
    def test_unusable_input_names_its_field(self, abe: Program, body: dict[str, object], pointer: str) -> None:
        answer = abe.post("/decks", body)
        assert (answer.status_code, [each["pointer"] for each in answer.get_json()["errors"]]) == (422, [pointer])

    def test_facilitators_make_none(self, club: Club, tim: Program) -> None:
        reader = program_of(club.app, club.tim.user, club.account, "account:read")
        assert reader.post("/decks", {"name": "Mine", "cards": ["1", "2"]}).status_code == 403
        assert tim.post("/decks", {"name": "Mine", "cards": ["1", "2"]}).status_code == 403


class TestSeries:
    def test_a_series_opens_the_days_session_once(self, club: Club, tim: Program, service: Program) -> None:
        made = tim.post("/series", {"name": "Refinement", "deck": "t-shirts", "names_hidden": True})
        assert made.status_code == 201
        path = f"/series/{made.get_json()['id']}"
        today = tim.post(f"{path}/sessions", {}).get_json()
        assert (today["cards"][:2], today["members"][0]["is_me"]) == (["XS", "S"], True)
        assert service.post(f"{path}/sessions", {}).get_json()["id"] == today["id"]
        assert club.tim.get(made.get_json()["url"].removeprefix("http://localhost")).location == (
            f"/sessions/{today['id']}"
        )

    def test_it_is_renamed_closed_and_reopened(self, service: Program, mallory: Program) -> None:
        path = f"/series/{service.post('/series', {'name': 'Refinement'}).get_json()['id']}"
        assert service.patch(path, {"name": "Planning"}).get_json()["name"] == "Planning"
        assert service.post(f"{path}/close").get_json()["closed"] is True
        assert service.post(f"{path}/sessions", {}).status_code == 409
        assert service.post(f"{path}/reopen").get_json()["closed"] is False
        assert [each["name"] for each in service.get("/series").get_json()["items"]] == ["Planning"]
        assert mallory.get(path).status_code == 404

    def test_cards_that_cannot_be_used_are_named(self, tim: Program) -> None:
        refused = tim.post("/series", {"name": "Refinement", "deck": "own", "cards": ["1"]})
        assert [each["pointer"] for each in refused.get_json()["errors"]] == ["#/cards"]
