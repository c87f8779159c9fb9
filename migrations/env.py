"""Alembic's environment: the application's engine and tables, on SQLite and PostgreSQL alike."""

from typing import Any

from alembic import context

from poker_app.db import Document, UtcDateTime, db


def render_item(kind: str, item: Any, _context: Any) -> str | bool:
    """A migration stands for itself: it names the database's types, not this program's."""
    types = {UtcDateTime: "sa.DateTime(timezone=True)", Document: "sa.JSON()"}
    return types.get(type(item), False) if kind == "type" else False


with db.engine.connect() as connection:
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        # A table made anew is dropped first, and dropping it would take along every row that refers to it. Said to the
        # driver: inside of a transaction, which any statement of SQLAlchemy's begins, this would be ignored.
        connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        # SQLite cannot alter most things in place: the table is made anew and copied.
        render_as_batch=True,
        compare_type=True,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()
    if sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
        raise RuntimeError(f"A migration left rows that refer to nothing: {broken[:5]}")
