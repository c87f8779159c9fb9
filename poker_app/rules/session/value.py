"""A session as one immutable value: its options, members, tasks, newest round and results.

A mapping in it is never changed either: a change makes a new one with what differs, and shares the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NotRequired, Self, TypedDict

from poker_app.rules import Refused, roles
from poker_app.rules.backlog import FIELDS
from poker_app.rules.durations import in_words
from poker_app.rules.plans import GUESTS, MAX_GUEST_ROUNDS
from poker_app.rules.session.rounds import Round, Rounds, Vote
from poker_app.rules.timer import Timer

NOT_A_MEMBER = "You are not at this table. Open the invitation link to join it."
LEFT = "You left this session. Come back to go on."
REMOVED = "You were removed from this session. The link lets you join again."
DELETED_FOR = timedelta(days=30)
DELETED = (
    "This session was deleted. The person who opened it, or an admin of its account, can bring it back for "
    f"{in_words(DELETED_FOR)}."
)
ENDED = "The session has ended."
NO_SUCH_MEMBER = "That member is not in this session any more."
NO_SUCH_TASK = "That task is not in this session."
NO_SUCH_FILE = "That file is not in this session."


# The options that are on or off, by field: of a session, and of the forms that choose them.
SWITCHES = (
    "auto_reveal",
    "anyone_reveals",
    "change_after_reveal",
    "names_hidden",
    "anyone_adds_files",
    "teammates_only",
)


@dataclass(frozen=True, slots=True)
class Member:
    """A person in the session, or a program with a service's token. The browser keeps the secret, the value only its
    digest."""

    id: str
    session_id: str
    secret_digest: str
    user_id: str | None
    name: str
    joined_at: datetime
    facilitates: bool = False
    votes: bool = True
    away_since: datetime | None = None
    left_at: datetime | None = None
    removed_at: datetime | None = None
    nudged_at: datetime | None = None
    is_program: bool = False

    @property
    def role(self) -> str:
        return roles.role(facilitates=self.facilitates, votes=self.votes)

    @property
    def has_left(self) -> bool:
        """Whether they left by their own act. Only joining and coming back undo that, no other request."""
        return roles.has_left(self.left_at, self.away_since)

    @property
    def absent(self) -> bool:
        """Whether the member has left or lost the connection."""
        return self.left_at is not None or self.away_since is not None

    def presence(self, now: datetime) -> str:
        """present, away or gone"""
        return roles.presence(left=self.left_at is not None, away_since=self.away_since, now=now)

    def awaited(self, now: datetime) -> bool:
        """Whether the cards stay face down until this member has voted."""
        return (
            self.votes
            and self.removed_at is None
            and roles.awaited(left=self.left_at is not None, away_since=self.away_since, now=now)
        )


@dataclass(frozen=True, slots=True)
class Task:
    """A backlog item, deleted ones included: deleting can be undone. ``newest`` is the number of its newest round, 0
    where it has none."""

    id: str
    session_id: str
    position: int
    created_at: datetime
    title: str = ""
    key: str = ""
    url: str = ""
    description: str = ""
    type: str = ""
    priority: str = ""
    labels: str = ""
    parent: str = ""
    acceptance: str = ""
    estimate: str | None = None
    note: str = ""
    estimated_at: datetime | None = None
    skipped_at: datetime | None = None
    deleted_at: datetime | None = None
    seconds: int = 0
    current_since: datetime | None = None
    newest: int = 0


@dataclass(frozen=True, slots=True)
class TaskFile:
    """A file beside a task, removed ones included: removing can be undone. ``kind`` is its media type, as its content
    says it; ``size`` is in bytes; ``width`` and ``height`` of a picture are in pixels, 0 of other files. ``alt`` is a
    picture's text alternative."""

    id: str
    session_id: str
    task_id: str
    position: int
    added_at: datetime
    name: str
    kind: str
    size: int
    width: int = 0
    height: int = 0
    caption: str = ""
    alt: str = ""
    removed_at: datetime | None = None

    @property
    def is_picture(self) -> bool:
        return self.width > 0


TEXTS = tuple(each for each in FIELDS if each != "key")
"""The fields of a task that an import updates."""


class Before(TypedDict):
    """The part of a task that a change loses and its undo restores."""

    estimate: str | None
    skipped: bool
    deleted: bool


class Undo(TypedDict):
    """The data that undoes the change that made this ``version``: the current task and round before it, and the tasks
    that it changed, as they were. ``texts`` are those that it replaced, by task and field; data of the release before
    has none. A dict, as its column keeps it."""

    version: int
    task_id: str
    round_id: str
    tasks: Mapping[str, Before]
    texts: NotRequired[Mapping[str, Mapping[str, str]]]


class RoundsNeeded(LookupError):
    """A change needs the rounds of another task than the current one: load them into ``Session.others``, and call it
    again."""

    def __init__(self, task_id: str) -> None:
        super().__init__(task_id)
        self.task_id = task_id


@dataclass(frozen=True, slots=True)
class Session:
    """One estimation meeting. ``version`` counts every change, ``tasks_version`` is the version of the last change
    to the tasks. ``members`` are in the order they joined, removed ones included, ``tasks`` in the backlog's order,
    ``files`` those of all tasks in the order of their places,
    ``rounds`` are the current task's, and ``others`` those of tasks that a change asked for. ``undo`` takes the newest
    change of the tasks back, where it can be taken back. ``played`` counts the rounds whose cards were turned over.
    ``tracked``: tasks of it came from a tracker."""

    id: str
    account_id: str
    code: str
    name: str
    deck: str
    cards: tuple[str, ...]
    created_at: datetime
    current_task_id: str
    current_round_id: str
    version: int
    tasks_version: int
    members: Mapping[str, Member]
    tasks: Mapping[str, Task]
    rounds: Rounds
    teammates_only: bool = False
    password_hash: str | None = None
    auto_reveal: bool = False
    anyone_reveals: bool = False
    change_after_reveal: bool = False
    names_hidden: bool = False
    anyone_adds_files: bool = False
    timer_length: int = 180
    timer_ends_at: datetime | None = None
    timer_remaining: int | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    deleted_at: datetime | None = None
    undo: Undo | None = None
    tracked: bool = False
    played: int = 0
    files: Mapping[str, TaskFile] = field(default_factory=dict)
    others: Mapping[str, Rounds] = field(default_factory=dict)

    # --- reading it

    @property
    def running(self) -> bool:
        """Whether the session is neither ended nor deleted."""
        return self.ended_at is None and self.deleted_at is None

    @property
    def used(self) -> bool:
        """Whether cards were turned over."""
        return self.played > 0

    @property
    def of_guests(self) -> bool:
        """Whether the session was opened without an account, and belongs to none so far."""
        return self.account_id == GUESTS

    @property
    def rounds_used_up(self) -> bool:
        """Whether no round beyond those that were revealed may be played."""
        return self.of_guests and self.played >= MAX_GUEST_ROUNDS

    @property
    def task(self) -> Task:
        """The task on the table."""
        return self.tasks[self.current_task_id]

    @property
    def round(self) -> Round:
        """The round that is voted on, or was last."""
        return self.rounds.newest

    @property
    def hides_names(self) -> bool:
        """Whether the round's cards are shown without names: as when they were played, or as the option says now. After
        the reveal it stays as it was at the reveal."""
        return self.round.names_hidden or (self.names_hidden and self.round.revealed_at is None)

    @property
    def current_members(self) -> list[Member]:
        """All members but those removed, in the order they joined."""
        return [member for member in self.members.values() if member.removed_at is None]

    @property
    def facilitators(self) -> list[Member]:
        """The facilitators, in the order they joined. One who left by their own act has the role again on coming back,
        unless another member took it over meanwhile."""
        return [member for member in self.current_members if member.facilitates and not member.has_left]

    @property
    def backlog(self) -> list[Task]:
        """The tasks in order, deleted ones left out."""
        return [task for task in self.tasks.values() if task.deleted_at is None]

    def files_of(self, task_id: str) -> list[TaskFile]:
        """The files beside a task in order, removed ones left out."""
        here = [each for each in self.files.values() if each.task_id == task_id and each.removed_at is None]
        return sorted(here, key=lambda each: (each.position, each.id))

    @property
    def timer(self) -> Timer | None:
        """The timer, running or paused; None if it was not started."""
        if self.timer_ends_at is None and self.timer_remaining is None:
            return None
        return Timer(self.timer_length, self.timer_ends_at, self.timer_remaining)

    def member_of(self, secret_digest: str | None, user_id: str | None) -> Member | None:
        """Returns the member that a browser is, removed ones included; None for a stranger, and in a deleted session.

        A user is one member, reached from every browser of theirs. Once the member is the user's, the browser's secret
        alone finds it no longer, so that signing out ends it there too. A guest's member is found by the secret.
        """
        if self.deleted_at:
            return None
        guest = None
        for member in self.members.values():
            if member.user_id is None:
                if secret_digest is not None and member.secret_digest == secret_digest:
                    guest = member
            elif member.user_id == user_id:
                return member
        return guest

    def card_of(self, member: Member) -> str | None:
        """Returns the member's own card: for that member's page alone before the reveal."""
        vote = self.round.votes.get(member.id) if member.votes else None
        return vote.card if vote else None

    def colleague(self, member_id: str) -> Member:
        """Returns another member of the session.

        Raises:
            Refused: missing, where there is none.
        """
        found = self.members.get(member_id)
        if found is None or found.removed_at:
            raise Refused("missing", NO_SUCH_MEMBER)
        return found

    def task_here(self, task_id: str) -> Task:
        """Returns a task of this session, deleted ones included.

        Raises:
            Refused: missing, where there is none.
        """
        found = self.tasks.get(task_id)
        if found is None:
            raise Refused("missing", NO_SUCH_TASK)
        return found

    def file_here(self, file_id: str) -> TaskFile:
        """Returns a file of this session, removed ones included.

        Raises:
            Refused: missing, where there is none.
        """
        found = self.files.get(file_id)
        if found is None:
            raise Refused("missing", NO_SUCH_FILE)
        return found

    def lets_add_files(self, member: Member) -> bool:
        """Whether a member may add files: a facilitator, and where the session lets everybody, everybody."""
        return member.facilitates or self.anyone_adds_files

    # --- copies with one thing changed

    def with_member(self, member: Member) -> Self:
        """Returns the session with a member as given, in the place of the one with the same id, or where the order puts
        a new one."""
        members = {**self.members, member.id: member}
        if len(members) > len(self.members):
            # Two may join in the same moment.
            members = dict(sorted(members.items(), key=lambda each: (each[1].joined_at, each[0])))
        return replace(self, members=members)

    def with_task(self, *tasks: Task) -> Self:
        """With tasks as given, in the places of those with the same ids, or at the end."""
        return replace(self, tasks={**self.tasks, **{task.id: task for task in tasks}})

    def with_file(self, *files: TaskFile) -> Self:
        """With files as given, in the places of those with the same ids, or beside them."""
        return replace(self, files={**self.files, **{each.id: each for each in files}})

    def with_round(self, newest: Round) -> Self:
        """With the newest round of the current task as given."""
        return replace(self, rounds=replace(self.rounds, newest=newest))

    def with_votes(self, votes: Mapping[str, Vote]) -> Self:
        """With these votes in the newest round."""
        return self.with_round(replace(self.round, votes=votes))

    def without_timer(self) -> Self:
        if self.timer_ends_at is None and self.timer_remaining is None:
            return self
        return replace(self, timer_ends_at=None, timer_remaining=None)

    def without_card_of(self, member_id: str) -> Self:
        """Returns the session without the member's card in a round that is not revealed; a revealed card stays."""
        if self.round.revealed_at or member_id not in self.round.votes:
            return self
        return self.with_votes({key: vote for key, vote in self.round.votes.items() if key != member_id})
