"""Small writes in company: one commit for those who wait together, and each one's own end."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from flask import Flask
from sqlalchemy import Connection, event, insert, select
from sqlalchemy.exc import OperationalError

from poker_app import clock
from poker_app.db import Base, db, session, transaction, write
from poker_app.rate_limits import Tries
from tests.concurrency.conftest import each_at_once

_ROWS = Base.metadata.tables[Tries.__tablename__]


def _rows(connection: Connection, names: Sequence[str]) -> list[str | Exception]:
    """A row for each name, refusing some, and breaking down over others."""
    if "broken" in names:
        raise KeyError("broken")
    wanted = [name for name in names if "refused" not in name]
    if wanted:
        connection.execute(insert(_ROWS), [{"key": name, "since": clock.now(), "count": 1} for name in wanted])
    return [name if name in wanted else ValueError(name) for name in names]


def _unnoted(_answers: Sequence[str | Exception]) -> None:
    """Nothing is made of what was committed."""


def _kept() -> set[str]:
    return set(session.scalars(select(_ROWS.c.key)))


def _together(app: Flask, names: list[str]) -> list[str | BaseException]:
    """Each written by a thread of its own, while a transaction holds them up."""

    def ask(name: str) -> str | BaseException:
        with app.app_context():
            try:
                return write(_rows, name, _unnoted)
            except (ValueError, KeyError, OperationalError) as problem:
                return problem

    with ThreadPoolExecutor(len(names)) as threads:
        with app.app_context(), transaction():
            asked = [threads.submit(ask, name) for name in names]
            threading.Event().wait(0.2)
        return [each.result() for each in asked]


def test_each_gets_its_own_answer(app: Flask) -> None:
    names = [str(number) for number in range(20)]

    def ask(name: str) -> str:
        with app.app_context():
            return write(_rows, name, _unnoted)

    assert each_at_once(ask, names) == names
    with app.app_context():
        assert _kept() == set(names)


def test_who_waits_together_shares_a_commit(app: Flask, database: str) -> None:
    commits: list[object] = []
    handle_webhook = commits.append
    with app.app_context():
        engine = db.engine
    event.listen(engine, "commit", handle_webhook)
    _together(app, ["a", "b", "c", "d"])
    event.remove(engine, "commit", handle_webhook)
    # One is the transaction's that held them up. PostgreSQL gathers commits by itself.
    assert len(commits) == (2 if database == "sqlite" else 5)


def test_a_refusal_takes_nobody_along(app: Flask) -> None:
    answers = _together(app, ["a", "refused", "b"])
    assert (answers[0], str(answers[1]), answers[2]) == ("a", "refused", "b")
    with app.app_context():
        assert _kept() == {"a", "b"}


def test_what_breaks_takes_no_other_along(app: Flask) -> None:
    answers = _together(app, ["a", "broken", "b"])
    assert (answers[0], type(answers[1]), answers[2]) == ("a", KeyError, "b")
    with app.app_context():
        assert _kept() == {"a", "b"}


@pytest.mark.parametrize("names", [["a", "refused", "b"], ["a", "broken", "b"]])
def test_what_was_committed_is_noted_before_anybody_is_answered(app: Flask, names: list[str]) -> None:
    noted: list[str] = []

    def note(answers: Sequence[str | Exception]) -> None:
        noted.extend(str(answer) for answer in answers)

    def ask(name: str) -> bool:
        with app.app_context(), suppress(ValueError, KeyError):
            write(_rows, name, note)
        return name in noted

    assert each_at_once(ask, names) == [name != "broken" for name in names]


def test_nobody_is_told_of_a_write_that_was_not_committed(app: Flask, database: str) -> None:
    def fails(_connection: object) -> None:
        raise OperationalError("COMMIT", {}, Exception("disk full"))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "commit", fails)
    with ThreadPoolExecutor(3) as threads:
        asked = [threads.submit(_alone, app, name) for name in "abc"]
        assert [type(each.result()) for each in asked] == [OperationalError] * 3
    event.remove(engine, "commit", fails)
    with app.app_context():
        assert _kept() == set()
        assert write(_rows, "later", _unnoted) == "later"


def _alone(app: Flask, name: str) -> str | BaseException:
    with app.app_context():
        try:
            return write(_rows, name, _unnoted)
        except OperationalError as problem:
            return problem


def test_what_was_read_before_is_forgotten(app: Flask) -> None:
    with app.app_context():
        assert _kept() == set()
        write(_rows, "a", _unnoted)
        assert _kept() == {"a"}


def test_not_inside_a_transaction(app: Flask) -> None:
    with app.app_context(), transaction(), pytest.raises(RuntimeError, match="inside"):
        write(_rows, "a", _unnoted)


def test_a_connection_that_died_while_a_page_was_made_spoils_nothing(app: Flask) -> None:
    """The page was read whole; only taking back the read fails."""

    def died(_connection: object) -> None:
        raise OperationalError("ROLLBACK", {}, Exception("server closed the connection unexpectedly"))

    with app.app_context():
        engine = db.engine
        _kept()
        event.listen(engine, "rollback", died)
    event.remove(engine, "rollback", died)
    with app.app_context():
        assert _kept() == set()
