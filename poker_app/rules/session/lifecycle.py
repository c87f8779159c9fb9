"""Rules of the whole session: its name and options, the timer, its end and reopening, claiming, deleting, restoring."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from poker_app.rules import Refused
from poker_app.rules.durations import in_words
from poker_app.rules.session.change import Change, Event, require_facilitator
from poker_app.rules.session.tasks import leave_current
from poker_app.rules.session.value import Member, Session
from poker_app.rules.timer import Timer

REOPENED_WITHIN = timedelta(hours=24)
TOO_OLD = f"A session can be reopened for {in_words(REOPENED_WITHIN)} after its end. Copy it to go on with its tasks."
ANOTHER_ACCOUNT = "This session belongs to another account already."


def change_options(value: Session, me: Member, now: datetime, *, checked: Callable[[], Mapping[str, Any]]) -> Change:
    """Renames the session and changes its options, from now on. ``checked`` returns the new values of the fields, or
    refuses what was typed: it is called last."""
    require_facilitator(me, "change the session's options")
    return Change(replace(value, **checked())).then(Event.OPTIONS_CHANGED, tasks=True)


def start_timer(value: Session, now: datetime) -> Timer | None:
    """Returns a timer that starts over with the session's length."""
    return Timer.started(value.timer_length, now)


def pause_timer(value: Session, now: datetime) -> Timer | None:
    """Returns the timer paused."""
    return value.timer.paused(now) if value.timer else None


def resume_timer(value: Session, now: datetime) -> Timer | None:
    """Returns the timer running on from where it was paused."""
    return value.timer.resumed(now) if value.timer else None


def stop_timer(value: Session, now: datetime) -> Timer | None:
    """Returns None: the timer is removed."""
    return None


def set_timer(value: Session, me: Member, now: datetime, *, how: Callable[[Session, datetime], Timer | None]) -> Change:
    """Change the timer in one of the four ways above; without a timer to be paused, resumed or stopped nothing
    changes."""
    require_facilitator(me, "set the timer")
    timer = how(value, now)
    if timer == value.timer:
        return Change(value)
    value = replace(
        value,
        timer_ends_at=timer.ends_at if timer else None,
        timer_remaining=timer.remaining if timer else None,
    )
    return Change(value).then(Event.TIMER_CHANGED)


def end(value: Session, me: Member, now: datetime) -> Change:
    """Ends the session for all members. Ending an ended session changes nothing."""
    require_facilitator(me, "end the session")
    return Change(value) if value.ended_at else end_as_of(value, now, by=me.name)


def end_as_of(value: Session, moment: datetime, *, by: str) -> Change:
    """Ends the session as of a moment, under the name ``by``; the current task took time up to then."""
    value = leave_current(value, moment).without_timer()
    return Change(replace(value, ended_at=moment, ended_by=by)).then(Event.SESSION_ENDED, tasks=True)


def reopen(value: Session, me: Member, now: datetime) -> Change:
    """Reopens a session that ended less than a day ago. One that is running stays so.

    Raises:
        Refused: forbidden, for a member who is no facilitator; conflict, a day after the end.
    """
    require_facilitator(me, "reopen the session")
    if value.ended_at is None:
        return Change(value)
    if now - value.ended_at > REOPENED_WITHIN:
        raise Refused("conflict", TOO_OLD)
    value = value.with_task(replace(value.task, current_since=now))
    return Change(replace(value, ended_at=None, ended_by=None)).then(Event.SESSION_REOPENED, tasks=True)


def claim(value: Session, me: Member, now: datetime, *, account_id: str) -> Change:
    """Assigns a session that was opened without an account to an account, with all that is in it. A second call changes
    nothing.

    Raises:
        Refused: forbidden, for a member who is no facilitator; conflict, where it is another account's.
    """
    require_facilitator(me, "keep the session")
    if value.account_id == account_id:
        return Change(value)
    if not value.of_guests:
        raise Refused("conflict", ANOTHER_ACCOUNT)
    return Change(replace(value, account_id=account_id)).then(Event.OPTIONS_CHANGED)


def delete(value: Session, now: datetime) -> Change:
    """Deletes the session, ended for all its members."""
    if value.deleted_at:
        return Change(value)
    taken_away = Change(replace(value, deleted_at=now))
    return taken_away.then(Event.SESSION_ENDED, tasks=True) if value.running else taken_away.unannounced()


def restore(value: Session, now: datetime) -> Change:
    """Restores a deleted session as it was."""
    return Change(replace(value, deleted_at=None)).unannounced() if value.deleted_at else Change(value)


def rename_ender(value: Session, now: datetime, *, name: str, to: str) -> Change:
    """Replaces the name of the person who ended the session, where it is ``name``."""
    return Change(replace(value, ended_by=to)).unannounced() if value.ended_by == name else Change(value)
