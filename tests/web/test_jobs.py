"""The daily job's door: only with the clock's secret, and never without one."""

import pytest
from flask import Flask

from poker_app import create_app
from poker_app.settings import Settings


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"cron_secret": "tick tock"})


def status(app: Flask, header: str | None) -> int:
    headers = {"Authorization": header} if header is not None else {}
    return app.test_client().get("/jobs/daily", headers=headers).status_code


def test_the_clock_starts_the_jobs(app: Flask) -> None:
    answer = app.test_client().get("/jobs/daily", headers={"Authorization": "Bearer tick tock"})
    assert answer.status_code == 200
    assert answer.json is not None
    assert set(answer.json.values()) == {0}
    assert {"sessions", "sign-ins", "seats"} <= answer.json.keys()


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer tock", "tick tock", "Bearer tick tock ", "Béarer"]
)
def test_nobody_else_does(app: Flask, header: str | None) -> None:
    assert status(app, header) == 403


def test_without_a_secret_nobody_does(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"cron_secret": ""}))
    assert [status(app, header) for header in (None, "Bearer ", "Bearer")] == [403, 403, 403]
