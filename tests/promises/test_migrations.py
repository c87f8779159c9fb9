"""Deploys lose nothing: migrations there and back with data in every table, and old code beside the next schema."""

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Flask

from poker_app import create_app, jobs, schema
from poker_app.db import db
from poker_app.settings import Settings
from tests import postgres
from tests.cast import Cast
from tests.promises import additive

REVISIONS = [each.revision for each in ScriptDirectory(str(schema.MIGRATIONS)).walk_revisions()][::-1]
# Made before anybody ran the product: from the next one on, only what is additive may come.
BEFORE_THE_RULE = {"0001", "0002", "0003"}
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(params=["sqlite", "postgresql"])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An application whose database holds nothing yet."""
    if request.param == "sqlite":
        yield from _applied(f"sqlite:///{tmp_path}/faceup.db")
        return
    folder = request.getfixturevalue("postgres_url").partition("?host=")[2]
    with postgres.of_its_own(folder, "migrating", connections=12) as url:
        yield from _applied(url)


def _applied(url: str) -> Iterator[Flask]:
    app = create_app(Settings(_env_file=None, database_url=url, secret_key="x", realtime="none", log_level="error"))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def context(bare: Flask) -> Iterator[None]:
    with bare.app_context():
        yield


def move(to: str, versions: Path = schema.MIGRATIONS) -> None:
    """Up or down to a revision."""
    config = Config(versions / "alembic.ini")
    config.set_main_option("script_location", str(versions))
    where = [] if to == "base" else [*REVISIONS, "head"][: [*REVISIONS, "head"].index(to) + 1]
    down = to == "base" or (applied() in REVISIONS and applied() not in where)
    (command.downgrade if down else command.upgrade)(config, to)


def applied() -> str | None:
    with db.engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return connection.scalar(sa.text("SELECT version_num FROM alembic_version"))


def tables() -> sa.MetaData:
    found = sa.MetaData()
    found.reflect(db.engine)
    found.remove(found.tables["alembic_version"])
    return found


def rows() -> Rows:
    with db.engine.connect() as connection:
        return {
            table.name: [
                dict(row._mapping) for row in connection.execute(sa.select(table).order_by(*table.primary_key))
            ]
            for table in tables().sorted_tables
        }


def fill(number: int) -> None:
    """A row in every table, which refers to its companions in the others."""
    with db.engine.begin() as connection:
        for table in tables().sorted_tables:
            connection.execute(table.insert(), {column.name: value(column, number) for column in table.columns})


def value(column: sa.Column[Any], number: int) -> object:
    while column.foreign_keys:
        column = next(iter(column.foreign_keys)).column
    if column.name == "role":
        return "owner"
    match column.type:
        case sa.String():
            return f"{number}{column.name}"[: column.type.length or 20]
        case sa.Boolean():
            return True
        case sa.DateTime():
            return datetime(2026, 1, number, tzinfo=UTC)
        case sa.Date():
            return date(2026, 1, number)
        case sa.JSON():
            return [number]
        case sa.Integer():
            return number if column.primary_key else 1
    raise AssertionError(f"{column.table.name}.{column.name} is a {column.type}: say here what to write into it")


@pytest.mark.usefixtures("context")
def test_up_down_up_with_data_in_every_table() -> None:
    """What was written at any revision is there at the newest, and unchanged when all is taken back to it."""
    numbers = itertools.count(1)
    seen: dict[str, Rows] = {}
    for revision in REVISIONS:
        move(revision)
        fill(next(numbers))
        seen[revision] = rows()
    newest = rows()
    assert all(newest.values())
    for revision in reversed(REVISIONS):
        move(revision)
        found = rows()
        assert {name: len(each) for name, each in found.items()} == {name: len(newest[name]) for name in seen[revision]}
        for name, before in seen[revision].items():
            assert [row for row in before if row not in found[name]] == [], f"{revision} did not bring back {name}"
    move("base")
    assert tables().tables == {}
    move("head")
    assert schema.drift() == []
    fill(next(numbers))


@pytest.mark.usefixtures("context")
def test_migrations_only_add() -> None:
    """The code of the release before goes on with the new schema, until its last process has ended."""
    found = {}
    before: additive.Shape = {}
    for script in reversed(list(ScriptDirectory(str(schema.MIGRATIONS)).walk_revisions())):
        move(script.revision)
        after = additive.shape(db.engine)
        found[script.revision] = additive.hurts(before, after, getattr(script.module, "no_longer_used", ()))
        before = after
    assert {revision: hurts for revision, hurts in found.items() if revision not in BEFORE_THE_RULE and hurts} == {}


def next_release() -> None:
    """The schema of a release to come: everything that the rule allows to be added, everywhere."""
    with db.engine.begin() as connection:
        operations = additive.operations(connection)
        for table in tables().sorted_tables:
            with operations.batch_alter_table(table.name) as batch:
                batch.add_column(sa.Column("added", sa.String(20), nullable=True))
                batch.add_column(sa.Column("filled", sa.Integer(), nullable=False, server_default="7"))
        operations.create_table("to_come", sa.Column("id", sa.Integer(), primary_key=True))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'next'"))


def test_this_code_runs_on_the_schema_of_the_next_release(bare: Flask) -> None:
    """As the code of the release before does while a deploy is under way: it plays on, and says that it is ready."""
    with bare.app_context():
        move("head")
        before = additive.shape(db.engine)
        next_release()
        assert additive.hurts(before, additive.shape(db.engine)) == []
    cast = Cast(bare)
    table = cast.table
    for card in ("5", "8"):
        assert cast.ben.votes(table, card).status_code == 200
    cast.ada.adds(table, "One\nTwo")
    assert cast.ada.reveals(table).status_code == 200
    assert cast.ada.finalizes(table, "8").status_code == 200
    assert cast.ada.ends(table).status_code == 200
    assert cast.cleo.get(f"{table.path}/report").status_code == 200
    with bare.app_context():
        jobs.daily()
    ready = cast.gus.get("/readyz")
    assert (ready.status_code, ready.json) == (200, {"status": "ready"})
