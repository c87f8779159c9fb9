"""The report as a page and as files."""

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from poker_app.poker import exports
from poker_app.poker.models import Member
from poker_app.poker.report import report_of
from poker_app.web.guards import seated

blueprint = Blueprint("report", __name__, url_prefix="/sessions/<session_id>")


@blueprint.get("/report")
@seated
def page(member: Member) -> ResponseReturnValue:
    return render_template("report/report.html", member=member, report=report_of(member.session))


@blueprint.get("/report.csv")
@seated
def as_csv(member: Member) -> ResponseReturnValue:
    return _file(member, exports.as_csv(report_of(member.session)), "text/csv", "csv")


@blueprint.get("/report.json")
@seated
def as_json(member: Member) -> ResponseReturnValue:
    return _file(member, exports.as_json(report_of(member.session)), "application/json", "json")


@blueprint.get("/report.md")
@seated
def as_markdown(member: Member) -> ResponseReturnValue:
    return _file(member, exports.as_markdown(report_of(member.session)), "text/markdown", "md")


def _file(member: Member, text: str, mimetype: str, ending: str) -> Response:
    answer = Response(text, content_type=f"{mimetype}; charset=utf-8")
    name = exports.file_name(member.session.name)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    return answer
