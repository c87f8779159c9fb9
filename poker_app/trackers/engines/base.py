"""The port to a tracker."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from poker_app.rules.trackers import EstimateField, Found, Identity, Issue, Place, Search
from poker_app.trackers.failures import Unreachable

PAGE = 50
"""Issues of one page."""


class Tracker(Protocol):
    """One connected tracker. Every method raises a ``TrackerFailure``; ids are those that the tracker gave. Each bounds
    its requests: a page at a time, and at most ten pages where a list is read whole."""

    def check(self) -> Identity:
        """Whose token it is, and what it is granted."""

    def projects(self) -> Sequence[Place]:
        """The projects, teams or repositories whose issues can be read, the first few hundred."""

    def places(self, project: str) -> Sequence[Place]:
        """Where a project's issues are: its open sprints, boards, iterations, milestones, columns and labels."""

    def search(self, search: Search, cursor: str = "") -> Found:
        """A page of issues. Raises Rejected for a query that the tracker cannot read."""

    def issue(self, issue_id: str) -> Issue:
        """One issue. Raises Gone where it was deleted or moved out of sight."""

    def estimate_fields(self, project: str) -> Sequence[EstimateField]:
        """The fields of a project that an estimate can be written into, the likeliest first."""

    def estimate(self, issue_id: str, field: EstimateField) -> str:
        """What the field has now, as ``value_for`` writes it; "" for nothing. Raises Rejected where the issue has no
        such field."""

    def write_estimate(self, issue_id: str, field: EstimateField, value: str) -> None:
        """Writes a value of ``value_for``. Written twice, it is there once. Raises Rejected where the issue has no such
        field, Denied where the token's person may not edit it."""

    def comment(self, issue_id: str, markdown: str) -> None:
        """Adds a comment."""

    def revoke(self) -> bool:
        """Revokes the token at the tracker, and returns whether the tracker has a way to do that."""


@contextmanager
def expected(tracker: str) -> Iterator[None]:
    """Reads an answer inside it: a key that is missing or a value of another type raises Unreachable."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        raise Unreachable(f"{tracker} does not answer as expected.") from None


def text(value: Any) -> str:
    """A text in an answer. Raises TypeError for anything else, to be read within ``expected``."""
    return of_type(str, value)


def of_type[T](kind: type[T], value: Any) -> T:
    """The value, which is of this type. Raises TypeError for another, such as None, to be read within ``expected``."""
    if not isinstance(value, kind):
        raise TypeError
    return value
