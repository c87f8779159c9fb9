"""Markup of trackers as Markdown: HTML, Jira's wiki markup, ADF; and which texts of a table are converted."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poker_app import imports
from poker_app.imports.long_texts import in_markdown
from poker_app.markup import from_adf, from_html, from_jira_wiki
from poker_app.markup.html_markup import MAX_HTML
from poker_app.rules.imports.understood import understood

LIST = "- one\n  - two\n    1. three\n- four"


# --- HTML


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("<p>Pay <b>later</b> &amp; <i>soon</i><br>second</p><p>x</p>", "Pay **later** & *soon*  \nsecond\n\nx"),
        ("<div>One</div><div>Two</div>", "One\n\nTwo"),
        ("<ul><li>one<ul><li>two<ol><li>three</li></ol></li></ul></li><li>four</li></ul>", LIST),
        ('<h2 class="x">Goal</h2><blockquote>Said</blockquote>', "## Goal\n> Said"),
        ('<pre><code class="language-sh">a  *b*\n c</code></pre>', "```sh\na  *b*\n c\n```"),
        ("<table><tr><th>A</th></tr><tr><td colspan=1000>b</td></tr></table>", "| A |\n| --- |\n| b |"),
        (
            '<a href="https://e.org/a_b">Docs</a>, <a href="mailto:a@e.org">mail</a>',
            "[Docs](https://e.org/a_b), [mail](mailto:a@e.org)",
        ),
        ('<a href="javascript:alert(1)">x</a> <a href="/browse/A-1">y</a>', "x y"),
        ('Before <img src="data:image/png;base64,AAAA" alt="The page"> after', "Before The page after"),
        ("<script>alert(1)</script><style>p {}</style><iframe src=//x></iframe>y", "y"),
        ("2 * 3 and __init__ &lt;b&gt;", r"2 \* 3 and \_\_init\_\_ <b>"),
        ("<p>- no list</p>", r"\- no list"),
        ("a\0b", "ab"),
        ("", ""),
    ],
)
def test_html(text: str, markdown: str) -> None:
    assert from_html(text) == markdown


def test_html_that_the_library_stops_at() -> None:
    assert from_html("<li><pre><h3><li><a href=<hr><br>") == "<a href="


# --- Jira's wiki markup


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("h2. Goal\nPay *later*, _soon_, -never-", "## Goal\n\nPay **later**, *soon*, ~~never~~"),
        ("one\r\ntwo\\\\three\n\nfour", "one  \ntwo  \nthree\n\nfour"),
        ("* one\n** two\n**# three\n* four", LIST),
        ("# a\n# b\n\n- c\n- d", "1. a\n2. b\n\n- c\n- d"),
        ("* one\nand more", "- one  \n  and more"),
        ("{code:java|title=A.java}\nint *a = 1;\n{code}after", "```java\nint *a = 1;\n```\n\nafter"),
        ("{noformat}\n a  *b*\n{noformat}", "```\n a  *b*\n```"),
        ("{code}\nnever closed *x*", "```\nnever closed *x*\n```"),
        ("{{code}} and {{a_b}}", "`code` and `a_b`"),
        (
            "[Docs|https://e.org/a_b] [https://e.org] https://e.org/-a-",
            "[Docs](https://e.org/a_b) <https://e.org> <https://e.org/-a->",
        ),
        ("[https://e.org/x|https://e.org/x|smart-link]", "<https://e.org/x>"),
        ("[x|javascript:alert(1)] [~ada] [^a.pdf] [#Top] [1]", "x @ada a.pdf Top [1]"),
        ("||Key||Value||\n|a|[x|https://e.org]|", "| Key | Value |\n| --- | --- |\n| a | [x](https://e.org) |"),
        ("{quote}\nsaid\n{quote}\nafter", "> said\n\nafter"),
        ("bq. said", "> said"),
        ("{panel:title=Note|x=y}\n* a\n{panel}", "> **Note**\n>\n> - a"),
        ("!img.png|thumbnail! !a.png|alt=The page! Wow! Great!", "img.png The page Wow! Great!"),
        ("{color:red}red{color} {*}b{*}old (/)", "red **b**old ✅"),
        ("well-known x*y*z 5 - 3 - 1 a_b_c --force", r"well-known x\*y\*z 5 - 3 - 1 a\_b\_c --force"),
        (r"\*not bold\* \[x]", r"\*not bold\* [x]"),
        ("*open\n*other", r"\*open" + "  \n" + r"\*other"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("a\n----\nb", "a\n\n---\n\nb"),
    ],
)
def test_wiki_markup_of_jira(text: str, markdown: str) -> None:
    assert from_jira_wiki(text) == markdown


# --- ADF


def node(kind: str, *content: Any, **attributes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"type": kind}
    return made | ({"content": [*content]} if content else {}) | ({"attrs": attributes} if attributes else {})


def text(said: str, *marks: str | dict[str, Any]) -> dict[str, Any]:
    made = {"type": "text", "text": said}
    return made | ({"marks": [{"type": mark} if isinstance(mark, str) else mark for mark in marks]} if marks else {})


def p(*content: Any) -> dict[str, Any]:
    return node("paragraph", *content)


def li(*content: Any) -> dict[str, Any]:
    return node("listItem", *content)


LINK = {"type": "link", "attrs": {"href": "https://e.org/?a=1&b=2"}}
TASKS = (
    node("taskItem", text("done"), localId="a", state="DONE"),
    node("taskItem", text("to do"), localId="b", state="TODO"),
)


# Each is a document of the schema in @atlaskit/adf-schema, but for the last.
@pytest.mark.parametrize(
    ("content", "markdown"),
    [
        (node("heading", text("Goal"), level=2), "## Goal"),
        (p(text("a "), text("b", "strong", "em"), text(" c", "strike"), text("d_e", "code")), "a ***b*** ~~c~~`d_e`"),
        (p(text("one"), node("hardBreak"), text("Docs", LINK)), "one  \n[Docs](https://e.org/?a=1&b=2)"),
        (
            node("bulletList", li(p(text("one")), node("orderedList", li(p(text("two")))))),
            "- one\n\n  1. two",
        ),
        (node("taskList", *TASKS, localId="c"), "- [x] done\n- [ ] to do"),
        (node("codeBlock", text("int *a<b>;\n"), language="c"), "```c\nint *a<b>;\n```"),
        (node("blockquote", p(text("said"))), "> said"),
        (node("panel", p(text("careful")), panelType="warning"), "> careful"),
        (node("expand", p(text("within")), title="More"), "> **More**\n>\n> within"),
        (
            node(
                "table",
                node("tableRow", node("tableHeader", p(text("A")))),
                node("tableRow", node("tableCell", p(text("b|c")))),
            ),
            "| A |\n| --- |\n| b\\|c |",
        ),
        (p(node("mention", id="1", text="@Ada"), text(" "), node("emoji", shortName=":x:", text="😀")), "@Ada 😀"),
        (p(node("status", text="NEW", color="blue"), node("date", timestamp="1609459200000")), "NEW2021-01-01"),
        (p(node("inlineCard", url="https://e.org")), "<https://e.org>"),
        (
            node("mediaSingle", node("media", type="file", id="1", collection="c", alt="The page"), layout="center"),
            "The page",
        ),
        (node("rule"), "---"),
        (node("of tomorrow", p(text("kept")), node("leaf", text="too")), "kept\n\ntoo"),
    ],
)
def test_adf(content: dict[str, Any], markdown: str) -> None:
    assert from_adf({"type": "doc", "version": 1, "content": [content]}) == markdown


def test_adf_without_end() -> None:
    deep: Any = text("at the bottom")
    for _ in range(500):
        deep = node("blockquote", deep)
    assert from_adf(deep) == ""
    wide = node("doc", *(p(text("x" * 100)) for _ in range(20_000)))
    assert 0 < len(from_adf(wide)) <= MAX_HTML


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["content", "attrs", "text", "marks", "title", "level"]), inner, max_size=4)
        | st.builds(
            lambda kind, rest: {**rest, "type": kind},
            st.sampled_from(["doc", "heading", "text", "media", "date", "taskItem", "inlineCard", "codeBlock"]),
            st.dictionaries(st.sampled_from(["content", "attrs", "text", "marks", "url"]), inner, max_size=4),
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_malformed_adf_makes_some_text(said: Any) -> None:
    assert isinstance(from_adf(said), str)


# --- in a table


def described(text: str) -> str:
    return imports.tasks_in(text).tasks[0].description


@pytest.mark.parametrize(
    ("table", "description"),
    [
        ("Issue key,Summary,Description\nA-1,Pay,h2. Goal", "## Goal"),
        ("Vorgangsschlüssel,Zusammenfassung,Beschreibung\nA-1,Pay,*x*", "**x**"),
        ("ID,Title,Description\n1,Pay,# A heading of *Markdown*", "# A heading of *Markdown*"),
        ("ID,Work Item Type,Title,Description\n1,Bug,Pay,a<br>b", "a  \nb"),
        ("ID,Title,Description\n1,Pay,<p>a <b>b</b></p>", "a **b**"),
        ("ID,Title,Description\n1,Pay,Use <br> and <details>", "Use <br> and <details>"),
        (
            '[{"key": "A-1", "fields": {"summary": "Pay", "description": {"type": "doc", "version": 1, "content": '
            '[{"type": "heading", "attrs": {"level": 2}, "content": [{"type": "text", "text": "Goal"}]}]}}}]',
            "## Goal",
        ),
        ('ID,Title,Description\n1,Pay,"{""type"": ""doc"""', '{"type": "doc"'),
    ],
)
def test_which_descriptions_are_converted(table: str, description: str) -> None:
    assert described(table).partition("\n\nWork")[0] == description


def test_what_is_not_long_text_stays() -> None:
    table = understood('Issue key,Summary,Description,Team,Steps\nA-1,h1. *Pay*,,a_b,"* a\n* b"')
    assert in_markdown(table).rows[0].cells == ("A-1", "h1. *Pay*", "", "a_b", "- a\n- b")
