"""The report as a workbook that spreadsheet programs open (Office Open XML, ECMA-376)."""

from io import BytesIO

from poker_app.files.kinds import OFFICE
from poker_app.poker.reports.exports import Share, heads, rows
from poker_app.poker.reports.report import Report

MEDIA_TYPE = OFFICE["xl/workbook.xml"]
# Widths of the columns in characters, by their heads.
WIDTHS = {"Title": 48, "Note": 32, "Description": 48}


def as_xlsx(report: Report) -> bytes:
    """One row a task, one column a round. Figures are numbers, and what people typed is text, whatever it looks like:
    no cell is a formula, a date or a link."""
    # Imported here, so that a process starts without it.
    from xlsxwriter import Workbook

    # Made in memory. The time in it is the report's, so that the same report is the same file.
    made = BytesIO()
    with Workbook(made, {"in_memory": True}) as book:
        book.set_properties({"title": report.name, "created": report.started_at.replace(tzinfo=None)})
        bold, share = book.add_format({"bold": True}), book.add_format({"num_format": "0%"})
        sheet = book.add_worksheet("Tasks")
        columns = heads(report)
        for number, head in enumerate(columns):
            sheet.write_string(0, number, head, bold)
            sheet.set_column(number, number, WIDTHS.get(head, 12))
        sheet.freeze_panes(1, 0)
        for line, row in enumerate(rows(report), start=1):
            for number, cell in enumerate(row):
                match cell:
                    case "":
                        continue
                    case Share(part):
                        sheet.write_number(line, number, float(part), share)
                    case str():
                        sheet.write_string(line, number, cell)
                    case _:
                        sheet.write_number(line, number, cell)
        # An estimate is a card, and a card is text: "5" beside "½". Points are the numbers.
        sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{len(report.tasks) + 1}"})
    return made.getvalue()
