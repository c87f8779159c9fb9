"""Reads Jira's "Export XML": a feed with an item for each task."""

import html
import re
from collections.abc import Mapping
from typing import Any

from poker_app.errors import Invalid
from poker_app.rules.backlog import MAX_DESCRIPTION
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
    cells["description"] = as_text(cells["description"][: 2 * MAX_DESCRIPTION])
    cells["labels"] = ", ".join(label.text or "" for label in item.findall("./labels/label"))
    cells["summary"] = cells["summary"] or (item.findtext("title") or "").strip()
    return list(cells.values())


_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})\b([^<>]{0,3000})>|<!--[^<>]{0,3000}-->")
_HREF = re.compile(r"""\bhref=["'](https?://[^"'\s()]{1,2000})["']""", re.IGNORECASE)
_BLOCK, _LINE = "\n\n", "\n"
_MARKS: Mapping[str, str] = {
    **dict.fromkeys(("p", "div", "ul", "ol", "table", "blockquote", "pre"), _BLOCK),
    **dict.fromkeys(
        ("/p", "/div", "/ul", "/ol", "/table", "/blockquote", "/pre", *(f"/h{n}" for n in range(1, 7))), _BLOCK
    ),
    **{f"h{n}": f"{_BLOCK}{'#' * n} " for n in range(1, 7)},
    **dict.fromkeys(("br", "tr"), _LINE),
    **dict.fromkeys(("b", "strong", "/b", "/strong"), "**"),
    **dict.fromkeys(("i", "em", "/i", "/em"), "*"),
    **dict.fromkeys(("code", "tt", "/code", "/tt"), "`"),
    **dict.fromkeys(("td", "th"), " | "),
    "li": f"{_LINE}- ",
}
"""Tags, and what stands for them in Markdown; nothing for any other."""


def as_text(markup: str) -> str:
    """HTML as Markdown, without what only a page needs. Where it is shown, Markdown lets no tag of its own through."""
    links: list[str] = []

    def mark(tag: re.Match[str]) -> str:
        name = f"{tag[1]}{tag[2]}".lower() if tag[2] else ""
        if name == "a":
            href = _HREF.search(tag[3])
            links.append(href[1] if href else "")
            return "[" if href else ""
        if name == "/a" and links:
            address = links.pop()
            return f"]({address})" if address else ""
        return _MARKS.get(name, "")

    text = html.unescape(_TAG.sub(mark, " ".join(markup.split())))
    lines = [" ".join(line.split()) for line in text.split("\n")]
    kept = [line for line, before in zip(lines, ["", *lines], strict=False) if line or before]
    return "\n".join(kept).strip()
