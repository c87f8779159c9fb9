"""What is understood of tables, exports and lists copied out of trackers."""

from pathlib import Path

import pytest

from poker_app.rules.backlog import TaskLine
from poker_app.rules.imports.columns import MAX_NAME, Column
from poker_app.rules.imports.pasted import MAX_LIST, is_list, tasks_in
from poker_app.rules.imports.preview import as_last_time
from poker_app.rules.imports.remembered import MAX_REMEMBERED, corrected, with_corrected
from poker_app.rules.imports.understood import DONE, HEADING, tasks_in_rows, understood
from poker_app.rules.spreadsheet import as_csv

EXPORTS = Path(__file__).parent / "tracker_exports"


def read(text: str) -> list[tuple[str, str, str]]:
    """Title, key and description of each task that is to be estimated."""
    return [(task.title, task.key, task.description) for task in tasks(text)]


def tasks(text: str) -> list[TaskLine]:
    return [task for row, task, _ in tasks_in_rows(understood(text)) if task and not row.not_a_task]


# --- each tracker's export


KEYS = {
    "jira.csv": ["PAY-12", "PAY-13"],
    "github.tsv": ["#12", "#13"],
    "gitlab.csv": ["#12", "#13"],
    "linear.csv": ["PAY-12", "PAY-13"],
    "azure.csv": ["12", "13"],
    "trello.csv": ["#12", "#13"],
    "youtrack.csv": ["PAY-12", "PAY-13"],
    "asana.csv": ["", ""],
    "clickup.csv": ["PAY-12", "PAY-13"],
    "shortcut.csv": ["12", "13"],
}


@pytest.mark.parametrize("name", KEYS)
def test_an_export_of_each_tracker_has_the_right_titles(name: str) -> None:
    table = understood((EXPORTS / name).read_text())
    found = [(row, task) for row, task, problems in tasks_in_rows(table) if task and not problems]
    assert [task.title for _, task in found][-3:] == ["Login page hidden", "Export report, as CSV", "Old one"]
    assert [task.key for _, task in found][-3:-1] == KEYS[name]
    assert [row.not_a_task for row, _ in found][-3:] == ["", "", DONE]
    assert table.header == (4 if name == "asana.csv" else 1)


@pytest.mark.parametrize("name", KEYS)
def test_of_an_export_a_task_gets_what_helps_to_estimate_it(name: str) -> None:
    task = next(task for task in tasks((EXPORTS / name).read_text()) if task.title == "Login page hidden")
    assert task.description.startswith("The page stays empty.") is (name not in ("github.tsv", "azure.csv"))
    for noise in ("2026", "Byron", "557058", "false", "[]", "null", "5f2b", "000"):
        assert noise not in task.description


def test_labels_that_an_export_spreads_over_columns_stand_together() -> None:
    task = tasks((EXPORTS / "jira.csv").read_text())[0]
    assert task.description == "The page stays empty.\n\nOnly on phones.\n\nStatus: To Do"
    assert (task.type, task.priority, task.labels, task.parent) == ("Bug", "High", "web, login", "Sign in again")


# --- columns by name


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("Zusammenfassung;Vorgangsschlüssel;Beschreibung", "Größe ändern;PAY-3;Für alle"),
        ("Vorgangsschlüssel;Vorgangs-ID;Zusammenfassung;Beschreibung", "PAY-3;10003;Größe ändern;Für alle"),
        ("Clé de ticket,Résumé,Description", "PAY-3,Größe ändern,Für alle"),
        ("Resumen|Clave de incidencia|Descripción", "Größe ändern|PAY-3|Für alle"),
        ("Titel\tSchlüssel\tDetails", "Größe ändern\tPAY-3\tFür alle"),
        ("Description,Name,Key", "Für alle,Größe ändern,PAY-3"),
        ('"Task Name";"Task ID";"Task Content"', '"Größe ändern";"PAY-3";"Für alle"'),
    ],
)
def test_columns_are_known_by_their_names_in_four_languages(head: str, row: str) -> None:
    assert read(f"{head}\n{row}\n") == [("Größe ändern", "PAY-3", "Für alle")]


def test_names_of_columns_are_found_below_other_rows() -> None:
    text = "\nSprint 42;;\n;;\nTitle;Key;Squad\nPay;PAY-1;Red\nIn progress;;\nShip;PAY-2;Blue\nTitle;Key;Squad\n"
    table = understood(text)
    assert table.header == 4
    assert table.notes == ("Line 2: “Sprint 42” stands above the columns' names and was left out.",)
    assert [(row.line, row.not_a_task) for row in table.rows] == [(5, ""), (6, HEADING), (7, ""), (8, HEADING)]
    assert tasks_in(text).tasks == [
        TaskLine("Pay", "PAY-1", "", "Squad: Red"),
        TaskLine("Ship", "PAY-2", "", "Squad: Blue"),
    ]


def test_acceptance_criteria_are_a_field() -> None:
    text = 'Title,Description,Acceptance Criteria,Acceptance Criteria\nPay,With a card,"- it works\n- it says so",Fast'
    assert tasks(text) == [TaskLine("Pay", description="With a card", acceptance="- it works\n- it says so\n\nFast")]


@pytest.mark.parametrize(
    ("written", "labels"),
    [("web; login", "web, login"), ('"[web,Web,\n login ]"', "web, login"), ("[]", ""), (" ,; ", "")],
)
def test_labels_as_exports_write_them(written: str, labels: str) -> None:
    assert tasks(f"Title,Labels\nPay,{written}")[0].labels == labels


def test_an_earlier_estimate_is_shown_to_no_one_who_votes() -> None:
    assert read("Title,Story Points\nPay,5") == [("Pay", "", "")]


# --- columns by content


@pytest.mark.parametrize(
    "text",
    [
        "Bug\tPAY-12\tLogin page hidden\nStory\tPAY-13\tExport",
        "Bug\tPAY-12\tLogin\nStory\tPAY-13\tExport",
        "To Do\tLogin page hidden\tPAY-12\nDoing\tExport\tPAY-13",
        "PAY-12\tHigh\tLogin page hidden\t3\nPAY-13\tLow\tExport\t5",
        "Red\tPAY-12\tLogin page hidden\nRed\tPAY-13\tExport it\nRed\tPAY-14\tShip it\nRed\tPAY-15\tSell it",
        "PAY-12;Login page hidden\nPAY-13;Export",
        "PAY-12, Login page hidden\nPAY-13, Export",
        "https://e.org/1,Login page hidden\nhttps://e.org/2,Export",
        "12\tOPEN\tLogin page hidden\tbug\t2026-11-12T09:41:00Z\n13\tOPEN\tExport it\t\t2026-11-12T09:41:00Z",
        '"Login page\nhidden"\tPAY-12',
    ],
)
def test_a_table_without_names_has_its_titles(text: str) -> None:
    assert tasks(text)[0].title.startswith("Login")


@pytest.mark.parametrize("text", ["Pay, later\nShip, now", "Pay; later\nShip; now", "Yes, no | maybe\nYes | no"])
def test_sentences_with_commas_are_lines(text: str) -> None:
    assert understood(text).simple
    assert [task.title for task in tasks(text)] == text.splitlines()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Pay later", True),
        ("- PAY-1 Pay, later\n2. Ship; now", True),
        ("PAY-1\tPay later", True),
        ("***", True),
        ("Title;Key", True),  # no task below the names
        ("Title;Key\nPay;PAY-1", False),
        ("PAY-1\tPay later\nPAY-2\tShip", False),
        ("PAY-1\nPay later\nPAY-2\nShip it", False),
        ('[{"title": "Pay", "key": "PAY-1"}]', False),
        ("Pay\n" * (MAX_LIST // 4), False),  # more than a list holds
        ("x" * (MAX_LIST + 1), False),
    ],
)
def test_which_texts_are_plain_lists(text: str, plain: bool) -> None:
    assert is_list(text) is plain


# --- columns as last time

SQUADS = "Title;Squad\nPay;Red\n;Blue\n"


def shown(text: str, **remembered: str) -> list[tuple[str, str, str]]:
    """The name, meaning and guess of each column."""
    return [(each.name, each.meaning, each.guess) for each in as_last_time(understood(text), remembered).columns]


def test_a_column_means_what_it_was_corrected_to() -> None:
    assert shown(SQUADS) == [("Title", "title", "title"), ("Squad", "other", "other")]
    assert shown("Title;SQUAD \nPay;Red", squad="title") == [("Title", "title", "title"), ("SQUAD", "title", "other")]
    assert shown(SQUADS, squad="nonsense", team="key") == shown(SQUADS)
    # and which rows are tasks is decided by it
    assert [row.not_a_task for row in as_last_time(understood(SQUADS), {}).rows] == ["", HEADING]
    assert [row.not_a_task for row in as_last_time(understood(SQUADS), {"squad": "title"}).rows] == ["", ""]


@pytest.mark.parametrize(
    ("columns", "learned"),
    [
        ((Column("Squad", "title", "other"), Column("Key", "key", "key")), {"squad": "title", "key": ""}),
        ((Column("", "title", "other"), Column("x" * 61, "title", "other")), {}),
        # Of two that are called alike, one was changed; and one of an older release's preview.
        ((Column("Labels", "unused", "labels"), Column("labels", "labels", "labels")), {}),
        ((Column("Labels", "unused", "labels"), Column("labels", "unused", "other")), {"labels": "unused"}),
        ((Column("Squad", "title"),), {}),
    ],
)
def test_what_is_remembered_of_columns(columns: tuple[Column, ...], learned: dict[str, str]) -> None:
    assert corrected(columns) == learned


def test_the_newest_names_are_remembered() -> None:
    many = {f"name {number}": "key" for number in range(MAX_REMEMBERED)}
    now = with_corrected(many, {"name 3": "", "name 1": "title", "squad": "key", "team": "url"})
    assert list(now.items())[-3:] == [("name 1", "title"), ("squad", "key"), ("team", "url")]
    assert len(now) == MAX_REMEMBERED
    assert {"name 0", "name 3"}.isdisjoint(now)


# --- Markdown and JSON


def test_a_markdown_table() -> None:
    text = "Our sprint:\n\n| Key | Title |\n|:---|---:|\n| PAY-1 | Pay \\| later |\n| PAY-2 | Ship |\n\nThat is all."
    assert read(text) == [("Pay | later", "PAY-1", ""), ("Ship", "PAY-2", "")]


def test_a_markdown_table_whose_names_are_unknown() -> None:
    assert read("| Foo | Bar |\n| --- | --- |\n| PAY-1 | Pay later |\n| PAY-2 | Ship it |") == [
        ("Pay later", "PAY-1", ""),
        ("Ship it", "PAY-2", ""),
    ]


def test_what_an_api_answers_with() -> None:
    text = """[{"number": 3, "title": "Pay", "html_url": "https://github.com/o/r/issues/3", "state": "open",
    "body": "Now", "labels": [{"name": "bug"}, {"name": "web"}], "user": {"login": "ada"}, "closed_at": null}]"""
    assert tasks(text) == [
        TaskLine("Pay", "#3", "https://github.com/o/r/issues/3", "Now\n\nstate: open\n\nuser: ada", labels="bug, web")
    ]


@pytest.mark.parametrize(
    "text", ["[x] Pay", "[PAY-1] Pay]", "{not json}", '["a", "b"]', "[1]", "{}", "[" * 5_000 + "]"]
)
def test_what_only_looks_like_json_is_lines(text: str) -> None:
    assert understood(text).simple


@pytest.mark.parametrize("text", ["Title,{0}\nPay,a", '[{{"title": "Pay", "{0}": "a"}}]', "|x|{0}|\n|-|-|\n|Pay|a|"])
def test_a_long_name_of_a_column_is_cut(text: str) -> None:
    assert understood(text.format("x" * 9_000)).columns[1].name == "x" * MAX_NAME


@pytest.mark.parametrize(
    "text",
    [
        '[{"title": "Pay \\ud83d", "x\\udc00": {"name": "\\u0000a"}, "y": ["\\ud83d"], "z": "\\ud83d\\ude00"}]',
        "Title,x\udc00,y,z\nPay \ud83d,\0a,\ud83d,\ud83d\ude00",
    ],
)
def test_halves_of_surrogate_pairs_and_nul_are_left_out(text: str) -> None:
    table = understood(text)
    assert [column.name.casefold() for column in table.columns] == ["title", "x", "y", "z"]
    assert table.rows[0].cells == ("Pay ", "a", "", "😀")


@pytest.mark.parametrize("text", ["Pay \0later \ud83d\n", "- Pay \0later \ud83d"])
def test_a_list_with_half_a_surrogate_pair(text: str) -> None:
    assert understood(text).rows[0].cells[0] == "Pay later"


# --- lists copied out of a page


@pytest.mark.parametrize(
    "text",
    [
        "PAY-12\nLogin page hidden\nTo Do\n3\nPAY-13\nExport\nIn Progress\n5",
        "Login page hidden\nPAY-12\nTo Do\nExport\nPAY-13\nDone",
        "Story\nPAY-12\nLogin page hidden\nStory\nPAY-13\nExport".removeprefix("Story\n"),
        "PAY-12\nLogin page hidden\n\nPAY-13\nExport\n",
        "PAY-12 Login page hidden\nZU ERLEDIGEN\n–\nPAY-13 Export\nZU ERLEDIGEN\n½",
    ],
)
def test_words_between_the_tasks_of_a_copied_page_are_none(text: str) -> None:
    assert read(text) == [("Login page hidden", "PAY-12", ""), ("Export", "PAY-13", "")]
    assert not understood(text).simple


def test_keys_without_a_text_stand_for_their_own_lines() -> None:
    table = understood("PAY-1\nPay later\nTo Do\nPAY-2\nShip it\nTo Do\nPAY-3\nPAY-4\nTo Do\n")
    assert [(row.line, task.key) for row, task, _ in tasks_in_rows(table) if task] == [
        *((2, "PAY-1"), (5, "PAY-2"), (7, "PAY-3"), (8, "PAY-4")),
    ]


@pytest.mark.parametrize(
    "text", ["Story\nTask", "Task\nLogin\nPay", "Login\nTest\nDone", "PAY-1\nPAY-2\nPAY-3", "Login\n3\nPay"]
)
def test_titles_of_one_word_stay_titles(text: str) -> None:
    assert understood(text).simple
    assert [task.title for task in tasks(text)] == text.splitlines()


# --- lines


@pytest.mark.parametrize("bullet", ["●", "▪", "☐", "☐ ", "(1) ", "(a) ", "a) ", "b)\t", "▸ ", "→ ", "✓ "])
def test_bullets_of_other_programs(bullet: str) -> None:
    assert read(f"{bullet}Pay") == [("Pay", "", "")]


@pytest.mark.parametrize(
    ("line", "task"),
    [
        ("🐛 PAY-12 Login", TaskLine("🐛 Login", "PAY-12")),
        ("⚙️ [PAY-12] Login", TaskLine("⚙️ Login", "PAY-12")),
        ("SOC-2 audit", TaskLine("SOC-2 audit")),
        ("OAUTH-2 for partners", TaskLine("OAUTH-2 for partners")),
        ("(S) Login", TaskLine("(S) Login")),
    ],
)
def test_keys_and_what_looks_like_one(line: str, task: TaskLine) -> None:
    assert tasks(line) == [task]


@pytest.mark.parametrize(
    ("url", "title", "key"),
    [
        ("https://dev.azure.com/o/p/_workitems/edit/123", "#123", "#123"),
        ("https://o.visualstudio.com/p/_workitems/edit/123/", "#123", "#123"),
        ("https://dev.azure.com/o/p/_boards/board/t/x/Stories/?workitem=123", "#123", "#123"),
        ("https://app.clickup.com/t/86a1b2c3", "86a1b2c3", "86a1b2c3"),
        ("https://app.clickup.com/t/9001/dev-12", "DEV-12", "DEV-12"),
        ("https://app.asana.com/0/1201234/1205678/f", "Asana task 1205678", ""),
        ("https://app.asana.com/1/1/project/1201234/task/1205678?focus=true", "Asana task 1205678", ""),
        ("https://www.notion.so/team/Login-page-0123456789abcdef0123456789abcdef?pvs=4", "Login page", ""),
        ("https://www.notion.so/0123456789abcdef0123456789abcdef", "Notion page 01234567", ""),
        ("https://trello.com/c/AbCd1234/12-login-page-hidden", "Login page hidden", "#12"),
        ("https://trello.com/c/AbCd1234", "Trello card AbCd1234", ""),
        ("https://app.shortcut.com/o/story/12/login-page", "Login page", "sc-12"),
        ("https://o.youtrack.cloud/issue/PAY-12/Login-page", "Login page", "PAY-12"),
    ],
)
def test_a_bare_link_of_each_tracker_names_its_task(url: str, title: str, key: str) -> None:
    assert tasks(url) == [TaskLine(title, key, url)]


# --- limits and slips


def test_a_line_that_is_too_long_is_said_and_the_others_stay() -> None:
    read = tasks_in(f"Title;Key\nPay;PAY-1\nShip;{'x' * 41}\nSell;PAY-3\n")
    assert [(task.title, task.key) for task in read.tasks] == [("Pay", "PAY-1"), ("Ship", ""), ("Sell", "PAY-3")]
    assert read.left_out == ["Line 3: a key has at most 40 characters, and this one 41: it was left out."]


def test_a_quotation_mark_that_is_never_closed_is_a_letter() -> None:
    text = 'Title\tKey\nPay\tPAY-1\n"12 inches\tPAY-2\n' + "".join(f"Task {n}\tT-{n}\n" for n in range(1_200))
    found = tasks(text)
    assert [(task.title, task.key) for task in found[:3]] == [
        ("Pay", "PAY-1"),
        ('"12 inches', "PAY-2"),
        ("Task 0", "T-0"),
    ]
    assert len(found) == 1_202


def test_a_long_table_is_read_up_to_its_5000th_row() -> None:
    table = understood("Title;Key\n" + "".join(f"Task {n};T-{n}\n" for n in range(5_001)))
    assert len(table.rows) == 5_000
    assert table.notes == ("The table was too long: nothing was taken from line 5002 on.",)


def test_a_cell_that_an_export_protected_is_as_it_was() -> None:
    titles = ["=1+1", "a,=b;+c", "MAR-12", "1/2", "it's", "'quoted'", "-5", "007"]
    text = as_csv(["Key", "Title"], [["K", title] for title in titles])
    assert [task.title for task in tasks(text)] == titles


def test_a_row_that_is_short_or_long_is_a_task_too() -> None:
    assert read("Title;Key;Squad\nPay\nShip;PAY-2;Red;left over") == [
        ("Pay", "", ""),
        ("Ship", "PAY-2", "Squad: Red\n\nleft over"),
    ]
