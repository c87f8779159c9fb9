"""The tables of connected trackers, and of the tasks that came from them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from poker_app.db import Base, Document

MAX_PROBLEM, MAX_BEFORE = 300, 100
MAX_ADDRESS, MAX_PROJECT = 500, 200


class TrackerConnection(Base):
    """A tracker that an account has connected. ``sealed`` are its credentials, encrypted; ``identity`` is whose token
    it is, as the tracker says; ``problem`` is the sentence of the last failure that needs a person, "" for none.
    ``hook_sealed`` is the secret of its webhook, encrypted, "" for none."""

    __tablename__ = "tracker_connection"
    __table_args__ = (Index(None, "account_id"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(MAX_ADDRESS))
    sealed: Mapped[str] = mapped_column(Text)
    identity: Mapped[str] = mapped_column(String(200))
    granted: Mapped[list[str]] = mapped_column(JSON)
    connected_by: Mapped[str | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))
    connected_at: Mapped[datetime]
    checked_at: Mapped[datetime]
    problem: Mapped[str] = mapped_column(String(MAX_PROBLEM), default="")
    hook_sealed: Mapped[str] = mapped_column(Text, default="", server_default="")


class TrackerProject(Base):
    """How a project's estimates are written back: into which ``field`` (an ``EstimateField``), what for each card
    (``mapping``), at which ``moment`` (``finalized``, ``ended`` or ``never``), and whether a comment goes with it."""

    __tablename__ = "tracker_project"

    connection_id: Mapped[str] = mapped_column(
        ForeignKey("tracker_connection.id", ondelete="CASCADE"), primary_key=True
    )
    project: Mapped[str] = mapped_column(String(200), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    field: Mapped[dict[str, Any] | None] = mapped_column(Document("tracker_project.field"))
    mapping: Mapped[list[list[str]]] = mapped_column(JSON, default=list)
    moment: Mapped[str] = mapped_column(String(10), default="finalized")
    comments: Mapped[bool] = mapped_column(default=False)


class TaskIssue(Base):
    """The issue that a task is. ``seen`` is a digest of the title and description that it was brought in with, and
    ``news`` says what changed there since; ``before`` is what its field had when it came to the table, None where that
    was not asked.

    ``state`` of the estimate there: "" where none is written yet, ``written``, ``refused``, ``conflict`` (the field
    was changed there meanwhile) or ``left`` as it is there. ``card`` is the estimate that this is about. A try that
    failed is repeated at ``next_at``.
    """

    __tablename__ = "task_issue"
    __table_args__ = (Index(None, "session_id"), Index(None, "connection_id"))

    task_id: Mapped[str] = mapped_column(ForeignKey("task.id", ondelete="CASCADE"), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("poker_session.id", ondelete="CASCADE"))
    connection_id: Mapped[str] = mapped_column(ForeignKey("tracker_connection.id", ondelete="CASCADE"))
    issue_id: Mapped[str] = mapped_column(String(200))
    project: Mapped[str] = mapped_column(String(200))
    seen: Mapped[str] = mapped_column(String(64))
    seen_at: Mapped[datetime]
    news: Mapped[str] = mapped_column(String(MAX_PROBLEM), default="")
    before: Mapped[str | None] = mapped_column(String(MAX_BEFORE))
    state: Mapped[str] = mapped_column(String(10), default="")
    card: Mapped[str] = mapped_column(String(8), default="")
    problem: Mapped[str] = mapped_column(String(MAX_PROBLEM), default="")
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None]
    written_at: Mapped[datetime | None]
    commented: Mapped[str] = mapped_column(String(8), default="")
