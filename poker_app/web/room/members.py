"""Forms of members: names, roles, leaving and coming back, removing, nudging."""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from poker_app import clock
from poker_app.errors import Conflict, Invalid
from poker_app.poker.members import members
from poker_app.poker.value.current import at_least
from poker_app.poker.value.session_view import public_view
from poker_app.rules.session.members import NUDGE_EVERY
from poker_app.rules.session.value import Member
from poker_app.web.http import fragments
from poker_app.web.http.guards import member_required
from poker_app.web.http.template_filters import MAX_NAMED

NOT_NUDGED = f"Not nudged: they have voted, or were asked less than {NUDGE_EVERY.seconds} seconds ago."

blueprint = Blueprint("members", __name__, url_prefix="/sessions/<session_id>")


@blueprint.get("/people")
@member_required
def people(member: Member) -> ResponseReturnValue:
    """Lists the members, with what a facilitator may do about each."""
    return _people(member)


def _people(member: Member) -> str:
    name = "sessions/_people.html" if "HX-Request" in request.headers else "sessions/people.html"
    value = at_least(member.session_id).value
    me, view = value.members[member.id], public_view(value, clock.now())
    return render_template(name, member=me, people=value.current_members, t=view)


def _answer(member: Member) -> ResponseReturnValue:
    return fragments.answer(member, fragments.partial("people", _people(member), swap="innerMorph"))


@blueprint.post("/me")
@member_required
def rename(member: Member) -> ResponseReturnValue:
    """Renames the member. The name stands in many places of the page, so the page is loaded anew. The form names the
    member: another user who signs in in another tab changes the member of this tab too.

    Raises:
        Conflict: (409) the page was another member's.
        Invalid: (422) the name cannot be used.
    """
    if request.form.get("member", member.id) != member.id:
        raise Conflict("This page was opened by another member, so nothing was saved. Load it again.")
    members.rename(member, request.form.get("member_name", ""))
    return fragments.leave_for(url_for("sessions.room", session_id=member.session_id))


@blueprint.post("/me/role")
@member_required
def change_role(member: Member) -> ResponseReturnValue:
    """Sets whether the member votes or watches.

    Raises:
        Invalid: (422) neither was chosen.
    """
    if request.form.get("role") not in ("voter", "spectator"):
        raise Invalid("Choose whether you vote or watch.", "role")
    members.set_votes(member, request.form["role"] == "voter")
    return fragments.answer(member)


@blueprint.post("/me/departure")
@member_required
def leave(member: Member) -> ResponseReturnValue:
    members.leave(member)
    return fragments.leave_for(url_for("home.front"))


@blueprint.post("/me/return")
@member_required
def come_back(member: Member) -> ResponseReturnValue:
    """Brings the member back after leaving."""
    members.come_back(member)
    return fragments.answer(member)


@blueprint.post("/facilitators")
@member_required
def share_role(member: Member) -> ResponseReturnValue:
    """Shares the role with a member, hands it over, or, without a member named, takes it over."""
    other = request.form.get("member", "")
    if not other:
        members.take_over(member)
    elif request.form.get("instead"):
        members.hand_over(member, other)
    else:
        members.share_role(member, other)
    return _answer(member)


@blueprint.post("/facilitators/resignation")
@member_required
def step_down(member: Member) -> ResponseReturnValue:
    members.step_down(member)
    return _answer(member)


@blueprint.post("/members/<member_id>/removal")
@member_required
def remove(member: Member, member_id: str) -> ResponseReturnValue:
    members.remove(member, member_id)
    return _answer(member)


@blueprint.post("/members/<member_id>/nudge")
@member_required
def nudge(member: Member, member_id: str) -> ResponseReturnValue:
    return _nudged(member, members.nudge(member, member_id))


@blueprint.post("/members/nudge")
@member_required
def nudge_all(member: Member) -> ResponseReturnValue:
    """Nudges all other members who are present and have not voted."""
    return _nudged(member, members.nudge(member))


def _nudged(member: Member, names: list[str]) -> ResponseReturnValue:
    who = ", ".join(names) if len(names) <= MAX_NAMED else f"{len(names)} members"
    said = f"Nudged {who}." if names else NOT_NUDGED
    return fragments.answer(member, fragments.partial("notice", fragments.notice(said)), table=False)
