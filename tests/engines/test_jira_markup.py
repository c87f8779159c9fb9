"""Comments as documents and as wiki markup, and descriptions out of both."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poker_app.markup import from_adf
from poker_app.trackers.engines.jira_markup import to_adf, to_wiki
from tests.trackers.jira_cloud import check_document

COMMENT = "Estimated **5** with [Faceup](https://faceup.example).\n\n- Ada 5\n- Ben `8`\n  1. *late*\n\n> why"
_PIECES = [
    "a",
    "*",
    "**",
    "_",
    "`",
    "- ",
    "1. ",
    "> ",
    "# ",
    "\n",
    "\n\n",
    "    ",
    "[a](http://b)",
    "![c](d)",
    "---\n",
    "```\n",
    "\\",
    "<b>",
    " ",
]


@given(st.lists(st.sampled_from(_PIECES), min_size=1, max_size=25).map("".join).filter(str.strip))
def test_any_markdown_is_a_document_that_jira_takes(markdown: str) -> None:
    document = to_adf(f"Estimated.\n\n{markdown}")
    check_document(document)
    assert "Estimated." in from_adf(document)


def test_a_comment_is_the_same_after_a_way_there_and_back() -> None:
    # Documents have no tight lists.
    there, here = (text.split() for text in (from_adf(to_adf(COMMENT)), COMMENT))
    assert there == here
    assert to_adf(COMMENT)["content"][-1]["type"] == "blockquote"


def test_a_comment_is_written_in_wiki_markup() -> None:
    items = "* Ada 5\n* Ben {{8}}\n*# _late_"
    assert to_wiki(COMMENT) == (
        f"Estimated *5* with [Faceup|https://faceup.example].\n\n{items}\n\n{{quote}}\nwhy\n{{quote}}"
    )
    assert to_wiki("## Goal\n\n```\nx = [1]\n```\n\n---") == "h2. Goal\n\n{code}\nx = [1]\n{code}\n\n----"


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("{x} [y] a|b !z!", r"\{x\} \[y\] a\|b \!z\!"),
        ("C:\\\\d", "C:&#92;d"),
        ("well-known - \\- x", r"well-known \- \- x"),
    ],
)
def test_what_is_markup_in_wiki_only_stays_a_text(typed: str, written: str) -> None:
    assert to_wiki(typed) == written
