"""Limits, login throttles and the counts of messages hold over processes that share nothing but the database."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from itertools import cycle
from pathlib import Path

import psycopg
import pytest
from pusher import Pusher
from websockets.sync.client import ClientConnection

from poker_app.accounts.signin import passwords
from poker_app.poker.session import join_codes
from tests.deploy.box import Release
from tests.external_engines import Soketi
from tests.visitor import Visitor

pytestmark = pytest.mark.timeout(600)

MARK = "counted-so-far"


@contextmanager
def two_processes(folder: Path, database: str, **settings: str) -> Iterator[list[Release]]:
    """Each a gunicorn with one worker, which end well with the block."""
    given = {"DATABASE_URL": database, "WEB_CONCURRENCY": "1", **settings}
    running: list[Release] = []
    try:
        for name in ("a", "b"):
            running.append(Release(name, folder, given))
        yield running
    finally:
        for each in running:
            each.stop()


def test_limits_and_login_throttles_hold_over_both(deployed: str, tmp_path: Path) -> None:
    signed_in = {"AUTH": "accounts", "PUBLIC_URL": "http://localhost", "REALTIME": "none"}
    with two_processes(tmp_path, deployed, **signed_in) as processes:
        by_turns = cycle(Visitor(each, "Mallory") for each in processes)
        codes = [next(by_turns).get("/j/ZZZ-ZZZ") for _ in range(join_codes.WRONG_CODES.most + 2)]
        wrong = {"email": "ada@example.com", "password": "a wrong one of Mallory's"}
        tries = [next(by_turns).post("/sign-in/password", **wrong) for _ in range(passwords.WRONG.here.most + 2)]
    assert codes == refused_after(join_codes.WRONG_CODES.most, HTTPStatus.NOT_FOUND)
    assert tries == refused_after(passwords.WRONG.here.most, HTTPStatus.UNPROCESSABLE_ENTITY)


def refused_after(most: int, wrong: HTTPStatus) -> list[HTTPStatus]:
    return [wrong] * most + [HTTPStatus.TOO_MANY_REQUESTS] * 2


def test_messages_of_both_are_counted(deployed: str, engine: Soketi, tmp_path: Path) -> None:
    """As many as were heard. One whose answer came too late was heard, and is in the log."""
    with two_processes(tmp_path, deployed, **engine.settings) as processes:
        ada, ben = (Visitor(each, name) for each, name in zip(processes, ("Ada", "Ben"), strict=True))
        table = ada.opens()
        with ada.listens(table, engine.settings) as tab:
            ben.joins(table)
            for who, card in zip(cycle((ada, ben)), ("1", "2", "3", "5"), strict=False):
                assert who.post(f"{table}/votes", round=who.sits_at(table), card=card) == 303
            heard = heard_until_now(tab, table, engine.settings)
    failed = sum(each.log().count("realtime.failed") for each in processes)
    assert len(heard) - failed <= published(deployed, table) <= len(heard)
    assert "vote" in heard


def heard_until_now(tab: ClientConnection, table: str, engine: Mapping[str, str]) -> list[str]:
    """The names of the events before one that is published here, after all others."""
    asking = Pusher(*(engine[f"PUSHER_{name}"] for name in ("APP_ID", "KEY", "SECRET")), ssl=False, **place(engine))
    asking.trigger(f"private-planning-poker-{table.rsplit('/', 1)[1]}", MARK, {})
    names = iter(lambda: str(json.loads(tab.recv(60))["event"]), MARK)
    return list(names)


def place(engine: Mapping[str, str]) -> dict[str, str | int]:
    return {"host": engine["PUSHER_HOST"], "port": int(engine["PUSHER_PORT"])}


def published(database: str, table: str) -> int:
    with psycopg.connect(database.replace("+psycopg", "")) as connection:
        asked = "SELECT coalesce(sum(published), 0) FROM message_count WHERE session_id = %s"
        [total] = connection.execute(asked, [table.rsplit("/", 1)[1]]).fetchone() or [0]
        return int(total)
