"""The public events, which webhooks carry, and their data, made from a session's value.

A round is in them once its cards are face up, and with names only where the session shows them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any

from poker_app.rules.report import points
from poker_app.rules.session.change import Change, Event
from poker_app.rules.session.rounds import Round
from poker_app.rules.session.value import Session, Task
from poker_app.rules.tally import tally


class PublicEvent(StrEnum):
    """The types of events that a webhook may ask for."""

    SESSION_OPENED = "session.opened"
    ROUND_REVEALED = "round.revealed"
    TASK_FINALIZED = "task.finalized"
    SESSION_ENDED = "session.ended"
    SESSION_REOPENED = "session.reopened"
    CREDITS_LOW = "credits.low"


PUBLIC_EVENTS = {
    PublicEvent.SESSION_OPENED: "A session was opened.",
    PublicEvent.ROUND_REVEALED: "The cards of a round turned over.",
    PublicEvent.TASK_FINALIZED: "A task got its estimate.",
    PublicEvent.SESSION_ENDED: "A session ended.",
    PublicEvent.SESSION_REOPENED: "A session that had ended goes on.",
    PublicEvent.CREDITS_LOW: "The account’s credits run out.",
}
TEST = "webhook.test"
"""The type of the event that a person sends from the webhook's page."""
OF_CHANGES = {
    Event.ROUND_REVEALED: PublicEvent.ROUND_REVEALED,
    Event.TASK_FINALIZED: PublicEvent.TASK_FINALIZED,
    Event.SESSION_ENDED: PublicEvent.SESSION_ENDED,
    Event.SESSION_REOPENED: PublicEvent.SESSION_REOPENED,
}


SHORT_TITLE = 80
"""Characters of a title in the list of a session that ended."""


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses of a session, "" where the service does not know its own: its page, its report, and the one to
    join by."""

    session: str = ""
    report: str = ""
    join: str = ""


def is_public(change: Change) -> bool:
    """Whether a change has an event that is public."""
    return any(each.event in OF_CHANGES for each in change.happened)


def of_change(before: Session, change: Change, links: Links) -> Iterator[tuple[PublicEvent, dict[str, Any]]]:
    """The public events of a change, in order, each with its data."""
    value = change.value
    about = {"session": _session(value.id, value.name, links)}
    for each in change.happened:
        match type_ := OF_CHANGES.get(each.event):
            case PublicEvent.ROUND_REVEALED if value.round.revealed_at:
                yield type_, about | {"task": _task(value.task), "round": _round(value, value.round)}
            case PublicEvent.TASK_FINALIZED:
                yield from ((type_, about | {"task": _task(task)}) for task in _newest(before, value))
            case PublicEvent.SESSION_ENDED:
                yield type_, about | _summary(value)
            case PublicEvent.SESSION_REOPENED:
                yield type_, about


def opened(session_id: str, name: str, *, cards: Sequence[str], tasks: int, links: Links) -> dict[str, Any]:
    """The data of a session that was opened: so many ``tasks`` are to be estimated, none in a quick vote."""
    about = _session(session_id, name, links)
    return {"session": about, "join_url": links.join or None, "cards": [*cards], "tasks_count": tasks}


def credits_low(balance: int, low: int) -> dict[str, Any]:
    """The data of an account whose balance fell to ``low`` or below."""
    return {"balance": balance, "low": low}


def envelope(type_: str, at: datetime, data: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent: the type, the moment of the change, and the data, as Standard Webhooks recommends."""
    moment = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"type": type_, "timestamp": moment, "data": data}


def _session(session_id: str, name: str, links: Links) -> dict[str, Any]:
    return {"id": session_id, "name": name, "url": links.session or None, "report_url": links.report or None}


def _task(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "key": task.key or None,
        "title": task.title,
        "url": task.url or None,
        "estimate": task.estimate,
        "note": task.note or None,
    }


def _in_short(task: Task) -> dict[str, Any]:
    """A task of a whole backlog: without its address and note, so that the event of a large one stays small."""
    title = task.title if len(task.title) <= SHORT_TITLE else f"{task.title[: SHORT_TITLE - 1]}…"
    return {"id": task.id, "key": task.key or None, "title": title, "estimate": task.estimate}


def _newest(before: Session, value: Session) -> list[Task]:
    """The tasks that got another estimate by a change."""
    known = {key: task.estimate for key, task in before.tasks.items()}
    return [task for key, task in value.tasks.items() if task.estimate and task.estimate != known.get(key)]


def _round(value: Session, round_: Round) -> dict[str, Any]:
    figures = tally(value.cards, round_.cards)
    cards = []
    for card, votes in figures.distribution:
        laid: dict[str, Any] = {"card": card, "votes": votes}
        if not round_.names_hidden:
            laid["voters"] = [value.members[key].name for key, played in round_.cards.items() if played == card]
        cards.append(laid)
    return {
        "id": round_.id,
        "number": round_.number,
        "cards": cards,
        "names_hidden": round_.names_hidden,
        "mean": _figure(figures.mean),
        "median": _figure(figures.median),
        "agreement": _figure(figures.agreement),
        "consensus": figures.consensus,
        "suggested": figures.suggested,
    }


def _summary(value: Session) -> dict[str, Any]:
    """What a session that ended leaves. ``points`` is None for cards that are words. A quick vote's task without a name
    and an estimate is left out."""
    tasks = [task for task in value.backlog if task.title or task.key or task.estimate]
    return {
        "deleted": value.deleted_at is not None,
        "tasks_count": len(tasks),
        "estimated_count": sum(task.estimate is not None for task in tasks),
        "points": _figure(points(value.cards, (task.estimate for task in tasks))),
        "tasks": [_in_short(task) for task in tasks],
    }


def _figure(number: Fraction | None) -> float | int | None:
    """A number with at most two decimals."""
    if number is None:
        return None
    return int(number) if number.denominator == 1 else round(float(number), 2)
