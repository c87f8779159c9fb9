"""Descriptions in Markdown, as HTML that is safe to show."""

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

# No tables: a short text can make one that takes seconds and fills half a megabyte.
_parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("strikethrough")
TAGS = {
    *("p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"),
    *("h1", "h2", "h3", "h4", "h5", "h6"),
}


def render(text: str) -> Markup:
    """Markdown as HTML of a few harmless tags; headings keep below the page's own, links open elsewhere."""
    html = _parser.render(text)
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
