"""What every test may ask for: an application on a database of its own, and the cast to sit at its tables."""

import gc
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine, event

from poker_app import configure, create_app
from poker_app.accounts.signin import password_hashing
from poker_app.db import db
from poker_app.rules.plans import STANDARD
from poker_app.settings import ROOT, Settings
from tests import cache_reset, postgres
from tests.browser.live_server import migrated
from tests.cast import Cast, Clock
from tests.keys import TRACKER_KEYS
from tests.mail_server import Post

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.s3_store import S3Server
    from tests.stripe_double import StripeDouble
    from tests.stripe_double.server import Server
    from tests.uploadthing.double import UploadThingDouble

assert cache_reset
# Hypothesis asks the collector what refers to a generator of random numbers, and frozen objects are left out there.
gc.unfreeze()
pytest_plugins = ["tests.hypothesis_profiles", "tests.leak_check"]

# What `make test` runs besides what is marked ``fast``: these folders, and of the engines what needs only Node beside.
FAST = {"rules", "contexts", "web", "house"}
OTHER_ENGINES = {"test_fanout", "test_external_engines", "test_realtime_check", "test_s3", "test_uploadthing_package"}
OTHER_PROGRAMS = {"soketi", "pushpin", "chromium", "s3"}
# Those with the longest files first: a process that begins one last works alone at the end.
BEGIN_WITH = [
    "deploy",
    "promises",
    "concurrency",
    "engines",
    "browser",
    "cli",
    "house",
    "providers",
    "contexts",
    "web",
    "rules",
]
# The settings of a service where people sign in.
SIGNED_IN: Mapping[str, Any] = {
    "auth": "accounts",
    "public_url": "http://localhost",
    "tracker_keys": TRACKER_KEYS,
}
REAL_HASHER = password_hashing._hasher
# Applications that wait for the next test with their settings, the last used at the end.
MAX_APPS = 8
_apps: list[Flask] = []


@event.listens_for(Engine, "connect")
def _write_without_waiting_for_the_disk(connection: object, _record: object) -> None:
    """No test pulls the plug on this process. What does survive that is asked of servers in processes of their own."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed with hardly any work: what it is worth is asked in one test."""
    quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(password_hashing, "_hasher", lambda: quick)


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the tables and nothing in them, to be copied."""
    path = tmp_path_factory.mktemp("database") / "empty.db"
    _make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with every migration and nothing in it, for a server to begin with a copy of."""
    return migrated(tmp_path_factory.mktemp("migrated"))


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of this run, with a database `empty` to make others from."""
    with postgres.server() as folder:
        postgres.command(folder, "CREATE DATABASE empty")
        _make_tables(postgres.url(folder, "empty"))
        yield postgres.url(folder)


def _make_tables(url: str) -> None:
    app = create_app(_settings(url))
    with app.app_context():
        db.create_all()
        if db.engine.dialect.name == "sqlite":
            with db.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.session.remove()
        db.engine.dispose()


def on_postgres() -> bool:
    """Whether this run is the one on PostgreSQL, by the environment's DATABASE_URL."""
    return os.environ.get("DATABASE_URL", "").startswith("postgres")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the fast tier, and order the folders; within each, files keep the random order that they come in.

    A run on PostgreSQL is of the tests that use a database and ask something of it: the others ran on SQLite.
    """
    items.sort(key=lambda item: BEGIN_WITH.index(item.path.parent.name) if item.path.parent.name in BEGIN_WITH else -1)
    for item in items:
        if _is_fast(item):
            item.add_marker(pytest.mark.fast)
    if on_postgres():
        config.hook.pytest_deselected(items=[item for item in items if not _asks_the_database(item)])
        items[:] = [item for item in items if _asks_the_database(item)]


def chromium_path() -> str | None:
    """Where Chromium is; None for Playwright's own."""
    found = subprocess.run([ROOT / "bin/browser"], check=True, capture_output=True, text=True).stdout.strip()
    return None if found == "playwright" else found


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """Chromium, as `bin/browser` finds it; one for all, because Playwright can be started only once in a thread.

    HEADED=1 opens its windows, SLOW_MO=300 waits so many milliseconds after each step.
    """
    from playwright.sync_api import sync_playwright

    path = chromium_path()
    headed, pause = os.environ.get("HEADED", "") != "", float(os.environ.get("SLOW_MO", "0"))
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=flags, headless=not headed, slow_mo=pause)
        yield chromium
        chromium.close()


def _asks_the_database(item: pytest.Item) -> bool:
    return "database" in getattr(item, "fixturenames", ()) and not item.get_closest_marker("any_database")


def _is_fast(item: pytest.Item) -> bool:
    if item.get_closest_marker("rest"):
        return False
    folder = item.path.relative_to(ROOT / "tests").parts[0]
    if folder == "engines":
        parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
        return item.path.stem not in OTHER_ENGINES and OTHER_PROGRAMS.isdisjoint(map(str, parameters))
    return folder in FAST


@pytest.fixture(scope="session")
def database() -> str:
    """Which database the tests of this run are on: "sqlite", or "postgresql" with DATABASE_URL=postgresql://."""
    return "postgresql" if on_postgres() else "sqlite"


@pytest.fixture(scope="session")
def _sqlite_place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where every test's database is found: the same address, so that an application can serve the next test too."""
    return tmp_path_factory.mktemp("place") / "faceup.db"


@pytest.fixture(scope="session")
def _postgres_place(postgres_url: str) -> Iterator[postgres.Emptied]:
    """The server with the database that is every test's in turn."""
    folder = postgres_url.partition("?host=")[2]
    postgres.command(folder, "CREATE DATABASE test TEMPLATE empty")
    with postgres.emptied(folder, "test") as place:
        yield place


@pytest.fixture(scope="session")
def _first_settings(
    database: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """Every test's, to be copied: reading settings takes longer than many tests."""
    if database == "sqlite":
        made = _settings(f"sqlite:///{request.getfixturevalue('_sqlite_place')}")
    else:
        made = _settings(request.getfixturevalue("_postgres_place").url)
    return made.model_copy(update={"files_folder": str(tmp_path_factory.mktemp("files"))})


@pytest.fixture
def settings(
    database: str, _first_settings: Settings, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Settings]:
    """Settings for a database of the test's own, with no realtime engine."""
    if database == "sqlite":
        place: Path = request.getfixturevalue("_sqlite_place")
        # A link, not the file: SQLite follows it first, so what is left open of the last test stays with its own file.
        place.unlink(missing_ok=True)
        place.symlink_to(shutil.copy(request.getfixturevalue("empty_sqlite"), tmp_path / "faceup.db"))
        yield _first_settings.model_copy()
        return
    request.getfixturevalue("_postgres_place").empty()
    yield _first_settings.model_copy()
    # Those of applications that a test made by itself too: what their pools keep open would be left behind.
    for engines in list(db._app_engines.values()):
        for engine in engines.values():
            engine.dispose()


def _settings(url: str) -> Settings:
    return Settings(_env_file=None, database_url=url, secret_key="for tests only", realtime="none", log_level="error")


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Templates, compiled once a run instead of once a test."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@contextmanager
def lent(settings: Settings) -> Iterator[Flask]:
    """An application with these settings: one that served a test before, unless that test changed it. Making one takes
    longer than most tests."""
    made = next((each for each in _apps if each.config["SETTINGS"] == settings), None)
    if made:
        _apps.remove(made)
        made.config["SETTINGS"] = settings
        configure(settings)
    else:
        made = create_app(settings)
    before = _shape(made)
    try:
        yield made
    finally:
        with made.app_context():
            db.engine.dispose()
    if _shape(made) == before:
        _apps.append(made)
        del _apps[:-MAX_APPS]


def _shape(app: Flask) -> list[object]:
    """What a test could change about an application, as it is now."""
    named = [dict(each) for each in (app.config, app.view_functions, app.jinja_env.globals, app.extensions)]
    hooks = (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs)
    rooms = [{room: list(functions) for room, functions in each.items()} for each in hooks]
    return [*named, *rooms, app.wsgi_app, app.session_interface, len(app.teardown_appcontext_funcs)]


@pytest.fixture
def app(settings: Settings, compiled: FileSystemBytecodeCache) -> Iterator[Flask]:
    """The application. No context is open: requests of a test must share no more than those of two browsers."""
    with lent(settings) as made:
        made.jinja_env.bytecode_cache = compiled
        yield made


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    """An open context, for calling actions as they are, without a request."""
    with app.app_context():
        yield


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time, held still until the test moves it."""
    held = Clock()
    monkeypatch.setattr("poker_app.clock.now", held.now)
    return held


@pytest.fixture
def cast(app: Flask) -> Cast:
    """Ada (facilitator), Ben (voter), Cleo (spectator) at one table; Gus and Mallory outside it."""
    return Cast(app)


@pytest.fixture
def signed_in_settings(settings: Settings, post: Post) -> Settings:
    """A service where people sign in and mail arrives. A file of tests takes it as its ``settings``."""
    mail = {"mail": "smtp", "smtp_host": "127.0.0.1", "smtp_port": post.port, "smtp_tls": False}
    return settings.model_copy(update={**SIGNED_IN, **mail})


@pytest.fixture(scope="session")
def _post_office() -> Iterator[Post]:
    server = Post()
    yield server
    server.stop()


@pytest.fixture
def post(_post_office: Post) -> Post:
    """A mail server, with every mailbox empty. The house is told of it by settings: MAIL=smtp, SMTP_HOST, SMTP_PORT,
    SMTP_TLS."""
    _post_office.empty()
    return _post_office


@pytest.fixture(scope="session")
def _stripe_server() -> "Iterator[Server]":
    """Where Stripe is: the same address for every test, so that an application can serve the next one too."""
    from tests.stripe_double.server import Server

    server = Server()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def s3_store() -> "Iterator[S3Server]":
    """A store that speaks S3, with a bucket."""
    from tests.s3_store import S3Server

    server = S3Server()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def uploadthing_double() -> "Iterator[UploadThingDouble]":
    """A double of UploadThing."""
    from tests.uploadthing.double import running

    with running() as double:
        yield double


@pytest.fixture
def double(_stripe_server: "Server") -> "StripeDouble":
    """A Stripe of the test's own, which sells the standard offer. ``paying.with_stripe`` makes the settings."""
    from tests.stripe_double import StripeDouble

    made = StripeDouble(_stripe_server)
    for plan in (*STANDARD.plans[1:], *STANDARD.earlier):
        made.sells(plan.price, plan.amount, monthly=True)
    for pack in STANDARD.packs:
        made.sells(pack.price, pack.amount, monthly=False)
    return made


class Announced(list[str]):
    """The names of the published events, in order; ``data`` holds what each carried."""

    def __init__(self) -> None:
        super().__init__()
        self.data: list[Mapping[str, object]] = []


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> Announced:
    """The names of the events that were published, in order."""
    heard = Announced()

    def publish(channels: object, event: str, data: Mapping[str, object], exclude_socket: str | None = None) -> bool:
        heard.append(event)
        heard.data.append(data)
        return True

    monkeypatch.setattr("poker_app.realtime.publish", publish)
    return heard
