"""More people than the database has connections for."""

from contextlib import ExitStack, suppress

import pytest
from flask import Flask
from sqlalchemy.exc import TimeoutError  # noqa: A004

from poker_app import create_app
from poker_app.db import db
from poker_app.settings import Settings
from tests.cast import HTMX, Cast
from tests.concurrency.conftest import at_once

FEW = 2


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"database_pool": FEW})


def test_nobody_keeps_a_connection_while_they_wait_for_who_draws_the_table(cast: Cast) -> None:
    """Or those who wait would have all of them, and who draws none."""
    table = cast.table
    voters = [cast.person(f"Voter {number}").joins(table) for number in range(4 * FEW)]
    for card in ("1", "2", "3", "5"):
        # Who votes comes to the drawing without a connection, who asks for the table with one.
        acts = [lambda card=card, voter=voter: voter.votes(table, card) for voter in voters]
        acts += [lambda voter=voter: voter.get(f"{table.path}/vote-table", headers=HTMX) for voter in voters]
        assert {answer.status_code for answer in at_once(*acts)} == {200}


def test_who_gets_no_connection_is_asked_to_come_again(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    ben, table = cast.ben, cast.table
    # Only here: a pool that is made anew, for the next test, is made like the one before.
    with app.app_context(), ExitStack() as taken, monkeypatch.context() as patch:
        patch.setattr(db.engine.pool, "_timeout", 0.05)
        with suppress(TimeoutError):
            while True:
                taken.enter_context(db.engine.connect())
        answer = ben.get(table.path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "The database does not answer just now." in answer.text
    assert ben.get(table.path).status_code == 200


# --- and a database whose host is gone


@pytest.mark.parametrize("pool", [0, 2])
def test_no_connection_waits_for_ever(settings: Settings, pool: int) -> None:
    if settings.on_sqlite:
        return  # a file is there or not

    def waits(url: str) -> tuple[str, str, str]:
        app = create_app(settings.model_copy(update={"database_url": url, "database_pool": pool}))
        with app.app_context():
            with db.engine.connect() as connection:
                told = connection.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]
            db.engine.dispose()
        return told.get("connect_timeout", ""), told.get("tcp_user_timeout", ""), told.get("keepalives_idle", "")

    assert waits(settings.database_url) == ("5", "10000", "30")
    assert waits(f"{settings.database_url}&connect_timeout=9&keepalives_idle=60") == ("9", "10000", "60")
