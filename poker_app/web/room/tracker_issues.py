"""Pages that bring a tracker's issues into a session, and forms about the estimate of one that came from there."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from poker_app.accounts import tracker_connections
from poker_app.accounts.memberships import Membership
from poker_app.errors import Invalid, NotFound, Refusal, TooMany
from poker_app.poker.trackers import bring_in, refresh, series_search, write_back
from poker_app.poker.value.current import at_least
from poker_app.rules.session.change import require_facilitator
from poker_app.rules.session.tasks import room_left
from poker_app.rules.session.value import Member
from poker_app.rules.trackers import Issue
from poker_app.trackers import TRACKERS
from poker_app.trackers.failures import TrackerFailure
from poker_app.web.http import fragments, login, tracker_search
from poker_app.web.http.errors import again
from poker_app.web.http.guards import member_required

blueprint = Blueprint("tracker_issues", __name__, url_prefix="/sessions/<session_id>")

ADD = "add tasks"
NOT_YOURS = "Only teammates of the account that this session belongs to can bring issues in from its trackers."


def _account(member: Member) -> Membership:
    """The acting facilitator's membership in the account of the session.

    Raises:
        NotFound: (404) they do not belong to it.
    """
    require_facilitator(member, ADD)
    found = login.acts_for(at_least(member.session_id).value.account_id)
    if found is None:
        raise NotFound(NOT_YOURS)
    return found


@blueprint.get("/trackers/<connection_id>")
@member_required
def search(member: Member, connection_id: str) -> ResponseReturnValue:
    """Shows a page of a tracker's issues, to be ticked.

    Raises:
        NotFound: (404) the account has no such tracker, or the member does not belong to it.
        TooMany: (429) too many searches from this network.
    """
    return _page(member, connection_id)


def _page(member: Member, connection_id: str, refusal: Refusal | None = None) -> str:
    membership = _account(member)
    connection = tracker_connections.find(membership.account.id, connection_id)
    kind, name = connection.kind, tracker_connections.named(connection)
    value = at_least(member.session_id).value
    shown = tracker_search.answer(connection)
    keys = {task.key.casefold() for task in value.backlog if task.key}
    return render_template(
        "sessions/tracker_issues.html",
        session=value,
        connection_id=connection_id,
        name=name,
        about=TRACKERS[kind],
        shown=shown,
        here=keys,
        free=room_left(value),
        refusal=refusal,
    )


@blueprint.post("/trackers/<connection_id>")
@member_required
def add(member: Member, connection_id: str) -> ResponseReturnValue:
    """Adds the issues that are ticked, or all that the search finds. Sent twice, it adds them once.

    Raises:
        NotFound: (404) as ``search``.
        TooMany: (429) too many searches from this network.
    """
    account_id = _account(member).account.id
    tracker_search.spend_one()
    try:
        issues = _chosen(account_id, connection_id)
        made = bring_in.bring_in(member, account_id, connection_id, issues)
    except (Invalid, TooMany) as refusal:
        return again(_page(member, connection_id, refusal), refusal)
    return fragments.back_with(member, made.sentence, made.undo, alert=made.left_out)


def _chosen(account_id: str, connection_id: str) -> list[Issue]:
    """The issues that were ticked on a page, read again; all of the search where ``all`` was pressed.

    Raises:
        Invalid: (422) none was ticked, or the tracker does not answer.
    """
    search, cursor = tracker_search.asked()
    ticked = set(request.form.getlist("issue"))
    if not ticked and not request.form.get("all"):
        raise Invalid("No issue is ticked, so nothing was added.")
    try:
        tracker = tracker_connections.opened(tracker_connections.find(account_id, connection_id))
        if request.form.get("all"):
            return bring_in.all_of(tracker, search)
        return [issue for issue in tracker.search(bring_in.meant(tracker, search), cursor).issues if issue.id in ticked]
    except TrackerFailure as failure:
        tracker_connections.note_failure(connection_id, failure)
        raise Invalid(failure.sentence) from failure


# --- the issues of a series' search


@blueprint.get("/coming-in")
@member_required
def coming_in(member: Member) -> ResponseReturnValue:
    """Says to a facilitator whether the issues of the series' search are in."""
    return fragments.coming_in(member)


@blueprint.post("/coming-in")
@member_required
def decide_coming_in(member: Member) -> ResponseReturnValue:
    """Has the issues come in once more, or does without them.

    Raises:
        NotFound: (404) none are to come.
        Invalid: (422) there is no such choice.
    """
    require_facilitator(member, ADD)
    choices = {"again": series_search.try_again, "leave": series_search.leave}
    choice = choices.get(request.form.get("choice", ""))
    if choice is None:
        raise Invalid("Choose what becomes of them.", "choice")
    choice(member.session_id)
    return fragments.answer(member, fragments.partial("coming-in", fragments.coming_in(member), "outerHTML"))


# --- the issue of one task


@blueprint.post("/tasks/<task_id>/issue")
@member_required
def decide(member: Member, task_id: str) -> ResponseReturnValue:
    """Writes an estimate again, or leaves what the tracker has; or takes the text that the issue has now.

    Raises:
        NotFound: (404) the task is of no tracker, or the member does not belong to the account.
        Invalid: (422) there is no such choice.
        TooMany: (429) as ``search``.
    """
    _account(member)
    tracker_search.spend_one()
    choice = request.form.get("choice", "")
    if choice == "write":
        write_back.try_again(member.session_id, task_id)
        said = "The estimate is written once more."
    elif choice == "leave":
        write_back.leave(member.session_id, task_id)
        said = "The tracker keeps what it has."
    elif choice == "take":
        refresh.take_theirs(member.session_id, task_id)
        said = "The task has the issue’s text now."
    else:
        raise Invalid("Choose what becomes of it.", "choice")
    return fragments.answer(member, fragments.partial("notice", fragments.notice(said)))
