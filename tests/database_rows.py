"""The database as it is committed, to be compared: a refused call must have changed nothing. And what it is asked."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from flask import current_app
from sqlalchemy import Dialect, Text, cast, event, literal, null, select, union_all

from poker_app.db import Base, db

# Counting tries, and seeing that somebody is there or a token is used, is no change that anybody asked for.
NOTES = {"tries": {"key", "since", "count"}, "member": {"seen_at"}, "api_token": {"used_at"}}


def rows() -> dict[str, list[tuple[str | None, ...]]]:
    """Every row of every table, by table and as text; without what a mere request may note."""
    assert current_app
    found = defaultdict(list)
    with db.engine.connect() as connection:
        for table, *row in connection.exec_driver_sql(_all_tables(type(connection.dialect))):
            found[table].append(tuple(row))
    return {table: sorted(each, key=repr) for table, each in found.items()}


@cache
def _all_tables(dialect: type[Dialect]) -> str:
    """One statement: one for each table takes longer than most of what is asked of them."""
    noted = {
        table.name: [cast(column, Text) for column in table.columns if column.name not in NOTES.get(table.name, ())]
        for table in Base.metadata.sorted_tables
    }
    widest = max(map(len, noted.values()))
    parts = [
        select(literal(name, Text), *texts, *[cast(null(), Text)] * (widest - len(texts)))
        for name, texts in noted.items()
        if texts
    ]
    return str(union_all(*parts).compile(dialect=dialect(), compile_kwargs={"literal_binds": True}))


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that the database is asked in the block, in lower case."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement.lower())

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
