"""Writes the difference between two values of a session, as inserts, updates and deletes.

The difference is taken for each change by itself and then merged by key: a value drops the votes of a round that it
leaves, so one difference over several changes would lose them.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Executable, bindparam, delete, update
from sqlalchemy.dialects import postgresql, sqlite

from poker_app.poker.value.rows import ALL, FILE, MEMBER, ROUND, SESSION, TASK, VOTE, Kept
from poker_app.rules.session.rounds import ASIDE, Round, Rounds, Vote
from poker_app.rules.session.value import Session

_Key = tuple[Kept, tuple[str, ...]]
# The kinds of statements, in the order in which they are made: a round that starts over takes the number of the one
# before, which is deleted or has got another number by then.
_DELETE, _RENUMBER, _INSERT, _UPDATE, _UPDATE_UNANNOUNCED = range(5)


class Difference:
    """Rows as they were before and are after some changes, by table and key; None where a row is not there."""

    def __init__(self) -> None:
        self._rows: dict[_Key, tuple[Any, Any]] = {}
        self._announced: set[_Key] = set()

    def add(self, old: Session, new: Session, *, announced: bool = True) -> None:
        """Adds one change; ``announced``: an event will carry the session as it is then."""
        if announced:
            self._announced.add((SESSION, (new.id,)))
        for kept, before, after in _parts(old, new):
            for key in before.keys() | after.keys():
                was, now = before.get(key), after.get(key)
                if was is not now:
                    first = self._rows.get((kept, key), (was,))[0]
                    self._rows[kept, key] = (first, now)

    def write(self, connection: Connection) -> None:
        """Writes the rows, once: in the order of the kinds, and of a kind parents before children."""
        statements: dict[tuple[int, int, Kept, tuple[str, ...]], list[dict[str, Any]]] = {}
        for (kept, key), (was, now) in self._rows.items():
            place = ALL.index(kept)
            if now is None:
                if was is not None:
                    _put(statements, (_DELETE, -place, kept, ()), _key_of(kept, key))
            elif was is None:
                _put(statements, (_INSERT, place, kept, kept.names), {name: getattr(now, name) for name in kept.names})
            else:
                names = tuple(name for name in kept.names if getattr(was, name) != getattr(now, name))
                if names:
                    values = {name: getattr(now, name) for name in names}
                    kind = _RENUMBER if kept is ROUND and "number" in names else _UPDATE
                    if kept is SESSION and (kept, key) not in self._announced:
                        kind, values["unannounced"] = _UPDATE_UNANNOUNCED, now.version - was.version
                    _put(statements, (kind, place, kept, names), _key_of(kept, key) | values)
        for (kind, _, kept, names), rows in sorted(statements.items(), key=lambda item: item[0][:2]):
            connection.execute(_statement(kind, kept, names, connection.dialect.name), rows)
        self._rows.clear()
        self._announced.clear()


def _put(statements: dict[Any, list[dict[str, Any]]], what: Any, row: dict[str, Any]) -> None:
    statements.setdefault(what, []).append(row)


def _key_of(kept: Kept, key: tuple[str, ...]) -> dict[str, Any]:
    return {f"key_{name}": part for name, part in zip(kept.key, key, strict=True)}


def _parts(old: Session, new: Session) -> Iterable[tuple[Kept, Mapping[Any, Any], Mapping[Any, Any]]]:
    """The tables in which the two may differ, with the rows of each."""
    yield SESSION, {(old.id,): old}, {(new.id,): new}
    for kept, before, after in (
        (MEMBER, old.members, new.members),
        (TASK, old.tasks, new.tasks),
        (FILE, old.files, new.files),
    ):
        if before is not after:
            yield kept, _others(before, after), _others(after, before)
    if old.rounds is not new.rounds:
        yield from _rounds(old, new)


def _others(rows: Mapping[str, Any], than: Mapping[str, Any]) -> dict[tuple[str, ...], Any]:
    """The rows that are not the same object on the other side: a change shares with its value what it leaves alone."""
    return {(key,): row for key, row in rows.items() if than.get(key) is not row}


def _rounds(old: Session, new: Session) -> Iterable[tuple[Kept, Mapping[Any, Any], Mapping[Any, Any]]]:
    known = {key: each for rounds in (old.rounds, *old.others.values()) for key, each in _held(rounds).items()}
    now, here = new.round, _held(new.rounds)
    # A round that was left stays as it is. One that starts over replaces the round before; the one that was set aside
    # for undo is deleted as soon as it is not set aside any more.
    places = {now.number, ASIDE}
    gone = {key: was for key, was in known.items() if key not in here and was.task_id == now.task_id}
    before = {key: was for key, was in gone.items() if was.number in places}
    before |= {key: known[key] for key in here.keys() & known.keys()}
    yield ROUND, {(key,): was for key, was in before.items()}, {(key,): each for key, each in here.items()}
    yield VOTE, _votes(before, here), _votes(here, before)


def _held(rounds: Rounds) -> dict[str, Round]:
    """The rounds whose votes a value has, by id."""
    return {each.id: each for each in (rounds.newest, rounds.aside) if each}


def _votes(rounds: Mapping[str, Round], than: Mapping[str, Round]) -> dict[tuple[str, ...], Vote]:
    """The votes that are not the same object on the other side, as `_others`."""
    found: dict[tuple[str, ...], Vote] = {}
    for key, each in rounds.items():
        others = than[key].votes if key in than else {}
        if each.votes is not others:
            found.update(((key, who), vote) for who, vote in each.votes.items() if others.get(who) is not vote)
    return found


def _values(kept: Kept, names: tuple[str, ...]) -> dict[str, Any]:
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    # Processes of the release before read the same under its former name.
    return values | ({"agenda": bindparam("tasks_version")} if kept is SESSION and "tasks_version" in names else {})


def _beside(kept: Kept) -> dict[str, Any]:
    # A change is published once it is committed; ``events`` takes this back where the engine did not take the event.
    return {"published_version": bindparam("version")} if kept is SESSION else {}


@lru_cache(maxsize=500)
def _statement(kind: int, kept: Kept, names: tuple[str, ...], dialect: str) -> Executable:
    table = kept.table
    mine = [table.c[name] == bindparam(f"key_{name}") for name in kept.key]
    if kind == _DELETE:
        return delete(table).where(*mine)
    if kind in (_RENUMBER, _UPDATE):
        return update(table).where(*mine).values(_values(kept, names) | _beside(kept))
    if kind == _UPDATE_UNANNOUNCED:
        # An event that the engine did not take before is still to be caught up.
        beside = {"published_version": table.c.published_version + bindparam("unannounced")}
        return update(table).where(*mine).values(_values(kept, names) | beside)
    values = _values(kept, names) | _beside(kept)
    if kept is MEMBER:
        values["seen_at"] = bindparam("joined_at")
    insert: Executable = (postgresql if dialect == "postgresql" else sqlite).insert(table).values(values)
    return insert
