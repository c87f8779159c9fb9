"""Editing a task's fields, and detecting two edits of the same field."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from poker_app import ids
from poker_app.errors import Conflict, Invalid
from poker_app.poker.change import Holder, change
from poker_app.rules.backlog import LABELS_LIMIT, LONG, MAX_LABELS, MAX_LENGTHS, MAX_WORD, NAMES, labels_in
from poker_app.rules.printable import one_line, without_hidden
from poker_app.rules.session import tasks as rules
from poker_app.rules.session.change import Change
from poker_app.rules.session.value import Member, Session


class Clash(Conflict):
    """Another member changed the same field since the form was loaded. ``typed`` are the task's fields with both edits
    merged: what one of them changed alone, and for ``field``, which both did, the refused text."""

    def __init__(self, field: str, typed: dict[str, str]) -> None:
        super().__init__(f"Somebody else changed the {NAMES[field]} meanwhile. Save again to keep yours instead.")
        self.field = field
        self.typed = typed


def shown(task: Any) -> str:
    """Returns digests of the fields as the form showed them, and the task's id: the form sends them back."""
    return ".".join([*(_short(getattr(task, field)) for field in MAX_LENGTHS), task.id])


def _short(text: str) -> str:
    return ids.digest(text)[:16]


def edit_task(who: Holder, task_id: str, *, before: str = "", **typed: str) -> None:
    """Changes the ``typed`` of a task's fields; the others stay. ``before`` is what was ``shown``: with it only what
    the member changed is written, so that two who edit a task at once do not undo each other.

    Raises:
        Invalid: (422) with the field.
        Clash: (409) both changed the same field.
        Conflict: (409) the form was filled in for another task.
    """
    if before.split(".")[len(MAX_LENGTHS) :] not in ([], [task_id]):
        raise Conflict("This form was filled in for another task, so nothing was saved. Open the task again.")
    seen = dict(zip(MAX_LENGTHS, before.split("."), strict=False)) if before else {}
    rule = partial(rules.edit_task, task_id=task_id, checked=partial(checked, typed), before=seen, short=_short)
    clash: rules.Clash | None = change(who, rule).answer
    if clash:
        raise Clash(clash.field, dict(clash.typed))


def edit_some(who: Holder, task_id: str, some: Callable[[Session], Mapping[str, str]]) -> Session:
    """Changes those fields of a task that ``some`` returns for the session as it is then. Returns the session after it.
    Raises Invalid, naming the field, and what ``some`` does."""

    def rule(value: Session, me: Member, now: datetime) -> Change:
        return rules.edit_task(
            value, me, now, task_id=task_id, checked=lambda: checked(some(value)), before={}, short=_short
        )

    return change(who, rule).value


def checked(typed: Mapping[str, str]) -> dict[str, str]:
    """Returns fields of a task as they are stored.

    Raises:
        Invalid: (422) with the field that cannot be.
    """
    plain = {field: _lines(text) if field in LONG else one_line(text) for field, text in typed.items()}
    for field, text in plain.items():
        if len(text) > MAX_LENGTHS[field]:
            raise Invalid(
                f"The {NAMES[field]} has at most {MAX_LENGTHS[field]} characters; this one has {len(text)}.", field
            )
    if plain.get("title") == "":
        raise Invalid("Give the task a title.", "title")
    if plain.get("url") and not plain["url"].lower().startswith(("https://", "http://")):
        raise Invalid("A task's link begins with https:// or http://.", "url")
    if "labels" in plain:
        labels = labels_in(plain["labels"])
        if len(labels) > MAX_LABELS or any(len(label) > MAX_WORD for label in labels):
            raise Invalid(f"{LABELS_LIMIT[0].upper()}{LABELS_LIMIT[1:]}.", "labels")
        plain["labels"] = ", ".join(labels)
    return plain


def _lines(text: str) -> str:
    return without_hidden(text, keep="\t\n\r").replace("\r\n", "\n").strip()
