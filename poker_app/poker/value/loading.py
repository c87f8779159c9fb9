"""A session as a value, from the database: a handful of selects, each built once."""

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, or_, select

from poker_app.poker.value.rows import FILE, MEMBER, ROUND, SESSION, TASK, VOTE
from poker_app.rules.session.rounds import ASIDE, Result, Round, Rounds, Vote
from poker_app.rules.session.value import Member, Session, Task, TaskFile
from poker_app.rules.tally import tally

_session, _round, _vote = SESSION.table.c, ROUND.table.c, VOTE.table.c
_HERE: Any = bindparam("session_id")
_ON_TASK: Any = bindparam("task_id")

_VERSION = select(_session.version).where(_session.id == _HERE)
# A process of the release before writes ``agenda`` alone, so the greater of the two counts.
_TASKS_VERSION = case((_session.agenda > _session.tasks_version, _session.agenda), else_=_session.tasks_version)
_COLUMNS = [each for each in SESSION.columns if each is not _session.tasks_version]
_SESSION = select(*_COLUMNS, _TASKS_VERSION.label("tasks_version")).where(_session.id == _HERE)
_MEMBERS = (
    select(*MEMBER.columns)
    .where(MEMBER.table.c.session_id == _HERE)
    .order_by(MEMBER.table.c.joined_at, MEMBER.table.c.id)
)
_TASKS = select(*TASK.columns).where(TASK.table.c.session_id == _HERE).order_by(TASK.table.c.position, TASK.table.c.id)
_FILES = select(*FILE.columns).where(FILE.table.c.session_id == _HERE).order_by(FILE.table.c.position, FILE.table.c.id)
_OF_TASKS = ROUND.table.join(TASK.table, TASK.table.c.id == _round.task_id)
# The number of the newest round of each task, and how many were revealed.
_NUMBERS = (
    select(_round.task_id, func.max(_round.number).label("newest"), func.count(_round.revealed_at).label("revealed"))
    .select_from(_OF_TASKS)
    .where(TASK.table.c.session_id == _HERE)
    .group_by(_round.task_id)
)
_of_task = ROUND.table.alias()
_HIGHEST = select(func.max(_of_task.c.number)).where(_of_task.c.task_id == _ON_TASK).scalar_subquery()
# The newest, and then the one set aside, if there is one.
_NEWEST = (
    select(*ROUND.columns)
    .where(_round.task_id == _ON_TASK, or_(_round.number == _HIGHEST, _round.number == ASIDE))
    .order_by(_round.number.desc())
)
_VOTES = select(*VOTE.columns).where(_vote.round_id.in_(bindparam("round_ids", expanding=True)))
_EARLIER = (
    select(_round.number, _round.names_hidden, _vote.member_id, _vote.card)
    .join(ROUND.table, _round.id == _vote.round_id)
    .where(_round.task_id == _ON_TASK, _round.number < bindparam("number"), _round.revealed_at.is_not(None))
    .order_by(_round.number)
)


def version_of(connection: Connection, session_id: str) -> int | None:
    """A session's version now; None where there is no such session."""
    found: int | None = connection.scalar(_VERSION, {"session_id": session_id})
    return found


def load(connection: Connection, session_id: str) -> Session | None:
    """A session as it is now; None where there is none.

    On PostgreSQL each select sees what is committed when it begins, so a session that changes meanwhile is loaded
    again; under the session's lock it never does.
    """
    while True:
        found = connection.execute(_SESSION, {"session_id": session_id}).one_or_none()
        if found is None:
            return None
        value, version = _put_together(connection, found), version_of(connection, session_id)
        if version == found.version:
            if value is None:
                raise LookupError(f"The newest round of session {session_id} is not the one that is voted on.")
            return value


def _put_together(connection: Connection, row: Any) -> Session | None:
    """The value with this row of the session; None where the other rows do not belong to it any more."""
    here = {"session_id": row.id}
    numbers = connection.execute(_NUMBERS, here).all()
    newest = {each.task_id: each.newest for each in numbers}
    told = row._asdict()
    told["cards"] = tuple(told["cards"])
    rounds = load_rounds(connection, row.current_task_id, told["cards"])
    if rounds is None or rounds.newest.id != row.current_round_id:
        return None
    return Session(
        **told,
        members={each.id: Member(*each) for each in connection.execute(_MEMBERS, here)},
        tasks={each.id: Task(*(*each, newest.get(each.id, 0))) for each in connection.execute(_TASKS, here)},
        files={each.id: TaskFile(*each) for each in connection.execute(_FILES, here)},
        rounds=rounds,
        played=sum(each.revealed for each in numbers),
    )


def load_rounds(connection: Connection, task_id: str, cards: tuple[str, ...]) -> Rounds | None:
    """The newest round of a task with its votes, the results of those before, and what is set aside; None where it has
    none."""
    found = connection.execute(_NEWEST, {"task_id": task_id}).all()
    if not found:
        return None
    votes: dict[str, dict[str, Vote]] = defaultdict(dict)
    for vote in connection.execute(_VOTES, {"round_ids": [each.id for each in found]}):
        votes[vote.round_id][vote.member_id] = Vote(*vote)
    newest, *aside = (Round(*(*each, votes[each.id])) for each in found)
    earlier: dict[int, dict[str, str]] = defaultdict(dict)
    first: dict[str, str] = {}
    if newest.number > 1:
        for number, hidden, member_id, card in connection.execute(
            _EARLIER, {"task_id": task_id, "number": newest.number}
        ):
            earlier[number][member_id] = card
            if not hidden:
                first.setdefault(member_id, card)
    results = tuple(Result(number, tally(cards, voted)) for number, voted in earlier.items())
    return Rounds(newest, results, next(iter(aside), None), first)
