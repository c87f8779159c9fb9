"""A session in the deployed function, against a real PostgreSQL and a real external engine."""

from collections.abc import Iterator

import pytest

from tests import postgres
from tests.deploy.platform import Build, Function, booted
from tests.visitor import Visitor, heard

pytestmark = pytest.mark.timeout(600)

COLD_START = 10_000  # milliseconds, on a machine that is busy with other tests; on a quiet one it is a tenth of that


@pytest.fixture(scope="module")
def function(built: Build, soketi: dict[str, str], postgres_url: str) -> Iterator[Function]:
    folder = postgres_url.partition("?host=")[2]
    postgres.command(folder, "CREATE DATABASE deployed TEMPLATE empty")
    environment = {
        "DATABASE_URL": postgres.url(folder, "deployed"),
        "DATABASE_POOL": "0",
        "SECRET_KEY": "for tests only",
        "LOG_FORMAT": "json",
        **soketi,
    }
    with booted(built, environment) as function:
        yield function
    postgres.command(folder, "DROP DATABASE deployed WITH (FORCE)")


def test_it_is_up_in_time(function: Function) -> None:
    print(f"cold start: {function.milliseconds} ms")
    assert function.milliseconds < COLD_START


def test_pages_and_files(function: Function) -> None:
    status, headers, text = function.ask("GET", "/")
    assert (status, "Vote face down" in text) == (200, True)
    assert headers["strict-transport-security"]
    path = text.partition('href="/static/')[2].partition('"')[0]
    status, headers, text = function.ask("GET", f"/static/{path}")
    assert (status, "@layer" in text) == (200, True)
    assert function.ask("GET", "/sessions/none%20such")[0] in (303, 404)


def test_a_session_is_played(function: Function, soketi: dict[str, str]) -> None:
    ada, ben = Visitor(function, "Ada"), Visitor(function, "Ben")
    table = ada.opens()
    ben.joins(table)
    current = ada.sits_at(table)
    with ada.listens(table, soketi) as tab:
        ben.sits_at(table)
        assert ben.post(f"{table}/votes", round=current, card="13") == 303
        event, fragment = heard(tab)
        assert (event, "13" in fragment, 'data-state="voted"' in fragment) == ("vote", False, True)
        ada.sits_at(table)
        assert ada.post(f"{table}/reveal", round=current) == 303
        event, fragment = heard(tab)
        assert (event, 'data-v="13"' in fragment) == ("round-revealed", True)
    ben.sits_at(table)
    assert 'data-phase="revealed"' in ben.text
