"""CSV that a tracker takes in: for each tracker its columns, and what its import makes of them.

Listed are those whose own import reads CSV. GitHub and Trello have none; YouTrack reads Google Sheets. All of them
expect commas, decimal points and no byte order mark. Unlike a file for spreadsheets it has no apostrophes, which an
import would take for a part of a key or title: a task with a text that could run as a formula is left out instead.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from poker_app.rules.spreadsheet import is_formula


@dataclass(frozen=True, slots=True)
class Estimated:
    """A task of the report. ``points`` is None where its estimate is no number, or where it has none."""

    title: str
    key: str = ""
    url: str = ""
    type: str = ""
    estimate: str | None = None
    points: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Tracker:
    """A tracker whose import reads CSV. ``columns``: their names, and what is in each, "" for one that has to be there
    and is empty. ``does`` says what its import makes of the file. One that ``updates`` finds tasks by the keys for
    which ``is_key`` holds; others make new ones. ``points_by_type``: the name of the column of points for tasks of a
    type, where it is not the usual one."""

    name: str
    label: str
    columns: Mapping[str, str]
    does: str
    is_key: Callable[[str], bool] | None = None
    whole_numbers: bool = False
    points_by_type: Mapping[str, str] = field(default_factory=dict)

    @property
    def updates(self) -> bool:
        return self.is_key is not None


def _is_jira_key(key: str) -> bool:
    project, _, number = key.rpartition("-")
    return project.isascii() and project.replace("_", "").isalnum() and project[0].isalpha() and _is_number(number)


def _is_azure_id(key: str) -> bool:
    return _is_number(key.removeprefix("#"))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


TRACKERS: Mapping[str, Tracker] = {
    tracker.name: tracker
    for tracker in (
        Tracker(
            "jira",
            "Jira",
            {"Issue key": "key", "Summary": "title", "Story Points": "points"},
            "Updates the tasks with these keys. A Jira admin imports it under System, External System Import, where "
            "each column goes to the field of its name; in a team-managed project, points go to the one for estimates.",
            _is_jira_key,
        ),
        Tracker(
            "azure",
            "Azure DevOps",
            {"ID": "id", "Work Item Type": "type", "Title": "title", "Story Points": "points"},
            "Updates the tasks with these IDs, under Boards, Queries, Import Work Items, which shows them before "
            "they are saved.",
            _is_azure_id,
            points_by_type={"Product Backlog Item": "Effort", "Requirement": "Size"},
        ),
        Tracker(
            "gitlab",
            "GitLab",
            {"title": "title", "description": "weight"},
            "Creates a new task for each, with its link as the description and its points as the weight. It cannot "
            "update tasks.",
            whole_numbers=True,
        ),
        Tracker(
            "linear",
            "Linear",
            {
                "Title": "title",
                "Description": "url",
                "Status": "",
                "Priority": "",
                "Assignee": "",
                "Labels": "",
                "Estimate": "points",
            },
            "Creates a new task for each, by Linear’s importer for the command line (npx @linear/import, Linear CSV). "
            "It cannot update tasks.",
            whole_numbers=True,
        ),
        Tracker(
            "clickup",
            "ClickUp",
            {"Task Name": "title", "Link": "url", "Points": "points"},
            "Creates a new task for each, under Settings, Imports, Spreadsheet, where Points goes to a field for "
            "numbers. It cannot update tasks.",
        ),
        Tracker(
            "asana",
            "Asana",
            {"Name": "title", "Link": "url", "Points": "points"},
            "Creates a new task for each, by Import, CSV of a project, where Points goes to a field for numbers. It "
            "cannot update tasks.",
        ),
    )
}

_HOSTS = {
    "atlassian.net": "jira",
    "dev.azure.com": "azure",
    "visualstudio.com": "azure",
    "gitlab.com": "gitlab",
    "linear.app": "linear",
    "clickup.com": "clickup",
    "asana.com": "asana",
    "github.com": "github",
    "trello.com": "trello",
    "youtrack.cloud": "youtrack",
    "shortcut.com": "shortcut",
}
_PATHS = {"/browse/": "jira", "/_workitems/": "azure", "/-/": "gitlab"}
"""Trackers at an address of their own, by a part of their tasks' addresses."""


def home_of(url: str) -> str:
    """Returns the name of the tracker that a task's address belongs to; "" for an address of none that is known."""
    host, _, path = url.partition("://")[2].partition("/")
    host = host.partition("?")[0].partition("#")[0].rpartition("@")[2].partition(":")[0].lower()
    for domain, name in _HOSTS.items():
        if host == domain or host.endswith(f".{domain}"):
            return name
    return next((name for part, name in _PATHS.items() if part in f"/{path}"), "")


def usual_tracker(tasks: Iterable[Estimated]) -> str:
    """Returns the name of the tracker from which most of the tasks are: by their links, else by the form of their keys.
    Jira where nothing says another."""
    homes: Counter[str] = Counter()
    for task in tasks:
        home = home_of(task.url) or ("jira" if _is_jira_key(task.key) else "")
        if home in TRACKERS:
            homes[home] += 1
    return max(homes, key=lambda name: homes[name], default="jira")


# --- the file

NO_ESTIMATE = "without an estimate"
NO_NUMBER = "with an estimate that is no number"
NOT_WHOLE = "with an estimate that is no whole number"
NO_KEY = "without a key of this tracker"
ELSEWHERE = "of another tracker"
TWICE = "with a key that came before"
NO_TYPE = "without a work item type"
FORMULA = "with a text that a spreadsheet could run as a formula"


@dataclass(frozen=True, slots=True)
class Exported:
    """The names of the columns and the rows below them. ``left_out``: a reason each, and the tasks left out for it."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    left_out: Mapping[str, Sequence[Estimated]]

    @property
    def text(self) -> str:
        file = io.StringIO()
        write = csv.writer(file, lineterminator="\r\n")
        write.writerow(self.heads)
        write.writerows(self.rows)
        return file.getvalue()


def export(tracker: Tracker, tasks: Sequence[Estimated]) -> Exported:
    """Returns a row for each task that the tracker's import takes with its estimate; others would be changed in it, or
    clear its estimate there."""
    rows, left_out = [], dict[str, list[Estimated]]()
    taken = list(_sorted_out(tracker, tasks))
    types = {task.type for task, why in taken if not why}
    points = next((name for type_, name in tracker.points_by_type.items() if type_ in types), "")
    for task, why in taken:
        if why:
            left_out.setdefault(why, []).append(task)
        else:
            rows.append([_cell(task, what) for what in tracker.columns.values()])
    heads = [points if points and what == "points" else head for head, what in tracker.columns.items()]
    return Exported(heads, rows, left_out)


def _sorted_out(tracker: Tracker, tasks: Sequence[Estimated]) -> Iterator[tuple[Estimated, str]]:
    """Each task, and why it is left out, "" for one that is not."""
    seen: set[str] = set()
    for task in tasks:
        why = _why_not(tracker, task)
        if not why and tracker.updates:
            key = task.key.casefold().removeprefix("#")
            why = TWICE if key in seen else ""
            seen.add(key)
        yield task, why


def _why_not(tracker: Tracker, task: Estimated) -> str:
    if task.estimate is None:
        return NO_ESTIMATE
    if task.points is None:
        return NO_NUMBER
    if tracker.whole_numbers and task.points.denominator != 1:
        return NOT_WHOLE
    if tracker.is_key:
        if home_of(task.url) not in ("", tracker.name):
            return ELSEWHERE
        if not tracker.is_key(task.key):
            return NO_KEY
    if "type" in tracker.columns.values() and not task.type:
        return NO_TYPE
    texts = (_cell(task, what) for what in tracker.columns.values() if what != "points")
    return FORMULA if any(map(is_formula, texts)) else ""


def _cell(task: Estimated, what: str) -> str:
    assert task.points is not None
    whole = task.points.denominator == 1
    points = str(task.points.numerator if whole else round(float(task.points), 4))
    match what:
        case "points":
            return points
        case "weight":
            # What begins with a slash on a line of its own is a command to GitLab: it sets the weight.
            return f"{task.url}\n\n/weight {points}".lstrip()
        case "id":
            return task.key.removeprefix("#")
        case "type":
            return task.type
        case "":
            return ""
        case _:
            return str(getattr(task, what))
