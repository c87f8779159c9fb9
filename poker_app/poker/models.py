"""The tables of a session on one page: session, series, member, task, round, vote."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from poker_app.db import Base, Document
from poker_app.rules.roles import awaited, has_left, presence, role

Id = String(16)


class PokerSession(Base):
    """One estimation meeting. ``version`` counts every change, ``tasks_version`` is the version of the last change to
    the tasks, ``published_version`` is less than ``version`` where the realtime engine did not take an event."""

    __tablename__ = "poker_session"
    __table_args__ = (Index(None, "account_id", "created_at"), Index(None, "series_id"))

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(6), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    deck: Mapped[str] = mapped_column(String(32))
    cards: Mapped[list[str]] = mapped_column(JSON)
    # One form, one session: a form sent twice finds what it made the first time.
    form_key: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    # The user who opened it; None where users do not sign in, and once that user is deleted.
    user_id: Mapped[str | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))
    series_id: Mapped[str | None] = mapped_column(ForeignKey("series.id", ondelete="SET NULL"))
    teammates_only: Mapped[bool] = mapped_column(default=False)
    # Whether tasks of it came from a tracker.
    tracked: Mapped[bool] = mapped_column(default=False, server_default=false())
    password_hash: Mapped[str | None] = mapped_column(String(200))

    auto_reveal: Mapped[bool] = mapped_column(default=False)
    anyone_reveals: Mapped[bool] = mapped_column(default=False)
    change_after_reveal: Mapped[bool] = mapped_column(default=False)
    names_hidden: Mapped[bool] = mapped_column(default=False)
    anyone_adds_files: Mapped[bool] = mapped_column(default=False, server_default=false())

    timer_length: Mapped[int] = mapped_column(default=180)
    timer_ends_at: Mapped[datetime | None]
    timer_remaining: Mapped[int | None]

    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(60))
    archived_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    current_task_id: Mapped[str | None] = mapped_column(Id)
    current_round_id: Mapped[str | None] = mapped_column(Id)
    version: Mapped[int] = mapped_column(default=1)
    tasks_version: Mapped[int] = mapped_column(default=1, server_default="0")
    # The column's name in the release before, whose processes read and write this one alone during a deploy.
    agenda: Mapped[int] = mapped_column(default=1)
    published_version: Mapped[int] = mapped_column(default=0)
    # The data that undoes the newest change of the tasks: no card, and no text but those that an import replaced.
    undo: Mapped[dict[str, Any] | None] = mapped_column(Document("poker_session.undo"))

    @property
    def running(self) -> bool:
        """Whether the session is neither ended nor deleted."""
        return self.ended_at is None and self.deleted_at is None


class Series(Base):
    """A recurring meeting of an account: its permanent link opens the day's session, with this deck and options.

    ``search`` is one in a tracker, whose open issues come into each session. ``search_due`` is the session into which
    they are still to come, and ``search_problem`` the sentence why they did not, "" while they are awaited.
    """

    __tablename__ = "series"
    __table_args__ = (Index(None, "account_id"), Index(None, "search_due"))

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(120))
    deck: Mapped[str] = mapped_column(String(32))
    cards: Mapped[list[str]] = mapped_column(JSON)
    options: Mapped[dict[str, Any]] = mapped_column(Document("series.options"), default=dict)
    # Where users do not sign in: the browser that made it.
    secret_digest: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    search: Mapped[dict[str, Any] | None] = mapped_column(Document("series.search"))
    search_due: Mapped[str | None] = mapped_column(String(16))
    search_problem: Mapped[str] = mapped_column(String(300), default="", server_default="")


class Member(Base):
    """A person in one session. The browser keeps the secret, the row only its digest."""

    __tablename__ = "member"
    __table_args__ = (UniqueConstraint("session_id", "secret_digest"), Index(None, "secret_digest"))

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("poker_session.id", ondelete="CASCADE"))
    secret_digest: Mapped[str] = mapped_column(String(64))
    # The user who is this member, if they are signed in or sign up later.
    user_id: Mapped[str | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    facilitates: Mapped[bool] = mapped_column(default=False)
    votes: Mapped[bool] = mapped_column(default=True)
    joined_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    away_since: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    nudged_at: Mapped[datetime | None]
    # Whether it is a program with a service's token, and no person.
    is_program: Mapped[bool] = mapped_column(default=False, server_default=false())

    session: Mapped[PokerSession] = relationship()

    @property
    def role(self) -> str:
        return role(facilitates=self.facilitates, votes=self.votes)

    @property
    def has_left(self) -> bool:
        """Whether they left by their own act. Only joining and coming back undo that, no other request."""
        return has_left(self.left_at, self.away_since)

    def presence(self, now: datetime) -> str:
        """present, away or gone"""
        return presence(left=self.left_at is not None, away_since=self.away_since, now=now)

    def awaited(self, now: datetime) -> bool:
        """Whether the cards stay face down for them."""
        return awaited(left=self.left_at is not None, away_since=self.away_since, now=now)


class Task(Base):
    """A backlog item. A session without a backlog votes on tasks without a title."""

    __tablename__ = "task"
    __table_args__ = (Index(None, "session_id", "position"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("poker_session.id", ondelete="CASCADE"))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(255), default="")
    key: Mapped[str] = mapped_column(String(40), default="")
    url: Mapped[str] = mapped_column(String(2000), default="")
    description: Mapped[str] = mapped_column(String(10_000), default="")
    type: Mapped[str] = mapped_column(String(60), default="", server_default="")
    priority: Mapped[str] = mapped_column(String(60), default="", server_default="")
    # Joined by commas.
    labels: Mapped[str] = mapped_column(String(1240), default="", server_default="")
    parent: Mapped[str] = mapped_column(String(300), default="", server_default="")
    acceptance: Mapped[str] = mapped_column(String(5_000), default="", server_default="")
    estimate: Mapped[str | None] = mapped_column(String(8))
    note: Mapped[str] = mapped_column(String(500), default="")
    estimated_at: Mapped[datetime | None]
    skipped_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    # Seconds that this task was the current one, up to ``current_since``.
    seconds: Mapped[int] = mapped_column(default=0)
    current_since: Mapped[datetime | None]


class TaskFile(Base):
    """A file of a task. Its content is in the store under the same id; ``files.models`` has the row about what is
    stored."""

    __tablename__ = "task_file"
    __table_args__ = (Index(None, "session_id"), Index(None, "task_id"))

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("poker_session.id", ondelete="CASCADE"))
    task_id: Mapped[str] = mapped_column(ForeignKey("task.id", ondelete="CASCADE"))
    position: Mapped[int]
    added_at: Mapped[datetime]
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    caption: Mapped[str] = mapped_column(String(200), default="")
    alt: Mapped[str] = mapped_column(String(500), default="")
    removed_at: Mapped[datetime | None]

    @property
    def is_picture(self) -> bool:
        return self.width > 0


class Round(Base):
    """One voting pass on a task; earlier rounds are kept as they were."""

    __tablename__ = "round"
    __table_args__ = (UniqueConstraint("task_id", "number"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("task.id", ondelete="CASCADE"))
    number: Mapped[int]
    opened_at: Mapped[datetime]
    revealed_at: Mapped[datetime | None]
    # As the session wanted it when cards were played, or at the reveal: an option that is switched off later does not
    # take that back.
    names_hidden: Mapped[bool] = mapped_column(default=False)


class MessageCount(Base):
    """A session's messages on a day (in UTC): those published, and those delivered."""

    __tablename__ = "message_count"
    __table_args__ = (Index(None, "day"),)

    session_id: Mapped[str] = mapped_column(ForeignKey("poker_session.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    published: Mapped[int] = mapped_column(default=0)
    delivered: Mapped[int] = mapped_column(default=0)


class Vote(Base):
    """A member's card in a round."""

    __tablename__ = "vote"
    __table_args__ = (CheckConstraint("card <> ''", name="card"),)

    round_id: Mapped[str] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), primary_key=True)
    card: Mapped[str] = mapped_column(String(8))
    cast_at: Mapped[datetime]
