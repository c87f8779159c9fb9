"""Descriptions in Markdown, as HTML that is safe to show."""

from functools import cache
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

TAGS = {
    *("p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"),
    *("h1", "h2", "h3", "h4", "h5", "h6"),
}


def render(text: str) -> Markup:
    """Markdown as HTML of a few harmless tags; headings keep below the page's own, links open elsewhere."""
    import nh3

    html = _parser().render(text)
    for level in (4, 3, 2, 1):
        html = html.replace(f"<h{level}>", f"<h{level + 2}>").replace(f"</h{level}>", f"</h{level + 2}>")
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


@cache
def _parser() -> "MarkdownIt":
    """Imported where it is used: few tasks have a description."""
    from markdown_it import MarkdownIt

    # No tables: a short text can make one that takes seconds and fills half a megabyte.
    return MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("strikethrough")
