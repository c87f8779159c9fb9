"""What a task of the backlog holds, and its limits; also moves an item within an order.

``rules.imports`` makes such tasks of a pasted list."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

MAX_TITLE = 255
"""As trackers allow."""
MAX_DESCRIPTION = 10_000
MAX_KEY = 40
MAX_URL = 2000
MAX_WORD = 60
"""Of a type, a priority and a label."""
MAX_LABELS = 20
MAX_PARENT = 300
"""A key and a title."""
MAX_ACCEPTANCE = 5_000


@dataclass(frozen=True, slots=True)
class TaskLine:
    """What a task holds when it is added; all but ``title`` may be empty. ``labels`` are joined by commas, ``parent``
    is a key, a title or both, ``acceptance`` are the acceptance criteria in Markdown."""

    title: str
    key: str = ""
    url: str = ""
    description: str = ""
    type: str = ""
    priority: str = ""
    labels: str = ""
    parent: str = ""
    acceptance: str = ""


FIELDS = tuple(each.name for each in fields(TaskLine))
NAMES = {name: name for name in FIELDS} | {
    "url": "link",
    "labels": "list of labels",
    "acceptance": "list of acceptance criteria",
}
"""What each field is called in a sentence."""
MAX_LENGTHS = {
    "title": MAX_TITLE,
    "key": MAX_KEY,
    "url": MAX_URL,
    "description": MAX_DESCRIPTION,
    "type": MAX_WORD,
    "priority": MAX_WORD,
    "labels": MAX_LABELS * (MAX_WORD + len(", ")),
    "parent": MAX_PARENT,
    "acceptance": MAX_ACCEPTANCE,
}
LONG = ("description", "acceptance")
"""The fields that have several lines."""
_BETWEEN = re.compile(r"[,;\n]")


def said(task: Any) -> dict[str, str]:
    """The fields of a task, or of a line that becomes one, by their names."""
    return {name: getattr(task, name) for name in FIELDS}


def labels_in(text: str) -> list[str]:
    """The labels of a text, which stand between commas, semicolons or on lines of their own; each once."""
    found: dict[str, str] = {}
    for label in _BETWEEN.split(text):
        if plain := " ".join(label.split()):
            found.setdefault(plain.casefold(), plain)
    return list(found.values())


LABELS_LIMIT = f"a task has at most {MAX_LABELS} labels of {MAX_WORD} characters each"


def within_limits(task: TaskLine) -> tuple[TaskLine, list[str]]:
    """The task with what fits of it, and what does not."""
    problems = []
    if (length := len(task.title)) > MAX_TITLE:
        cut = task.title[: MAX_TITLE - 1]
        # After a word, where one ends near the limit.
        cut = cut[: cut.rfind(" ", MAX_TITLE // 2)] if " " in cut[MAX_TITLE // 2 :] else cut
        whole = f"{task.title}\n\n{task.description}".strip()
        task = replace(task, title=cut.rstrip() + "…", description=whole)
        problems.append(
            f"a title has at most {MAX_TITLE} characters, and this one {length}: the whole is in the description"
        )
    labels = labels_in(task.labels)
    fitting = [label for label in labels if len(label) <= MAX_WORD][:MAX_LABELS]
    if len(fitting) < len(labels):
        problems.append(f"{LABELS_LIMIT}: {len(labels) - len(fitting)} of {len(labels)} were left out")
    task = replace(task, labels=", ".join(fitting))
    for field in FIELDS[1:]:
        if (length := len(text := getattr(task, field))) > (limit := MAX_LENGTHS[field]):
            stays = field not in ("key", "url")
            task = replace(task, **{field: text[: limit - 1] + "…" if stays else ""})
            done = "cut" if stays else "left out"
            problems.append(f"a {NAMES[field]} has at most {limit} characters, and this one {length}: it was {done}")
    return task, problems


MAX_SAID = 3


def said_of(left_out: Sequence[str]) -> str:
    """Returns what was left out of a pasted list, in a few sentences; empty where it was nothing."""
    more = len(left_out) - MAX_SAID
    return " ".join([*left_out[:MAX_SAID], *([f"{more} more like that."] if more > 0 else [])])


def moved(order: Sequence[str], item: str, to: int) -> list[str]:
    """The order with one item at index ``to``, or at the nearest end. Raises ValueError for an item not in it."""
    rest = list(order)
    rest.remove(item)
    rest.insert(max(0, to), item)
    return rest
