"""The document that describes the API, and the page that explains it."""

from poker_app.api.operations import OPERATIONS
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
