"""Descriptions: drawn in bounded time, drawn once, and nothing of them lost."""

import re
import time
from html import unescape

import pytest

from poker_app.web.http import markdown

LONGEST = 10_000
# What takes the parser longest, repeated: up to 360 ms for a description where nothing is bounded.
WORST = ["![", "[", "a\n\n", "<a@b.c>", "#\n", "*~a", "![](", "a\n", "a*", "a\n=\n", "1) a\n", "[[a]", "* a\n", "a**b*"]
WORST += [
    "@",
    ":",
    "_a_",
    "***a",
    "<http://a>",
    "-a\n",
    "# a\n",
    "[a]: b\n",
    "~~a~~",
    "|a|\n",
    f"|{'|' * 23}\n|{'-|' * 23}\n{'a' * 9}\n{'|' * 23}\n" + "a\n" * 20,
    f"|{'a|' * 20}\n|{'-|' * 20}\n" + "\n" * 20,
]
ENOUGH = 0.05  # seconds of processor
BACKLOG = (
    "## As a payer\n\nI want **one** list, so that:\n\n- it is `short`\n- it is [linked](https://x.example/a_b)\n\n"
)


def processor_time(unit: str) -> float:
    """Of drawing a description made of this, the best of eight: the collector and neighbours slow the others down."""
    took = []
    for number in range(8):
        text = f"{number}{unit * LONGEST}"[:LONGEST]
        began = time.thread_time()
        markdown.render(text)
        took.append(time.thread_time() - began)
    return min(took)


@pytest.mark.parametrize("unit", WORST)
def test_the_worst_description_is_drawn_in_bounded_time(unit: str) -> None:
    markdown.render("loads the *parser*")
    assert processor_time(unit) < ENOUGH


def test_what_is_not_drawn_is_shown_as_it_was_typed() -> None:
    text = "**bold**\n" + "<b>&\n" * 2_000
    shown = markdown.render(text[:LONGEST])
    assert shown.startswith("<p><strong>bold</strong>")
    assert "<b>" not in shown
    assert unescape(re.sub(r"<(?!b>)[^>]*>", "", shown)).split() == ["bold", *text[:LONGEST].split()[1:]]


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("# One\n## Two\n# Three", "3 4 3"),
        ("## One\n#### Two\n### Three\n# Four", "3 4 4 3"),
        ("# a\n## b\n### c\n#### d\n##### e\n###### f", "3 4 5 6 6 6"),
        ("One\n===\n\n- ## Two", "3 4"),
    ],
)
def test_headings_are_below_the_page_s_own_and_skip_no_level(text: str, levels: str) -> None:
    assert re.findall(r"<h(\d)>", markdown.render(text)) == levels.split()
    assert re.findall(r"</h(\d)>", markdown.render(text)) == levels.split()


def test_a_table() -> None:
    table = "|Phone|Seen|\n|-|:-:|\n|**A**|<b>yes|\n"
    shown = "".join(markdown.render(table).split())
    assert shown == (
        "<table><thead><tr><th>Phone</th><th>Seen</th></tr></thead>"
        "<tbody><tr><td><strong>A</strong></td><td>&lt;b&gt;yes</td></tr></tbody></table>"
    )
    long = f"|{'|' * 100}\n|{'-|' * 100}\n" + "a\n" * 400
    assert len(markdown.render(long)) < 2 * len(long)


def test_a_long_backlog_item_is_drawn_whole() -> None:
    shown = markdown.render(BACKLOG * 35)
    assert shown.count("<h3>") == shown.count("<strong>") == 35
    assert (shown.count("<li>"), shown.count("<a ")) == (70, 35)
    assert "**" not in shown


@pytest.mark.parametrize("text", ["ที่นี่มีผู้ใช้ ", "हिन्दी में विवरण ", "👍🏽🎉 ", "「全角」、！。"])
def test_the_signs_of_other_scripts_are_no_marks(text: str) -> None:
    shown = markdown.render(f"{text * 60}\n" * 10 + "**bold**")
    assert shown.endswith("<strong>bold</strong></p>\n")


def test_a_description_is_drawn_once() -> None:
    markdown.render("drawn *once*")
    before = markdown.render.cache_info()
    assert markdown.render("drawn *once*") == "<p>drawn <em>once</em></p>\n"
    after = markdown.render.cache_info()
    assert (after.hits, after.misses) == (before.hits + 1, before.misses)
