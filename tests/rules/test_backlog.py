from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poker_app.rules import Refused
from poker_app.rules.backlog import MAX_DESCRIPTION, MAX_KEY, MAX_TITLE, MAX_URL, TaskLine, moved
from poker_app.rules.imports.pasted import MAX_TASKS, tasks_in
from poker_app.rules.printable import is_hidden

JIRA = "https://x.atlassian.net/browse/PAY-311"
GITHUB = "https://github.com/o/r/issues/12"
LINEAR = "https://linear.app/team/issue/ENG-12/retry-failed-payments"


def task_in(line):
    (task,) = tasks_in(line).tasks
    return task.title, task.key, task.url


@pytest.mark.parametrize(
    "line",
    [
        "Pay",
        "- Pay",
        "* Pay",
        "+ Pay",
        "• Pay",
        "– Pay",
        "1. Pay",
        "12) Pay",
        "[ ] Pay",
        "[x] Pay",
        "[X]Pay",
        "[] Pay",
        "- [ ] Pay",
        "* [x] Pay",
        "3. [ ] Pay",
        "# Pay",
        "### Pay",
        "  Pay  ",
        "\tPay\t",
        "-\tPay",
        "    - Pay",
        "Pay:",
        "Pay -",
        "| Pay |",
        "\ufeffPay",
        "P\x00ay",
        "Pa\u200by",
        "\u202ePay",
        "Pa\x07y",
        "Pay\ud800",
    ],
)
def test_what_only_decorates_a_line_is_taken_off(line):
    assert task_in(line) == ("Pay", "", "")


@pytest.mark.parametrize(
    "title",
    [
        "-5 degrees at night",
        "1.5 upgrade",
        "2026. A year",
        "*bold* move",
        "C++ and C#",
        "a - b",
        "a: b",
        "a | b",
        "UTF-8 in file names",
        "SHA-256 everywhere",
        "Read it as UTF-8",
        "pay-311 in lower case",
        "PAY-12a",
        "PAY- 311",
        "We are #1 here",
        "javascript:alert(1)",
        "ftp://example.com/x",
        "https://",
        "https://[::1",
        "=1+1",
        "<b>bold</b>",
        "日本語の課題",
        "👨\u200d👩\u200d👧 family plan",
        "0",
    ],
)
def test_what_belongs_to_a_title_stays(title):
    assert task_in(title) == (title, "", "")


@pytest.mark.parametrize(
    "line",
    [
        "PAY-311 Show cards",
        "PAY-311: Show cards",
        "PAY-311 - Show cards",
        "PAY-311 – Show cards",
        "PAY-311- Show cards",
        "PAY-311 | Show cards",
        "| PAY-311 | Show cards |",
        "[PAY-311] Show cards",
        "(PAY-311) Show cards",
        "- [ ] PAY-311 Show cards",
        "1. PAY-311: Show cards",
        "[PAY-311]: Show cards",
        "Show cards (PAY-311)",
        "Show cards [PAY-311]",
        "PAY-311\tShow cards",
        "PAY-311:\tShow cards",
        "Show cards\tPAY-311",
        "PAY-311\t\tShow cards",
        "PAY-311\tShow cards\tOpen\t5",
        "PAY-311\t  Show   cards",
        "\tPAY-311\tShow cards",
        "PAY-311 Show cards\tOpen now",
        "PAY-311   Show   cards",
    ],
)
def test_a_trackers_key_is_told_from_the_title(line):
    assert task_in(line) == ("Show cards", "PAY-311", "")


@pytest.mark.parametrize(
    ("line", "title", "key"),
    [
        ("#123 Fix it", "Fix it", "#123"),
        ("Fix it #123", "Fix it", "#123"),
        ("Fix it (#123)", "Fix it", "#123"),
        ("- #123: Fix it", "Fix it", "#123"),
        ("PAY-311", "PAY-311", "PAY-311"),
        ("#12", "#12", "#12"),
        ("PAY-3 -5 degrees", "-5 degrees", "PAY-3"),
        ("A_B2-7 Fix", "Fix", "A_B2-7"),
        ("PAY-1 PAY-2 both", "PAY-2 both", "PAY-1"),
        ("Login\tLet people in", "Let people in", "Login"),
        ("17\tLet people in", "Let people in", "17"),
        ("Let people in\tThe long story", "Let people in", ""),
    ],
)
def test_other_keys(line, title, key):
    assert task_in(line) == (title, key, "")


@pytest.mark.parametrize(
    ("url", "title", "key"),
    [
        (JIRA, "PAY-311", "PAY-311"),
        ("https://jira.example.com/browse/pay-311?focused=1", "PAY-311", "PAY-311"),
        ("https://x.atlassian.net/jira/boards/1?selectedIssue=PAY-9", "PAY-9", "PAY-9"),
        ("https://x.atlassian.net/jira/boards/1?a=b&selectedIssue=PAY-9&c=d", "PAY-9", "PAY-9"),
        (GITHUB, "#12", "#12"),
        ("https://github.com/o/r/pull/13/files", "#13", "#13"),
        ("https://github.com/o/r/issues/12#issuecomment-1", "#12", "#12"),
        ("https://gitlab.com/g/sub/p/-/issues/7", "#7", "#7"),
        ("https://git.example.com/g/p/-/merge_requests/8", "#8", "#8"),
        (LINEAR, "Retry failed payments", "ENG-12"),
        ("https://linear.app/team/issue/ENG-12", "ENG-12", "ENG-12"),
        ("https://linear.app/team/issue/eng-12/", "ENG-12", "ENG-12"),
        ("https://example.com/docs/show-saved_cards/", "Show saved cards", ""),
        ("https://example.com/caf%C3%A9", "Café", ""),
        ("https://example.com/%00%0a%E2%80%AE", "example.com", ""),
        ("https://example.com", "example.com", ""),
        ("HTTPS://Example.com/", "example.com", ""),
        ("http://localhost:8000/a", "A", ""),
        ("https://github.com/o/r/issues/new", "New", ""),
        ("https://github.com/issues/12", "12", ""),
        ("https://example.com/" + "a" * 300, "A" + "a" * 254, ""),
    ],
)
def test_an_address_alone_names_the_task(url, title, key):
    assert task_in(url) == (title, key, url)


@pytest.mark.parametrize(
    ("line", "task"),
    [
        (f"Show cards {JIRA}", ("Show cards", "PAY-311", JIRA)),
        (f"{JIRA} Show cards", ("Show cards", "PAY-311", JIRA)),
        (f"Show cards - {JIRA}", ("Show cards", "PAY-311", JIRA)),
        (f"Show cards: {JIRA}.", ("Show cards", "PAY-311", JIRA)),
        (f"Show cards ({JIRA})", ("Show cards", "PAY-311", JIRA)),
        (f"Show cards (see {JIRA})", ("Show cards", "PAY-311", JIRA)),
        (f"Show cards <{JIRA}>", ("Show cards", "PAY-311", JIRA)),
        (f"Show cards\t{JIRA}", ("Show cards", "PAY-311", JIRA)),
        (f"ABC-1 Show cards {JIRA}", ("Show cards", "ABC-1", JIRA)),
        (f"ABC-1\t{GITHUB}", ("ABC-1", "ABC-1", GITHUB)),
        ("ABC-1 https://example.com/a/page", ("ABC-1", "ABC-1", "https://example.com/a/page")),
        (f"[Show cards]({JIRA})", ("Show cards", "PAY-311", JIRA)),
        (f"- [ ] [PAY-311]({JIRA}) Show cards", ("Show cards", "PAY-311", JIRA)),
        (f"[x]({GITHUB})", ("x", "#12", GITHUB)),
        ("Wiki https://e.org/a_(b)", ("Wiki", "", "https://e.org/a_(b)")),
        ("Wiki (https://e.org/a_(b))", ("Wiki", "", "https://e.org/a_(b)")),
        ("One https://a.b/c two https://d.e/f", ("One two https://d.e/f", "", "https://a.b/c")),
        ("Bad https://[::1 then https://d.e/f", ("Bad https://[::1 then", "", "https://d.e/f")),
        ('A "https://a.b/c" quoted', ('A " " quoted', "", "https://a.b/c")),
    ],
)
def test_an_address_is_lifted_out_of_the_line(line, task):
    assert task_in(line) == task


def test_one_task_a_line_in_order():
    text = "Sprint 42\r\n\r\n- PAY-1 One\n  \n---\n2. Two\n* \n| --- | --- |\nThree"
    assert tasks_in(text).tasks == [TaskLine("Sprint 42"), TaskLine("One", "PAY-1"), TaskLine("Two"), TaskLine("Three")]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "-", "---\n***", "\x00", "\u200b\n\ufeff", "- \n* \n1. "])
def test_a_list_without_a_task_is_refused(text):
    with pytest.raises(Refused) as refused:
        tasks_in(text)
    assert (refused.value.kind, refused.value.sentence) == (
        "invalid",
        "There is no task in this list. Write one a line.",
    )


@pytest.mark.parametrize(
    ("line", "task", "sentence"),
    [
        (
            "word " * 57,
            TaskLine("word " * 49 + "word…", description=("word " * 57).strip()),
            "Line 3: a title has at most 255 characters, and this one 284: the whole is in the description.",
        ),
        (
            "x" * (MAX_TITLE + 1),
            TaskLine("x" * (MAX_TITLE - 1) + "…", description="x" * (MAX_TITLE + 1)),
            "Line 3: a title has at most 255 characters, and this one 256: the whole is in the description.",
        ),
        (
            "k" * (MAX_KEY + 1) + "\tPay",
            TaskLine("Pay"),
            "Line 3: a key has at most 40 characters, and this one 41: it was left out.",
        ),
        (
            "Pay https://e.org/" + "x" * (MAX_URL - 13),
            TaskLine("Pay"),
            "Line 3: a link has at most 2000 characters, and this one 2001: it was left out.",
        ),
    ],
)
def test_of_a_line_too_long_what_fits_is_kept_and_the_rest_is_said(line, task, sentence):
    read = tasks_in(f"One\n\n{line}\nTwo")
    assert read.tasks == [TaskLine("One"), task, TaskLine("Two")]
    assert read.left_out == [sentence]


@pytest.mark.parametrize(
    ("head", "cell", "task", "sentence"),
    [
        (
            "Type",
            "x" * 61,
            TaskLine("Pay", type="x" * 59 + "…"),
            "a type has at most 60 characters, and this one 61: it was cut.",
        ),
        (
            "Parent",
            "x" * 301,
            TaskLine("Pay", parent="x" * 299 + "…"),
            "a parent has at most 300 characters, and this one 301: it was cut.",
        ),
        (
            "Acceptance criteria",
            "x" * 5001,
            TaskLine("Pay", acceptance="x" * 4999 + "…"),
            "a list of acceptance criteria has at most 5000 characters, and this one 5001: it was cut.",
        ),
        (
            "Labels",
            ";".join(["x" * 61, *map(str, range(21))]),
            TaskLine("Pay", labels=", ".join(map(str, range(20)))),
            "a task has at most 20 labels of 60 characters each: 2 of 22 were left out.",
        ),
        ("Labels", ";".join("x" * 59 + chr(97 + n) for n in range(20)), None, ""),
    ],
)
def test_of_a_field_too_long_what_fits_is_kept_and_the_rest_is_said(head, cell, task, sentence):
    read = tasks_in(f"Title,{head}\nPay,{cell}")
    assert read.tasks == [task or TaskLine("Pay", labels=cell.replace(";", ", "))]
    assert read.left_out == ([f"Line 2: {sentence}"] if sentence else [])


JIRA_TABLE = "Type\tKey\tSummary\nBug\tPAY-12\tLogin page hidden\nStory\tPAY-13\tExport"


@pytest.mark.parametrize(
    ("text", "tasks"),
    [
        (
            JIRA_TABLE,
            [
                TaskLine("Login page hidden", "PAY-12", type="Bug"),
                TaskLine("Export", "PAY-13", type="Story"),
            ],
        ),
        (
            'Summary,Issue key\n"Export report\nas CSV",PAY-13',
            [TaskLine("Export report as CSV", "PAY-13")],
        ),
        (
            'Title;Description;URL\r\n"Pay; later";"One\n\nTwo";https://e.org/1\r\n\r\nOther;;javascript:x',
            [TaskLine("Pay; later", "", "https://e.org/1", "One\n\nTwo"), TaskLine("Other")],
        ),
        ("\ufeffKey,Title\nPAY-1,\n,Two", [TaskLine("PAY-1", "PAY-1"), TaskLine("Two")]),
        ("Bug\tPAY-12\tLogin page hidden", [TaskLine("Login page hidden", "PAY-12", description="Bug")]),
        ("Title, and more\nKey, too", [TaskLine("Key", description="and more: too")]),
        ("Story\nTask", [TaskLine("Story"), TaskLine("Task")]),
    ],
)
def test_a_pasted_table_loses_nothing(text, tasks):
    assert tasks_in(text).tasks == tasks


@pytest.mark.parametrize(
    "line", ["x" * MAX_TITLE, "k" * MAX_KEY + "\tPay", "Pay https://e.org/" + "x" * (MAX_URL - 14)]
)
def test_a_line_at_the_limit_is_taken(line):
    read = tasks_in(line)
    assert (len(read.tasks), read.left_out) == (1, [])


def test_the_first_200_tasks_are_taken():
    read = tasks_in("Pay\n\n" * MAX_TASKS)
    assert (len(read.tasks), read.left_out) == (MAX_TASKS, [])
    for list_of_201 in ("Pay\n" * MAX_TASKS + "Last", "Title\tKey\n" + "Pay\t\n" * MAX_TASKS + "Last\t"):
        read = tasks_in(list_of_201)
        number = list_of_201.count("\n") + 1
        assert len(read.tasks) == MAX_TASKS
        assert read.left_out == [f"The list was too long: nothing was taken from line {number} on."]


PIECES = st.sampled_from(
    [
        "- ",
        "* ",
        "1. ",
        "[ ] ",
        "[x](",
        ")",
        "(",
        "PAY-3",
        "#4",
        " ",
        "\t",
        "\n",
        ":",
        "|",
        "–",
        "http://",
        "https://[",
        "e.org",
        "/browse/",
        "/issues/",
        "?",
        "%00",
        "%",
        "\x00",
        "\u202e",
        "\ud800",
        "wörd",
        JIRA,
        LINEAR,
        "x" * 90,
    ]
)


@given(st.lists(PIECES | st.text(max_size=3), max_size=14).map("".join))
def test_any_paste_is_tasks_within_limits_or_refused(text):
    try:
        tasks = tasks_in(text).tasks
    except Refused as refused:
        tasks, kind = [], refused.kind
    else:
        kind = None
    assert bool(tasks) == (kind is None)
    assert kind in (None, "invalid")
    for task in tasks:
        assert task.title.strip() == task.title
        assert 1 <= len(task.title) <= MAX_TITLE
        assert len(task.key) <= MAX_KEY
        assert len(task.url) <= MAX_URL
        assert len(task.description) <= MAX_DESCRIPTION
        assert not task.url or task.url.lower().startswith(("http://", "https://"))
        assert not any(is_hidden(char) for char in task.title + task.key + task.url)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 60_000,
        "[" * 60_000,
        "[ ] " * 15_000,
        "- " * 30_000,
        "https://[ " * 6_000,
        "( " * 30_000,
        "PAY-" * 15_000,
        "http://e/" + "/a" * 30_000,
        "http://e/a" + "/issues/" * 7_500,
        "(" + " " * 60_000 + "x",
        "A" * 60_000 + "-1",
    ],
    ids=lambda text: text[:12],
)
def test_no_paste_of_a_whole_body_takes_long(text):
    begun = process_time()
    read = tasks_in(text + "z" * (MAX_TITLE + 1))
    assert read.left_out
    assert process_time() - begun < 0.5


@pytest.mark.parametrize(
    ("item", "to", "order"),
    [
        ("a", 0, "abcd"),
        ("a", 1, "bacd"),
        ("a", 3, "bcda"),
        ("d", 0, "dabc"),
        ("c", 1, "acbd"),
        ("b", 99, "acdb"),
        ("c", -1, "cabd"),
    ],
)
def test_a_task_moves_to_another_place(item, to, order):
    assert moved("abcd", item, to) == list(order)


def test_what_is_not_there_cannot_be_moved():
    with pytest.raises(ValueError):
        moved(["a"], "b", 0)


@given(st.permutations("abcdef"), st.sampled_from("abcdef"), st.integers(-9, 9))
def test_a_move_keeps_everything_and_the_order_of_the_rest(order, item, to):
    result = moved(order, item, to)
    assert result.index(item) == min(max(to, 0), 5)
    assert [other for other in result if other != item] == [other for other in order if other != item]
    assert moved(result, item, to) == result
