"""The report as files: what is in them, what never is, and what cannot break out of them."""

import csv
import json
from datetime import UTC, datetime
from functools import partial
from io import BytesIO, StringIO
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from poker_app.poker.members import members
from poker_app.poker.reports import exports, workbook
from poker_app.poker.reports.report import NamedMember, Report, TaskReport
from poker_app.poker.round import task_editing, tasks, voting
from poker_app.rules import trackers_csv
from poker_app.rules.imports.understood import tasks_in_rows, understood
from poker_app.rules.spreadsheet import COMMAS
from tests.world.actions import SECRETS, Played

EXPORTS = (exports.as_csv, exports.as_json, exports.as_markdown)


@pytest.fixture
def context(app):
    """Announcements render a fragment, and its addresses need a request."""
    with app.test_request_context():
        yield


@pytest.fixture
def played(clock, context):
    return Played(clock)


@pytest.fixture
def whole(played):
    return played.to_the_end()


def rows(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter))


def report_with(**typed) -> Report:
    """A report with one task of these words, as rules of input would never let it be."""
    now = datetime(2026, 11, 23, 10, tzinfo=UTC)
    facts = {"title": "Title", "key": "", "url": "", "estimate": None, "note": "", **typed}
    return Report(
        session_id="abc",
        name=facts.pop("name", "Session"),
        deck="fibonacci",
        cards=("1", "2", "?"),
        members=(NamedMember("1", "Ada", facilitates=True, votes=True, joined_at=now),),
        started_at=now,
        ended_at=now,
        ended_by="Ada",
        seconds=60,
        tasks=(TaskReport(**facts, skipped=False, seconds=5, rounds=()),),
        points=None,
        looks=((facts["title"], "took two rounds."),),
    )


# --- CSV


def test_csv(whole):
    text = exports.as_csv(whole.report)
    assert text.startswith("\ufeffPosition,Key,Title,URL,")
    assert text.count("\r\n") == text.count("\n") == 4
    assert rows(text) == [
        [
            "Position",
            "Key",
            "Title",
            "URL",
            "Estimate",
            "Points",
            "Status",
            "Note",
            "Rounds",
            "First-vote median",
            "Agreement",
            "Seconds",
            "Description",
            "Type",
            "Priority",
            "Labels",
            "Parent",
            "Acceptance criteria",
            "Round 1",
            "Round 2",
        ],
        [
            *("1", "PAY-1", "Show saved cards", "https://acme.example/browse/PAY-1", "3", "3", "estimated", ""),
            *("1", "3", "67%", "70", *[""] * 6, "Ada 3, Ben 3, Gus 5", ""),
        ],
        [
            *(
                "2",
                "PAY-2",
                "Refund to the original method",
                "",
                "8",
                "8",
                "estimated",
                "The old gateway cannot refund.",
            ),
            *("2", "5", "100%", "120", *[""] * 6, "Ada 2, Ben 5, Gus 21", "Ada 8, Ben 8, Gus ?"),
        ],
        ["3", "", "Tidy up", "", "", "", "skipped", "", "0", "", "", "15", *[""] * 8],
    ]


def test_csv_of_cards_that_a_spreadsheet_reads_as_dates(clock, context):
    played = Played(clock, deck="own", own="0, ½, 1/2h, 1, 3/4, 1.5")
    tasks.add_tasks(played.ada, "MAR-12 One\nTwo\nThree")
    first = next(task for task in played.report.tasks if task.key)
    task_editing.edit_task(
        played.ada,
        next(task.id for task in tasks.live_tasks(played.ada.session_id) if task.title == "One"),
        title="One",
        key=first.key,
        url="",
        description="Why\nand how",
        type="Bug",
        priority="High",
        labels="web, login",
        parent="MAR-1 Cards",
        acceptance="- it works\n- fast",
    )
    for card in ("½", "3/4", "1.5"):
        played.plays_round(f"{card} {card} {card}")
        played.finalize(card)
    comma, semicolon = exports.as_csv(played.report), exports.as_csv(played.report, COMMAS)
    lines = rows(comma)[1:]
    assert [line[1] for line in lines] == ["'MAR-12", "", ""]
    assert [line[4:7] for line in lines] == [
        ["½", "0.5", "estimated"],
        ["'3/4", "0.75", "estimated"],
        ["1.5", "1.5", "estimated"],
    ]
    assert lines[0][12:18] == ["Why\nand how", "Bug", "High", "web, login", "MAR-1 Cards", "'- it works\n'- fast"]
    lines = rows(semicolon, ";")[1:]
    assert [line[4:6] for line in lines] == [["½", "0,5"], ["'3/4", "0,75"], ["1,5", "1,5"]]
    [told, *_] = json.loads(exports.as_json(played.report))["tasks"]
    assert (told["key"], told["points"], told["description"]) == ("MAR-12", 0.5, "Why\nand how")
    assert (told["type"], told["priority"], told["labels"]) == ("Bug", "High", ["web", "login"])
    assert (told["parent"], told["acceptance_criteria"]) == ("MAR-1 Cards", "- it works\n- fast")


def test_csv_of_nothing_is_its_heads(played):
    assert len(rows(exports.as_csv(played.report))) == 1


def test_formulas_are_made_harmless(played):
    added = tasks.add_tasks(played.ada, "Innocent").tasks
    task_editing.edit_task(
        played.ada,
        added[0].id,
        title='=HYPERLINK("http://evil.example";"Click")',
        key="@SUM(A1)",
        url="https://acme.example/1",
        description="",
    )
    played.plays_round("3 5 8")
    played.finalize("5", note="+1+1;=1+1")
    assert rows(exports.as_csv(played.report))[1][1:8] == [
        "'@SUM(A1)",
        '\'=HYPERLINK("http://evil.example";"Click")',
        "https://acme.example/1",
        "5",
        "5",
        "estimated",
        "'+1+1;'=1+1",
    ]


def test_a_name_that_is_a_formula(played):
    members.rename(played.ada, "=1+1")
    played.plays_round("3 5 8")
    assert rows(exports.as_csv(played.report))[1][18] == "'=1+1 3, Ben 5, Gus 8"


WORDS = st.text(st.sampled_from("=+-@;,|'\"\t\r\n ab\u200b＝\\`*_[]()<>&!#~$:/.w1"), max_size=30)


@given(title=WORDS, note=WORDS)
@example(title="a;=1+1", note="a\n=1+1")
@example(title='";=1+1', note='a","=1')
@example(title="", note=';"=')
@example(title=";-5", note="a|=1")
def test_no_cell_runs_however_the_file_is_split(title, note):
    text = exports.as_csv(report_with(title=title, note=note))
    for delimiter in (",", ";", "|", "\t"):
        for cell in (cell for row in rows(text, delimiter) for cell in row):
            assert not cell.strip().startswith(("=", "+", "-", "@", "＝")), cell
    assert len(rows(text)) == 2


# --- and in again


BACKLOG = (
    "Issue key;Summary;URL;Description\n"
    'MAR-12;"Pay; later, or ""never""";https://acme.atlassian.net/browse/MAR-12;"- one\n- two\n\n    code"\n'
    "MAR-13;1/2;;=1+1\n"
    "MAR-14;Größe 😀;;'quoted'\n"
    "MAR-15;=1+1;https://acme.atlassian.net/browse/MAR-15;\n"
    "MAR-16;1.5;;@all\tplease\n"
)


@pytest.mark.parametrize(
    "export",
    [
        exports.as_csv,
        partial(exports.as_csv, style=COMMAS),
        exports.as_json,
        lambda report: trackers_csv.export(trackers_csv.TRACKERS["jira"], exports.for_tracker(report)).text,
    ],
    ids=["csv", "semicolons", "json", "jira"],
)
def test_what_is_exported_and_imported_again_changes_nothing(played, export):
    def backlog():
        return [(t.key, t.title, t.url, t.description, t.estimate) for t in tasks.live_tasks(played.ada.session_id)]

    tasks.add_tasks(played.ada, BACKLOG)
    for card in ("5", "8", "13", "3", "2"):
        played.plays_round(f"{card} {card} {card}")
        played.finalize(card)
    before = backlog()
    assert [(key, estimate) for key, _, _, _, estimate in before] == [
        *(("MAR-12", "5"), ("MAR-13", "8"), ("MAR-14", "13"), ("MAR-15", "3"), ("MAR-16", "2")),
    ]
    table = understood(export(played.report))
    lines = [task for row, task, problems in tasks_in_rows(table) if not problems]
    assert {line.key for line in lines} >= {"MAR-12", "MAR-13", "MAR-14", "MAR-16"}
    done = tasks.import_tasks(played.ada, "again", dict(enumerate(lines)), "update", {})
    assert done.sentence
    assert backlog() == before


# --- Excel


def cells(report: Report) -> list[tuple[Any, ...]]:
    sheet = load_workbook(BytesIO(workbook.as_xlsx(report))).active
    return list(sheet.iter_rows(values_only=True))


def test_a_workbook_has_the_rows_of_the_csv_with_figures_as_numbers(whole):
    heads, first, second, third = cells(whole.report)
    assert list(heads) == rows(exports.as_csv(whole.report))[0]
    assert first[:12] == (
        *(1, "PAY-1", "Show saved cards", "https://acme.example/browse/PAY-1", "3", 3, "estimated", None, 1, "3"),
        *(pytest.approx(2 / 3), 70),
    )
    assert second[18:] == ("Ada 2, Ben 5, Gus 21", "Ada 8, Ben 8, Gus ?")
    assert (third[4], third[5], third[6]) == (None, None, "skipped")


@given(title=WORDS, note=WORDS)
@example(title="=1+1", note="@SUM(A1)")
@example(title="1/2", note="https://evil.example")
def test_in_a_workbook_what_people_typed_is_text(title, note):
    sheet = load_workbook(BytesIO(workbook.as_xlsx(report_with(title=title, note=note)))).active
    typed = [sheet.cell(2, column) for column in (3, 8)]
    assert [unescape(cell.value or "") for cell in typed] == [title, note]
    assert {cell.data_type for cell in typed if cell.value} <= {"s"}
    assert not any(cell.hyperlink for cell in typed)


def test_a_workbook_of_the_same_report_is_the_same_file(whole, clock):
    before = workbook.as_xlsx(whole.report)
    clock.forward(hours=1)
    assert workbook.as_xlsx(whole.report) == before


# --- plain text


def test_plain_text_has_a_line_a_task(whole):
    assert exports.as_text(whole.report) == (
        "Checkout team, sprint 42: 2 of 3 tasks estimated, 11 points in all\n"
        "PAY-1 Show saved cards: 3\n"
        "PAY-2 Refund to the original method: 8\n"
        "Tidy up: skipped\n"
    )


def test_plain_text_begins_no_line_by_what_people_typed():
    text = exports.as_text(report_with(name="One\nTwo", title="A\r\nB\u2028C", estimate="5"))
    assert text == "One Two: 1 of 1 task estimated\nA B C: 5\n"


# --- JSON


def test_json(whole):
    told = json.loads(exports.as_json(whole.report))
    assert told["format"] == 1
    assert told["session"] == {
        "id": whole.ada.session_id,
        "name": "Checkout team, sprint 42",
        "deck": {"name": "fibonacci", "cards": ["0", "1", "2", "3", "5", "8", "13", "21", "34", "?", "☕"]},
        "facilitators": ["Ada"],
        "members": [
            {
                "member": place,
                "name": name,
                "facilitates": name == "Ada",
                "votes": True,
                "joined_at": f"2026-11-23T10:00:{second:02}Z",
            }
            for place, (name, second) in enumerate({"Ada": 0, "Ben": 1, "Gus": 3}.items(), start=1)
        ],
        "started_at": "2026-11-23T10:00:00Z",
        "ended_at": "2026-11-23T10:04:25Z",
        "ended_by": "Ada",
        "seconds": 265,
    }
    assert told["totals"] == {"tasks": 3, "estimated": 2, "points": 11, "settled_in_one_vote": 1, "rounds": 3}
    assert told["second_look"] == [
        {"task": "PAY-2", "why": "took two rounds and spread from 2 to 21 at the first vote."}
    ]
    first, second, third = told["tasks"]
    assert (first["position"], first["key"], first["seconds"]) == (1, "PAY-1", 70)
    assert (first["estimate"], first["points"]) == ("3", 3)
    assert second["note"] == "The old gateway cannot refund."
    assert (third["skipped"], third["estimate"], third["points"], third["rounds"]) == (True, None, None, [])


def test_json_of_a_round(whole):
    told = json.loads(exports.as_json(whole.report))["tasks"][1]["rounds"]
    assert told[0] == {
        "number": 1,
        "opened_at": "2026-11-23T10:02:10Z",
        "revealed_at": "2026-11-23T10:03:50Z",
        "votes": [
            {"member": 1, "name": "Ada", "card": "2"},
            {"member": 2, "name": "Ben", "card": "5"},
            {"member": 3, "name": "Gus", "card": "21"},
        ],
        "tally": {
            "votes": 3,
            "mean": 28 / 3,
            "median": 5,
            "median_card": "5",
            "mode": ["2", "5", "21"],
            "spread": ["2", "21"],
            "steps": 5,
            "distribution": [
                {"card": card, "votes": count}
                for card, count in (("2", 1), ("3", 0), ("5", 1), ("8", 0), ("13", 0), ("21", 1))
            ],
            "agreement": 1 / 3,
            "consensus": False,
            "suggested": "5",
            "split": [],
            "talk_first": ["2", "21"],
        },
    }
    assert told[1]["votes"][2] == {"member": 3, "name": "Gus", "card": "?"}
    assert (told[1]["tally"]["votes"], told[1]["tally"]["consensus"]) == (2, True)


def test_json_of_a_deck_of_words(clock, context):
    played = Played(clock, deck="t-shirts")
    played.plays_round("S M L")
    played.finalize("M")
    told = json.loads(exports.as_json(played.report))
    assert told["totals"]["points"] is None
    assert (told["tasks"][0]["estimate"], told["tasks"][0]["points"]) == ("M", None)
    assert told["tasks"][0]["rounds"][0]["tally"]["mean"] is None


# --- Markdown


def test_markdown(whole):
    assert exports.as_markdown(whole.report) == (
        "# Checkout team, sprint 42\n"
        "\n"
        "- Time: 2026-11-23 10:00 to 2026-11-23 10:04 UTC, 4 min\n"
        "- Facilitated by: Ada\n"
        "- Cards: 0, 1, 2, 3, 5, 8, 13, 21, 34\n"
        "- Estimated: 2 of 3\n"
        "- Points: 11\n"
        "- Settled in one vote: 1 of 2\n"
        "- Rounds: 3\n"
        "\n"
        "| Task | Estimate | Votes | Agreement | Time | Note |\n"
        "| --- | --- | --- | ---: | ---: | --- |\n"
        "| [PAY-1](<https://acme.example/browse/PAY-1>) Show saved cards | 3 | 2 × 3, 5 | 67% | 1:10 |  |\n"
        "| PAY-2 Refund to the original method | 8 | 2, 5, 21; 2 × 8, ? | 100% | 2:00 "
        "| The old gateway cannot refund. |\n"
        "| Tidy up | skipped |  |  | 0:15 |  |\n"
        "\n"
        "## Worth a second look\n"
        "\n"
        "- **PAY-2** took two rounds and spread from 2 to 21 at the first vote.\n"
    )


def rendered(text: str) -> str:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text)


@given(name=WORDS, title=WORDS, note=WORDS)
@example(name="", title="a | b\n| c", note="\\|")
@example(name="#", title="[x](javascript:alert(1))", note="![x](//evil.example/x.png)")
@example(name="a\n# b", title="<img src=x onerror=alert(1)>", note="<https://evil.example>")
@example(name="`", title="**bold** __bold__ ~~gone~~ `code`", note="&lt;&copy;")
def test_what_people_typed_means_only_itself(name, title, note):
    tokens = (
        MarkdownIt("commonmark")
        .enable(["table", "strikethrough"])
        .parse(exports.as_markdown(report_with(name=name, title=title, note=note)))
    )
    inlines = [token for token in tokens if token.type == "inline"]
    for token in inlines:
        kinds = {child.type for child in token.children}
        assert kinds <= {"text", "text_special", "strong_open", "strong_close"}, (kinds, token.content)
    texts = ["".join(child.content for child in token.children) for token in inlines]
    folded = [" ".join(text.split()) for text in (name, title, note)]
    assert texts[0] == folded[0]
    cells = texts[texts.index("Note") + 1 :][:6]
    assert (cells[0], cells[5]) == (folded[1], folded[2])
    assert len([token for token in tokens if token.type == "tr_open"]) == 2


def test_markdown_makes_no_link_of_a_bare_address():
    text = exports.as_markdown(report_with(title="See https://evil.example or www.evil.example"))
    assert "https://evil" not in text
    assert "www.evil" not in text
    assert "See https://evil.example or www.evil.example" in rendered(text)


@pytest.mark.parametrize(
    ("url", "href"),
    [
        ("https://acme.example/a?b=1&copy=2", "https://acme.example/a?b=1&amp;copy=2"),
        ("https://acme.example/a)|b<c> d", "https://acme.example/a%29%7Cb%3Cc%3E%20d"),
        ("https://acme.example/ü", "https://acme.example/%C3%BC"),
    ],
)
def test_markdown_links_to_the_tracker(url, href):
    shown = rendered(exports.as_markdown(report_with(key="PAY-1", url=url)))
    assert f'<td><a href="{href}">PAY-1</a> Title</td>' in shown


def test_markdown_links_only_to_the_web():
    text = exports.as_markdown(report_with(key="PAY-1", url="javascript:alert(1)"))
    assert "javascript" not in text


# --- what is in none of them


@pytest.mark.parametrize("export", EXPORTS)
def test_hidden_names_are_nowhere(export, clock, context):
    played = Played(clock, names_hidden=True)
    played.plays_round("8 3 5")
    text = export(played.report)
    for name in ("Ben", "Gus", "Cleo", *(member.id for member in played.voters)):
        assert name not in text
    # Ada is named as who facilitates, and nowhere else.
    assert text.count("Ada") == {exports.as_csv: 0, exports.as_json: 2, exports.as_markdown: 1}[export]


def test_hidden_names_leave_the_cards(clock, context):
    played = Played(clock, names_hidden=True)
    played.plays_round("8 3 5")
    assert rows(exports.as_csv(played.report))[1][18] == "3, 5, 8"
    (voted,) = json.loads(exports.as_json(played.report))["tasks"][0]["rounds"]
    assert voted["votes"] == [{"member": None, "name": None, "card": card} for card in ("3", "5", "8")]


@pytest.mark.parametrize("export", EXPORTS)
def test_cards_of_an_open_round_are_nowhere(export, played):
    tasks.add_tasks(played.ada, "One\nTwo")
    played.plays_round("3 5 8")
    before = export(played.report)
    voting.vote_again(played.ada, played.ada.session.current_round_id)
    played.votes("34 21 13")
    assert export(played.report) == before


# --- the files


@pytest.mark.parametrize(
    ("ending", "kind"),
    [("csv", "text/csv"), ("json", "application/json"), ("md", "text/markdown")],
)
def test_the_files_are_downloads(app, whole, ending, kind):
    browser = app.test_client()
    browser.set_cookie("guest", SECRETS["Ben"])
    answer = browser.get(f"{whole.path}/report.{ending}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == f"{kind}; charset=utf-8"
    name = f"checkout-team-sprint-42-report.{ending}"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer.data.startswith(b"\xef\xbb\xbf") == (ending == "csv")


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Checkout team, sprint 42", "checkout-team-sprint-42-report"),
        ("Größe & Maß", "grosse-mass-report"),
        ('../..\\"evil"\r\nX: y', "evil-x-y-report"),
        ("会議", "report"),
        ("☕", "report"),
        ("", "report"),
        ("CON", "con-report"),
        ("a" * 120, "a" * 80 + "-report"),
    ],
)
def test_file_names(name, file):
    assert exports.file_name(name) == file


@given(st.text(max_size=200))
def test_file_names_are_always_safe(name):
    made = exports.file_name(name)
    assert made
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
