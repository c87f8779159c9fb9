"""The audit log of an account, for its owners and admins."""

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from poker_app.accounts import audit_log, auth_is_open
from poker_app.accounts.memberships import Membership
from poker_app.billing.current_plan import plan_of
from poker_app.errors import NotFound, NotInPlan
from poker_app.web.http import paging
from poker_app.web.http.login import teammate

blueprint = Blueprint("audit", __name__, url_prefix="/accounts/<account_id>")


@blueprint.before_request
def only_with_accounts() -> None:
    """These pages need users who sign in.

    Raises:
        NotFound: (404) where users do not sign in.
    """
    if auth_is_open():
        raise NotFound("Nobody signs in here, so there is no audit log.")


@blueprint.get("/audit")
@teammate
def page(membership: Membership) -> ResponseReturnValue:
    membership.require("admin", "read the audit log")
    chosen = {"person": request.args.get("person", ""), "action": request.args.get("action", "")}
    found = audit_log.page_of(
        membership.account.id, user_id=chosen["person"], action=chosen["action"], before=paging.before()
    )
    return render_template(
        "audit/audit.html",
        membership=membership,
        page=found,
        chosen=chosen,
        people=audit_log.people_in(membership.account.id),
        actions=audit_log.ACTIONS,
        may_export=plan_of(membership.account.id).audit_export,
    )


@blueprint.get("/audit.csv")
@teammate
def as_csv(membership: Membership) -> ResponseReturnValue:
    """The filtered entries as a file.

    Raises:
        NotInPlan: (402) the plan does not have it.
    """
    membership.require("admin", "read the audit log")
    if not plan_of(membership.account.id).audit_export:
        raise NotInPlan("A larger plan lets you download the audit log. You can read and filter it here.")
    answer = Response(audit_log.as_csv(membership.account.id), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="audit-log.csv"'
    return answer
