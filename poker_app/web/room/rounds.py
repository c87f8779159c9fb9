"""Forms of a round: votes, the reveal, the next round, the estimate, and undo."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from poker_app.poker.round import voting
from poker_app.rules.session.value import Member
from poker_app.web.http import fragments, guards
from poker_app.web.http.guards import member_required

blueprint = Blueprint("rounds", __name__, url_prefix="/sessions/<session_id>")


@blueprint.post("/votes")
@guards.voting
def vote(member: Member) -> ResponseReturnValue:
    """Casts a vote. The form names its round: a vote that comes late must not count in the next one."""
    card = request.form.get("card", "")
    version = voting.cast_vote(member, request.form.get("round", ""), card)
    return fragments.after_vote(member.session_id, version, card)


@blueprint.post("/votes/retraction")
@member_required
def retract(member: Member) -> ResponseReturnValue:
    version = voting.retract_vote(member, request.form.get("round", ""))
    return fragments.after_vote(member.session_id, version, None)


@blueprint.post("/reveal")
@member_required
def reveal(member: Member) -> ResponseReturnValue:
    voting.reveal(member, request.form.get("round", ""))
    return fragments.answer(member)


@blueprint.post("/rounds")
@member_required
def vote_again(member: Member) -> ResponseReturnValue:
    """Opens the next round after the one that the form names."""
    undo = voting.vote_again(member, request.form.get("round", ""))
    return fragments.answer_with_undo(member, "Vote restarted.", undo)


@blueprint.post("/tasks/<task_id>/estimate")
@member_required
def finalize(member: Member, task_id: str) -> ResponseReturnValue:
    form = request.form
    estimate, note = form.get("estimate", ""), form.get("note", "")
    undo = voting.finalize(member, task_id, estimate=estimate, note=note, round_id=form.get("round"))
    return fragments.answer_with_undo(member, f"Estimate {estimate} saved.", undo)


@blueprint.post("/changes/<int:version>/undoing")
@member_required
def undo(member: Member, version: int) -> ResponseReturnValue:
    """Undoes the estimate, the skip, the restarted vote or the added tasks that made this version."""
    voting.undo(member, version)
    return fragments.answer(member, fragments.partial("notice", fragments.notice("Undone.")))
