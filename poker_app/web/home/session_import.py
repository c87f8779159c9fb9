"""Pages that import a past session from the JSON file of its report."""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from poker_app import ids, imports, rate_limits
from poker_app.accounts.memberships import Membership
from poker_app.errors import Invalid, NotInPlan, TooMany
from poker_app.poker.reports.report_file import read_report
from poker_app.poker.reports.session_import import IMPORTED, import_session, refuse_without_account
from poker_app.web.http import fragments
from poker_app.web.http.errors import again
from poker_app.web.http.login import teammate

blueprint = Blueprint("session_import", __name__, url_prefix="/accounts/<account_id>/session-import")


@blueprint.get("")
@teammate
def page(membership: Membership) -> ResponseReturnValue:
    refuse_without_account(membership)
    return _page(membership)


def _page(membership: Membership, refusal: Invalid | NotInPlan | TooMany | None = None) -> str:
    return render_template(
        "dashboard/session_import.html",
        membership=membership,
        refusal=refusal,
        form_key=request.form.get("form_key") or ids.new_secret(),
        megabytes=imports.MAX_FILE // 1_000_000,
    )


@blueprint.post("")
@teammate
def save(membership: Membership) -> ResponseReturnValue:
    """Imports the session and goes to its report. Sent twice, it imports it once.

    Raises:
        Invalid: (422) there is no file, or it is not that of a report that can be imported.
        NotInPlan: (402) the account's plan shows no report of that age.
        TooMany: (429) the user imported too many.
    """
    try:
        refuse_without_account(membership)
        rate_limits.spend(IMPORTED.of(membership.user.id if membership.user else ""))
        session_id = import_session(membership, read_report(_content()), form_key=request.form.get("form_key", ""))
    except (Invalid, NotInPlan, TooMany) as refusal:
        return again(_page(membership, refusal), refusal)
    return fragments.leave_for(url_for("report.page", session_id=session_id))


def _content() -> bytes:
    content = file.read() if (file := request.files.get("file")) else b""
    if not content.strip():
        raise Invalid("Choose the JSON file of a report.", "file")
    if len(content) > imports.MAX_FILE:
        raise Invalid(f"A report has at most {imports.MAX_FILE // 1_000_000} MB.", "file")
    return content
