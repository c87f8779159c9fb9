"""The Atlassian Document Format (ADF), in which Jira's interface has texts, as Markdown."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from html import escape
from itertools import islice
from typing import Any

from poker_app.markup.html_markup import MAX_HTML, from_html

MAX_DEPTH = 30
"""Levels of a document that are read: editors make ten at the most."""
MAX_NODES, MAX_MARKS = 10_000, 10

# Nodes that are a tag around their content.
_TAGS = {
    **dict.fromkeys(("paragraph", "caption", "mediaSingle", "mediaGroup"), "p"),
    **dict.fromkeys(("bulletList", "taskList", "decisionList"), "ul"),
    **dict.fromkeys(("listItem", "decisionItem"), "li"),
    **dict.fromkeys(("blockquote", "panel", "expand", "nestedExpand"), "blockquote"),
    "orderedList": "ol",
    "table": "table",
    "tableRow": "tr",
    "tableHeader": "th",
    "tableCell": "td",
}
_MARKS = {"strong": "strong", "em": "em", "code": "code", "strike": "s"}


def from_adf(document: object) -> str:
    """A document of ADF as Markdown: pictures as their text alternatives, and of what is unknown the text."""
    return from_html(_Nodes().of(document, 0))


class _Nodes:
    """Writes the HTML of nodes, as many as ``left``."""

    def __init__(self) -> None:
        self.left = MAX_NODES
        self.characters = MAX_HTML

    def of(self, node: object, depth: int) -> str:
        self.left -= 1
        if not isinstance(node, Mapping) or depth > MAX_DEPTH or self.left < 0 or self.characters < 0:
            return ""
        kind, attributes = _text(node.get("type")), _mapping(node.get("attrs"))
        if kind == "text":
            return self._marked(node)
        if (said := self._leaf(kind, attributes)) is not None:
            return said
        inside = "".join(self.of(each, depth + 1) for each in _list(node.get("content")))
        if kind == "heading":
            level = attributes.get("level")
            level = level if isinstance(level, int) and 1 <= level <= 6 else 6
            return f"<h{level}>{inside}</h{level}>"
        if kind == "codeBlock":
            language = _text(attributes.get("language"))
            return f'<pre><code class="language-{escape(language)}">{inside}</code></pre>'
        if kind in ("taskItem", "blockTaskItem"):
            return f"<li>[{'x' if attributes.get('state') == 'DONE' else ' '}] {inside}</li>"
        if title := self._said(attributes.get("title")):
            inside = f"<p><strong>{title}</strong></p>{inside}"
        if not inside:
            inside = self._said(node.get("text") or attributes.get("text"))
        tag = _TAGS.get(kind) or ("div" if node.get("content") else "span")
        return f"<{tag}>{inside}</{tag}>"

    def _leaf(self, kind: str, attributes: Mapping[str, Any]) -> str | None:
        """The HTML of a node without content; None for others."""
        match kind:
            case "hardBreak":
                return "<br>"
            case "rule":
                return "<hr>"
            case "mention" | "status" | "placeholder":
                return self._said(attributes.get("text"))
            case "emoji":
                return self._said(attributes.get("text") or attributes.get("shortName"))
            case "date":
                return self._said(_day(attributes.get("timestamp")))
            case "media" | "mediaInline":
                return self._said(attributes.get("alt"))
            case "inlineCard" | "blockCard" | "embedCard":
                address = self._said(attributes.get("url"))
                return f'<a href="{address}">{address}</a>' + ("" if kind == "inlineCard" else "<br>")
            case _:
                return None

    def _marked(self, node: Mapping[str, Any]) -> str:
        """The text of a node within its marks."""
        said = self._said(node.get("text"))
        for mark in islice(_list(node.get("marks")), MAX_MARKS):
            kind = _text(_mapping(mark).get("type"))
            if tag := _MARKS.get(kind):
                said = f"<{tag}>{said}</{tag}>"
            elif kind == "link":
                address = self._said(_mapping(_mapping(mark).get("attrs")).get("href"))
                said = f'<a href="{address}">{said}</a>'
        return said

    def _said(self, value: object) -> str:
        text = _text(value)
        self.characters -= len(text)
        return escape(text)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _list(value: object) -> Iterator[Any]:
    return iter(value if isinstance(value, list) else ())


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _day(timestamp: object) -> str:
    """The day of a moment in milliseconds; "" where it is none."""
    try:
        return datetime.fromtimestamp(int(_text(timestamp)) / 1000, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return ""
