"""Runs of the jobs: when each began, and how it ended. Stored for the operator's page and the metrics."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Index, String, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from poker_app import clock
from poker_app.db import Base, session, transaction

KEPT = timedelta(days=90)
MAX_OUTCOME = 300


class JobRun(Base):
    """One run of a job. Without ``ended_at`` it is running, or its process was killed."""

    __tablename__ = "job_run"
    __table_args__ = (Index(None, "job", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    failed: Mapped[bool] = mapped_column(default=False)
    outcome: Mapped[str] = mapped_column(String(MAX_OUTCOME), default="")


def recorded(job: str, action: Callable[[], Mapping[str, int]], failures: str = "") -> Mapping[str, int]:
    """Runs a job, and stores when it ran and its counts. A run that raises counts as failed, and so does one whose
    count named ``failures`` is not zero."""
    run_id = _begin(job)
    try:
        done = action()
    except BaseException as problem:
        # The error is in the log. Here its class is enough, since its text may hold personal data or secrets.
        _end(run_id, failed=True, outcome=type(problem).__name__)
        raise
    told = ", ".join(f"{count} {what}" for what, count in done.items() if count)
    _end(run_id, failed=bool(done.get(failures)), outcome=told or "nothing to do")
    return done


def _begin(job: str) -> int:
    with transaction():
        session.execute(delete(JobRun).where(JobRun.started_at < clock.now() - KEPT))
        run = JobRun(job=job, started_at=clock.now())
        session.add(run)
        session.flush()
        return run.id


def _end(run_id: int, *, failed: bool, outcome: str) -> None:
    ended = {"ended_at": clock.now(), "failed": failed, "outcome": outcome[:MAX_OUTCOME]}
    with transaction():
        session.execute(update(JobRun).where(JobRun.id == run_id).values(ended))


def last_runs(most: int) -> Sequence[JobRun]:
    """The newest runs of all jobs, the newest first."""
    return session.scalars(select(JobRun).order_by(JobRun.id.desc()).limit(most)).all()


def last_of_each() -> dict[str, JobRun]:
    """The newest run of each job, by its name."""
    newest = select(func.max(JobRun.id)).group_by(JobRun.job)
    return {run.job: run for run in session.scalars(select(JobRun).where(JobRun.id.in_(newest)).order_by(JobRun.job))}
