"""The database as it is committed, to be compared: a refused call must have changed nothing."""

from collections import defaultdict
from functools import cache

from flask import current_app
from sqlalchemy import Dialect, Text, cast, literal, null, select, union_all

from poker_app.db import Base, db

# Counting tries and seeing that somebody is there is no change that anybody asked for.
NOTES = {"tries": {"key", "since", "count"}, "member": {"seen_at"}}


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
