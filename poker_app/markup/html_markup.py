"""HTML as Markdown."""

import html
import re
from functools import cache
from typing import TYPE_CHECKING

from poker_app.rules.backlog import MAX_DESCRIPTION
from poker_app.rules.printable import encodable

if TYPE_CHECKING:
    from html_to_markdown import ConversionOptions

MAX_HTML = 3 * MAX_DESCRIPTION
"""Characters of a text that are read. The library takes the square of some characters' number where a tag is open at
the end: 30,000 signs such as ½ take 20 ms."""
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*)>")
_HREF = re.compile(r"""\bhref=["']((?:https?://|mailto:)[^"'<>\s]{1,2000})["']""", re.IGNORECASE)
_ALT = re.compile(r"""\balt=(?:"([^"<>]*)"|'([^'<>]*)')""", re.IGNORECASE)
_LANGUAGE = re.compile(r"""\bclass="(language-\w{1,20})\"""")
# ``script``, ``style``, ``head`` and ``title`` are dropped with what is in them.
_KEPT = frozenset(
    {
        *(
            "b",
            "strong",
            "i",
            "em",
            "s",
            "strike",
            "del",
            "u",
            "ins",
            "sub",
            "sup",
            "cite",
            "code",
            "tt",
            "kbd",
            "samp",
        ),
        *(
            "p",
            "div",
            "section",
            "article",
            "span",
            "br",
            "hr",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "blockquote",
            "pre",
        ),
        *("ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
        *("script", "style", "head", "title"),
    }
)


def from_html(text: str) -> str:
    """HTML as Markdown: pictures as their text alternative, links only to the web and to mail addresses. Where it is
    shown, Markdown lets no tag through."""
    from html_to_markdown import ConversionError, convert

    plain = _TAG.sub(_plain_tag, encodable(text[:MAX_HTML]))
    try:
        return (convert(plain, _options()).content or "").strip()
    except ConversionError:
        # The library stops at one of some ten thousand malformed texts.
        return html.unescape(_TAG.sub(" ", plain)).strip()


def _plain_tag(tag: re.Match[str]) -> str:
    """A tag without the attributes that Markdown has nothing for: a cell a thousand columns wide among them."""
    slash, name, attributes = tag[1], tag[2].lower(), tag[3]
    if name == "a":
        href = _HREF.search(attributes)
        return "</a>" if slash else f'<a href="{href[1]}">' if href else "<a>"
    if name == "img":
        alt = _ALT.search(attributes)
        return (alt[1] or alt[2] or "") if alt else ""
    if name == "code" and (language := _LANGUAGE.search(attributes)):
        return f'<code class="{language[1]}">'
    return f"<{slash}{name}>" if name in _KEPT else ""


@cache
def _options() -> "ConversionOptions":
    """Imported where it is used: few requests read a backlog."""
    from html_to_markdown import ConversionOptions, HighlightStyle

    return ConversionOptions(
        bullets="-",
        escape_asterisks=True,
        escape_underscores=True,
        compact_tables=True,
        extract_metadata=False,
        highlight_style=HighlightStyle.NONE,
    )
