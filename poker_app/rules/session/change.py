"""A change to a session: its new value and the events that it publishes; and the step that completes each change."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from poker_app.rules import Refused
from poker_app.rules.round import everyone_voted
from poker_app.rules.session.value import (
    DELETED,
    ENDED,
    LEFT,
    NOT_A_MEMBER,
    REMOVED,
    TEXTS,
    Before,
    Member,
    Session,
    Task,
    Undo,
)


class Event(StrEnum):
    """The names of the events that browsers receive."""

    VOTE = "vote"
    MEMBER_JOINED = "member-joined"
    TASK_FINALIZED = "task-finalized"
    SESSION_ENDED = "session-ended"
    SESSION_REOPENED = "session-reopened"
    ROUND_REVEALED = "round-revealed"
    ROUND_OPENED = "round-opened"
    TASKS_CHANGED = "tasks-changed"
    MEMBER_LEFT = "member-left"
    MEMBER_REMOVED = "member-removed"
    MEMBER_NUDGED = "member-nudged"
    ROLE_CHANGED = "role-changed"
    TIMER_CHANGED = "timer-changed"
    OPTIONS_CHANGED = "options-changed"


EVENTS = {
    Event.VOTE: "A card was played, changed or taken back.",
    Event.MEMBER_JOINED: "A member joined or came back.",
    Event.TASK_FINALIZED: "The current task got its estimate.",
    Event.SESSION_ENDED: "The session is over; the report is there.",
    Event.SESSION_REOPENED: "A facilitator goes on with a session that had ended.",
    Event.ROUND_REVEALED: "The cards turned over.",
    Event.ROUND_OPENED: "A new round: a revote, or another task.",
    Event.TASKS_CHANGED: "Tasks were added, edited, moved, deleted or reopened, or a change was undone.",
    Event.MEMBER_LEFT: "A member left or lost the connection.",
    Event.MEMBER_REMOVED: "A facilitator removed a member, named in `member`.",
    Event.MEMBER_NUDGED: "A facilitator asks members to vote, named in `member` with spaces between.",
    Event.ROLE_CHANGED: "A member facilitates, votes or watches who did not before.",
    Event.TIMER_CHANGED: "The timer was started, paused, resumed or put away.",
    Event.OPTIONS_CHANGED: "The session's name or options changed.",
}


MAX_REPLACED = 500_000
"""Characters of replaced texts that are kept for an undo. They are loaded with the session, as its tasks are."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of a change: its version of the session, and the members that it names."""

    event: Event
    version: int
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """A session after a change, its events in order, and the answer of the rule."""

    value: Session
    happened: tuple[Happened, ...] = ()
    answer: Any = None

    def then(self, event: Event, *, tasks: bool = False, **about: str) -> "Change":
        """Adds one event, with a version of its own. ``tasks``: the backlog, or the current task, changed too."""
        version = self.value.version + 1
        value = replace(self.value, version=version)
        if tasks:
            # What undid the change of the tasks before does not any more, and goes with the texts that are in it.
            value = replace(value, tasks_version=version, undo=None)
        return replace(self, value=value, happened=(*self.happened, Happened(event, version, about)))

    @property
    def undo(self) -> int | None:
        """The version that ``undo.undo`` takes back, where this change is one that can be undone."""
        known = self.value.undo
        return known["version"] if known and any(known["version"] == each.version for each in self.happened) else None

    def unannounced(self) -> "Change":
        """Counts the change as a version, without an event."""
        return replace(self, value=replace(self.value, version=self.value.version + 1))


def acting_member(
    value: Session, member: Member | None, *, after_end: bool = False, after_leaving: bool = False
) -> Member:
    """Returns the member who asks for a change, if they may ask now.

    Raises:
        Refused: missing, for a stranger, a removed member and in a deleted session; conflict, once the session has
            ended and for a member who left a running one.
    """
    if value.deleted_at:
        raise Refused("missing", DELETED)
    if member is None:
        raise Refused("missing", NOT_A_MEMBER)
    if member.removed_at:
        raise Refused("missing", REMOVED)
    if value.ended_at and not after_end:
        raise Refused("conflict", ENDED)
    if member.has_left and value.running and not after_leaving:
        raise Refused("conflict", LEFT)
    return member


def require_facilitator(member: Member, what: str) -> None:
    """Check that a member is a facilitator.

    Raises:
        Refused: forbidden, with the sentence "Only a facilitator may <what>."
    """
    if not member.facilitates:
        raise Refused("forbidden", f"Only a facilitator may {what}.")


def undoable(before: Session, change: Change) -> Change:
    """Returns the change, which was made of ``before``, with the data that undoes it. One that replaced more than
    ``MAX_REPLACED`` characters cannot be undone."""
    value = change.value
    texts = {key: each for key, task in value.tasks.items() if (each := _replaced(before.tasks.get(key), task))}
    if sum(len(text) for each in texts.values() for text in each.values()) > MAX_REPLACED:
        return change
    tasks = {
        key: _before(before.tasks.get(key)) for key, task in value.tasks.items() if before.tasks.get(key) is not task
    }
    undo = Undo(
        version=value.version, task_id=before.current_task_id, round_id=before.round.id, tasks=tasks, texts=texts
    )
    return replace(change, value=replace(value, undo=undo))


def _replaced(before: Task | None, task: Task) -> Mapping[str, str]:
    if before is None or before is task:
        return {}
    return {name: text for name in TEXTS if (text := getattr(before, name)) != getattr(task, name)}


def _before(task: Task | None) -> Before:
    """Returns the part of a task that the undo restores. A task that the change made is deleted by the undo."""
    if task is None:
        return Before(estimate=None, skipped=False, deleted=True)
    return Before(estimate=task.estimate, skipped=task.skipped_at is not None, deleted=task.deleted_at is not None)


def finished(change: Change, now: datetime) -> Change:
    """Completes a change: reveals the cards where the session reveals by itself and every voter who is waited for has a
    card."""
    return revealed(change, now) if is_complete(change.value, now) else change


def is_complete(value: Session, now: datetime) -> bool:
    """Whether the cards are to be revealed without a request for it."""
    if not value.auto_reveal or not value.running or value.round.revealed_at or value.rounds_used_up:
        return False
    return everyone_voted([key for key, member in value.members.items() if member.awaited(now)], value.round.votes)


def revealed(change: Change, now: datetime) -> Change:
    """Reveals the cards: the one place for all ways to it."""
    value = change.value
    turned = replace(value.round, revealed_at=now, names_hidden=value.hides_names)
    value = replace(
        value.without_timer(), rounds=replace(value.rounds, newest=turned, aside=None), played=value.played + 1
    )
    return replace(change, value=value).then(Event.ROUND_REVEALED)
