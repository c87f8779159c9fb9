"""Writing estimates back into their tracker: in the background, tried again, never twice, and never over what another
person has written there meanwhile.

Nothing is queued: an estimate is due where its task's issue does not have it yet, so that none is lost by a process
that ends. A try leases its issue first, so that two processes do not write at once.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Row, Select, and_, func, or_, select, update

from poker_app import clock
from poker_app.accounts import tracker_connections
from poker_app.db import give_connection_back, session, transaction
from poker_app.errors import Conflict, NotFound
from poker_app.poker.change import tracked_tasks_changed
from poker_app.poker.models import PokerSession, Round, Task
from poker_app.poker.trackers.contained import contained
from poker_app.rules import Refused
from poker_app.rules.trackers import EstimateField, value_for
from poker_app.trackers import TRACKERS
from poker_app.trackers.engines.base import Tracker
from poker_app.trackers.failures import Busy, TrackerFailure, Unauthorized, Unreachable
from poker_app.trackers.models import MAX_BEFORE, MAX_PROBLEM, TaskIssue, TrackerConnection, TrackerProject

log = structlog.get_logger(__name__)

OURS_KEPT = "yours was kept."
"""The end of the news of a task whose text is not its issue's."""
OF_NO_TRACKER = "This task did not come from a tracker."
UNDO_FIRST = timedelta(seconds=4)
"""An estimate is written so long after it was saved: until then, undo is at hand."""
LEASE = timedelta(minutes=2)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=1)
MAX_TRIES = 80
"""With the longest pause between most of them, about three days."""
LONGEST_PASS = 60.0
"""Seconds of one pass, after which no further estimate is begun."""
AT_ONCE, MAX_WAITING = 50, 10_000
"""Estimates of one pass, and those that are looked at for when the next one is."""
WAITING, WRITTEN, REFUSED, CONFLICT, LEFT = "", "written", "refused", "conflict", "left"


def _wanted() -> Select[TaskIssue, str | None]:
    """Issues whose estimate is not there yet, with the estimate."""
    return (
        select(TaskIssue, Task.estimate)
        .join(Task, Task.id == TaskIssue.task_id)
        .join(PokerSession, PokerSession.id == TaskIssue.session_id)
        .join(
            TrackerProject,
            and_(TrackerProject.connection_id == TaskIssue.connection_id, TrackerProject.project == TaskIssue.project),
        )
        .where(
            Task.estimate.is_not(None),
            Task.deleted_at.is_(None),
            PokerSession.deleted_at.is_(None),
            or_(TrackerProject.moment == "finalized", PokerSession.ended_at.is_not(None)),
            TrackerProject.moment != "never",
            or_(TaskIssue.card != Task.estimate, TaskIssue.state == WAITING),
        )
    )


def due(*, at_once: bool = False) -> list[tuple[str, str]]:
    """The ids of tasks whose estimates are to be written now, each with its tracker's; ``at_once`` before undo is past,
    too."""
    now = clock.now()
    rows = session.execute(
        _wanted()
        .with_only_columns(TaskIssue.task_id, TaskIssue.connection_id)
        .where(
            or_(TaskIssue.next_at.is_(None), TaskIssue.next_at <= now),
            Task.estimated_at <= (now if at_once else now - UNDO_FIRST),
        )
        .order_by(Task.estimated_at)
        .limit(AT_ONCE)
    )
    return [(row.task_id, row.connection_id) for row in rows]


def next_due() -> timedelta | None:
    """How long it takes until the next estimate is due, None where there is none to write."""
    now = clock.now()
    waiting = session.execute(_wanted().with_only_columns(TaskIssue.next_at, Task.estimated_at).limit(MAX_WAITING))
    moments = [max(next_at or now, (estimated_at or now) + UNDO_FIRST) for next_at, estimated_at in waiting]
    return max(timedelta(0), min(moments) - now) if moments else None


def write_due(*, at_once: bool = False) -> Mapping[str, int]:
    """Writes all estimates that are ``due``, each by itself, for ``LONGEST_PASS`` at most. A tracker that does not
    answer is asked once in a pass. Returns how many were written, and how many were not."""
    counts = {"estimates written": 0, "estimates not written": 0}
    ends = time.monotonic() + LONGEST_PASS
    resting: set[str] = set()
    for task_id, connection_id in due(at_once=at_once):
        if connection_id in resting or time.monotonic() > ends:
            continue
        with contained(task=task_id):
            written = write(task_id)
            if written is not None:
                counts["estimates written" if written else "estimates not written"] += 1
            if written is False and _waits(task_id):
                resting.add(connection_id)
    return counts


def _waits(task_id: str) -> bool:
    issue = session.get(TaskIssue, task_id, populate_existing=True)
    return issue is not None and issue.state == WAITING


@dataclass(frozen=True, slots=True)
class _Job:
    """One estimate to write, as plain values."""

    task_id: str
    card: str
    issue_id: str
    field: EstimateField
    mapping: Mapping[str, str]
    before: str | None
    comment: str
    tries: int
    label: str
    leased_until: datetime


def write(task_id: str) -> bool | None:
    """Writes one estimate, if it is due and no other process is at it (else None). Returns whether it is there now; why
    not is in its row."""
    leased = _lease(task_id)
    if leased is None:
        return None
    job, connection = leased
    connection_id = connection.id
    try:
        tracker = tracker_connections.opened(connection)
        there = _written(tracker, job)
        _record(job, state=WRITTEN, before=there, written_at=clock.now())
        if job.comment and _claim_comment(job):
            tracker.comment(job.issue_id, job.comment)
    except _Changed as changed:
        problem = f"The field was changed in {job.label} meanwhile: it has {changed.there or 'nothing'} now."
        _record(job, state=CONFLICT, before=changed.there, problem=problem)
        return False
    except Refused as refused:
        _record(job, state=REFUSED, problem=refused.sentence)
        return False
    except TrackerFailure as failure:
        tracker_connections.note_failure(connection_id, failure)
        return _failed(job, failure)
    log.info("estimate_written", task=task_id, tracker=job.label)
    return True


class _Changed(Exception):
    """The field has another value than it had when the task came to the table."""

    def __init__(self, there: str) -> None:
        super().__init__(there)
        self.there = there


def _written(tracker: Tracker, job: _Job) -> str:
    """Writes the value unless it is there. Returns it."""
    value = value_for(job.field, job.card, job.mapping)
    there = tracker.estimate(job.issue_id, job.field)
    if there != value:
        if there != (job.before or ""):
            raise _Changed(there)
        if not _is_leased(job):
            raise Unreachable("Another try is under way.")
        tracker.write_estimate(job.issue_id, job.field, value)
    return value


def _is_leased(job: _Job) -> bool:
    """Whether the estimate is still this try's to write: it is the task's newest, and no other try has begun."""
    kept = session.execute(
        select(TaskIssue.next_at, TaskIssue.card, Task.estimate)
        .join(Task, Task.id == TaskIssue.task_id)
        .where(TaskIssue.task_id == job.task_id)
    ).one_or_none()
    give_connection_back()
    return kept is not None and (kept.next_at, kept.card, kept.estimate) == (job.leased_until, job.card, job.card)


def _lease(task_id: str) -> tuple[_Job, TrackerConnection] | None:
    now = clock.now()
    with transaction():
        found: Row[TaskIssue, str | None] | None = session.execute(
            _wanted()
            .where(TaskIssue.task_id == task_id, or_(TaskIssue.next_at.is_(None), TaskIssue.next_at <= now))
            .with_for_update(of=TaskIssue)
        ).one_or_none()
        if found is None:
            return None
        issue, card = found[0], found[1] or ""
        if issue.card != card:
            issue.card, issue.state, issue.tries = card, WAITING, 0
        if issue.tries > MAX_TRIES:
            # Tries that ended in a fault, each of which is in the log.
            issue.state, issue.problem = REFUSED, "Writing it failed again and again."
            return None
        issue.next_at, issue.tries = now + LEASE, issue.tries + 1
        connection = session.get_one(TrackerConnection, issue.connection_id)
        kept = session.get_one(TrackerProject, (issue.connection_id, issue.project))
        field = tracker_connections.field_of(kept)
        if field is None:
            return None
        job = _Job(
            task_id=task_id,
            card=card,
            issue_id=issue.issue_id,
            field=field,
            mapping={each[0]: each[1] for each in kept.mapping},
            before=issue.before,
            comment=_comment(task_id, card) if kept.comments and issue.commented != card else "",
            tries=issue.tries,
            label=TRACKERS[connection.kind].label,
            leased_until=issue.next_at,
        )
        return job, connection


def _comment(task_id: str, card: str) -> str:
    task = session.get_one(Task, task_id)
    name = session.get_one(PokerSession, task.session_id).name
    rounds = session.scalar(select(func.count()).select_from(Round).where(Round.task_id == task_id)) or 0
    said = f"Estimated **{card}** in “{name}”, in {rounds} {'round' if rounds == 1 else 'rounds'}."
    return f"{said}\n\n{task.note}" if task.note else said


def _claim_comment(job: _Job) -> bool:
    """Marks the comment as sent before it is: a comment that is lost is better than one that comes twice."""
    with transaction():
        mine = update(TaskIssue).where(TaskIssue.task_id == job.task_id, TaskIssue.commented != job.card)
        claimed = session.execute(mine.values(commented=job.card).execution_options(preserve_rowcount=True))
        return claimed.rowcount == 1  # type: ignore[attr-defined,no-any-return]


def _record(
    job: _Job,
    *,
    state: str,
    before: str | None = None,
    problem: str = "",
    next_at: datetime | None = None,
    written_at: datetime | None = None,
) -> None:
    with transaction():
        issue = session.get(TaskIssue, job.task_id)
        if issue is None or issue.card != job.card or issue.next_at != job.leased_until:
            return
        issue.state, issue.problem, issue.next_at = state, problem[:MAX_PROBLEM], next_at
        issue.before = issue.before if before is None else before[:MAX_BEFORE]
        issue.written_at = written_at or issue.written_at
        if state == WRITTEN:
            issue.tries = 0


def _failed(job: _Job, failure: TrackerFailure) -> bool:
    """Whether the estimate was written all the same (a comment that is refused changes nothing about that)."""
    issue = session.get(TaskIssue, job.task_id, populate_existing=True)
    if issue and issue.state == WRITTEN and issue.card == job.card:
        return True
    waits = isinstance(failure, Unauthorized) or failure.passes
    if waits and job.tries < MAX_TRIES:
        _record(job, state=WAITING, problem=failure.sentence, next_at=clock.now() + pause(job.tries, failure))
    else:
        _record(job, state=REFUSED, problem=failure.sentence)
    return False


def pause(tries: int, failure: TrackerFailure) -> timedelta:
    """How long to wait after so many tries: 5 seconds, and twice as long each time, up to an hour; at least as long as
    the tracker asks. A token that is not taken any more waits for a new one, and is tried once an hour."""
    if isinstance(failure, Unauthorized):
        return LONGEST_PAUSE
    wait: timedelta = min(FIRST_PAUSE * 2 ** min(tries - 1, 20), LONGEST_PAUSE)
    if isinstance(failure, Busy) and failure.retry_after is not None:
        wait = max(wait, min(timedelta(seconds=failure.retry_after + 1), timedelta(days=1)))
    return wait


# --- what a facilitator does about one


def try_again(session_id: str, task_id: str) -> None:
    """Writes an estimate that was refused, or is not as it is there, now. What is there now is written over.

    Raises:
        NotFound: (404) the task is of no tracker.
    """
    with transaction():
        issue = issue_of(session_id, task_id)
        if issue.state != WRITTEN:
            issue.state, issue.next_at, issue.tries, issue.problem = WAITING, None, 0, ""
    tracked_tasks_changed.send(session_id)


def leave(session_id: str, task_id: str) -> None:
    """Leaves what the tracker has there.

    Raises:
        NotFound: (404) the task is of no tracker.
        Conflict: (409) there is nothing to decide.
    """
    with transaction():
        issue = issue_of(session_id, task_id)
        if issue.state not in (CONFLICT, REFUSED, LEFT):
            raise Conflict("There is nothing to decide about this estimate any more.")
        issue.state, issue.problem = LEFT, ""


def issue_of(session_id: str, task_id: str) -> TaskIssue:
    """The row of a task's issue.

    Raises:
        NotFound: (404) the task is of no tracker.
    """
    issue = session.get(TaskIssue, task_id)
    if issue is None or issue.session_id != session_id:
        raise NotFound(OF_NO_TRACKER)
    return issue


def hurry(connection_id: str) -> None:
    """Makes a tracker's waiting estimates due at once: it was connected again."""
    waiting = update(TaskIssue).where(TaskIssue.connection_id == connection_id, TaskIssue.state == WAITING)
    with transaction():
        session.execute(waiting.values(next_at=None, tries=0))


# --- what is shown of it


@dataclass(frozen=True, slots=True)
class Shown:
    """What a member reads about a task's issue: the tracker's ``label``, a ``sentence`` about its estimate there, the
    ``news`` of its text, and what a facilitator may choose, with the words of each choice."""

    label: str
    sentence: str
    news: str
    choices: tuple[tuple[str, str], ...]


def shown(task_id: str, estimate: str | None) -> Shown | None:
    """What is shown about a task's issue; None for a task of no tracker."""
    issue = session.get(TaskIssue, task_id)
    if issue is None:
        return None
    label = TRACKERS[session.get_one(TrackerConnection, issue.connection_id).kind].label
    kept = session.get(TrackerProject, (issue.connection_id, issue.project))
    sentence, choices = _sentence(issue, kept, estimate)
    theirs = (("take", "Take the text from there"),) if issue.news.endswith(OURS_KEPT) else ()
    return Shown(label, sentence, issue.news, (*choices, *theirs))


def _sentence(
    issue: TaskIssue, kept: TrackerProject | None, estimate: str | None
) -> tuple[str, tuple[tuple[str, str], ...]]:
    again, leave_it = ("write", "Write it again"), ("leave", "Leave what is there")
    if kept is None or kept.moment == "never":
        return "estimates of this project are not written back.", ()
    if estimate is None or issue.card != estimate or issue.state == WAITING:
        if estimate is None:
            return "no estimate to write yet.", ()
        if issue.problem and issue.card == estimate:
            return f"the estimate waits. {issue.problem}", (again,)
        later = kept.moment == "ended"
        return ("the estimate is written when the session ends." if later else "the estimate is being written."), ()
    if issue.state == WRITTEN:
        return f"the estimate {estimate} is written.", ()
    if issue.state == CONFLICT:
        return f"the estimate is not written. {issue.problem}", (("write", "Write ours"), leave_it)
    if issue.state == REFUSED:
        return f"the estimate is not written. {issue.problem}", (again, leave_it)
    return "its own value was left there.", (again,)
