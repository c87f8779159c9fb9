"""The backlog: tasks read, added, edited, ordered, deleted, taken up, skipped and estimated."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field

from poker_app import imports
from poker_app.accounts.api_tokens import Caller
from poker_app.api.models import Given, Tagged, Taken
from poker_app.api.operations import operation
from poker_app.api.session_models import (
    CardGiven,
    Figures,
    Id,
    SessionGiven,
    TaskFields,
    TaskGiven,
    session_given,
    task_lines,
)
from poker_app.errors import Invalid, NotFound
from poker_app.poker.models import PokerSession
from poker_app.poker.reports.report import VotedRound, rounds_of
from poker_app.poker.round import task_editing, tasks, voting
from poker_app.poker.trackers import write_back
from poker_app.poker.value.current import newest
from poker_app.rules.backlog import MAX_LABELS
from poker_app.rules.session.tasks import MAX_TASKS, Imported
from poker_app.rules.session.value import NO_SUCH_TASK, Member, Session, Task


class Backlog(Tagged):
    """All tasks of a session, in order; deleted ones are left out."""

    items: list[TaskGiven] = Field(description=f"At most {MAX_TASKS}.")


class ResultGiven(Given):
    """A revealed round of a task."""

    number: int
    opened_at: datetime
    revealed_at: datetime
    cards: list[CardGiven]
    figures: Figures

    @classmethod
    def of(cls, voted: VotedRound) -> "ResultGiven":
        return cls(
            number=voted.number,
            opened_at=voted.opened_at,
            revealed_at=voted.revealed_at,
            cards=[
                CardGiven(
                    card=card,
                    votes=votes,
                    voters=[name for name, played in voted.votes if name and played == card],
                    talk_first=card in voted.talk_first,
                )
                for card, votes in voted.tally.distribution
                if votes
            ],
            figures=Figures.of(voted.tally),
        )


class Results(Given):
    """The revealed rounds of a task, the oldest first."""

    items: list[ResultGiven]


class IssueGiven(Given):
    """What is known of a task's issue in its tracker."""

    tracker: str = Field(description="The tracker's name.")
    estimate: str = Field(description="A sentence about the estimate there: written, waiting, or why it is not there.")
    news: str = Field(description="A sentence about a change of its text there; empty without one.")


class NewTasks(Taken):
    """Tasks to add at the end: either `tasks` or `text`."""

    tasks: list[TaskFields] = Field([], max_length=MAX_TASKS)
    text: str = Field("", description="A list with a task a line, or a table, as people paste it.")
    duplicates: Literal["skip", "update", "add"] = Field(
        "skip", description="What becomes of a task whose key is in the backlog already."
    )


class TasksAdded(Given):
    """What became of the tasks that were sent."""

    added: list[TaskGiven]
    updated: list[TaskGiven] = Field(description="Those that were here, by their keys, and have the sent texts now.")
    skipped: int = Field(description="How many were here already and were not changed.")
    too_many: int = Field(description=f"How many were left out: a session holds at most {MAX_TASKS}.")
    left_out: list[str] = Field(description="A sentence for each thing in `text` that was not taken as it stood.")


class ChangedTask(Taken):
    """Fields of a task to change. Those that are left out stay as they are."""

    title: str | None = None
    key: str | None = Field(None, description="Its key in a tracker, such as PAY-12.")
    url: str | None = Field(None, description="Its address, https:// or http://.")
    description: str | None = Field(None, description="Markdown.")
    acceptance: str | None = Field(None, description="Acceptance criteria, in Markdown.")
    type: str | None = None
    priority: str | None = None
    labels: list[str] | None = Field(None, max_length=MAX_LABELS)
    parent: str | None = None

    def typed(self) -> dict[str, str]:
        """The fields that are given, as they are typed on the page."""
        given = self.model_dump(exclude_none=True)
        return {**given, "labels": ", ".join(given["labels"])} if "labels" in given else given


class NewPlace(Taken):
    """The place of a task in the backlog: exactly one of the three."""

    to: int | None = Field(None, description="From 0; a place outside the backlog means its nearer end.", examples=[0])
    before: Id | None = None
    after: Id | None = None


class ChosenTask(Taken):
    """The task to put on the table."""

    task_id: Id


class NamedRound(Taken):
    """The round that was seen."""

    round_id: Id | None = Field(None, description="Refused with 409 if the table has moved on to another round.")


class NewEstimate(NamedRound):
    """The agreed card."""

    estimate: str = Field(description="A card of the deck that counts.", examples=["5"])
    note: str = Field("", description="Why the estimate is what it is.")


@operation("GET", "/sessions/{session_id}/tasks", "sessions:read")
def list_tasks(table: PokerSession) -> Backlog:
    """List all tasks, in order.

    Ask with `If-None-Match` to watch them: the answer is 304 while nothing has changed.
    """
    value = newest(table.id).value
    return Backlog(items=[TaskGiven.of(each, value) for each in value.backlog])


@operation("POST", "/sessions/{session_id}/tasks", "sessions:write")
def add_tasks(member: Member, body: NewTasks, key: str) -> TasksAdded:
    """Add tasks at the end. Facilitators may.

    The first of them takes the place of an untitled task without votes.

    Raises:
        Invalid: (422) there are neither ``tasks`` nor a ``text``, or both.
    """
    if bool(body.tasks) == bool(body.text):
        raise Invalid("Send either “tasks” or “text”.", "tasks")
    pasted = imports.tasks_in(body.text) if body.text else None
    lines = dict(enumerate(pasted.tasks if pasted else task_lines(body.tasks)))
    made = tasks.add_lines(member, key, lines, body.duplicates)
    done: Imported = made.answer
    return TasksAdded(
        added=[TaskGiven.of(made.value.tasks[each.id], made.value) for each in done.added],
        updated=[TaskGiven.of(made.value.tasks[each.id], made.value) for each in done.updated],
        skipped=done.skipped,
        too_many=done.too_many,
        left_out=pasted.left_out if pasted else [],
    )


@operation("GET", "/sessions/{session_id}/tasks/{task_id}", "sessions:read")
def read_task(table: PokerSession, task_id: str) -> TaskGiven:
    """Read a task."""
    value = newest(table.id).value
    return TaskGiven.of(_task(value, task_id), value)


def _task(value: Session, task_id: str) -> Task:
    task = value.tasks.get(task_id)
    if task is None or task.deleted_at:
        raise NotFound(NO_SUCH_TASK)
    return task


@operation("GET", "/sessions/{session_id}/tasks/{task_id}/results", "sessions:read")
def list_results(table: PokerSession, task_id: str) -> Results:
    """List the revealed rounds of a task, the oldest first.

    The cards of the newest round are among them once they are revealed.
    """
    value = newest(table.id).value
    return Results(items=[ResultGiven.of(each) for each in rounds_of(value, _task(value, task_id).id)])


@operation("GET", "/sessions/{session_id}/tasks/{task_id}/issue", "sessions:read")
def read_issue(table: PokerSession, task_id: str) -> IssueGiven:
    """Read what is known of a task's issue in its tracker.

    Raises:
        NotFound: (404) the task is of no tracker.
    """
    value = newest(table.id).value
    task = _task(value, task_id)
    shown = write_back.shown(task.id, task.estimate) if value.tracked else None
    if shown is None:
        raise NotFound(write_back.OF_NO_TRACKER)
    return IssueGiven(tracker=shown.label, estimate=shown.sentence, news=shown.news)


@operation("PATCH", "/sessions/{session_id}/tasks/{task_id}", "sessions:write")
def edit_task(member: Member, task_id: str, body: ChangedTask, if_match: str | None) -> TaskGiven:
    """Edit a task. Facilitators may."""

    def some(value: Session) -> Mapping[str, str]:
        TaskGiven.of(value.tasks[task_id], value).check_match(if_match)
        return body.typed()

    value = task_editing.edit_some(member, task_id, some)
    return TaskGiven.of(value.tasks[task_id], value)


@operation("PUT", "/sessions/{session_id}/tasks/{task_id}/position", "sessions:write")
def move_task(member: Member, task_id: str, body: NewPlace) -> Backlog:
    """Put a task at another place in the backlog. Facilitators may.

    Raises:
        Invalid: (422) there is no place, or more than one.
    """
    match body:
        case NewPlace(to=int(to), before=None, after=None):
            tasks.move_task(member, task_id, to)
        case NewPlace(to=None, before=str(neighbour), after=None):
            tasks.move_task_beside(member, task_id, neighbour, "before")
        case NewPlace(to=None, before=None, after=str(neighbour)):
            tasks.move_task_beside(member, task_id, neighbour, "after")
        case _:
            raise Invalid("Say where to with one of “to”, “before” and “after”.", "to")
    value = newest(member.session_id).value
    return Backlog(items=[TaskGiven.of(each, value) for each in value.backlog])


@operation("DELETE", "/sessions/{session_id}/tasks/{task_id}", "sessions:write")
def delete_task(member: Member, task_id: str) -> None:
    """Delete a task. Facilitators may.

    It can be restored. Where it was on the table, the next one is taken up. Deleting it again changes nothing.
    """
    tasks.delete_task(member, task_id)


@operation("POST", "/sessions/{session_id}/tasks/{task_id}/restore", "sessions:write")
def restore_task(member: Member, task_id: str) -> TaskGiven:
    """Restore a deleted task, at its place. Facilitators may."""
    tasks.restore_task(member, task_id)
    value = newest(member.session_id).value
    return TaskGiven.of(_task(value, task_id), value)


@operation("PUT", "/sessions/{session_id}/task", "sessions:write")
def take_up_task(caller: Caller, member: Member, body: ChosenTask) -> SessionGiven:
    """Put a task on the table, with its newest round as it was left. Facilitators may."""
    tasks.select_task(member, body.task_id)
    return session_given(member.session_id, caller)


@operation("POST", "/sessions/{session_id}/tasks/{task_id}/skip", "sessions:write")
def skip_task(caller: Caller, member: Member, task_id: str, body: NamedRound) -> SessionGiven:
    """Go on from the task on the table to the next one. Facilitators may.

    A task without an estimate is marked as skipped. This can be undone.
    """
    tasks.skip_task(member, task_id, body.round_id)
    return session_given(member.session_id, caller)


@operation("POST", "/sessions/{session_id}/tasks/{task_id}/reopen", "sessions:write")
def reopen_task(caller: Caller, member: Member, task_id: str) -> SessionGiven:
    """Remove a task's estimate and put it on the table, with its newest round. Facilitators may."""
    tasks.reopen_task(member, task_id)
    return session_given(member.session_id, caller)


@operation("PUT", "/sessions/{session_id}/tasks/{task_id}/estimate", "sessions:write")
def estimate_task(caller: Caller, member: Member, task_id: str, body: NewEstimate) -> SessionGiven:
    """Save the agreed card as the estimate of the task on the table, and go on to the next one. Facilitators may.

    The cards have to be revealed. This can be undone.
    """
    voting.finalize(member, task_id, estimate=body.estimate, note=body.note, round_id=body.round_id)
    return session_given(member.session_id, caller)
