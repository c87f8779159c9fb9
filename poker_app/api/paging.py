"""Pages of lists: the place in the list where the next page begins, as a cursor that means nothing to programs."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from poker_app.api.models import Paging
from poker_app.errors import Invalid

Place = tuple[datetime, str]
"""The moment and the id by which a list is ordered."""
# Those of the largest number of a key in the database.
MAX_DIGITS = 18


def page_of[Row](
    query: Paging, rows: Callable[[Place | None, int], Sequence[Row]], place: Callable[[Row], Place]
) -> tuple[Sequence[Row], str | None]:
    """Returns a page and the cursor of the next one, None on the last. ``rows`` returns at most so many rows after a
    place, ``place`` the place of a row.

    Raises:
        Invalid: (422) the cursor is none of this list.
    """
    found = rows(_read(query.cursor, _place), query.limit + 1)
    return _cut(found, query.limit, lambda row: _written(place(row)))


def numbered_page_of[Row](
    query: Paging, rows: Callable[[int | None, int], Sequence[Row]], number: Callable[[Row], int]
) -> tuple[Sequence[Row], str | None]:
    """As ``page_of``, for rows with the greatest ``number`` first. ``rows`` returns those below a number.

    Raises:
        Invalid: (422) the cursor is none of this list.
    """
    found = rows(_read(query.cursor, _number), query.limit + 1)
    return _cut(found, query.limit, lambda row: str(number(row)))


def oldest_first[Row](
    rows: Iterable[Row], place: Callable[[Row], Place]
) -> Callable[[Place | None, int], Sequence[Row]]:
    """The ``rows`` of ``page_of`` for a list that is in memory."""
    ordered = sorted(rows, key=place)
    return lambda after, most: [row for row in ordered if after is None or place(row) > after][:most]


def _cut[Row](found: Sequence[Row], limit: int, write: Callable[[Row], str]) -> tuple[Sequence[Row], str | None]:
    page = found[:limit]
    if len(found) == len(page):
        return page, None
    return page, urlsafe_b64encode(write(page[-1]).encode()).decode().rstrip("=")


def _read[Kind](cursor: str, parse: Callable[[str], Kind]) -> Kind | None:
    if not cursor:
        return None
    try:
        return parse(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii"))
    except (ValueError, OverflowError) as problem:
        raise Invalid("This cursor leads nowhere. Begin without one.", "cursor") from problem


def _written(place: Place) -> str:
    at, key = place
    return f"{at.isoformat()} {key}"


def _place(text: str) -> Place:
    at, _, key = text.partition(" ")
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None or "\0" in key:
        raise ValueError("no place of a list")
    return moment.astimezone(UTC), key


def _number(text: str) -> int:
    if not text.isdigit() or len(text) > MAX_DIGITS:
        raise ValueError("no number of a list")
    return int(text)
