"""A session in the deployed function, against a real PostgreSQL and a real external engine."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import story
from tests.browser.person import people
from tests.deploy.front import Platform
from tests.deploy.platform import Build, Function, booted
from tests.external_engines import Soketi
from tests.visitor import Visitor, play_and_listen

pytestmark = pytest.mark.timeout(600)

COLD_START = 3_000  # milliseconds of one processor
TRIES = 3  # a machine that is busy with other tests may need a second one


@pytest.fixture(scope="module")
def environment(engine: Soketi, deployed: str) -> dict[str, str]:
    """What is set at the platform, and no more."""
    given = {"DATABASE_URL": deployed, "DATABASE_POOL": "0", "SECRET_KEY": "for tests only", "CRON_SECRET": "ticks"}
    return {**given, "LOG_FORMAT": "json", **engine.settings}


@pytest.fixture(scope="module")
def platform(built: Build, environment: dict[str, str], engine: Soketi) -> Iterator[Platform]:
    running = Platform(built, environment, engine)
    yield running
    running.goes_away()
    engine.start()


@pytest.fixture
def function(platform: Platform) -> Function:
    return platform.function


def test_it_is_up_in_time(built: Build, function: Function, environment: dict[str, str]) -> None:
    took = [function.worked]
    while min(took) >= COLD_START and len(took) < TRIES:
        with booted(built, environment) as again:
            took.append(again.worked)
    print(f"cold start: {min(took)} ms")
    assert min(took) < COLD_START


def test_only_the_platforms_clock_starts_the_daily_jobs(function: Function) -> None:
    assert function.ask("GET", "/jobs/daily")[0] == 403
    assert function.ask("GET", "/jobs/daily", authorization="Bearer ticks")[0] == 200


def test_pages_and_files(function: Function) -> None:
    status, headers, text = function.ask("GET", "/")
    assert (status, "Vote face down" in text) == (200, True)
    assert headers["strict-transport-security"]
    for name, sign in (("styles-", "@layer"), ("v-", "<svg")):
        path = f"/static/{name}" + text.partition(f'href="/static/{name}')[2].partition('"')[0]
        status, headers, content = function.ask("GET", path)
        assert (status, sign in content, "immutable" in headers["cache-control"]) == (200, True, True)
    assert function.ask("GET", "/sessions/none%20such")[0] in (303, 404)


def test_a_session_is_played(function: Function, soketi: dict[str, str]) -> None:
    play_and_listen(Visitor(function, "Ada"), Visitor(function, "Ben"), soketi)


@pytest.mark.browser
def test_a_team_estimates_its_backlog_there(platform: Platform, browser: Browser) -> None:
    """The same story as on the embedded server. In the middle of it the function and the engine begin anew."""
    with people(browser) as person:
        story.a_team_estimates_its_backlog(platform, person)
    assert platform.front.files > 0
