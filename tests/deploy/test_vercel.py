"""It deploys: built by the platform's builder from committed files, and running under the platform's runtime."""

import pytest

from tests.deploy.platform import Build, booted

pytestmark = pytest.mark.timeout(600)

MAX_BYTES = 225 * 1024 * 1024


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
    ("environment", "sentence"),
    [
        ({"SECRET_KEY": "x", "REALTIME": "none"}, "a PostgreSQL database"),
        ({"DATABASE_URL": "postgresql://nowhere/x", "REALTIME": "none"}, "SECRET_KEY"),
        ({"DATABASE_URL": "postgresql://nowhere/x", "SECRET_KEY": "x"}, "an engine outside"),
    ],
)
def test_what_cannot_work_there_is_said_in_a_sentence(built: Build, environment: dict[str, str], sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence), booted(built, environment):
        pass
