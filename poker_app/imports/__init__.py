"""Reads an uploaded file as a table of tasks: CSV and text in any usual encoding, XLSX, Jira's XML, JSON.

The kind is detected from the content, never from the name. ``rules.imports`` finds out what the table means.
"""

from poker_app.errors import Invalid
from poker_app.imports import encodings, jira_xml, workbooks
from poker_app.imports.long_texts import in_markdown
from poker_app.rules.imports.pasted import Pasted, tasks_of
from poker_app.rules.imports.understood import Understood, understood

MAX_FILE = 1_000_000
"""Bytes: what every server and proxy in front takes as the body of a form."""
ENDINGS = ".csv,.tsv,.txt,.md,.xlsx,.xml,.json"
"""Of the names of such files, as a field of a form has them."""

_ARCHIVE, _OLD_WORKBOOK = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
# An older Excel packs its workbooks as every Excel packs those with a password.
OLD_OR_LOCKED = "This is a workbook with a password, or of an older Excel. Save it without one as XLSX, or as CSV."
# Beginnings of files that people take for a table.
_OTHERS = (b"%PDF-", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"Rar!", b"\x1f\x8b")


def understood_file(content: bytes) -> Understood:
    """The table in a file.

    Raises:
        Invalid: (422) it is empty, too long, damaged, or of a kind that is not read.
    """
    if not content.strip():
        raise Invalid("This file is empty.", "file")
    if len(content) > MAX_FILE:
        raise Invalid(f"A file has at most {MAX_FILE // 1_000_000} MB. Export fewer columns, or fewer tasks.", "file")
    if content.startswith(_ARCHIVE):
        return workbooks.understood_workbook(content)
    if content.startswith(_OLD_WORKBOOK):
        raise Invalid(OLD_OR_LOCKED, "file")
    if content.startswith(_OTHERS):
        raise Invalid("This kind of file is not read. CSV, XLSX, XML from Jira, JSON and text are.", "file")
    text = encodings.decoded(content)
    if text.lstrip().startswith("<"):
        return jira_xml.understood_xml(content)
    return understood(text)


def tasks_in(text: str) -> Pasted:
    """The tasks of a pasted text, without a question asked, their descriptions in Markdown.

    Raises:
        Refused: invalid, where there is no task in it.
    """
    return tasks_of(in_markdown(understood(text)))
