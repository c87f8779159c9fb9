"""Every change to a session: load it, decide, store the difference, publish.

What is decided is a pure function of ``rules.session``. It is given the session as the database has it: the session's
row is locked, and the version in it compared with the value that this process knows.
"""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, bindparam, select, update

from poker_app import clock
from poker_app.db import after_commit, session, write
from poker_app.errors import Conflict, Forbidden, Invalid, NotFound, NotInPlan, Refusal
from poker_app.poker.publishing import events
from poker_app.poker.publishing.publish_queue import News
from poker_app.poker.value import last_seen, loading
from poker_app.poker.value.rows import MEMBER, SESSION
from poker_app.poker.value.store import Difference
from poker_app.poker.value.value_cache import values
from poker_app.rules import Refused
from poker_app.rules.session.change import Change, acting_member, finished
from poker_app.rules.session.members import come_back
from poker_app.rules.session.value import NOT_SEATED, Member, RoundsNeeded, Session

# The socket that asked: it has the answer and needs no event, unless the event saves the answer the table.
asking_socket: ContextVar[str | None] = ContextVar("asking_socket", default=None)

_session, _member = SESSION.table.c, MEMBER.table.c
_IDS: Any = bindparam("session_ids", expanding=True)
_LOCKED = select(_session.id, _session.version).where(_session.id.in_(_IDS)).order_by(_session.id).with_for_update()
_SEEN = update(MEMBER.table).where(_member.id == bindparam("who")).values(seen_at=bindparam("at"))


class Holder(Protocol):
    """How a browser is found among the members of a session: the digest of its secret, who is signed in, or both."""

    @property
    def session_id(self) -> str: ...
    @property
    def secret_digest(self) -> str | None: ...
    @property
    def user_id(self) -> str | None: ...


Rule = Callable[[Session, Member, datetime], Change]
"""A change that a member asks for."""
Decide = Callable[[Session, datetime], Change]
"""A change that nobody need be a member for."""


def change(
    who: Holder,
    rule: Rule,
    *,
    after_end: bool = False,
    after_leaving: bool = False,
    seen: bool = False,
    to_all: bool = False,
) -> Change:
    """A member's change, committed and handed on for publishing when this returns.

    ``after_end``: the rule itself refuses what cannot be once the session has ended; ``after_leaving``: it is for
    members who left too. ``seen``: it is noted in the same transaction that the member is here, who comes back by it.
    The socket that asked is left out of the event, unless it goes ``to_all``.

    Raises the rule's refusal as a ``Refusal``: NotFound also for a stranger, a removed member and in a deleted session,
    Conflict also once the session has ended and for a member who left a running one.
    """
    whose = (who.secret_digest, who.user_id) if seen else None
    decide = by_member(who, rule, after_end=after_end, after_leaving=after_leaving, seen=seen)
    return change_session(who.session_id, decide, seen=whose, to_all=to_all)


def by_member(
    who: Holder, rule: Rule, *, after_end: bool = False, after_leaving: bool = False, seen: bool = False
) -> Decide:
    """What a member asks for, as a change of the session: see ``change``."""
    # Plain values: whichever thread decides must not read a row of this one's.
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
    """A change that comes from outside the session, or makes a member: like ``change``. ``seen`` are digest and user of
    a member who is seen by it."""
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
    """The same inside the transaction under way, for what is decided together with other rows. The session is locked
    until that ends, and what happened is published after it."""
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
    """A session as it is, its row locked until the transaction under way ends.

    Raises:
        NotFound: (404) there is no such session.
    """
    connection = session.connection()
    version = connection.execute(_LOCKED, {"session_ids": [session_id]}).one_or_none()
    value = _known(connection, session_id, version.version) if version else None
    if value is None:
        raise NotFound(NOT_SEATED)
    return value


def refusal_of(refused: Refused) -> Refusal:
    """A rule's refusal with the status it is answered with."""
    if refused.kind == "invalid":
        return Invalid(refused.sentence, refused.field)
    kinds = {"missing": NotFound, "forbidden": Forbidden, "conflict": Conflict, "plan": NotInPlan}
    return kinds[refused.kind](refused.sentence)


def _publish(made: Change, socket: str | None) -> None:
    """After the commit: what happened goes to the browsers, in one place for all changes."""
    if made.happened:
        told = (News(made.value.id, each.event, each.version, dict(each.about), socket) for each in made.happened)
        events.publish(*told)


# --- in one transaction, for all who wait together (``db.write``)


@dataclass(frozen=True, slots=True)
class _Asked:
    session_id: str
    decide: Decide
    at: datetime
    seen: tuple[str | None, str | None] | None


_Answer = tuple[Change, str | None]
"""A change, and the id of the member of whom it is written that they were seen."""


def _change_together(connection: Connection, asked: Sequence[_Asked]) -> list[_Answer | Exception]:
    """Each is decided in turn on what those before it made; what all of them did is written at once."""
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
    """What was committed is known before the next transaction looks at its versions: one that began earlier would load
    the session anew, as every second vote of 350 at once did."""
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
        raise Refused("missing", NOT_SEATED)
    made, decided_on = _decided(connection, value, asked.decide, asked.at, difference)
    difference.add(decided_on, made.value, announced=bool(made.happened))
    newest[key] = made.value
    here = made.value.member_of(*asked.seen) if asked.seen else None
    if here and (last_seen.is_due(here.id, asked.at) or value.members.get(here.id, here).absent):
        seen[here.id] = asked.at
        return made, here.id
    return made, None


def _known(connection: Connection, session_id: str, version: int | None) -> Session | None:
    """The session at the version that the database has, whose row is locked; None where there is none."""
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
    """The change, and the value it was decided on: with the rounds of another task, where it asked for them. What is
    ``pending`` in this transaction is written before they are loaded."""
    while True:
        try:
            return finished(decide(value, now), now), value
        except RoundsNeeded as needed:
            if pending:
                pending.write(connection)
            rounds = loading.load_rounds(connection, needed.task_id, value.cards)
            if rounds is None:
                raise
            value = replace(value, others={**value.others, needed.task_id: rounds})
