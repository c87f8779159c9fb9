"""Keeping a task true to its issue: title and description are read again when the task comes to the table."""

from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy import select

from poker_app import clock
from poker_app.accounts import tracker_connections
from poker_app.db import session, transaction
from poker_app.errors import Conflict
from poker_app.poker.change import change_session
from poker_app.poker.models import PokerSession
from poker_app.poker.models import Task as PokerTask
from poker_app.poker.trackers import write_back
from poker_app.poker.trackers.bring_in import line_of, seen
from poker_app.rules.backlog import TaskLine
from poker_app.rules.session.tracked_tasks import refresh_task
from poker_app.rules.session.value import Task
from poker_app.rules.trackers import EstimateField
from poker_app.trackers import TRACKERS
from poker_app.trackers.failures import Gone, TrackerFailure
from poker_app.trackers.models import MAX_BEFORE, MAX_PROBLEM, TaskIssue, TrackerConnection, TrackerProject

log = structlog.get_logger(__name__)

MAX_AT_ONCE = 100
"""Tasks that are read again for one webhook."""
FRESH_FOR = timedelta(seconds=30)
"""For so long an issue is not read again."""


def refresh_current(session_id: str) -> None:
    """Reads the issue of a session's current task again, unless that was done a moment ago."""
    current = session.scalars(select(PokerSession.current_task_id).where(PokerSession.id == session_id)).first()
    issue = session.get(TaskIssue, current) if current else None
    if issue:
        field = _field_of(issue)
        if issue.seen_at <= clock.now() - FRESH_FOR or (field and issue.before is None):
            _refresh(issue, field)


def refresh_issue(connection_id: str, issue_id: str) -> None:
    """Reads an issue again for its tasks in running sessions: its text alone. What a field had when its task came to
    the table stays known, so that an estimate that was written there since is not written over."""
    running = (
        select(TaskIssue.task_id)
        .join(PokerSession, PokerSession.id == TaskIssue.session_id)
        .join(PokerTask, PokerTask.id == TaskIssue.task_id)
        .where(
            TaskIssue.connection_id == connection_id,
            TaskIssue.issue_id == issue_id,
            PokerSession.ended_at.is_(None),
            PokerSession.deleted_at.is_(None),
            PokerTask.deleted_at.is_(None),
        )
    )
    for task_id in session.scalars(running.order_by(TaskIssue.task_id).limit(MAX_AT_ONCE)).all():
        if issue := session.get(TaskIssue, task_id):
            _refresh(issue, None)


def _field_of(issue: TaskIssue) -> EstimateField | None:
    kept = session.get(TrackerProject, (issue.connection_id, issue.project))
    return tracker_connections.field_of(kept) if kept and kept.moment != "never" else None


def _refresh(issue: TaskIssue, field: EstimateField | None) -> None:
    """Reads an issue again. The task gets its title and description where it was not edited here meanwhile; else, and
    where the issue is gone, its ``news`` says so. A tracker that cannot be reached changes nothing."""
    connection = session.get_one(TrackerConnection, issue.connection_id)
    task_id, session_id, known, label = issue.task_id, issue.session_id, issue.seen, TRACKERS[connection.kind].label
    connection_id, issue_id, before, state = connection.id, issue.issue_id, issue.before, issue.state
    line: TaskLine | None = None
    try:
        tracker = tracker_connections.opened(connection)
        line = line_of(tracker.issue(issue_id))
        if field and state == "" and before is None:
            before = tracker.estimate(issue_id, field)
        news = ""
    except Gone as gone:
        news = f"It is {gone.moved_to} in {label} now." if gone.moved_to else f"It was deleted in {label}, or moved."
    except TrackerFailure as failure:
        tracker_connections.note_failure(connection_id, failure)
        log.info("issue_not_read", session=session_id, problem=type(failure).__name__)
        return
    if line and seen(line) != known:
        rule = partial(
            refresh_task,
            task_id=task_id,
            title=line.title,
            description=line.description,
            unchanged=partial(_had, known),
        )
        if not change_session(session_id, rule, to_all=True).answer:
            news = f"Its text was changed in {label} since, and here too: {write_back.OURS_KEPT}"
    with transaction():
        if found := session.get(TaskIssue, task_id):
            found.news, found.seen_at = news[:MAX_PROBLEM], clock.now()
            if found.before is None and found.state == "" and before is not None:
                found.before = before[:MAX_BEFORE]
            found.seen = seen(line) if line and not news else known


def take_theirs(session_id: str, task_id: str) -> None:
    """Gives a task the title and description that its issue has now, over what was edited here.

    Raises:
        NotFound: (404) the task is of no tracker.
        Conflict: (409) the tracker does not answer, or does not have the issue any more.
    """
    issue = write_back.issue_of(session_id, task_id)
    connection = session.get_one(TrackerConnection, issue.connection_id)
    issue_id = issue.issue_id
    try:
        line = line_of(tracker_connections.opened(connection).issue(issue_id))
    except TrackerFailure as failure:
        tracker_connections.note_failure(connection.id, failure)
        raise Conflict(failure.sentence) from failure
    rule = partial(
        refresh_task, task_id=task_id, title=line.title, description=line.description, unchanged=lambda task: True
    )
    change_session(session_id, rule)
    with transaction():
        if found := session.get(TaskIssue, task_id):
            found.news, found.seen, found.seen_at = "", seen(line), clock.now()


def _had(known: str, task: Task) -> bool:
    return seen(task) == known
