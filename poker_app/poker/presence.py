"""Who is here: told by the realtime engine's webhooks where there is one, and by each browser's own requests."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update

from poker_app import clock, ids, realtime
from poker_app.db import session, transaction
from poker_app.poker import messages
from poker_app.poker.models import Member, PokerSession
from poker_app.poker.playing import NOTE_EVERY
from poker_app.poker.reveal import is_complete, reveal_if_complete
from poker_app.poker.turn import Turn, for_all, locked
from poker_app.rules.roles import AWAITED_FOR, AWAY_GONE_AFTER

# A browser asks for the table at least every 25 seconds, so three missed questions mean that it is not there.
SILENT_AFTER = timedelta(seconds=90)


def note_seen(member: Member) -> None:
    """A request came from this member: they are here, unless they left. Written at most every 20 seconds.

    A tab that was forgotten goes on asking, and its socket comes back after every break.
    """
    if member.has_left:
        return
    back = member.away_since is not None or member.left_at is not None
    if not back and clock.now() - member.seen_at < NOTE_EVERY:
        return
    if back:
        _returned(member.session_id, member.id)
        return
    with transaction():
        session.execute(update(Member).where(Member.id == member.id).values(seen_at=clock.now()))


def _returned(session_id: str, member_id: str) -> None:
    with transaction() as work:
        table, member = locked(session_id), session.get(Member, member_id)
        if member is None or member.session_id != session_id or member.removed_at or not table.running:
            return
        if member.has_left:
            return
        member.seen_at = clock.now()
        if member.away_since or member.left_at:
            member.away_since = member.left_at = None
            Turn(work, table, member).announce("member-joined")


def _went_away(session_id: str, member_ids: list[str], silent_since: datetime | None = None) -> None:
    """``silent_since``: only those who have not been heard of since that moment."""
    if not member_ids:
        return
    with transaction() as work:
        table = locked(session_id)
        gone = [
            member
            for member in session.scalars(select(Member).where(Member.id.in_(member_ids)))
            if member.session_id == session_id and not (member.away_since or member.left_at or member.removed_at)
            if silent_since is None or member.seen_at < silent_since
        ]
        if not gone or not table.running:
            return
        for member in gone:
            member.away_since = clock.now()
        Turn(work, table, gone[0]).announce("member-left")


def sweep(session_id: str) -> None:
    """Mark as away who has been silent for a while, turn over the cards that waited only for who is lost, and tell the
    table once when somebody away has become gone.

    Asked by every poll of the table, so that it works with no engine at all.
    """
    moment = clock.now()
    watched = select(Member.id, Member.away_since).where(
        Member.session_id == session_id,
        Member.session.has(PokerSession.ended_at.is_(None) & PokerSession.deleted_at.is_(None)),
        Member.removed_at.is_(None),
        Member.left_at.is_(None),
        or_(Member.seen_at < moment - SILENT_AFTER, Member.away_since <= moment - AWAITED_FOR),
    )
    rows = session.execute(watched).all()
    silent = [row.id for row in rows if row.away_since is None]
    lost = [row for row in rows if row.away_since]
    gone = [row.id for row in lost if moment - row.away_since >= AWAY_GONE_AFTER]
    if silent:
        _miss(session_id, silent, moment)
    if lost and is_complete(session.get_one(PokerSession, session_id), moment):
        with transaction() as work:
            reveal_if_complete(for_all(work, locked(session_id)))
    if gone:
        _left_for_good(session_id, gone)


def _miss(session_id: str, silent: list[str], moment: datetime) -> None:
    # A tab in the background asks rarely, but its socket is open: the engine knows. Where it does not answer, silence
    # has to last twice as long.
    connected = _connected(session_id)
    patience = SILENT_AFTER if connected is not None else 2 * SILENT_AFTER
    here = connected or set()
    _still_here([member_id for member_id in silent if member_id in here])
    absent = [member_id for member_id in silent if member_id not in here]
    _went_away(session_id, absent, silent_since=moment - patience)


def _connected(session_id: str) -> set[str] | None:
    """The members who are known to have a socket, or None where the engine should know and does not answer."""
    # No transaction stays open while the engine is asked.
    session.rollback()
    messages.count_question(session_id)
    return realtime.present(realtime.presence_channel(session_id))


def _still_here(member_ids: list[str]) -> None:
    if member_ids:
        with transaction():
            session.execute(update(Member).where(Member.id.in_(member_ids)).values(seen_at=clock.now()))


def _left_for_good(session_id: str, member_ids: list[str]) -> None:
    with transaction() as work:
        table = locked(session_id)
        leaving = [
            member
            for member in session.scalars(select(Member).where(Member.id.in_(member_ids)))
            if member.away_since and not member.left_at
        ]
        if not leaving or not table.running:
            return
        for member in leaving:
            member.left_at = member.away_since
        Turn(work, table, leaving[0]).announce("member-left")


# Every tab that is open asks within 25 seconds; whoever closed the only one is away after these.
LAST_CHANCE = timedelta(seconds=30)


def here(channel: str) -> dict[str, dict[str, str]]:
    """Who is on a session's presence channel, by their own requests: member ids with their names."""
    session_id = realtime.session_of(channel) or ""
    if not ids.could_be_id(session_id):
        return {}
    found = select(Member.id, Member.name).where(
        Member.session_id == session_id,
        Member.away_since.is_(None),
        Member.left_at.is_(None),
        Member.removed_at.is_(None),
    )
    return {member_id: {"name": name} for member_id, name in session.execute(found)}


def may_have_left(channel: str, member_id: str) -> None:
    """A socket of this member closed, and the engine cannot tell whether it was the last: unless another tab asks for
    the table soon, they are away."""
    session_id = realtime.session_of(channel) or ""
    if ids.could_be_id(session_id) and ids.could_be_id(member_id):
        known = clock.now() - SILENT_AFTER + LAST_CHANCE
        with transaction():
            session.execute(
                update(Member)
                .where(Member.id == member_id, Member.session_id == session_id, Member.seen_at > known)
                .values(seen_at=known)
            )


def hear(events: Iterable[dict[str, Any]]) -> None:
    """Take in the engine's webhook: who came to and went from a session's presence channel. Unknown events and
    sessions are passed over; told twice is told once."""
    for event in events:
        session_id = realtime.session_of(str(event.get("channel", ""))) or ""
        if not ids.could_be_id(session_id) or session.get(PokerSession, session_id) is None:
            continue
        if event.get("name") in ("member_added", "member_removed"):
            messages.count_presence(session_id)
        match event.get("name"), event.get("user_id"):
            case "member_added", str(member_id) if ids.could_be_id(member_id):
                # Whoever has just loaded the page is known to be here.
                if (member := session.get(Member, member_id)) and member.session_id == session_id:
                    note_seen(member)
            case "member_removed", str(member_id) if ids.could_be_id(member_id):
                _heard_goodbye(str(event["channel"]), session_id, member_id)
            case "channel_vacated", _:
                # Each one's leaving was told by itself; whoever polls without a socket is still here.
                sweep(session_id)


def _heard_goodbye(channel: str, session_id: str, member_id: str) -> None:
    # Webhooks come late, doubled and in any order: the engine knows who has come back since.
    connected = _connected(session_id)
    if connected is None:
        may_have_left(channel, member_id)
    elif member_id not in connected:
        _went_away(session_id, [member_id])
