"""Every change to a session: locks its row, loads it, applies a rule, stores the difference, publishes the events.

A rule is a pure function of ``rules.session``. It gets the session as the database has it: the session's row is locked,
and its version is compared with the value in this process's cache. On SQLite, changes that arrive during a commit share
the next transaction (``db.write``).
"""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from blinker import Signal
from sqlalchemy import Connection, bindparam, select, update

from poker_app import clock
from poker_app.db import after_commit, session, write
from poker_app.errors import Conflict, Forbidden, Invalid, NotFound, NotInPlan, Refusal
from poker_app.poker.publishing import events, outbox
from poker_app.poker.publishing.publish_queue import News
from poker_app.poker.value import last_seen, loading
from poker_app.poker.value.rows import MEMBER, SESSION
from poker_app.poker.value.store import Difference
from poker_app.poker.value.value_cache import values
from poker_app.rules import Refused
from poker_app.rules.session.change import Change, Event, acting_member, finished
from poker_app.rules.session.members import come_back
from poker_app.rules.session.value import NOT_A_MEMBER, Member, RoundsNeeded, Session

# The socket of the page that sent the request. The response has the new state, so events leave this socket out, unless
# the response omits the table because the event brings it.
asking_socket: ContextVar[str | None] = ContextVar("asking_socket", default=None)

# Sent with a session's id where there may be something to do at its trackers: after a change of its tasks, where some
# of them came from one, and where issues are to come in.
tracked_tasks_changed = Signal()
_OF_TASKS = {
    Event.ROUND_OPENED,
    Event.SESSION_ENDED,
    Event.SESSION_REOPENED,
    Event.TASK_FINALIZED,
    Event.TASKS_CHANGED,
}

_session, _member = SESSION.table.c, MEMBER.table.c
_IDS: Any = bindparam("session_ids", expanding=True)
_LOCKED = select(_session.id, _session.version).where(_session.id.in_(_IDS)).order_by(_session.id).with_for_update()
_SEEN = update(MEMBER.table).where(_member.id == bindparam("who")).values(seen_at=bindparam("at"))


class Holder(Protocol):
    """The keys by which a browser's member is found in a session: the digest of its secret, the id of the signed-in
    user, or both."""

    @property
    def session_id(self) -> str: ...
    @property
    def secret_digest(self) -> str | None: ...
    @property
    def user_id(self) -> str | None: ...


Rule = Callable[[Session, Member, datetime], Change]
"""A change that a member asks for."""
Decide = Callable[[Session, datetime], Change]
"""A change for which no member is needed."""


def change(
    who: Holder,
    rule: Rule,
    *,
    after_end: bool = False,
    after_leaving: bool = False,
    seen: bool = False,
    to_all: bool = False,
) -> Change:
    """Applies a member's rule, commits the change and queues its events for publishing.

    ``after_end``: the rule may run in an ended session, and refuses by itself what cannot be then. ``after_leaving``:
    it may run for a member who left. ``seen``: the member's presence is written in the same transaction, and a member
    who was away comes back. The events leave out the asking socket, unless they go ``to_all``.

    Raises the rule's refusal as a ``Refusal``: NotFound also for a stranger, a removed member and in a deleted session,
    Conflict also once the session has ended and for a member who left a running one.
    """
    whose = (who.secret_digest, who.user_id) if seen else None
    decide = by_member(who, rule, after_end=after_end, after_leaving=after_leaving, seen=seen)
    return change_session(who.session_id, decide, seen=whose, to_all=to_all)


def by_member(
    who: Holder, rule: Rule, *, after_end: bool = False, after_leaving: bool = False, seen: bool = False
) -> Decide:
    """Wraps a member's rule as a ``Decide``: finds the member, checks that they may act, and applies the rule. The
    parameters are those of ``change``."""
    # Plain values: the rule may run on another request's thread, which must not read a row of this thread's session.
    digest, user_id = who.secret_digest, who.user_id

    def decide(value: Session, now: datetime) -> Change:
        member = value.member_of(digest, user_id)
        me = acting_member(value, member, after_end=after_end, after_leaving=after_leaving)
        if not (seen and me.absent):
            return rule(value, me, now)
        back = come_back(value, now, member_id=me.id)
        made = rule(back.value, back.value.members[me.id], now)
        return replace(made, happened=(*back.happened, *made.happened))

    return decide


def change_session(
    session_id: str,
    decide: Decide,
    *,
    seen: tuple[str | None, str | None] | None = None,
    to_all: bool = False,
) -> Change:
    """Applies a change that no member asks for, or that adds a member; else like ``change``. ``seen``: the secret's
    digest and the user id of the member whose presence is written with it."""
    asked = _Asked(session_id, decide, clock.now(), seen)
    try:
        made, here = write(_change_together, asked, _know_together)
    except Refused as refused:
        raise refusal_of(refused) from refused
    if here:
        last_seen.note([here], asked.at)
    _publish(made, None if to_all else asking_socket.get())
    return made


def change_within(session_id: str, decide: Decide) -> Change:
    """Applies a change inside the transaction under way, together with changes of other rows. The session's row stays
    locked until the transaction ends, and the events are published after its commit."""
    session.flush()
    connection = session.connection()
    value = lock(session_id)
    try:
        made, decided_on = _decided(connection, value, decide, clock.now())
    except Refused as refused:
        raise refusal_of(refused) from refused
    difference = Difference()
    difference.add(decided_on, made.value, announced=bool(made.happened))
    difference.write(connection)
    session.expire_all()

    def publish() -> None:
        values.put(made.value)
        _publish(made, asking_socket.get())

    after_commit(publish)
    return made


def lock(session_id: str) -> Session:
    """Returns the session's current value, and locks its row until the transaction under way ends.

    Raises:
        NotFound: (404) there is no such session.
    """
    connection = session.connection()
    version = connection.execute(_LOCKED, {"session_ids": [session_id]}).one_or_none()
    value = _known(connection, session_id, version.version) if version else None
    if value is None:
        raise NotFound(NOT_A_MEMBER)
    return value


def refusal_of(refused: Refused) -> Refusal:
    """Returns a rule's refusal as the ``Refusal`` with its HTTP status."""
    if refused.kind == "invalid":
        return Invalid(refused.sentence, refused.field)
    kinds = {"missing": NotFound, "forbidden": Forbidden, "conflict": Conflict, "plan": NotInPlan}
    return kinds[refused.kind](refused.sentence)


def _publish(made: Change, socket: str | None) -> None:
    """Publishes the events of a committed change; the one place for all changes."""
    if made.happened:
        told = (News(made.value.id, each.event, each.version, dict(each.about), socket) for each in made.happened)
        events.publish(*told)
        outbox.announce(made)
        if made.value.tracked and not _OF_TASKS.isdisjoint(each.event for each in made.happened):
            tracked_tasks_changed.send(made.value.id)


# --- a batch of changes in one transaction (``db.write``)


@dataclass(frozen=True, slots=True)
class _Asked:
    session_id: str
    decide: Decide
    at: datetime
    seen: tuple[str | None, str | None] | None


_Answer = tuple[Change, str | None]
"""A change, and the id of the member whose ``seen_at`` is written with it."""


def _change_together(connection: Connection, asked: Sequence[_Asked]) -> list[_Answer | Exception]:
    """Applies a batch of changes in one transaction: each is decided on the result of those before it, and the
    difference of all is written at once."""
    ids = sorted({each.session_id for each in asked})
    versions = {row.id: row.version for row in connection.execute(_LOCKED, {"session_ids": ids})}
    newest: dict[str, Session] = {}
    difference, seen = Difference(), dict[str, datetime]()
    answers: list[_Answer | Exception] = []
    for each in asked:
        try:
            answers.append(_in_turn(connection, each, versions, newest, difference, seen))
        except (Refusal, Refused) as refusal:
            answers.append(refusal)
    difference.write(connection)
    if seen:
        connection.execute(_SEEN, [{"who": who, "at": at} for who, at in seen.items()])
    return answers


def _know_together(answers: Sequence[_Answer | Exception]) -> None:
    """Puts the committed values into the cache before the next transaction compares versions. Without it, a transaction
    that began earlier loaded the session again: so did every second vote of 350 at once."""
    made = (answer[0].value for answer in answers if not isinstance(answer, Exception))
    for value in {each.id: each for each in made}.values():
        values.put(value)


def _in_turn(
    connection: Connection,
    asked: _Asked,
    versions: dict[str, int],
    newest: dict[str, Session],
    difference: Difference,
    seen: dict[str, datetime],
) -> _Answer:
    key = asked.session_id
    value = newest.get(key) or _known(connection, key, versions.get(key))
    if value is None:
        raise Refused("missing", NOT_A_MEMBER)
    made, decided_on = _decided(connection, value, asked.decide, asked.at, difference)
    difference.add(decided_on, made.value, announced=bool(made.happened))
    newest[key] = made.value
    here = made.value.member_of(*asked.seen) if asked.seen else None
    if here and (last_seen.is_due(here.id, asked.at) or value.members.get(here.id, here).absent):
        seen[here.id] = asked.at
        return made, here.id
    return made, None


def _known(connection: Connection, session_id: str, version: int | None) -> Session | None:
    """Returns the session at the database's ``version``, from the cache or loaded; its row is locked. None where there
    is none."""
    if version is None:
        return None
    known = values.get(session_id)
    if known and known.value.version == version:
        return known.value
    if known and known.value.version > version:
        # Under the lock nothing is newer than the database: a copy of it was brought back.
        values.drop(session_id)
    return loading.load(connection, session_id)


def _decided(
    connection: Connection, value: Session, decide: Decide, now: datetime, pending: Difference | None = None
) -> tuple[Change, Session]:
    """Decides a change, writes its public events into the outbox, and returns it with the value it was decided on.
    Where the rule needs the rounds of another task, loads them and decides again; the ``pending`` difference of this
    transaction is written before that."""
    while True:
        try:
            made = finished(decide(value, now), now)
            outbox.write(connection, value, made, now)
            return made, value
        except RoundsNeeded as needed:
            if pending:
                pending.write(connection)
            rounds = loading.load_rounds(connection, needed.task_id, value.cards)
            if rounds is None:
                raise
            value = replace(value, others={**value.others, needed.task_id: rounds})
