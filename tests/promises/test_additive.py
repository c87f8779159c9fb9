"""The rule itself: each way to trouble the release before is seen."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.operations import BatchOperations

from tests.promises import additive

Change = Callable[[BatchOperations], object]

HURTS: list[tuple[str, Change]] = [
    ("t.optional is gone", lambda t: t.drop_column("optional")),
    ("t.name was VARCHAR(20) and is VARCHAR(10)", lambda t: t.alter_column("name", type_=sa.String(10))),
    ("t.optional may no longer be empty", lambda t: t.alter_column("optional", nullable=False)),
    (
        "t.more is new, may not be empty, and has no server default",
        lambda t: t.add_column(sa.Column("more", sa.Integer(), nullable=False)),
    ),
    ("t: ('name',) is unique from now on", lambda t: t.create_unique_constraint("uq_t_name", ["name"])),
    ("t: name <> '' is checked from now on", lambda t: t.create_check_constraint("ck_t_name", "name <> ''")),
    ("t: ('id',) is a foreign key from now on", lambda t: t.create_foreign_key("fk_t", "other", ["id"], ["id"])),
]


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/rule.db", poolclass=sa.NullPool)
    tables = sa.MetaData()
    columns = (sa.Column("name", sa.String(20), nullable=False), sa.Column("optional", sa.Integer()))
    sa.Table("t", tables, sa.Column("id", sa.Integer(), primary_key=True), *columns)
    sa.Table("other", tables, sa.Column("id", sa.Integer(), primary_key=True))
    tables.create_all(engine)
    return engine


def changed(engine: sa.Engine, change: Change) -> tuple[additive.Shape, additive.Shape]:
    before = additive.shape(engine)
    with engine.begin() as connection, additive.operations(connection).batch_alter_table("t") as table:
        change(table)
    return before, additive.shape(engine)


@pytest.mark.parametrize(("hurt", "change"), HURTS, ids=[hurt for hurt, _ in HURTS])
def test_what_hurts_is_seen(engine: sa.Engine, hurt: str, change: Change) -> None:
    assert additive.hurts(*changed(engine, change)) == [hurt]


def test_what_is_added_hurts_nobody(engine: sa.Engine) -> None:
    def add(table: BatchOperations) -> None:
        table.add_column(sa.Column("more", sa.Integer()))
        table.add_column(sa.Column("filled", sa.Integer(), nullable=False, server_default="1"))
        table.create_index("ix_t_name", ["name"])
        table.alter_column("name", type_=sa.String(30))

    assert additive.hurts(*changed(engine, add)) == []


def test_what_the_release_before_did_without_may_go(engine: sa.Engine) -> None:
    before, after = changed(engine, lambda t: t.drop_column("optional"))
    assert additive.hurts(before, after, ["t.optional"]) == []


def test_a_table_is_missed(engine: sa.Engine) -> None:
    before = additive.shape(engine)
    without = {name: each for name, each in before.items() if name != "t"}
    assert additive.hurts(before, without) == ["t is gone"]
    assert additive.hurts(before, without, ["t"]) == []
