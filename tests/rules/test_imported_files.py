"""Backlogs in files: encodings, workbooks, Jira's XML, and what is refused with a sentence."""

import zipfile
from datetime import date, time, timedelta
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from poker_app.errors import Invalid
from poker_app.imports import MAX_FILE, OLD_OR_LOCKED, understood_file, workbooks
from poker_app.rules.backlog import TaskLine
from poker_app.rules.imports.understood import DONE, Understood, tasks_in_rows

TABLE = "Zusammenfassung;Schlüssel\nGröße „später“ ändern – für 5 €;PAY-3\n"


def tasks(table: Understood) -> list[TaskLine]:
    return [task for row, task, _ in tasks_in_rows(table) if task and not row.not_a_task]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "mac_roman"]
)
def test_text_in_any_usual_encoding(encoding: str) -> None:
    assert tasks(understood_file(TABLE.encode(encoding))) == [TaskLine("Größe „später“ ändern – für 5 €", "PAY-3")]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Resumen;Clave\nAñadir contraseña;PAY-1\n", "cp1252"),
        ("Résumé;Clé\nVérifier l’état de la tâche;PAY-1\n", "mac_roman"),
        ("Title;Key\nZażółć gęślą jaźń. Wysyłka wiadomości do użytkowników;PAY-1\n", "cp1250"),
        ("Title;Key\nИсправить вход на страницу для всех;PAY-1\n", "cp1251"),
    ],
)
def test_letters_of_several_languages(text: str, encoding: str) -> None:
    assert [task.title for task in tasks(understood_file(text.encode(encoding)))] == [text.split("\n")[1].split(";")[0]]


# --- workbooks


def workbook(*sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def test_a_workbook() -> None:
    rows: list[list[object]] = [["Sprint 42"], [], ["Key", "Summary", "Status", "Points"]]
    rows += [["PAY-1", "Pay\nlater", "To Do", 5.0], [12, "Ship", "Done", None]]
    table = understood_file(workbook([["Notes about nothing"]], rows))
    assert table.header == 3
    assert [(row.line, row.not_a_task) for row in table.rows] == [(4, ""), (5, DONE)]
    assert tasks(table) == [TaskLine("Pay later", "PAY-1", "", "Status: To Do")]


def test_a_workbook_without_names_of_columns() -> None:
    assert tasks(understood_file(workbook([["PAY-1", "Pay later"], ["PAY-2", "Ship it"]]))) == [
        TaskLine("Pay later", "PAY-1"),
        TaskLine("Ship it", "PAY-2"),
    ]


def with_part(content: bytes, name: str, part: bytes | None) -> bytes:
    """The archive with a part of it replaced, or taken out."""
    packed = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for each in old.namelist():
            if each != name:
                new.writestr(each, old.read(each))
            elif part is not None:
                new.writestr(name, part)
    return packed.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
GOOD = workbook([["Title", "Key"], ["Pay", "PAY-1"]])
NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sheet_of(cells: str) -> bytes:
    return with_part(
        GOOD,
        SHEET,
        f'<worksheet xmlns="{NAMESPACE}"><dimension ref="A1"/><sheetData>{cells}</sheetData></worksheet>'.encode(),
    )


def test_a_sheet_that_claims_a_million_rows_is_read_as_far_as_it_goes() -> None:
    far = '<row r="1"><c r="A1" t="inlineStr"><is><t>Title</t></is></c><c r="B1"><v>1</v></c></row>'
    far += '<row r="2"><c r="A2" t="inlineStr"><is><t>Pay</t></is></c><c r="XFD2"><v>1</v></c></row>'
    far += '<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>Ship</t></is></c></row>'
    assert tasks(understood_file(sheet_of(far))) == [TaskLine("Pay")]


def with_flags(content: bytes, place: int, value: int) -> bytes:
    """The archive with a number in the list of its parts changed: 8 is where the flags stand, 10 how it is packed."""
    start, *entries = content.split(b"PK\x01\x02")
    number = value.to_bytes(2, "little")
    return b"PK\x01\x02".join([start, *(each[: place - 4] + number + each[place - 2 :] for each in entries)])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "This file is empty."),
        (b" \r\n", "This file is empty."),
        (b"x" * (MAX_FILE + 1), "A file has at most 1 MB. Export fewer columns, or fewer tasks."),
        (b"%PDF-1.7", "This kind of file is not read. CSV, XLSX, XML from Jira, JSON and text are."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLD_OR_LOCKED),
        (b"PK\x03\x04", workbooks.DAMAGED),
        (GOOD[:-30], workbooks.DAMAGED),
        (GOOD.replace(b"PK\x01\x02", b"PK\x01\x03"), workbooks.DAMAGED),
        (with_flags(GOOD, 8, 1), workbooks.DAMAGED),
        *((with_flags(GOOD, 10, method), workbooks.DAMAGED) for method in (9, 12, 14, 97)),
        (with_part(GOOD, SHEET, None), "There is nothing in this workbook."),
        (with_part(GOOD, SHEET, b"<worksheet"), workbooks.DAMAGED),
        (with_part(GOOD, "xl/workbook.xml", b"<a/>"), "There is nothing in this workbook."),
        (with_part(GOOD, "xl/styles.xml", b"<a"), workbooks.DAMAGED),
        (workbook([[]]), "There is nothing in this workbook."),
        (b"<html><body>Title</body></html>", "There are no tasks in this XML."),
        (b"<rss><channel/></rss>", "There are no tasks in this XML."),
        (b"<rss><channel>", "This XML cannot be read."),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><rss>&b;</rss>', "This XML cannot be read."),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        understood_file(content)
    assert refused.value.sentence.startswith(sentence)
    assert refused.value.field == "file"


def test_an_archive_that_unpacks_to_too_much_is_not_unpacked() -> None:
    bomb = with_part(GOOD, SHEET, b" " * (workbooks.MAX_UNPACKED + 1))
    assert len(bomb) < 100_000
    with pytest.raises(Invalid, match="too large"):
        understood_file(bomb)
    with pytest.raises(Invalid, match="too large"):
        understood_file(sheet_of(f"<row>{'<c><v>1</v></c>' * (workbooks.MAX_TAGS // 4)}</row>"))
    with pytest.raises(Invalid, match="no workbook"):
        understood_file(with_part(GOOD, "xl/workbook.xml", None))


def with_strings(cells: str, strings: str) -> bytes:
    """A workbook whose cells name shared strings by their number."""
    name, kind = "xl/sharedStrings.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    packed = BytesIO(sheet_of(cells))
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr(name, f'<sst xmlns="{NAMESPACE}">{strings}</sst>')
        types = package.read("[Content_Types].xml")
    listed = f'<Override PartName="/{name}" ContentType="{kind}"/></Types>'.encode()
    return with_part(packed.getvalue(), "[Content_Types].xml", types.replace(b"</Types>", listed))


SHARED = "<si><t>Title</t></si><si><r><t>Pay </t></r><r><rPr><b/></rPr><t>later</t></r><rPh><t>x</t></rPh></si>"


def test_a_workbook_with_shared_strings() -> None:
    cells = '<row><c t="s"><v>0</v></c></row><row><c t="s"><v>1</v></c></row>'
    assert tasks(understood_file(with_strings(cells, SHARED))) == [TaskLine("Pay later")]


def test_a_shared_string_that_cells_repeat_is_not_multiplied() -> None:
    long = f"{SHARED}<si><t>{'x' * 1_000_000}</t></si>"
    cells = '<row><c t="s"><v>0</v></c></row><row><c t="s"><v>2</v></c></row>'
    assert len(understood_file(with_strings(cells, long)).rows[0].cells[0]) == workbooks.MAX_CELL
    bomb = with_strings(cells + '<row><c t="s"><v>2</v></c></row>' * 100, long)
    assert len(bomb) < 10_000
    with pytest.raises(Invalid, match="too large"):
        understood_file(bomb)


def workbook_of(sheets: int, content: bytes = GOOD) -> bytes:
    """A workbook that names its one sheet again and again."""
    with zipfile.ZipFile(BytesIO(GOOD)) as package:
        listed = package.read("xl/workbook.xml")
    start, end = listed.index(b"<sheet "), listed.index(b"</sheets>")
    return with_part(content, "xl/workbook.xml", listed[:start] + listed[start:end] * sheets + listed[end:])


def test_a_sheet_that_is_named_again_and_again_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    content, opened, unpack = workbook_of(3_000), list[str](), zipfile.ZipFile.open

    def opening(package: zipfile.ZipFile, part: Any, *more: Any, **named: Any) -> Any:
        if isinstance(part, str):
            opened.append(part)
        return unpack(package, part, *more, **named)

    monkeypatch.setattr(zipfile.ZipFile, "open", opening)
    assert tasks(understood_file(content)) == [TaskLine("Pay", "PAY-1")]
    assert opened.count(SHEET) == 1


def test_a_workbook_with_too_long_a_list_of_sheets_is_refused() -> None:
    with pytest.raises(Invalid, match="too large"):
        understood_file(workbook_of(workbooks.MAX_LISTED_TAGS))


def test_a_long_password_is_not_hashed() -> None:
    """The library takes quadratic time for it."""
    with zipfile.ZipFile(BytesIO(GOOD)) as package:
        listed = package.read("xl/workbook.xml")
    protected = b'<workbookProtection workbookPassword="%s"/><bookViews>' % (b"a" * 50_000)
    with pytest.raises(Invalid, match="too large"):
        understood_file(with_part(GOOD, "xl/workbook.xml", listed.replace(b"<bookViews>", protected)))
    cells = '</sheetData><sheetProtection password="' + "a" * 2_000_000 + '"/><sheetData>'
    with pytest.raises(Invalid, match="nothing in this workbook"):
        understood_file(sheet_of(cells))


def test_dates_and_numbers_of_a_workbook() -> None:
    rows: list[list[object]] = [["Title", "Notes", "More", "Share", "Takes"]]
    rows += [["Pay", date(2026, 3, 2), time(9, 30), 0.5, timedelta(hours=30)]]
    assert understood_file(workbook(rows)).rows[0].cells[1:] == (
        *("2026-03-02T00:00:00", "09:30:00", "0.5", "1 day, 6:00:00"),
    )


# --- Jira's XML


def test_the_xml_of_jira() -> None:
    feed = """<?xml version="1.0" encoding="UTF-8"?><rss version="0.92"><channel><title>Jira</title>
    <item><title>[PAY-12] Größe</title><link>https://x.atlassian.net/browse/PAY-12</link>
    <description>&lt;p&gt;First &lt;b&gt;line&lt;/b&gt;&lt;br/&gt;second&lt;/p&gt;
    &lt;ul&gt;&lt;li&gt;One&lt;/li&gt;&lt;li&gt;
    &lt;a href="https://e.org/"&gt;Two&lt;/a&gt;&lt;/li&gt;&lt;/ul&gt;&lt;custom x="y"&gt;</description>
    <key id="1">PAY-12</key><summary>Größe</summary><type id="1">Bug</type><priority id="2">High</priority>
    <status id="1">To Do</status><labels><label>web</label><label>login</label></labels></item>
    <item><title>[PAY-13] Old</title><key>PAY-13</key><summary>Old</summary><status>Done</status></item>
    </channel></rss>"""
    assert tasks(understood_file(feed.encode())) == [
        TaskLine(
            "Größe",
            "PAY-12",
            "https://x.atlassian.net/browse/PAY-12",
            "First **line**  \nsecond\n\n- One\n- [Two](https://e.org/)\n\nstatus: To Do",
            type="Bug",
            priority="High",
            labels="web, login",
        )
    ]
