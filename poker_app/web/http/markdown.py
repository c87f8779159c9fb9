"""Renders descriptions in Markdown as HTML that is safe to show."""

from functools import cache, lru_cache
from string import punctuation
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore

TAGS = {
    *("p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"),
    *("h1", "h2", "h3", "h4", "h5", "h6"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
# The parser's time grows with the marks and the lines of a text: each takes up to 0.03 ms, and a description of nothing
# else took 360 ms. A line counts as two marks, an item of a list (0.15 ms) as five. A long one of a real backlog has a
# few hundred.
MAX_MARKS = 1_200
# Markdown's marks are ASCII; vowel signs, emoji and the punctuation of other scripts are letters to it.
_MARKS = dict.fromkeys(set(punctuation) - set(".,;'\"?()/"), 1.0) | {
    # The parser only stops to look at them: 0.003 ms.
    "@": 0.25,
    ":": 0.25,
}
_BEGIN_AN_ITEM = tuple("*+-0123456789")
# Of texts with more cells tables are lines: the parser fills every row up to the length of the first, so that a short
# text can make a table that takes seconds and fills half a megabyte.
MAX_CELLS = 600
# Descriptions in the cache: each change of a session's tasks renders the current one again.
MAX_KEPT = 128


@lru_cache(MAX_KEPT)
def render(text: str) -> Markup:
    """Returns Markdown as HTML of a few harmless tags; headings are below the page's own, links open elsewhere. The
    text after MAX_MARKS marks is shown as it was typed."""
    head, tail = _divided(text)
    return _drawn(head) + _as_typed(tail)


def _divided(text: str) -> tuple[str, str]:
    """The lines that MAX_MARKS are enough for, and the others."""
    left: float = MAX_MARKS
    end = 0
    for line in text.splitlines(keepends=True):
        left -= 5 if line.lstrip()[:1] in _BEGIN_AN_ITEM else 2
        left -= sum(_MARKS.get(char, 0) for char in line)
        if left < 0:
            break
        end += len(line)
    return text[:end], text[end:]


def _as_typed(text: str) -> Markup:
    return Markup("<p>{}</p>").format(escape(text).replace("\n", Markup("<br>\n"))) if text else Markup()


def _drawn(text: str) -> Markup:
    import nh3

    html = _parser(tables=0 < _cells(text) <= MAX_CELLS).render(text)
    return Markup(  # noqa: S704 (nh3 leaves only the harmless tags)
        nh3.clean(
            html,
            tags=TAGS,
            attributes={"a": {"href"}},
            url_schemes={"http", "https", "mailto"},
            link_rel="noopener noreferrer nofollow",
            set_tag_attribute_values={"a": {"target": "_blank"}},
        )
    )


def _cells(text: str) -> int:
    """How many cells the tables of a text have at the most; 0 where it has none."""
    bars = max((line.count("|") for line in text.splitlines()), default=0)
    return (bars + 1) * (text.count("\n") + 1) if bars else 0


@cache
def _parser(*, tables: bool) -> "MarkdownIt":
    """Imported where it is used: few tasks have a description."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("strikethrough")
    parser.core.ruler.push("headings below the page's own", _nest_headings)
    return parser.enable("table") if tables else parser


def _nest_headings(state: "StateCore") -> None:
    """Headings begin below the page's own, at the third level, and none skips a level, whatever was typed."""
    above: list[str] = []
    for token in state.tokens:
        if token.type == "heading_open":
            while above and above[-1] >= token.tag:
                above.pop()
            above.append(token.tag)
        if token.type.startswith("heading_"):
            token.tag = f"h{min(2 + len(above), 6)}"
