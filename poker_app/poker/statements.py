"""The statements with which cards are played, built once: their text costs more than SQLite takes to answer them."""

from typing import Any

from sqlalchemy import BindParameter, bindparam, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from poker_app.db import Base
from poker_app.poker.models import Member, PokerSession, Round, Vote

_tables = Base.metadata.tables
_session, _member = _tables[PokerSession.__tablename__].c, _tables[Member.__tablename__].c
_round, _vote = _tables[Round.__tablename__].c, _tables[Vote.__tablename__].c

_AT_TABLES: BindParameter[Any] = bindparam("session_ids", expanding=True)
LOCKED = (
    select(
        _session.id,
        _session.cards,
        _session.version,
        _session.current_round_id,
        _session.change_after_reveal,
        _session.auto_reveal,
        _session.names_hidden,
        _session.ended_at,
        _session.deleted_at,
    )
    .where(_session.id.in_(_AT_TABLES))
    .with_for_update()
)
# Not in one statement with the lock: PostgreSQL would show the round as it was before the wait.
_HERE = (
    select(
        _member.id,
        _member.session_id,
        _member.secret_digest,
        _member.user_id,
        _member.votes,
        _member.seen_at,
        _member.away_since,
        _member.left_at,
        _member.removed_at,
        _round.revealed_at,
    )
    .join(_session.id.table, _session.id == _member.session_id)
    .join(_round.id.table, _round.id == _session.current_round_id)
    .where(_member.session_id.in_(_AT_TABLES))
)
# Whose seat it is, ``seats.find_member`` says: a user's own before the guest's whom their browser's secret stands for.
_BY_SECRET = _member.secret_digest.in_(bindparam("digests", expanding=True)) & _member.user_id.is_(None)
GUESTS = _HERE.where(_BY_SECRET)
USERS = _HERE.where(or_(_member.user_id.in_(bindparam("user_ids", expanding=True)), _BY_SECRET))
WAITED_FOR = (
    select(_member.session_id, _member.id, _vote.member_id.label("voted"))
    .join(_session.id.table, _session.id == _member.session_id)
    .join(
        _vote.card.table,
        (_vote.member_id == _member.id) & (_vote.round_id == _session.current_round_id),
        isouter=True,
    )
    .where(
        _member.session_id.in_(_AT_TABLES),
        _member.votes,
        _member.removed_at.is_(None),
        _member.left_at.is_(None),
        or_(_member.away_since.is_(None), _member.away_since > bindparam("lost_before")),
    )
)
SEEN = (
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
PLAYED = {
    dialect.__name__.rpartition(".")[2]: insert.on_conflict_do_update(
        index_elements=_KEY, set_={"card": insert.excluded.card, "cast_at": insert.excluded.cast_at}
    )
    for dialect in (sqlite, postgresql)
    for insert in [dialect.insert(_vote.card.table).values(_CARD)]
}
TURNED = (
    update(_round.id.table)
    .where(_round.id == bindparam("which"))
    .values(revealed_at=bindparam("at"), names_hidden=bindparam("hidden"))
)
STOPPED = (
    update(_session.id.table).where(_session.id == bindparam("which")).values(timer_ends_at=None, timer_remaining=None)
)
COUNTED = (
    update(_session.id.table)
    .where(_session.id == bindparam("which"))
    .values(version=bindparam("to"), published_version=bindparam("to"))
)
