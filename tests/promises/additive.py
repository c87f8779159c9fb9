"""What a migration may do while the code of the release before is still running: add, and nothing else.

A deploy migrates first and then starts the new release beside the old one. So what goes away goes in two releases: one
whose code does without, and a later one whose migration removes it and lists it in ``no_longer_used``, as ``table`` or
``table.column``.
"""

import re
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

Shape = dict[str, dict[str, Any]]


def operations(connection: sa.Connection) -> Operations:
    return Operations(MigrationContext.configure(connection, opts={"render_as_batch": True}))


def shape(engine: sa.Engine) -> Shape:
    """The tables as whoever writes to them meets them."""
    asked = sa.inspect(engine)
    return {
        table: {
            "columns": {
                column["name"]: (
                    str(column["type"]),
                    column["nullable"],
                    column["default"] is not None or bool(column.get("autoincrement") is True),
                )
                for column in asked.get_columns(table)
            },
            "unique": {tuple(each["column_names"]) for each in asked.get_unique_constraints(table)}
            | {tuple(each["column_names"]) for each in asked.get_indexes(table) if each["unique"]},
            "checks": {each["sqltext"] for each in asked.get_check_constraints(table)},
            "keys": {tuple(each["constrained_columns"]) for each in asked.get_foreign_keys(table)},
        }
        for table in asked.get_table_names()
    }


def hurts(before: Shape, after: Shape, no_longer_used: Collection[str] = ()) -> list[str]:
    """What would trouble code that knows only the schema before; empty if nothing does."""
    found = []
    for table, was in before.items():
        if table in no_longer_used:
            continue
        if table not in after:
            found.append(f"{table} is gone")
            continue
        found += _in_columns(table, was["columns"], after[table]["columns"], no_longer_used)
        for kind, what in (("unique", "unique"), ("checks", "checked"), ("keys", "a foreign key")):
            new = after[table][kind] - was[kind]
            found += [f"{table}: {each} is {what} from now on" for each in sorted(map(str, new))]
    return found


def _is_longer(before: str, after: str) -> bool:
    """Whether a column only takes longer text than before: code that knows the shorter one reads it all the same."""
    lengths = [re.fullmatch(r"VARCHAR\(([0-9]+)\)", kind) for kind in (before, after)]
    return all(lengths) and int(lengths[0][1]) < int(lengths[1][1])  # type: ignore[index]


def _in_columns(
    table: str, before: dict[str, Any], after: dict[str, Any], no_longer_used: Collection[str]
) -> list[str]:
    found = []
    for name, (kind, optional, _) in before.items():
        if f"{table}.{name}" in no_longer_used:
            continue
        if name not in after:
            found.append(f"{table}.{name} is gone")
        elif after[name][0] != kind and not _is_longer(kind, after[name][0]):
            found.append(f"{table}.{name} was {kind} and is {after[name][0]}")
        elif optional and not after[name][1]:
            found.append(f"{table}.{name} may no longer be empty")
    for name in after.keys() - before.keys():
        _, optional, filled = after[name]
        if not optional and not filled:
            found.append(f"{table}.{name} is new, may not be empty, and has no server default")
    return found
