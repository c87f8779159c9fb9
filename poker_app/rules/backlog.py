"""What a task of the backlog holds, and its limits; also moves an item within an order.

``rules.imports`` makes such tasks of a pasted list."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

MAX_TITLE = 255
"""As trackers allow."""
MAX_DESCRIPTION = 10_000
MAX_KEY = 40
MAX_URL = 2000


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One task as pasted; all but ``title`` may be empty."""

    title: str
    key: str = ""
    url: str = ""
    description: str = ""


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
    for field, what, limit in (("key", "key", MAX_KEY), ("url", "link", MAX_URL)):
        if (length := len(getattr(task, field))) > limit:
            task = replace(task, **{field: ""})
            problems.append(f"a {what} has at most {limit} characters, and this one {length}: it was left out")
    if (length := len(task.description)) > MAX_DESCRIPTION:
        task = replace(task, description=task.description[: MAX_DESCRIPTION - 1] + "…")
        problems.append(f"a description has at most {MAX_DESCRIPTION} characters, and this one {length}: it was cut")
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
