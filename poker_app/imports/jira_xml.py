"""Reads Jira's "Export XML": a feed with an item for each task."""

from typing import Any

from poker_app.errors import Invalid
from poker_app.markup import from_html
from poker_app.rules.imports.cells import MAX_ROWS, Grid, Row
from poker_app.rules.imports.columns import named
from poker_app.rules.imports.understood import Understood, of_grid

_FIELDS = ("summary", "key", "link", "description", "type", "status", "priority", "labels", "parent")
NO_FEED = "There are no tasks in this XML. What Jira exports as XML is read; other trackers export CSV."


def understood_xml(content: bytes) -> Understood:
    """The table of the feed's items.

    Raises:
        Invalid: (422) it is no XML, has entities of its own, or is no feed of Jira.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        items = fromstring(content, forbid_dtd=True).findall("./channel/item")
    except (ParseError, DefusedXmlException, ValueError, LookupError) as problem:
        raise Invalid("This XML cannot be read. Export it from Jira again, or export CSV.", "file") from problem
    rows: list[Row] = [(place, _cells(item)) for place, item in enumerate(items[: MAX_ROWS + 1], start=1)]
    columns = named(_FIELDS, first=True)
    if not rows or columns is None:
        raise Invalid(NO_FEED, "file")
    return of_grid(Grid(columns, rows, 0))


def _cells(item: Any) -> list[str]:
    cells = {field: (item.findtext(field) or "").strip() for field in _FIELDS}
    cells["description"] = from_html(cells["description"])
    cells["labels"] = ", ".join(label.text or "" for label in item.findall("./labels/label"))
    cells["summary"] = cells["summary"] or (item.findtext("title") or "").strip()
    return list(cells.values())
