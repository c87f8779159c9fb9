"""Keeps a fault of one session's, issue's or estimate's work from ending that of all others."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError

from poker_app.db import session
from poker_app.errors import Refusal
from poker_app.trackers.failures import FAULTS, TrackerFailure

log = structlog.get_logger(__name__)


@contextmanager
def contained(**about: str) -> Iterator[None]:
    """Logs a fault in the block, with ``about``, and goes on after it. What was due stays due."""
    try:
        yield
    except (Refusal, TrackerFailure, SQLAlchemyError, *FAULTS):
        session.rollback()
        log.exception("trackers_fault", **about)
