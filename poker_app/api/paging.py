"""Pages of lists: the place in the list where the next page begins, as a cursor that means nothing to programs."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import datetime

from poker_app.api.models import Paging
from poker_app.errors import Invalid

Place = tuple[datetime, str]
"""The moment and the id by which a list is ordered."""


def page_of[Row](
    query: Paging, rows: Callable[[Place | None, int], Sequence[Row]], place: Callable[[Row], Place]
) -> tuple[Sequence[Row], str | None]:
    """Returns a page and the cursor of the next one, None on the last. ``rows`` returns at most so many rows after a
    place, ``place`` the place of a row.

    Raises:
        Invalid: (422) the cursor is none of this list.
    """
    found = rows(_place(query.cursor), query.limit + 1)
    page = found[: query.limit]
    return page, _cursor(place(page[-1])) if len(found) > len(page) else None


def _cursor(place: Place) -> str:
    at, key = place
    return urlsafe_b64encode(f"{at.isoformat()} {key}".encode()).decode().rstrip("=")


def _place(cursor: str) -> Place | None:
    if not cursor:
        return None
    try:
        at, _, key = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii").partition(" ")
        moment = datetime.fromisoformat(at)
    except ValueError as problem:
        raise Invalid("This cursor leads nowhere. Begin without one.", "cursor") from problem
    if moment.tzinfo is None or "\0" in key:
        raise Invalid("This cursor leads nowhere. Begin without one.", "cursor")
    return moment, key
