"""Alive, and ready."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from werkzeug.test import TestResponse

from poker_app import create_app, schema
from poker_app.db import db, session
from poker_app.settings import Settings


@pytest.fixture
def migrated(tmp_path: Path) -> Flask:
    """An application whose database was made by the migrations."""
    url = f"sqlite:///{tmp_path / 'migrated.db'}"
    made = create_app(Settings(_env_file=None, database_url=url, secret_key="x", realtime="none", log_level="error"))
    with made.app_context():
        schema.upgrade()
    return made


def test_alive(app: Flask) -> None:
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "alive"})


def test_ready(migrated: Flask) -> None:
    answer = migrated.test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"status": "ready"})


def test_not_ready_while_a_migration_is_missing(migrated: Flask) -> None:
    with migrated.app_context():
        session.execute(schema_row())
        session.commit()
    answer = migrated.test_client().get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (503, "unavailable")
    assert "Migrations are missing" in answer.json["reason"]


def schema_row():  # type: ignore[no-untyped-def]
    from sqlalchemy import text

    return text("DELETE FROM alembic_version")


def test_not_ready_without_a_database(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    url = f"sqlite:///{gone / 'faceup.db'}"
    made = create_app(Settings(_env_file=None, database_url=url, secret_key="x", realtime="none", log_level="error"))
    gone.rmdir()
    browser = made.test_client()
    answer = browser.get("/readyz")
    assert (answer.status_code, answer.json["reason"]) == (503, "The database does not answer.")
    assert browser.get("/healthz").status_code == 200
    browser.set_cookie("guest", "a" * 32)
    says_so(browser.get("/sessions/abc"))


def says_so(page: TestResponse) -> None:
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "The database does not answer just now." in page.text


@pytest.mark.parametrize("path", ["/", "/dashboard", "/sessions/abc"])
def test_who_is_signed_in_is_told_of_it_too(path: str, tmp_path: Path) -> None:
    """The page that says so cannot ask the database whose name to show."""
    gone = tmp_path / "gone"
    told = {"database_url": f"sqlite:///{gone / 'faceup.db'}", "secret_key": "x", "log_level": "error"}
    made = create_app(Settings(_env_file=None, realtime="none", auth="accounts", public_url="http://localhost", **told))
    gone.rmdir()
    browser = made.test_client()
    with browser.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = "a" * 32, True
    says_so(browser.get(path))


@pytest.fixture
def on_a_read_only_disk(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The databases' own ban on writing, in every connection; what was written before is there."""
    # The tests' database is made without migrations.
    monkeypatch.setattr(schema, "is_current", lambda: True)
    with app.app_context():
        engine = db.engine
    postgresql = engine.dialect.name == "postgresql"
    ban = "SET default_transaction_read_only = on" if postgresql else "PRAGMA query_only = 1"

    def forbid(connection: Any, _record: object) -> None:
        connection.execute(ban)
        if postgresql:
            connection.commit()

    assert app.test_client().get("/readyz").status_code == 200
    schema._wrote_at.clear()
    engine.dispose()
    event.listen(engine, "connect", forbid)
    yield
    event.remove(engine, "connect", forbid)
    engine.dispose()


def test_not_ready_on_a_disk_that_takes_nothing(app: Flask, on_a_read_only_disk: None) -> None:
    browser = app.test_client()
    for _ in range(2):
        answer = browser.get("/readyz")
        assert (answer.status_code, answer.json["reason"]) == (503, "The disk is full, read-only or failing.")
    assert browser.get("/healthz").status_code == 200


def test_a_refusal_of_the_disk_is_one_line(
    app: Flask, on_a_read_only_disk: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """A full disk refuses each request: what it logs is to leave room for the reason."""
    capsys.readouterr()
    answer = app.test_client().get("/sessions/new")  # the first page that makes a row, the local account
    assert (answer.status_code, "full, read-only or failing, so nothing was saved" in answer.text) == (507, True)
    lines = "".join(capsys.readouterr()).splitlines()
    assert len(lines) == 1, lines
    assert "disk_failed" in lines[0]


def test_asking_often_does_not_write_often(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "is_current", lambda: True)
    schema._wrote_at.clear()
    written: list[str] = []
    with app.app_context():
        event.listen(db.engine, "commit", lambda _connection: written.append("commit"))
    for _ in range(5):
        assert app.test_client().get("/readyz").status_code == 200
    assert len(written) == 1
