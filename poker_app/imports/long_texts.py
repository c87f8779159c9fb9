"""Long texts of tables as Markdown: of exports of Jira from wiki markup, of others from HTML and ADF."""

import json
import re
from dataclasses import replace

from poker_app.markup import from_adf, from_html, from_jira_wiki
from poker_app.rules.imports.column_names import ACCEPTANCE, DESCRIPTION, OTHER, Tracker, tracker_of
from poker_app.rules.imports.understood import Understood

_BLOCK = "p|div|ul|ol|table|pre|blockquote|h[1-6]|span|b|strong"
_IS_HTML = re.compile(rf"<(?:{_BLOCK})(?: [^<>]*)?>")
_HAS_HTML = re.compile(
    rf"</?(?:{_BLOCK}|li|br|i|em|u|a|code|img)(?: [^<>]*)?/?>|&(?:nbsp|lt|gt|amp|quot);", re.IGNORECASE
)


def in_markdown(table: Understood) -> Understood:
    """The table with its long texts as Markdown: of exports of Jira, whose columns' names tell them, from wiki markup,
    of others from HTML and ADF. What is Markdown already stays as it is."""
    tracker = tracker_of([each.name for each in table.columns])
    long = [each.meaning in (DESCRIPTION, ACCEPTANCE) for each in table.columns]
    other = [each.meaning == OTHER for each in table.columns]
    rows = [
        replace(
            row,
            cells=tuple(
                _converted(cell, tracker) if is_long or (is_other and "\n" in cell) else cell
                for cell, is_long, is_other in zip(row.cells, long, other, strict=True)
            ),
        )
        for row in table.rows
    ]
    return replace(table, rows=tuple(rows))


def _converted(text: str, tracker: Tracker | None) -> str:
    text = text.strip()
    if text.startswith("{") and text.endswith("}") and '"doc"' in text and (document := _document(text)):
        return from_adf(document)
    if text.endswith(">") and _IS_HTML.match(text):
        return from_html(text)
    if tracker == Tracker.JIRA:
        return from_jira_wiki(text)
    if tracker == Tracker.AZURE and _HAS_HTML.search(text):
        return from_html(text)
    return text


def _document(text: str) -> object:
    """The document of ADF that a text is; None where it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.get("type") == "doc" else None
