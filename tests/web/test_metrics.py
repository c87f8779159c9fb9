"""The figures for Prometheus: for whoever has the token, with nothing hidden in them and no endless labels."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from poker_app import create_app, jobs, realtime
from poker_app.billing import ledger
from poker_app.db import db, session, transaction
from poker_app.settings import ROOT, Settings
from tests.cast import Cast
from tests.conftest import SIGNED_IN

TOKEN = {"Authorization": "Bearer the figures"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"metrics_token": "the figures"})


def figures(app: Flask) -> dict[str, float]:
    """Each sample as ``name{label=value,...}``."""
    answer = app.test_client().get("/metrics", headers=TOKEN)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "text/plain"
    found = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Bearer figures", "the figures", "Béarer x"])
def test_only_with_the_token(app: Flask, header: str | None) -> None:
    headers = {"Authorization": header} if header is not None else {}
    answer = app.test_client().get("/metrics", headers=headers)
    assert answer.status_code == 403
    assert "faceup_" not in answer.text


def test_without_the_setting_there_is_nothing(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"metrics_token": ""}))
    for headers in ({}, {"Authorization": "Bearer "}, TOKEN):
        assert app.test_client().get("/metrics", headers=headers).status_code == 404


def test_votes_and_requests_are_counted_by_their_route(app: Flask, cast: Cast) -> None:
    cast.ben.votes(cast.table, "5")
    cast.ben.votes(cast.table, "8")
    cast.ben.votes(cast.table, "nonsense")
    cast.mallory.get("/nowhere")
    cast.mallory.browser.open("/nowhere", method="BREW")
    found = figures(app)
    assert found["faceup_votes_total"] == 2
    voting = "method=POST,route=/sessions/<session_id>/votes"
    assert found[f"faceup_requests_total{{{voting},status=200}}"] == 2
    assert found[f"faceup_requests_total{{{voting},status=422}}"] == 1
    assert found[f"faceup_request_seconds_count{{{voting}}}"] == 3
    assert found["faceup_requests_total{method=GET,route=none,status=404}"] == 1
    assert found["faceup_requests_total{method=other,route=none,status=404}"] == 1
    assert found["faceup_sessions_live"] == 1


def test_nothing_in_it_grows_with_the_sessions_or_tells_of_them(app: Flask, cast: Cast) -> None:
    cast.ben.votes(cast.table, "13")
    before = set(figures(app))
    gus = cast.gus.opens("Another table")
    cast.gus.votes(gus, "21")
    assert {each for each in set(figures(app)) - before if "route=/metrics" not in each} == set()
    text = app.test_client().get("/metrics", headers=TOKEN).text
    for secret in (cast.table.id, gus.id, cast.table.row.code, "Another table", "Ada", "Ben"):
        assert secret not in text


def test_a_hidden_card_makes_no_difference(app: Flask, cast: Cast) -> None:
    def told() -> dict[str, float]:
        return {name: value for name, value in figures(app).items() if not re.search("bucket|sum|created", name)}

    def changed_by(card: str) -> dict[str, float]:
        before = told()
        cast.ben.votes(cast.table, card)
        return {name: value - before.get(name, 0) for name, value in told().items()}

    assert cast.table
    figures(app)  # from here on /metrics itself is counted too
    cast.ben.votes(cast.table, "1")
    numbered = changed_by("3")
    assert numbered["faceup_votes_total"] == 1
    assert changed_by("☕") == numbered


def test_the_engine_is_watched(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = {"realtime": "soketi", "pusher_app_id": "1", "pusher_key": "k", "pusher_secret": "s"}
    engine |= {"pusher_host": "127.0.0.1", "pusher_port": 9, "pusher_tls": False}
    app = create_app(settings.model_copy(update=engine))
    assert figures(app)["faceup_engine_resting"] == 0
    for _ in range(5):
        realtime.publish(["private-planning-poker-x"], "vote", {})
    found = figures(app)
    assert found["faceup_engine_requests_total{outcome=failed,what=publish}"] == 3
    assert found["faceup_engine_requests_total{outcome=not asked,what=publish}"] == 2
    assert found["faceup_engine_seconds_count{what=publish}"] == 3
    assert found["faceup_engine_resting"] == 1
    with app.app_context():
        db.engine.dispose()


def test_jobs(app: Flask) -> None:
    with app.app_context():
        jobs.purge()
        session.remove()
    found = figures(app)
    assert found["faceup_job_last_run_failed{job=purge}"] == 0
    assert found["faceup_job_last_run_timestamp_seconds{job=purge}"] > 1.7e9


def test_the_ledger(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={**SIGNED_IN, "billing": "fake"}))
    ada = Cast(app).ada.signs_in()
    with app.app_context():
        with transaction():
            ledger.grant(ada.account, "pack:1", 10, source="pack", expires_at=None, why="bought")
        session.remove()
    ada.opens()
    found = figures(app)
    moved = {name: value for name, value in found.items() if name.startswith("faceup_credits_moved{")}
    assert found["faceup_credits_balance"] == sum(moved.values())
    assert moved["faceup_credits_moved{kind=spend}"] == -1
    assert found["faceup_webhooks_failed"] == 0
    with app.app_context():
        db.engine.dispose()


COUNTS = """
from poker_app import metrics
from poker_app.settings import Settings
metrics.configure(Settings(_env_file=None, secret_key="x", metrics_token="t", prometheus_multiproc_dir={folder!r}))
for _ in range({votes}): metrics.count_vote()
metrics.count_request("GET", "/", 200, 0.01)
print(metrics.exposition([metrics.Reading("faceup_now", "Now", {{"": 1}})])[0].decode())
"""


def test_several_processes_count_together(tmp_path: Path) -> None:
    def process(votes: int, **environment: str) -> subprocess.CompletedProcess[str]:
        code = COUNTS.format(folder=str(tmp_path), votes=votes)
        return subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True
        )

    process(2, PROMETHEUS_MULTIPROC_DIR=str(tmp_path))
    second = process(3, PROMETHEUS_MULTIPROC_DIR=str(tmp_path))
    assert "faceup_votes_total 5.0" in second.stdout, second.stderr
    assert 'faceup_requests_total{method="GET",route="/",status="200"} 2.0' in second.stdout
    assert "faceup_now 1.0" in second.stdout
    unset = process(1)
    assert unset.returncode == 1
    assert "set it in the environment, not in .env" in unset.stderr
