"""It deploys: built by the platform's builder from committed files, and running under the platform's runtime.

A session is played there with a real PostgreSQL and a real external engine. One file, because the builder takes longer
than all that is asked of what it makes.
"""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from poker_app import create_app
from poker_app.accounts.memberships import LOCAL
from poker_app.db import db
from poker_app.settings import Settings
from tests.api_client import program_of
from tests.browser import story
from tests.browser.person import people
from tests.deploy.front import Platform
from tests.deploy.platform import Build, Function, booted
from tests.external_engines import Soketi
from tests.visitor import Visitor, play_and_listen

pytestmark = pytest.mark.timeout(600)

MAX_BYTES = 225 * 1024 * 1024
COLD_START = 3_000  # milliseconds of one processor
TRIES = 3  # a machine that is busy with other tests may need a second one


def test_one_function_answers_everything_that_is_no_file(built: Build) -> None:
    assert len(built.functions) == 1, built.said
    assert built.function["runtime"] == "python3.12"
    assert built.function["maxDuration"] == 30
    catch_all = [route for route in built.config["routes"] if route.get("dest") == "/flask"]
    assert [route["src"] for route in catch_all] == ["/(.*)"]


def test_the_function_holds_what_runs_and_nothing_else(built: Build) -> None:
    rooms = {name.split("/")[0] for name in built.files if "/" in name}
    assert rooms >= {"_vendor", "poker_app", "templates", "static", "migrations"}
    assert not rooms & {
        "tests",
        "bench",
        "docs",
        "bin",
        "deploy",
        "public",
        "instance",
        ".git",
        ".venv",
        "node_modules",
    }
    assert not [name for name in built.files if name.startswith(".env")]
    assert {"templates/sessions/_vote_table.html", "wsgi.py", "static/css/tokens.css"} <= built.files.keys()
    assert sum(path.stat().st_size for path in built.files.values() if path.is_file()) < MAX_BYTES


def test_only_static_files_are_on_the_network(built: Build) -> None:
    published = {path.relative_to(built.output / "static").parts[0] for path in (built.output / "static").iterdir()}
    assert published == {"static"}
    assert (built.output / "static/static/css/tokens.css").is_file()


def test_versioned_addresses_lead_to_them_and_are_kept_for_good(built: Build) -> None:
    routes = built.config["routes"]
    assert [route["dest"] for route in routes if route.get("src", "").startswith("^/static/v-") and "dest" in route]
    [kept] = [route["headers"] for route in routes if "Cache-Control" in route.get("headers", {})]
    assert kept["Cache-Control"].endswith("immutable")


def test_jobs_are_called_daily(built: Build) -> None:
    assert [job["path"] for job in built.config["crons"]] == ["/jobs/daily"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"SECRET_KEY": "x", "REALTIME": "none"}, "a PostgreSQL database"),
        ({"DATABASE_URL": "postgresql://nowhere/x", "REALTIME": "none"}, "SECRET_KEY"),
        ({"DATABASE_URL": "postgresql://nowhere/x", "SECRET_KEY": "x"}, "an engine outside"),
    ],
)
def test_what_cannot_work_there_is_said_in_a_sentence(built: Build, given: dict[str, str], sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence), booted(built, given):
        pass


# --- a session in the deployed function


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


def test_an_assistant_is_shown_its_tools(function: Function, environment: dict[str, str]) -> None:
    url, key = environment["DATABASE_URL"], environment["SECRET_KEY"]
    app = create_app(Settings(_env_file=None, realtime="none", database_url=url, secret_key=key))
    with app.app_context():
        token = program_of(app, None, LOCAL, "sessions:read", role="facilitator").token
        db.engine.dispose()
    message = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}})
    headers = {"authorization": f"Bearer {token}", "accept": "application/json", "content_type": "application/json"}
    status, _, text = function.ask("POST", "/mcp", message, **headers)
    assert status == 200, text
    assert {"read_session", "read_report"} <= {each["name"] for each in json.loads(text)["result"]["tools"]}


@pytest.mark.browser
def test_a_team_estimates_its_backlog_there(platform: Platform, browser: Browser) -> None:
    """The same story as on the embedded server. In the middle of it the function and the engine begin anew."""
    with people(browser) as person:
        story.a_team_estimates_its_backlog(platform, person)
    assert platform.front.files > 0
