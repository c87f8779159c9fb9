"""The report as a page and as files."""

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue

from poker_app import realtime
from poker_app.accounts.memberships import membership_for
from poker_app.errors import NotFound
from poker_app.poker.models import PokerSession
from poker_app.poker.publishing.message_usage import Messages, messages_of
from poker_app.poker.reports import exports, workbook
from poker_app.poker.reports.report import report_of
from poker_app.poker.session.retention import kept_until
from poker_app.rules import trackers_csv
from poker_app.rules.spreadsheet import DECIMAL_MARKS, DELIMITERS, Style, style_of
from poker_app.rules.trackers_csv import TRACKERS
from poker_app.web.http import login
from poker_app.web.http.guards import reader

blueprint = Blueprint("report", __name__, url_prefix="/sessions/<session_id>")


@blueprint.get("/report")
@reader
def page(table: PokerSession) -> ResponseReturnValue:
    report = report_of(table)
    return render_template(
        "report/report.html",
        report=report,
        as_text=exports.as_text(report),
        kept_until=kept_until(table),
        costs=_costs(table),
    )


def _costs(table: PokerSession) -> Messages | None:
    """Returns the session's messages: for facilitators, and the owners and admins of its account; else None."""
    membership = membership_for(login.user(), table.account_id)
    manages = membership is not None and membership.user is not None and membership.reaches("admin")
    facilitates = "member" in g and g.member.facilitates
    return messages_of(table.id) if realtime.is_on() and (facilitates or manages) else None


@blueprint.get("/report.csv")
@reader
def as_csv(table: PokerSession) -> ResponseReturnValue:
    """Sends the report as CSV, with the delimiter and the decimal mark that were chosen, else those of the browser's
    language."""
    style = _style()
    chosen = Style(
        DELIMITERS.get(request.args.get("delimiter", ""), style.delimiter),
        DECIMAL_MARKS.get(request.args.get("decimals", ""), style.decimal_mark),
    )
    answer = _file(table, exports.as_csv(report_of(table), chosen), "text/csv", ".csv")
    answer.vary.add("Accept-Language")
    return answer


def _style() -> Style:
    return style_of(request.accept_languages.values())


@blueprint.get("/report/export")
@reader
def export(table: PokerSession) -> ResponseReturnValue:
    """The page of exports that can be chosen: CSV for each tracker, and CSV for a spreadsheet."""
    report = report_of(table)
    tasks = exports.for_tracker(report)
    return render_template(
        "report/export.html",
        report=report,
        trackers=[(tracker, trackers_csv.export(tracker, tasks)) for tracker in TRACKERS.values()],
        usual=trackers_csv.usual_tracker(tasks),
        style=_style(),
        delimiters=DELIMITERS,
        decimal_marks=DECIMAL_MARKS,
    )


@blueprint.get("/report/for-tracker.csv")
@reader
def for_tracker(table: PokerSession) -> ResponseReturnValue:
    """Sends the estimates in the columns of a tracker's import: of the chosen one, else of the usual one.

    Raises:
        NotFound: (404) there is no such tracker.
    """
    tasks = exports.for_tracker(report_of(table))
    tracker = TRACKERS.get(request.args.get("tracker") or trackers_csv.usual_tracker(tasks))
    if tracker is None:
        raise NotFound("There is no such tracker.")
    exported = trackers_csv.export(tracker, tasks)
    return _file(table, exported.text, "text/csv", f"-for-{tracker.name}.csv")


@blueprint.get("/report.json")
@reader
def as_json(table: PokerSession) -> ResponseReturnValue:
    return _file(table, exports.as_json(report_of(table)), "application/json", ".json")


@blueprint.get("/report.md")
@reader
def as_markdown(table: PokerSession) -> ResponseReturnValue:
    return _file(table, exports.as_markdown(report_of(table)), "text/markdown", ".md")


@blueprint.get("/report.txt")
@reader
def as_text(table: PokerSession) -> ResponseReturnValue:
    return _file(table, exports.as_text(report_of(table)), "text/plain", ".txt")


@blueprint.get("/report.xlsx")
@reader
def as_xlsx(table: PokerSession) -> ResponseReturnValue:
    return _file(table, workbook.as_xlsx(report_of(table)), workbook.MEDIA_TYPE, ".xlsx")


def _file(table: PokerSession, content: str | bytes, mimetype: str, ending: str) -> Response:
    charset = "; charset=utf-8" if isinstance(content, str) else ""
    answer = Response(content, content_type=mimetype + charset)
    answer.headers["Content-Disposition"] = exports.attachment(table.name, ending)
    return answer
