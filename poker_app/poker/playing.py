"""A card is played: what is done most often, with statements instead of objects, and in company (``db.write``).

It decides as ``turn`` does, on rows that nobody else is changing at that moment.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from poker_app.db import Base
from poker_app.errors import NotFound
from poker_app.poker.models import Member, PokerSession, Round, Vote
from poker_app.poker.seats import DELETED, NOT_SEATED, REMOVED
from poker_app.rules import round as rules

# A member who asks for something is here; that is written at most this often.
NOTE_EVERY = timedelta(seconds=20)


@dataclass(slots=True)
class Played:
    """The table's version with the card on it, and what there is to tell, each with its version."""

    version: int
    news: list[tuple[str, int]] = field(default_factory=list)

    def tell(self, event: str) -> None:
        self.version += 1
        self.news.append((event, self.version))


_tables = Base.metadata.tables
_session, _member = _tables[PokerSession.__tablename__].c, _tables[Member.__tablename__].c
_round, _vote = _tables[Round.__tablename__].c, _tables[Vote.__tablename__].c

_LOCKED = (
    select(
        _session.cards,
        _session.version,
        _session.current_round_id,
        _session.change_after_reveal,
        _session.auto_reveal,
        _session.names_hidden,
        _session.ended_at,
        _session.deleted_at,
    )
    .where(_session.id == bindparam("session_id"))
    .with_for_update()
)
# Not in one statement with the lock: PostgreSQL would show the round as it was before the wait.
_HERE = (
    select(
        _member.id,
        _member.votes,
        _member.seen_at,
        _member.away_since,
        _member.left_at,
        _member.removed_at,
        _round.revealed_at,
    )
    .join(_round.id.table, _round.id == bindparam("round_id"))
    .where(_member.session_id == bindparam("session_id"))
)
# Whose seat it is, ``seats.find_member`` says: a user's own before the guest's whom their browser's secret stands for.
_BY_SECRET = (_member.secret_digest == bindparam("digest")) & _member.user_id.is_(None)
_GUEST = _HERE.where(_BY_SECRET)
_USER = _HERE.where((_member.user_id == bindparam("user_id")) | _BY_SECRET).order_by(_member.user_id.is_(None)).limit(1)
_SEEN = (
    update(_member.id.table)
    .where(_member.id == bindparam("who"))
    .values(seen_at=bindparam("at"), away_since=None, left_at=None)
)
_CARD: dict[str, Any] = {
    "round_id": bindparam("round_id"),
    "member_id": bindparam("who"),
    "card": bindparam("card"),
    "cast_at": bindparam("at"),
}
_KEY = [_vote.round_id, _vote.member_id]
_PLAYED = {
    dialect.__name__.rpartition(".")[2]: insert.on_conflict_do_update(
        index_elements=_KEY, set_={"card": insert.excluded.card, "cast_at": insert.excluded.cast_at}
    )
    for dialect in (sqlite, postgresql)
    for insert in [dialect.insert(_vote.card.table).values(_CARD)]
}
_WAITED_FOR = (
    select(_member.id, _vote.member_id.label("voted"))
    .join(_vote.card.table, (_vote.member_id == _member.id) & (_vote.round_id == bindparam("round_id")), isouter=True)
    .where(
        _member.session_id == bindparam("session_id"),
        _member.votes,
        _member.removed_at.is_(None),
        _member.left_at.is_(None),
        _member.away_since.is_(None),
    )
)
_TURNED = (
    update(_round.id.table)
    .where(_round.id == bindparam("round_id"))
    .values(revealed_at=bindparam("at"), names_hidden=bindparam("hidden"))
)
_COUNTED = (
    update(_session.id.table)
    .where(_session.id == bindparam("session_id"))
    .values(version=bindparam("to"), published_version=bindparam("to"))
)
_COUNTED_AND_STOPPED = _COUNTED.values(timer_ends_at=None, timer_remaining=None)


class Holder(NamedTuple):
    """Who plays, by what their browser holds: the digest of a guest's secret, a signed-in user, or both."""

    session_id: str
    secret_digest: str | None
    user_id: str | None


def play(connection: Connection, holder: Holder, round_id: str, card: str, at: datetime) -> Played:
    """The card goes on the table, or takes the place of the one there. Raises NotFound and ``Refused``."""
    here = {"session_id": holder.session_id}
    table = connection.execute(_LOCKED, here).one_or_none()
    if table is None:
        raise NotFound(NOT_SEATED)
    if table.deleted_at:
        raise NotFound(DELETED)
    current = {"round_id": table.current_round_id}
    asking = {**here, **current, "digest": holder.secret_digest}
    if holder.user_id:
        member = connection.execute(_USER, {**asking, "user_id": holder.user_id}).one_or_none()
    else:
        member = connection.execute(_GUEST, asking).one_or_none()
    if member is None:
        raise NotFound(NOT_SEATED)
    if member.removed_at:
        raise NotFound(REMOVED)
    rules.may_vote(
        card=card,
        cards=table.cards,
        votes_here=member.votes,
        is_current=round_id == table.current_round_id,
        revealed=member.revealed_at is not None,
        change_after_reveal=table.change_after_reveal,
        ended=table.ended_at is not None,
    )
    played = Played(table.version)
    _note_seen(connection, member, at, played)
    acted = {"who": member.id, "at": at}
    connection.execute(_PLAYED[connection.dialect.name], {**current, **acted, "card": card})
    played.tell("vote")
    counted = _COUNTED
    if table.auto_reveal and member.revealed_at is None and _complete(connection, {**here, **current}):
        connection.execute(_TURNED, {**current, "at": at, "hidden": table.names_hidden})
        played.tell("round-revealed")
        counted = _COUNTED_AND_STOPPED
    connection.execute(counted, {**here, "to": played.version})
    return played


def _note_seen(connection: Connection, member: Any, at: datetime, played: Played) -> None:
    back = member.away_since is not None or member.left_at is not None
    if back:
        played.tell("member-joined")
    if back or at - member.seen_at >= NOTE_EVERY:
        connection.execute(_SEEN, {"who": member.id, "at": at})


def _complete(connection: Connection, where: dict[str, Any]) -> bool:
    waited_for = connection.execute(_WAITED_FOR, where).all()
    return rules.everyone_voted([each.id for each in waited_for], [each.voted for each in waited_for])
