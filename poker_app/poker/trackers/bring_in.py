"""Bringing issues of a connected tracker into a session, as tasks."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from sqlalchemy import select

from poker_app import clock, ids
from poker_app.accounts import tracker_connections
from poker_app.db import session, transaction
from poker_app.poker.change import Holder, by_member, change_within
from poker_app.poker.round.tasks import Outcome, outcome_of
from poker_app.rules.backlog import TaskLine, within_limits
from poker_app.rules.printable import encodable, one_line, without_hidden
from poker_app.rules.session import tracked_tasks as rules
from poker_app.rules.session.tasks import MAX_TASKS
from poker_app.rules.session.value import Task
from poker_app.rules.trackers import Found, Issue, Search, active_places, is_the_active
from poker_app.trackers.engines.base import Tracker
from poker_app.trackers.failures import Rejected
from poker_app.trackers.models import TaskIssue

MAX_PAGES = 20
"""Pages of a search that are read for all of its issues."""
MAX_ID = 200


def meant(tracker: Tracker, search: Search) -> Search:
    """The search in the place that is meant now, where it is in "the active one" of a group.

    Raises:
        TrackerFailure: Rejected also where no place of the group is active, or several are.
    """
    if not is_the_active(search.place):
        return search
    match active_places(search.place, tracker.places(search.project)):
        case [place]:
            return replace(search, place=place.id)
        case []:
            raise Rejected("None is active there at the moment.")
        case several:
            raise Rejected(f"{len(several)} are active there at the moment: choose one of them.")


def all_of(tracker: Tracker, search: Search) -> list[Issue]:
    """The issues of all pages of a search that are not done, as many as a session holds tasks. Raises as ``meant``."""
    search = meant(tracker, search)
    found: list[Issue] = []
    cursor = ""
    for _ in range(MAX_PAGES):
        page: Found = tracker.search(search, cursor)
        found += [issue for issue in page.issues if not issue.done]
        if len(found) >= MAX_TASKS or not page.issues or page.cursor in ("", cursor):
            break
        cursor = page.cursor
    return found[:MAX_TASKS]


def bring_in(who: Holder, account_id: str, connection_id: str, issues: Sequence[Issue]) -> Outcome:
    """Adds issues as tasks at the end. Those that the backlog has already, from this tracker or by their key, are left
    as they are, and belong to their issues from now on. Tried again, it adds nothing.

    Raises:
        NotFound: (404) the account has no such tracker.
        Invalid: (422) there is no issue, or no room for any.
    """
    tracker_connections.find(account_id, connection_id)
    lines = {_id_of(who.session_id, connection_id, issue): (issue, line_of(issue)) for issue in issues if _fits(issue)}
    with transaction():
        made = change_within(
            who.session_id,
            by_member(
                who,
                partial(
                    rules.import_tracked,
                    lines=[line for _, line in lines.values()],
                    new_ids=[*lines],
                    round_id=ids.new_id(12),
                ),
            ),
        )
        here = {task.id: task for task in made.value.backlog}
        by_key = {task.key.casefold(): task for task in here.values() if task.key}
        linked = set(session.scalars(select(TaskIssue.task_id).where(TaskIssue.session_id == who.session_id)))
        for task_id, (issue, line) in lines.items():
            task = here.get(task_id) or by_key.get(line.key.casefold())
            if task and task.id not in linked:
                session.add(_row(task, connection_id, issue, line))
                linked.add(task.id)
    return outcome_of(made)


def _fits(issue: Issue) -> bool:
    """Whether the ids of an issue are such as can be kept and sent again."""
    return all(
        len(each) <= MAX_ID and each.isprintable() and encodable(each) == each for each in (issue.id, issue.project)
    )


def _id_of(session_id: str, connection_id: str, issue: Issue) -> str:
    return ids.derived_id(f"{session_id} {connection_id} {issue.id}", 12)


def line_of(issue: Issue) -> TaskLine:
    """The issue as a task, within a task's limits and cleaned as typed texts are."""
    key, url = _short(issue.key), _short(issue.url)
    line, _ = within_limits(
        TaskLine(
            title=_short(issue.title) or key,
            key=key,
            url=url if url.lower().startswith(("https://", "http://")) else "",
            description=_long(issue.description),
            type=_short(issue.kind),
            priority=_short(issue.priority),
            labels=", ".join(map(_short, issue.labels)),
            parent=_short(issue.parent),
            acceptance=_long(issue.acceptance),
        )
    )
    return line


def _short(text: str) -> str:
    return one_line(encodable(text))


def _long(text: str) -> str:
    return without_hidden(encodable(text), keep="\t\n\r").strip()


def seen(line: TaskLine | Task) -> str:
    """A digest of what is compared to find out whether an issue, or its task, has changed."""
    return ids.digest(f"{line.title}\0{line.description}")


def _row(task: Task, connection_id: str, issue: Issue, line: TaskLine) -> TaskIssue:
    return TaskIssue(
        task_id=task.id,
        session_id=task.session_id,
        connection_id=connection_id,
        issue_id=issue.id,
        project=issue.project,
        seen=seen(line),
        seen_at=clock.now(),
    )
