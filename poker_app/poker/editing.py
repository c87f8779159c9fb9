"""What a task says: its title, key, link and description."""

from poker_app.errors import Conflict, Invalid
from poker_app.poker.models import Member
from poker_app.poker.names import SPACING
from poker_app.poker.turn import turn
from poker_app.rules.backlog import MAX_KEY, MAX_TITLE, MAX_URL
from poker_app.rules.printable import without_hidden

MAX_DESCRIPTION = 10_000


def edit_task(member: Member, task_id: str, *, title: str, key: str, url: str, description: str) -> None:
    """Change what a task says. Raises Invalid, naming the field."""
    with turn(member) as now:
        now.require_facilitator("edit tasks")
        task = now.task(task_id)
        if task.deleted_at:
            raise Conflict("That task was deleted.")
        task.title, task.key, task.url, task.description = _checked(title, key, url, description)
        now.announce("tasks-changed", agenda=True)


def _checked(title: str, key: str, url: str, description: str) -> tuple[str, str, str, str]:
    title, key, url = (" ".join(without_hidden(text, keep=SPACING).split()) for text in (title, key, url))
    description = without_hidden(description.replace("\r\n", "\n"), keep=SPACING).strip()
    for field, text, most in (
        ("title", title, MAX_TITLE),
        ("key", key, MAX_KEY),
        ("url", url, MAX_URL),
        ("description", description, MAX_DESCRIPTION),
    ):
        if len(text) > most:
            raise Invalid(f"The {field} has at most {most} characters; this one has {len(text)}.", field)
    if not title:
        raise Invalid("Give the task a title.", "title")
    if url and not url.lower().startswith(("https://", "http://")):
        raise Invalid("A task's link begins with https:// or http://.", "url")
    return title, key, url, description
