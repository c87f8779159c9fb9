"""Alive, and ready."""

from pathlib import Path

import pytest
from flask import Flask

from poker_app import create_app, schema
from poker_app.db import session
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
    page = browser.get("/sessions/abc")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "The database does not answer just now." in page.text
