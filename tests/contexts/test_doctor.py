"""The doctor names what is wrong, and what to do about it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import text, update

from poker_app import configure, create_app, jobs, schema
from poker_app.billing.models import WebhookEvent
from poker_app.db import db, session, transaction
from poker_app.files.models import StoredFile
from poker_app.operations import doctor, job_runs
from poker_app.operations.doctor import Finding
from poker_app.poker.models import Member
from poker_app.settings import ROOT, Settings
from tests.cast import Cast, Clock
from tests.conftest import SIGNED_IN
from tests.engines.engine_server import OWN, Embedded
from tests.external_engines import GRIP_KEY
from tests.failing_engine import Faulty, replies
from tests.mail_server import Post
from tests.paying_account import with_stripe
from tests.stripe_double import StripeDouble


@pytest.fixture
def current(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables were made without migrations here."""
    monkeypatch.setattr(schema, "is_current", lambda: True)


@cache
def application(database_url: str) -> Flask:
    """One for every examination of a database: the doctor asks the packages, and of an application its database."""
    return create_app(Settings(_env_file=None, secret_key="x", database_url=database_url))


def examined(settings: Settings) -> dict[str, Finding]:
    app = application(settings.database_url)
    configure(settings)
    with app.app_context():
        found = {each.about: each for each in doctor.examine(settings)}
        session.remove()
        db.engine.dispose()
    for each in found.values():
        assert bool(each.advice) == (each.level != "ok"), each
    return found


def levels(settings: Settings, *about: str) -> list[str]:
    found = examined(settings)
    return [found[each].level for each in about]


def test_all_is_well(settings: Settings, app: Flask, current: None) -> None:
    with app.app_context():
        jobs.purge()
        session.remove()
    found = examined(settings.model_copy(update={"secret_key": "x" * 32}))
    assert {each.level for each in found.values()} == {"ok"}
    assert {"settings", "secret key", "database", "migrations", "clock", "jobs"} <= found.keys()
    assert {"realtime engine", "mail", "static files"} <= found.keys()
    assert ("disk space" in found) == settings.on_sqlite
    assert ("SQLite" if settings.on_sqlite else "PostgreSQL") in found["database"].found


def test_migrations_that_are_missing(settings: Settings) -> None:
    assert examined(settings)["migrations"] == Finding(
        "fail", "migrations", "some are missing", "python -m poker_app.cli migrate"
    )


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:9/x", "sqlite:////proc/nothing.db"])
def test_a_database_that_does_not_answer(settings: Settings, url: str) -> None:
    url = Settings(_env_file=None, secret_key="x", database_url=url).database_url
    found = examined(settings.model_copy(update={"database_url": url}))
    assert found["database"].level == "fail"
    assert found["database"].found.startswith("does not answer: ")
    assert "migrations" not in found


def test_a_damaged_database(tmp_path: Path, current: None) -> None:
    path = tmp_path / "faceup.db"
    settings = Settings(_env_file=None, secret_key="x", database_url=f"sqlite:///{path}", realtime="none")
    app = create_app(settings)
    with app.app_context():
        db.create_all()
        for number in range(200):
            session.execute(text(f"INSERT INTO tries VALUES ('{number:064}', '2026-11-24 10:00:00', 1)"))
        session.commit()
        session.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        page = session.scalar(text("SELECT rootpage FROM sqlite_master WHERE name = 'tries'"))
        session.remove()
        db.engine.dispose()
    with path.open("r+b") as file:
        file.seek((int(page) - 1) * 4096 + 8)
        file.write(b"\xff" * 64)
    database = examined(settings)["database"]
    assert database.level == "fail"
    assert "damaged" in database.found or "malformed" in database.found


def test_disk_space(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    if not settings.on_sqlite:
        assert "disk space" not in examined(settings)
        return
    for free, level in ((2_000_000_000, "ok"), (900_000_000, "warn"), (90_000_000, "fail")):
        monkeypatch.setattr("poker_app.operations.doctor.shutil.disk_usage", lambda _, f=free: SimpleNamespace(free=f))
        assert levels(settings, "disk space") == [level]


def test_the_key(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poker_app.operations.doctor.INSTANCE", tmp_path)
    monkeypatch.setattr("poker_app.settings.INSTANCE", tmp_path)
    kept = settings.model_copy(update={"secret_key": ""})
    assert levels(kept, "secret key") == ["ok"]
    (tmp_path / "secret_key").chmod(0o644)
    assert levels(kept, "secret key") == ["warn"]
    assert levels(settings, "secret key") == ["warn"]  # the tests' own is a short one


def test_addresses(settings: Settings) -> None:
    public = settings.model_copy(update={"public_url": "http://faceup.example", "auth": "accounts"})
    assert levels(public, "settings", "host names") == ["warn", "warn"]
    # Where anybody may open a session, only known names are answered to.
    assert "host names" not in examined(public.model_copy(update={"auth": "open"}))
    public = settings.model_copy(update={"public_url": "https://faceup.example", "trusted_hosts": ["faceup.example"]})
    found = examined(public)
    assert found["settings"].level == "ok"
    assert "host names" not in found


def test_a_clock_that_has_gone_back(settings: Settings, app: Flask, cast: Cast, clock: Clock, current: None) -> None:
    assert cast.table
    if not settings.on_sqlite:
        # The test's clock stands still on another day than the server's.
        assert examined(settings)["clock"].level == "fail"
        return
    assert levels(settings, "clock") == ["ok"]
    clock.forward(hours=-1)
    assert levels(settings, "clock") == ["fail"]


def test_somebody_in_the_future(settings: Settings, app: Flask, cast: Cast, current: None) -> None:
    assert cast.table
    assert levels(settings, "clock") == ["ok"]
    with app.app_context(), transaction():
        session.execute(update(Member).values(seen_at=text("'2100-01-01 10:00:00'")))
    assert levels(settings, "clock") == ["fail"]


def test_jobs(settings: Settings, app: Flask, clock: Clock, current: None) -> None:
    def jobs_now() -> Finding:
        with app.app_context():
            found = doctor._jobs(settings)
            session.remove()
            return found

    def run(job: str, *, fails: bool = False) -> None:
        with app.app_context():
            job_runs.recorded(job, lambda: {"bad": int(fails)}, failures="bad")
            session.remove()

    assert jobs_now().level == "warn"
    run("daily")
    assert jobs_now().level == "ok"
    clock.forward(hours=49)
    assert jobs_now().level == "warn"
    run("purge")
    run("replay-webhooks", fails=True)
    assert jobs_now().found == "failed at their last run: replay-webhooks"


# --- others' servers


def test_files(settings: Settings, app: Flask, clock: Clock, tmp_path: Path, current: None) -> None:
    assert levels(settings, "files") == ["ok"]
    (tmp_path / "no_folder").write_text("")
    wrong = examined(settings.model_copy(update={"files_folder": str(tmp_path / "no_folder")}))["files"]
    assert (wrong.level, wrong.found.startswith("cannot be stored")) == ("fail", True)
    with app.app_context(), transaction():
        begun = {"account_id": "a", "session_id": "b", "task_id": "c", "name": "n", "size": 5, "begun_at": clock.now()}
        session.add(StoredFile(id="left", **begun))
    clock.forward(days=2)
    found = examined(settings)["files"]
    assert (found.level, found.found) == ("warn", "1 waits to be deleted")


def test_the_mail_server(settings: Settings, post: Post) -> None:
    sent = {"mail": "smtp", "smtp_host": "127.0.0.1", "smtp_port": post.port, "smtp_tls": False}
    assert levels(settings.model_copy(update=sent), "mail") == ["ok"]
    assert levels(settings.model_copy(update={**sent, "smtp_port": 9}), "mail") == ["fail"]
    assert levels(settings.model_copy(update={**sent, "smtp_tls": True}), "mail") == ["fail"]
    assert levels(settings.model_copy(update=SIGNED_IN), "mail") == ["warn"]


@pytest.fixture
def engine() -> Iterator[Embedded]:
    made = Embedded()
    yield made
    made.stop()


def test_the_realtime_engine(settings: Settings, engine: Embedded) -> None:
    there = {
        "realtime": "soketi",
        "pusher_app_id": OWN.app_id,
        "pusher_key": OWN.key,
        "pusher_secret": OWN.secret,
        "pusher_host": engine.engine.host,
        "pusher_port": engine.engine.port,
        "pusher_tls": False,
    }
    assert levels(settings.model_copy(update=there), "realtime engine") == ["ok"]
    assert levels(settings.model_copy(update={**there, "pusher_secret": "wrong"}), "realtime engine") == ["fail"]
    assert levels(settings.model_copy(update={**there, "pusher_port": 9}), "realtime engine") == ["fail"]


def test_the_realtime_proxy(settings: Settings) -> None:
    """Which never tells who is there, however well it is."""
    proxy = Faulty()
    url = f"http://127.0.0.1:{proxy.port}?iss=me&key={GRIP_KEY}"
    there = settings.model_copy(update={"realtime": "fanout", "grip_url": url})
    try:
        assert levels(there, "realtime engine") == ["ok"]
        proxy.answer = replies(403, "Forbidden")
        found = examined(there)["realtime engine"]
        assert (found.level, found.advice) == ("fail", "Check GRIP_URL; the log line says more.")
    finally:
        proxy.goes_away()


def test_the_embedded_engine(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        embedded = settings.model_copy(update={"realtime": "embedded", "port": server.getsockname()[1]})
        assert levels(embedded, "realtime engine") == ["ok"]
    assert levels(embedded, "realtime engine") == ["warn"]


def test_payments(settings: Settings, double: StripeDouble, current: None) -> None:
    stripe = with_stripe(settings, double)
    assert levels(stripe, "payments", "payment events") == ["ok", "ok"]
    with create_app(stripe).app_context():
        with transaction():
            at = {"received_at": text("'2026-01-01 10:00:00'")}
            session.execute(db.insert(WebhookEvent).values(id="e", type="t", object_id="o", **at))
        session.remove()
        db.engine.dispose()
    assert levels(stripe, "payment events") == ["warn"]
    double.of_kind("price")[0]["active"] = False
    assert levels(stripe, "payments") == ["fail"]
    double.failing = True
    assert levels(stripe, "payments") == ["fail"]
    assert levels(settings.model_copy(update={**SIGNED_IN, "billing": "fake"}), "payments") == ["warn"]


# --- as a command


def command(**environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "poker_app.cli", "doctor"],
        cwd=ROOT / "tests",
        env={**os.environ, "PYTHONPATH": str(ROOT), "REALTIME": "none", **environment},
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr + done.stdout
    return done.returncode, done.stdout


def test_it_ends_with_1_where_something_fails(tmp_path: Path) -> None:
    database, folder = f"sqlite:///{tmp_path}/faceup.db", str(tmp_path / "files")
    there = {"DATABASE_URL": database, "FILES_FOLDER": folder, "SECRET_KEY": "x" * 40}
    code, told = command(**there)
    assert code == 1
    assert "fail  migrations: some are missing\n      → python -m poker_app.cli migrate\n" in told
    subprocess.run(
        [sys.executable, "-m", "poker_app.cli", "migrate"],
        cwd=ROOT / "tests",
        env={**os.environ, "PYTHONPATH": str(ROOT), **there},
        check=True,
    )
    code, told = command(**there)
    assert code == 0
    assert "ok    migrations: all applied" in told
    assert "warn  jobs: the daily job has not run in two days" in told
    assert "x" * 40 not in told


def test_settings_that_contradict_each_other_are_a_finding() -> None:
    code, told = command(REALTIME="pusher", PORT="no port", SECRET_KEY="x" * 40)
    assert code == 1
    assert "fail  settings: PORT Input should be a valid integer" in told
    code, told = command(REALTIME="pusher", SECRET_KEY="x" * 40)
    assert code == 1
    assert "REALTIME=pusher also needs PUSHER_APP_ID, PUSHER_KEY, PUSHER_SECRET, PUSHER_CLUSTER." in told
