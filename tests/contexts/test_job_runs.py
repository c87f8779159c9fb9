"""The jobs' runs are written down, however they end."""

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo

from poker_app import jobs
from poker_app.cli import daily
from poker_app.db import session
from poker_app.operations import job_runs
from tests.cast import Clock


def seen() -> list[tuple[str, bool, str]]:
    session.rollback()
    return [(run.job, run.failed, run.outcome) for run in job_runs.last_runs(20)]


def test_each_job_is_written_down(context: None) -> None:
    jobs.daily()
    jobs.replay_webhooks()
    jobs.follow_seats()
    jobs.purge()
    assert seen() == [(job, False, "nothing to do") for job in ("purge", "follow-seats", "replay-webhooks", "daily")]
    assert all(run.ended_at for run in job_runs.last_runs(20))


def test_all_of_the_daily_job_is_done_whatever_fails_again(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poker_app.billing.is_on", lambda: True)
    monkeypatch.setattr("poker_app.billing.webhooks.replay", lambda: (2, 1))
    monkeypatch.setattr("poker_app.billing.cancellations.settle_all", lambda: 3)
    monkeypatch.setattr("poker_app.billing.billing_mails.tell_all", lambda: 4)
    run = CliRunner().invoke(daily, obj=ScriptInfo(create_app=lambda: app))
    assert run.exit_code == 1
    told = dict(reversed(line.split(" ", 1)) for line in run.output.splitlines())
    assert (told["subscriptions of deleted accounts"], told["letters"], told["sessions"]) == ("3", "4", "0")


def test_what_it_dealt_with_is_told(context: None) -> None:
    job_runs.recorded("daily", lambda: {"sessions": 3, "seats": 0, "mailed links": 1})
    assert seen() == [("daily", False, "3 sessions, 1 mailed links")]


def test_what_failed_again_is_a_failure(context: None) -> None:
    job_runs.recorded("replay-webhooks", lambda: {"well": 1, "broken": 2}, failures="broken")
    assert seen() == [("replay-webhooks", True, "1 well, 2 broken")]


def test_a_run_that_broke_says_so_without_saying_too_much(context: None) -> None:
    def broken() -> dict[str, int]:
        raise LookupError("the card was 8")

    with pytest.raises(LookupError):
        job_runs.recorded("purge", broken)
    assert seen() == [("purge", True, "LookupError")]


def test_one_under_way_has_no_end(context: None, clock: Clock) -> None:
    found = []

    def looks() -> dict[str, int]:
        found.extend(job_runs.last_runs(1))
        return {}

    job_runs.recorded("purge", looks)
    assert [run.started_at for run in found] == [clock.now()]
    assert job_runs.last_of_each()["purge"].ended_at == clock.now()


def test_the_last_run_of_each_and_old_ones_go(context: None, clock: Clock) -> None:
    for job in ("purge", "daily", "purge"):
        job_runs.recorded(job, dict[str, int])
        clock.forward(days=1)
    assert {job: run.started_at.day for job, run in job_runs.last_of_each().items()} == {"daily": 24, "purge": 25}
    clock.forward(days=89)
    job_runs.recorded("daily", dict[str, int])
    assert [job for job, _, _ in seen()] == ["daily", "purge"]
