"""Presence of members: written from the realtime engine's webhooks, and from each browser's own requests."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select, update

from poker_app import clock, ids, realtime
from poker_app.db import session, transaction
from poker_app.poker import models
from poker_app.poker.change import change_session, change_within, lock
from poker_app.poker.models import PokerSession
from poker_app.poker.publishing import message_usage
from poker_app.poker.value import last_seen
from poker_app.poker.value.current import at_least, newest
from poker_app.rules.session import members as rules
from poker_app.rules.session.change import Change, is_complete
from poker_app.rules.session.value import Member, Session

# A browser polls the table at least every 25 seconds, so three missed polls mean that it is away.
SILENT_AFTER = timedelta(seconds=90)
# Every open tab polls within 25 seconds; a member whose only tab was closed is away after this time.
LAST_CHANCE = timedelta(seconds=30)
# Sessions that ``_silent_from`` holds at the most.
MAX_REMEMBERED = 20_000


def note_seen(member: Member | models.Member) -> None:
    """Records a request of this member as presence, unless they left. Written at most every 20 seconds; a member who
    was away comes back.

    Members who left are excluded, because a forgotten tab goes on polling, and its socket reconnects after every break.
    """
    known = at_least(member.session_id).value.members.get(member.id)
    if known is None or known.has_left:
        return
    if known.absent:
        rule = partial(rules.come_back, member_id=known.id)
        change_session(known.session_id, rule, seen=(known.secret_digest, known.user_id))
    elif last_seen.is_due(known.id, clock.now()):
        _still_here([known.id])


def _went_away(session_id: str, member_ids: list[str], silent_since: datetime | None = None) -> None:
    """Marks members as away; with ``silent_since`` only those without a request since that moment."""
    if not member_ids:
        return
    with transaction():
        lock(session_id)
        if silent_since:
            silent = models.Member.id.in_(member_ids), models.Member.seen_at < silent_since
            member_ids = list(session.scalars(select(models.Member.id).where(*silent)))
        change_within(session_id, partial(rules.lose, member_ids=set(member_ids)))


# By session: a version of it, and the moment before which none of its members can have been silent for too long. Until
# then ``sweep`` makes no query.
_silent_from: dict[str, tuple[int, datetime]] = {}


def sweep(session_id: str) -> None:
    """Marks silent members as away, reveals the cards where only lost members were awaited, and announces once that a
    member who is away has become gone.

    Every poll of the table calls it, so that it works without an engine.
    """
    moment = clock.now()
    value = at_least(session_id).value
    version, from_then = _silent_from.get(session_id, (0, moment))
    if value.running and (value.version != version or moment > from_then):
        _miss_silent(session_id, value.version, moment)
    value = at_least(session_id).value
    if is_complete(value, moment):
        change_session(session_id, _no_more)
    if value.running and any(
        each.left_at is None and each.presence(moment) == "gone" for each in value.current_members
    ):
        change_session(session_id, rules.give_up)


def _no_more(value: Session, now: datetime) -> Change:
    """Changes nothing by itself; ``finished`` then reveals the cards."""
    return Change(value)


def _miss_silent(session_id: str, version: int, moment: datetime) -> None:
    here = [column.is_(None) for column in (models.Member.removed_at, models.Member.left_at, models.Member.away_since)]
    seen = select(models.Member.id, models.Member.seen_at).where(models.Member.session_id == session_id, *here)
    rows = session.execute(seen).all()
    silent = [row.id for row in rows if row.seen_at < moment - SILENT_AFTER]
    if silent:
        _miss(session_id, silent, moment)
    else:
        # ``may_have_left`` in another process may set ``seen_at`` back, which then runs out after LAST_CHANCE.
        first = min((row.seen_at for row in rows), default=moment)
        _silent_from[session_id] = version, min(first + SILENT_AFTER, moment + LAST_CHANCE)
        if len(_silent_from) > MAX_REMEMBERED:
            _silent_from.pop(next(iter(_silent_from)))


def _miss(session_id: str, silent: list[str], moment: datetime) -> None:
    # A tab in the background polls rarely, but its socket is open: the engine knows. Where it does not answer, silence
    # has to last twice as long.
    connected = _connected(session_id)
    patience = SILENT_AFTER if connected is not None else 2 * SILENT_AFTER
    here = connected or set()
    _still_here([member_id for member_id in silent if member_id in here])
    absent = [member_id for member_id in silent if member_id not in here]
    _went_away(session_id, absent, silent_since=moment - patience)


def _connected(session_id: str) -> set[str] | None:
    """Asks the engine for the members with a socket; None where it should know and does not answer."""
    # Closes the transaction: none stays open during a request to the engine.
    session.rollback()
    message_usage.count_question(session_id)
    return realtime.present(realtime.presence_channel(session_id))


def _still_here(member_ids: list[str]) -> None:
    if member_ids:
        now = clock.now()
        with transaction():
            session.execute(update(models.Member).where(models.Member.id.in_(member_ids)).values(seen_at=now))
        last_seen.note(member_ids, now)


def here(channel: str) -> dict[str, dict[str, str]]:
    """Returns the present members of a session's presence channel, judged by their own requests: member ids with their
    names."""
    session_id = realtime.session_of(channel) or ""
    if not _is_there(session_id):
        return {}
    return {each.id: {"name": each.name} for each in newest(session_id).value.current_members if not each.absent}


def _is_there(session_id: str) -> bool:
    return ids.could_be_id(session_id) and session.get(PokerSession, session_id) is not None


def may_have_left(channel: str, member_id: str) -> None:
    """Handles the closing of a member's socket where the engine cannot tell whether it was the last: sets ``seen_at``
    back, so that the member is away unless another tab polls within LAST_CHANCE."""
    session_id = realtime.session_of(channel) or ""
    if ids.could_be_id(session_id) and ids.could_be_id(member_id):
        known = clock.now() - SILENT_AFTER + LAST_CHANCE
        with transaction():
            session.execute(
                update(models.Member)
                .where(
                    models.Member.id == member_id,
                    models.Member.session_id == session_id,
                    models.Member.seen_at > known,
                )
                .values(seen_at=known)
            )
        last_seen.forget(member_id)
        _silent_from.pop(session_id, None)


def handle_webhook(events: Iterable[dict[str, Any]]) -> None:
    """Handles the engine's webhook: members who came to and went from a session's presence channel. Unknown events and
    sessions are ignored, and a repeated event changes nothing."""
    for event in events:
        session_id = realtime.session_of(str(event.get("channel", ""))) or ""
        if not _is_there(session_id):
            continue
        if event.get("name") in ("member_added", "member_removed"):
            message_usage.count_presence(session_id)
        match event.get("name"), event.get("user_id"):
            case "member_added", str(member_id) if ids.could_be_id(member_id):
                # Usually recorded already, when the member's page was loaded.
                if (member := newest(session_id).value.members.get(member_id)) and not member.removed_at:
                    note_seen(member)
            case "member_removed", str(member_id) if ids.could_be_id(member_id):
                _handle_departure(str(event["channel"]), session_id, member_id)
            case "channel_vacated", _:
                # Each departure has an event of its own, and a member who polls without a socket is still here.
                sweep(session_id)


def _handle_departure(channel: str, session_id: str, member_id: str) -> None:
    # Webhooks come late, doubled and in any order: the engine knows who has come back since.
    connected = _connected(session_id)
    if connected is None:
        may_have_left(channel, member_id)
    elif member_id not in connected:
        _went_away(session_id, [member_id])
