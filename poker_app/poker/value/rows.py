"""Maps the parts of a session's value to their tables and columns."""

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Table

from poker_app.db import Base
from poker_app.poker import models
from poker_app.rules.session import rounds, value

# Fields that are computed when a session is loaded, and fields that have rows of their own.
_NOT_COLUMNS = {"newest", "votes", "members", "tasks", "files", "rounds", "others", "played"}


@dataclass(frozen=True, slots=True)
class Kept:
    """One class of the value and its table. ``names`` are the fields that have a column, the ``key`` among them."""

    made: type
    table: Table
    key: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def columns(self) -> list[ColumnElement[Any]]:
        return [self.table.c[name] for name in self.names]


def _kept(made: type, model: type[Base], *key: str) -> Kept:
    table = Base.metadata.tables[model.__tablename__]
    names = [each.name for each in fields(made) if (made is value.Member) or each.name not in _NOT_COLUMNS]
    return Kept(made, table, key, tuple(names))


SESSION = _kept(value.Session, models.PokerSession, "id")
MEMBER = _kept(value.Member, models.Member, "id")
TASK = _kept(value.Task, models.Task, "id")
FILE = _kept(value.TaskFile, models.TaskFile, "id")
ROUND = _kept(rounds.Round, models.Round, "id")
VOTE = _kept(rounds.Vote, models.Vote, "round_id", "member_id")
# Parents before children.
ALL = (SESSION, MEMBER, TASK, FILE, ROUND, VOTE)
