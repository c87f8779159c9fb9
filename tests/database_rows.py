"""The database as it is committed, to be compared: a refused call must have changed nothing."""

from flask import current_app
from sqlalchemy import select

from poker_app.db import Base, db

# Counting tries and seeing that somebody is there is no change that anybody asked for.
NOTES = {"tries": {"key", "since", "count"}, "member": {"seen_at"}}


def rows() -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, by table; without what a mere request may note."""
    assert current_app
    found = {}
    with db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            columns = [column for column in table.columns if column.name not in NOTES.get(table.name, ())]
            if columns:
                found[table.name] = sorted(tuple(map(str, row)) for row in connection.execute(select(*columns)))
    return found
