"""Forms of the backlog: adding, editing, moving, deleting, skipping and choosing tasks."""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from poker_app.errors import Invalid, NotFound
from poker_app.poker.reports.report import rounds_of
from poker_app.poker.round import task_editing, tasks
from poker_app.poker.trackers import write_back
from poker_app.poker.value.current import at_least
from poker_app.rules.backlog import MAX_LENGTHS, said, said_of
from poker_app.rules.imports.pasted import is_list
from poker_app.rules.session.change import require_facilitator
from poker_app.rules.session.value import NO_SUCH_TASK, Member
from poker_app.web.http import fragments, shared_fragments
from poker_app.web.http.form_numbers import whole_number
from poker_app.web.http.guards import member_required

blueprint = Blueprint("tasks", __name__, url_prefix="/sessions/<session_id>/tasks")


@blueprint.post("")
@member_required
def add(member: Member) -> ResponseReturnValue:
    """Adds one task, or a pasted list of them, one a line. Anything else, such as a table, gets the preview of an
    import, and nothing is added yet."""
    require_facilitator(member, "add tasks")
    pasted = request.form.get("tasks", "")
    if not is_list(pasted):
        return fragments.send_to(url_for("imports.read", session_id=member.session_id))
    added = tasks.add_tasks(member, pasted)
    said = f"{count} tasks added." if (count := len(added.tasks)) > 1 else "Task added."
    # What was left out has to be read, however long that takes.
    return fragments.answer_with_undo(
        member, f"{said} {said_of(added.left_out)}".strip(), added.undo, alert=bool(added.left_out)
    )


@blueprint.get("")
@member_required
def index(member: Member) -> ResponseReturnValue:
    """Returns all the tasks as a page; for the page of the session the rows ``before`` or ``after`` those that it shows
    of a long list."""
    known = at_least(member.session_id)
    if "HX-Request" not in request.headers:
        return render_template("sessions/tasks.html", session=known.value)
    sides = {side: request.args.get(side, "") for side in ("before", "after")}
    rows = shared_fragments.rest_of_backlog(known, **sides)
    return ("", 204) if rows is None else rows


@blueprint.get("/<task_id>")
@member_required
def show(member: Member, task_id: str) -> ResponseReturnValue:
    """Shows one task with all its fields: for every member to read, for a facilitator to edit."""
    return _sheet(member, task_id)


def _sheet(member: Member, task_id: str, refusal: Invalid | task_editing.Clash | None = None) -> str:
    value = at_least(member.session_id).value
    task = value.tasks.get(task_id)
    if task is None:
        raise NotFound(NO_SUCH_TASK)
    name = "sessions/_task_sheet.html" if "HX-Request" in request.headers else "sessions/task.html"
    return render_template(
        name,
        member=value.members[member.id],
        session=value,
        issue=write_back.shown(task_id, task.estimate) if value.tracked else None,
        task=task,
        typed={**said(task), **_typed(refusal)},
        invalid=refusal,
        # An invalid field does not discard the others.
        shown=request.form.get("shown", "") if isinstance(refusal, Invalid) else task_editing.shown(task),
        longest=MAX_LENGTHS,
        rounds=rounds_of(value, task.id),
        place=next((n for n, each in enumerate(value.backlog) if each is task), 0),
    )


def _typed(refusal: Invalid | task_editing.Clash | None) -> dict[str, str]:
    if isinstance(refusal, task_editing.Clash):
        return refusal.typed
    return request.form.to_dict() if refusal else {}


@blueprint.post("/<task_id>")
@member_required
def edit(member: Member, task_id: str) -> ResponseReturnValue:
    # A form of the release before has fewer fields.
    typed = {name: request.form[name] for name in MAX_LENGTHS if name in request.form}
    try:
        task_editing.edit_task(member, task_id, before=request.form.get("shown", ""), **typed)
    except (Invalid, task_editing.Clash) as refusal:
        sheet = _sheet(member, task_id, refusal)
        if "HX-Request" in request.headers:
            sheet = fragments.partial("sheet-body", sheet, swap="innerMorph")
        return sheet, refusal.status
    return fragments.answer(member, fragments.partial("notice", fragments.notice("Task saved.")))


@blueprint.post("/<task_id>/position")
@member_required
def move(member: Member, task_id: str) -> ResponseReturnValue:
    """Put the task ``before`` or ``after`` another one, or at a place counted from 0.

    Raises:
        Invalid: (422) the place is no number.
    """
    for side in ("before", "after"):
        if neighbour := request.form.get(side):
            tasks.move_task_beside(member, task_id, neighbour, side)
            return fragments.answer(member)
    tasks.move_task(member, task_id, whole_number("to", "A place in the backlog is a whole number."))
    return fragments.answer(member)


@blueprint.post("/<task_id>/deletion")
@member_required
def delete(member: Member, task_id: str) -> ResponseReturnValue:
    turn = "yes" if tasks.delete_task(member, task_id) else None
    undo = url_for("tasks.restore", session_id=member.session_id, task_id=task_id, turn=turn)
    return fragments.answer(member, fragments.partial("notice", fragments.notice("Task deleted.", undo=undo)))


@blueprint.post("/<task_id>/restoration")
@member_required
def restore(member: Member, task_id: str) -> ResponseReturnValue:
    tasks.restore_task(member, task_id)
    if request.args.get("turn"):
        tasks.select_task(member, task_id)
    return fragments.answer(member, fragments.partial("notice", fragments.notice("Task is back.")))


@blueprint.post("/<task_id>/turn")
@member_required
def take_up(member: Member, task_id: str) -> ResponseReturnValue:
    """Makes the task the current one."""
    tasks.select_task(member, task_id)
    return fragments.answer(member)


@blueprint.post("/<task_id>/skip")
@member_required
def skip(member: Member, task_id: str) -> ResponseReturnValue:
    undo = tasks.skip_task(member, task_id, request.form.get("round"))
    return fragments.answer_with_undo(member, "On to the next task.", undo)


@blueprint.post("/<task_id>/reopening")
@member_required
def reopen(member: Member, task_id: str) -> ResponseReturnValue:
    tasks.reopen_task(member, task_id)
    return fragments.answer(member)
