"""Two processes change one session at the same time, each with what it knows of it in memory."""

import base64
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask

from poker_app.db import db, session
from poker_app.poker.value import loading
from poker_app.poker.value.current import newest
from poker_app.settings import ROOT
from tests.cast import Cast


@contextmanager
def program(url: str, session_id: str, seed: int, count: int) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "tests.concurrency.interleave", url, session_id, str(seed), str(count)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def said(running: "subprocess.Popen[str]") -> str:
    assert running.stdout
    line = running.stdout.readline()
    assert line, "the process ended"
    return line.strip()


def interleaved(app: Flask, cast: Cast, count: int) -> None:
    """Every change that was accepted is there once, and both processes know the same in the end."""
    key = cast.table.id
    cast.ben.joins(cast.table)
    with app.app_context():
        url = db.engine.url.render_as_string(hide_password=False)
        before = newest(key).value.version
        session.remove()
    with program(url, key, 1, count) as one, program(url, key, 2, count) as two:
        counted = [int(said(each)) for each in (one, two)]
        for each in (one, two):
            assert each.stdin
            each.stdin.write("and now?\n")
            each.stdin.flush()
        known = [pickle.loads(base64.b64decode(said(each))) for each in (one, two)]
    with app.app_context():
        value = loading.load(session.connection(), key)
        assert value is not None
        assert min(counted) > count / 10
        assert value.version == before + sum(counted)
        for each in known:
            # Votes are in no order: a database gives them in one of its own.
            assert each == value
            assert list(each.members) == list(value.members)
            assert list(each.tasks) == list(value.tasks)


def test_nothing_is_lost_and_nothing_doubled(app: Flask, cast: Cast) -> None:
    interleaved(app, cast, 120)


@pytest.mark.long
def test_nothing_is_lost_and_nothing_doubled_in_ten_thousand_changes(app: Flask, cast: Cast) -> None:
    interleaved(app, cast, 10_000)
