"""The database's schema: migrates it, and checks whether it is up to date.

Alembic is imported on use: no request but ``/readyz`` needs it, and it takes a third of a start.
"""

import time
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, update

from poker_app import clock, ids
from poker_app.db import add_if_missing, db, session, transaction
from poker_app.rate_limits import Tries
from poker_app.settings import ROOT

MIGRATIONS = ROOT / "migrations"
# Seconds for which the success of a test write is cached, so that frequent checks do not write.
WRITE_HOLDS = 5.0
_wrote_at: WeakKeyDictionary[Engine, float] = WeakKeyDictionary()


def upgrade() -> None:
    """Migrates the application's database to the newest schema. Needs the application's context, like all functions
    here."""
    from alembic import command
    from alembic.config import Config

    config = Config(MIGRATIONS / "alembic.ini")
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    command.upgrade(config, "head")


def is_current() -> bool:
    """Whether every migration has been applied; also where those of a later release have been, which only add.

    Raises SQLAlchemyError if the database does not answer.
    """
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    applied = set(MigrationContext.configure(session.connection()).get_current_heads())
    ours = ScriptDirectory(str(MIGRATIONS))
    known = {each.revision for each in ours.walk_revisions()}
    return applied == set(ours.get_heads()) or not applied <= known


def check_writes() -> None:
    """Commits a row, as every change does, because reading works on a full disk, too. Raises SQLAlchemyError where the
    database does not take it. Skipped within WRITE_HOLDS of a write that succeeded."""
    engine = db.engine
    if time.monotonic() - _wrote_at.get(engine, float("-inf")) < WRITE_HOLDS:
        return
    row = {"key": ids.digest("readyz"), "since": clock.now(), "count": 0}
    with transaction():
        if not add_if_missing(Tries, row):
            session.execute(update(Tries).where(Tries.key == row["key"]).values(since=row["since"]))
    _wrote_at[engine] = time.monotonic()


def drift() -> list[object]:
    """Differences between the tables in the code and those that the migrations make; empty when they agree."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
    return list(compare_metadata(context, db.metadata))
