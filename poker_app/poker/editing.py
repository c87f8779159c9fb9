"""What a task says: its title, key, link and description; and what becomes of it when two change it at once."""

from poker_app import ids
from poker_app.errors import Conflict, Invalid
from poker_app.poker.models import Member, Task
from poker_app.poker.names import SPACING
from poker_app.poker.turn import turn
from poker_app.rules.backlog import MAX_KEY, MAX_TITLE, MAX_URL
from poker_app.rules.printable import without_hidden

MAX_DESCRIPTION = 10_000
MOST = {"title": MAX_TITLE, "key": MAX_KEY, "url": MAX_URL, "description": MAX_DESCRIPTION}
NAMES = {"title": "title", "key": "key", "url": "link", "description": "description"}


class Clash(Conflict):
    """Somebody else changed the same field meanwhile. ``typed`` is what the task would say with both at work: what one
    changed alone, and of ``field``, which both did, what was refused."""

    def __init__(self, field: str, typed: dict[str, str]) -> None:
        super().__init__(f"Somebody else changed the {NAMES[field]} meanwhile. Save again to keep yours instead.")
        self.field = field
        self.typed = typed


def shown(task: Task) -> str:
    """Digests of the fields as the form showed them, and the task's id: the form sends them back."""
    return ".".join([*(_short(getattr(task, field)) for field in MOST), task.id])


def _short(text: str) -> str:
    return ids.digest(text)[:16]


def edit_task(
    member: Member, task_id: str, *, title: str, key: str, url: str, description: str, before: str = ""
) -> None:
    """Change what a task says. Raises Invalid (422), naming the field.

    ``before`` is what was ``shown``: with it only what the member changed is written, so that two who edit a task at
    once do not undo each other. Raises Clash (409) where both changed the same, and Conflict (409) for a form that was
    filled in for another task.
    """
    if before.split(".")[len(MOST) :] not in ([], [task_id]):
        raise Conflict("This form was filled in for another task, so nothing was saved. Open the task again.")
    with turn(member) as now:
        now.require_facilitator("edit tasks")
        task = now.task(task_id)
        if task.deleted_at:
            raise Conflict("That task was deleted.")
        typed = _checked({"title": title, "key": key, "url": url, "description": description})
        if before:
            typed = _with_what_others_changed(task, typed, dict(zip(MOST, before.split("."), strict=False)))
        for field, text in typed.items():
            setattr(task, field, text)
        now.announce("tasks-changed", agenda=True)


def _with_what_others_changed(task: Task, typed: dict[str, str], before: dict[str, str]) -> dict[str, str]:
    theirs = {field: getattr(task, field) for field in MOST}
    untouched = {field for field in MOST if _short(typed[field]) == before.get(field)}
    both = {field: theirs[field] if field in untouched else typed[field] for field in MOST}
    for field in MOST:
        if both[field] != theirs[field] and _short(theirs[field]) != before.get(field):
            raise Clash(field, both)
    return both


def _checked(typed: dict[str, str]) -> dict[str, str]:
    plain = {field: without_hidden(text, keep=SPACING) for field, text in typed.items()}
    plain |= {field: " ".join(text.split()) for field, text in plain.items() if field != "description"}
    plain["description"] = plain["description"].replace("\r\n", "\n").strip()
    for field, text in plain.items():
        if len(text) > MOST[field]:
            raise Invalid(f"The {NAMES[field]} has at most {MOST[field]} characters; this one has {len(text)}.", field)
    if not plain["title"]:
        raise Invalid("Give the task a title.", "title")
    if plain["url"] and not plain["url"].lower().startswith(("https://", "http://")):
        raise Invalid("A task's link begins with https:// or http://.", "url")
    return plain
