"""The document that describes the API, and the page that explains it."""

import json
import re

import pytest
from flask import Flask

from poker_app.api import openapi
from poker_app.api.operations import OPERATIONS, Operation
from poker_app.api.reference import curl, example
from tests.cast import Cast


class TestDocument:
    def test_it_has_every_operation(self, cast: Cast) -> None:
        document = cast.mallory.get("/api/v1/openapi.json").get_json()
        described = {(method.upper(), path) for path, each in document["paths"].items() for method in each}
        assert described == {(each.method, each.path) for each in OPERATIONS}
        assert document["openapi"].startswith("3.1.")


class TestPage:
    def test_it_explains_every_operation_without_a_token(self, cast: Cast) -> None:
        page = cast.mallory.get("/api").get_data(as_text=True)
        for each in OPERATIONS:
            assert f'id="{each.name}"' in page

    def test_its_links_lead_to_places_in_it(self, cast: Cast) -> None:
        page = cast.mallory.get("/api").get_data(as_text=True)
        places = re.findall(r' id="([^"]+)"', page)
        assert len(places) == len(set(places))
        assert set(re.findall(r'href="#([^"]+)"', page)) <= set(places)


class TestExamples:
    @pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
    def test_a_body_is_one_that_is_taken_and_an_answer_one_that_is_given(
        self, app: Flask, operation: Operation
    ) -> None:
        with app.test_request_context():
            models = openapi.document()["components"]["schemas"]
        if operation.body:
            described = models[operation.body.__name__]
            for short in (True, False):
                operation.body.model_validate_json(json.dumps(example(described, models, short=short)))
        if operation.answer:
            described = models[re.sub(r"[\[\]]", "_", operation.answer.__name__)]
            operation.answer.model_validate_json(json.dumps(example(described, models)))

    def test_a_command_quotes_what_a_shell_would_read(self, app: Flask) -> None:
        deck = next(each for each in OPERATIONS if each.name == "change_deck")
        models = {"DeckTaken": {"type": "object", "properties": {"name": {"type": "string", "examples": ["Ann's"]}}}}
        with app.test_request_context():
            said = curl(deck, models)
        assert said.splitlines() == [
            'curl -X PUT "http://localhost/api/v1/decks/$DECK_ID" \\',
            '  -H "Authorization: Bearer $FACEUP_TOKEN" \\',
            '  -H "Content-Type: application/json" \\',
            """  -d '{"name": "Ann'\\''s"}'""",
        ]
