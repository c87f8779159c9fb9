"""What the API says of a session: all its members may see, and no hidden card."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from flask import url_for
from pydantic import Field

from poker_app import clock
from poker_app.accounts.api_tokens import Caller
from poker_app.api.models import Given, Tagged, Taken
from poker_app.api.operations import member_of
from poker_app.api.origin import origin
from poker_app.errors import Invalid
from poker_app.poker.models import PokerSession
from poker_app.poker.round.task_editing import checked
from poker_app.poker.value.current import newest
from poker_app.poker.value.session_view import SessionView, public_view
from poker_app.rules.backlog import MAX_LABELS, TaskLine, labels_in
from poker_app.rules.session.value import SWITCHES, Member, Session, Task
from poker_app.rules.tally import Tally
from poker_app.rules.timer import Timer

Id = Annotated[str, Field(description="An id.", examples=["k7qmfd2x8hs4nrtw"])]


class TaskFields(Taken):
    """What a task holds."""

    title: str
    key: str = Field("", description="Its key in a tracker, such as PAY-12.")
    url: str = Field("", description="Its address, https:// or http://.")
    description: str = Field("", description="Markdown.")
    acceptance: str = Field("", description="Acceptance criteria, in Markdown.")
    type: str = ""
    priority: str = ""
    labels: list[str] = Field([], max_length=MAX_LABELS)
    parent: str = ""


def task_lines(tasks: Sequence[TaskFields]) -> list[TaskLine]:
    """Returns tasks as they are added.

    Raises:
        Invalid: (422) with the field by its place in the list.
    """
    lines = []
    for place, task in enumerate(tasks):
        try:
            lines.append(TaskLine(**checked({**task.model_dump(), "labels": ", ".join(task.labels)})))
        except Invalid as invalid:
            raise Invalid(invalid.sentence, f"tasks/{place}/{invalid.field}") from invalid
    return lines


class TaskGiven(Tagged):
    """A task of the backlog."""

    id: Id
    title: str
    key: str
    url: str
    description: str
    acceptance: str
    type: str
    priority: str
    labels: list[str]
    parent: str
    estimate: str | None
    note: str = Field(description="Why the estimate is what it is.")
    state: Literal["waiting", "current", "estimated", "skipped"]
    estimated_at: datetime | None

    @classmethod
    def of(cls, task: Task, value: Session) -> "TaskGiven":
        return cls(
            **{name: getattr(task, name) for name in cls.model_fields if name not in ("labels", "state")},
            labels=labels_in(task.labels),
            state=_state(task, value),
        )


def _state(task: Task, value: Session) -> Literal["waiting", "current", "estimated", "skipped"]:
    if task.estimate is not None:
        return "estimated"
    if task.id == value.current_task_id and value.running:
        return "current"
    return "skipped" if task.skipped_at else "waiting"


class MemberGiven(Given):
    """A member of the session."""

    id: Id
    name: str
    facilitates: bool
    votes: bool = Field(description="False for one who only watches.")
    presence: Literal["present", "away", "gone"]
    has_voted: bool = Field(description="Whether they have a card in the round.")
    is_me: bool = Field(description="Whether this is the token's own member.")
    joined_at: datetime

    @classmethod
    def of(cls, member: Member, value: Session, me: Member | None) -> "MemberGiven":
        return cls(
            id=member.id,
            name=member.name,
            facilitates=member.facilitates,
            votes=member.votes,
            presence=member.presence(clock.now()),
            has_voted=member.id in value.round.votes,
            is_me=me is not None and member.id == me.id,
            joined_at=member.joined_at,
        )


class CardGiven(Given):
    """A card of a revealed round, and who played it."""

    card: str
    votes: int
    voters: list[str] = Field(description="Names; empty where the session hides names.")
    talk_first: bool = Field(description="Whether it lies so far from the others that its voters talk first.")


class Figures(Given):
    """The figures of a revealed round. Those that a deck of words does not have are null."""

    votes: int
    mean: float | None
    median: float | None
    agreement: float | None = Field(description="The share of the votes on the commonest card, up to 1.")
    consensus: bool
    suggested: str | None = Field(description="The card nearest to the median.")

    @classmethod
    def of(cls, tally: Tally) -> "Figures":
        return cls(
            votes=tally.votes,
            mean=_number(tally.mean),
            median=_number(tally.median),
            agreement=_number(tally.agreement),
            consensus=tally.consensus,
            suggested=tally.suggested,
        )


def _number(figure: object) -> float | None:
    return None if figure is None else round(float(figure), 2)  # type: ignore[arg-type]


class RoundGiven(Tagged):
    """A round. Before the reveal `cards` and `figures` are null: hidden cards are left out."""

    id: Id
    number: int
    task_id: Id
    state: Literal["voting", "revealed"]
    voted: int
    expected: int = Field(description="How many voters are awaited or have voted.")
    cards: list[CardGiven] | None
    figures: Figures | None

    @classmethod
    def of(cls, view: SessionView) -> "RoundGiven":
        cards = [
            CardGiven(
                card=column.card,
                votes=len(column.lays),
                voters=[lay.name for lay in column.lays if lay.id],
                talk_first=column.talk_first,
            )
            for column in view.columns
            if column.lays
        ]
        return cls(
            id=view.round_id,
            number=view.round_number,
            task_id=view.task_id,
            state="revealed" if view.tally else "voting",
            voted=view.voted,
            expected=view.expected,
            cards=cards if view.tally else None,
            figures=Figures.of(view.tally) if view.tally else None,
        )


class TimerGiven(Given):
    """The timer, running until `ends_at` or paused with `remaining` seconds. Without one both are null."""

    ends_at: datetime | None
    remaining: int | None

    @classmethod
    def of(cls, timer: Timer | None) -> "TimerGiven":
        return cls(ends_at=timer.ends_at if timer else None, remaining=timer.remaining if timer else None)


class SessionSummary(Given):
    """A session in a list."""

    id: Id
    name: str
    state: Literal["running", "ended"]
    created_at: datetime
    ended_at: datetime | None
    archived: bool
    url: str = Field(description="The page of the session; people who follow it join.")

    @classmethod
    def of(cls, table: PokerSession) -> "SessionSummary":
        return cls(
            id=table.id,
            name=table.name,
            state="ended" if table.ended_at else "running",
            created_at=table.created_at,
            ended_at=table.ended_at,
            archived=table.archived_at is not None,
            url=link_of(table.id),
        )


class SessionGiven(Tagged):
    """A session, as every member sees it."""

    id: Id
    version: int = Field(description="Counts every change.")
    name: str
    state: Literal["voting", "revealed", "ended"]
    created_at: datetime
    ended_at: datetime | None
    url: str = Field(description="The page of the session; people who follow it join.")
    code: str = Field(description="The code that people type to join. After the end there is none.")
    cards: list[str] = Field(description="The deck, in order.")
    members: list[MemberGiven]
    tasks: int
    undo: int | None = Field(
        description="The version that made an estimate, a skip, a restarted vote or added tasks that a facilitator can "
        "undo now."
    )
    task: TaskGiven = Field(description="The task on the table.")
    round: RoundGiven
    timer: TimerGiven | None

    @classmethod
    def of(cls, value: Session, me: Member | None) -> "SessionGiven":
        view = public_view(value, clock.now())
        return cls(
            id=value.id,
            version=value.version,
            name=value.name,
            state=view.phase,
            created_at=value.created_at,
            ended_at=value.ended_at,
            url=link_of(value.id),
            code="" if value.ended_at else value.code,
            cards=list(value.cards),
            members=[MemberGiven.of(each, value, me) for each in value.current_members],
            tasks=len(value.backlog),
            undo=value.undo["version"] if value.undo and value.running else None,
            task=TaskGiven.of(value.task, value),
            round=RoundGiven.of(view),
            timer=TimerGiven.of(view.timer) if view.timer else None,
        )


def session_given(session_id: str, caller: Caller) -> SessionGiven:
    """The session as it is now, for the caller."""
    return SessionGiven.of(newest(session_id).value, member_of(caller, session_id))


class OptionsGiven(Tagged):
    """The options of a session."""

    name: str
    auto_reveal: bool
    anyone_reveals: bool
    change_after_reveal: bool
    names_hidden: bool
    anyone_adds_files: bool
    teammates_only: bool
    timer_length: int = Field(description="Seconds.")
    has_password: bool

    @classmethod
    def of(cls, value: Session) -> "OptionsGiven":
        return cls(
            name=value.name,
            timer_length=value.timer_length,
            has_password=value.password_hash is not None,
            **{switch: getattr(value, switch) for switch in SWITCHES},
        )


def link_of(session_id: str) -> str:
    """The address of a session's page, for people to join by."""
    return f"{origin()}{url_for('sessions.room', session_id=session_id)}"
