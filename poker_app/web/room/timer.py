"""Forms of the timer: start, pause, resume, stop."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from poker_app.poker.session import timer
from poker_app.rules.session.value import Member
from poker_app.web.http import fragments
from poker_app.web.http.guards import member_required

blueprint = Blueprint("timer", __name__, url_prefix="/sessions/<session_id>/timer")


@blueprint.post("")
@member_required
def start(member: Member) -> ResponseReturnValue:
    timer.start_timer(member)
    return fragments.answer(member)


@blueprint.post("/pause")
@member_required
def pause(member: Member) -> ResponseReturnValue:
    timer.pause_timer(member)
    return fragments.answer(member)


@blueprint.post("/resumption")
@member_required
def resume(member: Member) -> ResponseReturnValue:
    timer.resume_timer(member)
    return fragments.answer(member)


@blueprint.post("/removal")
@member_required
def stop(member: Member) -> ResponseReturnValue:
    timer.stop_timer(member)
    return fragments.answer(member)
