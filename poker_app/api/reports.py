"""Reports: the JSON of a session's report, and the files that its page has."""

from typing import Annotated

from flask import Response
from pydantic import Field

from poker_app.api.models import Asked, OneOf
from poker_app.api.operations import operation
from poker_app.api.report_models import ReportGiven
from poker_app.poker.models import PokerSession
from poker_app.poker.reports import exports, workbook
from poker_app.poker.reports.report import report_of
from poker_app.rules import trackers_csv
from poker_app.rules.spreadsheet import DECIMAL_MARKS, DELIMITERS, Style
from poker_app.rules.trackers_csv import TRACKERS

CSV, MARKDOWN, TEXT = "text/csv", "text/markdown", "text/plain"


class CsvStyle(Asked):
    """How a file of comma-separated values is written."""

    delimiter: Annotated[str, OneOf(DELIMITERS)] = Field("comma", description="What stands between two cells.")
    decimals: Annotated[str, OneOf(DECIMAL_MARKS)] = Field("point", description="The decimal mark.")


class ForTracker(Asked):
    """For which tracker a file is."""

    tracker: Annotated[str, OneOf(TRACKERS)] | None = Field(
        None, description="Without it, the tracker that the keys of the tasks look like."
    )


@operation("GET", "/sessions/{session_id}/report", "sessions:read")
def read_report(table: PokerSession) -> ReportGiven:
    """Read the report: every task with its estimate, rounds and votes.

    Of a session that still runs, so far; cards of an open round are not in it. Members of the session and teammates of
    its account may.
    """
    return ReportGiven.model_validate(exports.contents(report_of(table)))


@operation("GET", "/sessions/{session_id}/report.csv", "sessions:read", media_type=CSV)
def report_as_csv(table: PokerSession, query: CsvStyle) -> Response:
    """Download the report as CSV, a row a task and a column a round."""
    style = Style(DELIMITERS[query.delimiter], DECIMAL_MARKS[query.decimals])
    return _file(table, exports.as_csv(report_of(table), style), CSV, ".csv")


@operation("GET", "/sessions/{session_id}/report/for-tracker.csv", "sessions:read", media_type=CSV)
def report_for_tracker(table: PokerSession, query: ForTracker) -> Response:
    """Download the estimates in the columns that a tracker's import takes."""
    tasks = exports.for_tracker(report_of(table))
    tracker = TRACKERS[query.tracker or trackers_csv.usual_tracker(tasks)]
    return _file(table, trackers_csv.export(tracker, tasks).text, CSV, f"-for-{tracker.name}.csv")


@operation("GET", "/sessions/{session_id}/report.md", "sessions:read", media_type=MARKDOWN)
def report_as_markdown(table: PokerSession) -> Response:
    """Download the report as Markdown, for a wiki or a task in a tracker."""
    return _file(table, exports.as_markdown(report_of(table)), MARKDOWN, ".md")


@operation("GET", "/sessions/{session_id}/report.txt", "sessions:read", media_type=TEXT)
def report_as_text(table: PokerSession) -> Response:
    """Download the report as plain text, a line a task, for a chat."""
    return _file(table, exports.as_text(report_of(table)), TEXT, ".txt")


@operation("GET", "/sessions/{session_id}/report.xlsx", "sessions:read", media_type=workbook.MEDIA_TYPE)
def report_as_workbook(table: PokerSession) -> Response:
    """Download the report as a workbook of Excel."""
    return _file(table, workbook.as_xlsx(report_of(table)), workbook.MEDIA_TYPE, ".xlsx")


def _file(table: PokerSession, content: str | bytes, media_type: str, ending: str) -> Response:
    answer = Response(content, mimetype=media_type)
    answer.headers["Content-Disposition"] = exports.attachment(table.name, ending)
    return answer
