"""Responses made of fragments: a member's own ones, notices, answers that carry several, and ETags.

A fragment has one file, one id and one route. The shared ones (table, task, backlog) are rendered once a version from
the public read model, the same for every member: ``shared_fragments``.
"""

from collections.abc import Callable
from functools import lru_cache

from flask import Flask, Response, current_app, g, make_response, redirect, render_template, request, url_for
from flask import session as cookie
from jinja2 import Environment

from poker_app import clock, realtime
from poker_app.poker.change import Holder, asking_socket
from poker_app.poker.publishing import events
from poker_app.poker.trackers import series_search
from poker_app.poker.value.backlog_view import BacklogView
from poker_app.poker.value.current import at_least, newest
from poker_app.poker.value.session_view import SessionView
from poker_app.poker.value.value_cache import Known
from poker_app.rules.message_budget import LARGE_ABOVE
from poker_app.rules.session.value import Member
from poker_app.web.http import shared_fragments as shared
from poker_app.web.http.host_check import asked_host
from poker_app.web.http.shared_fragments import partial as partial
from poker_app.web.http.tracker_search import params_of

# Where the cookie has the sentence for a session's page.
_DONE = "done"


def install(app: Flask) -> None:
    """Adds headers: on the response to a change that the engine is in trouble, if it is; on those of a session the
    server's time."""

    @app.after_request
    def hurry(answer: Response) -> Response:
        if request.method == "POST" and realtime.troubled():
            say_behind(answer, behind=True)
        if "member" in g:
            # The browser's own clock may be set while a timer runs.
            answer.headers["X-Now"] = str(int(clock.now().timestamp() * 1_000))
        return answer


def say_behind(answer: Response, behind: bool) -> None:
    """Sets the header that says whether other browsers may lack the newest state. The browser then polls more often,
    which publishes that state as soon as the engine is back."""
    answer.headers["X-Behind"] = str(int(behind))


# --- the viewer's own fragments


def actions(member: Member, table: SessionView, backlog: BacklogView, card: str | None) -> str:
    """Renders the member's own cards to choose from, and, for a facilitator, the controls."""
    return render_template("sessions/_actions.html", member=member, t=table, a=backlog, card=card)


def own_actions(member: Member, known: Known) -> str:
    """Renders the same from a cached session."""
    me = known.value.members.get(member.id, member)
    view, backlog = shared.locked(known, lambda known: (shared.view(known), shared.tasks_view(known)))
    return actions(me, view, backlog, known.value.card_of(me))


def notice(sentence: str, *, alert: bool = False, undo: str | None = None) -> str:
    """Renders one sentence over the table, with an address for Undo if there is one."""
    return render_template("sessions/_notice.html", sentence=sentence, alert=alert, undo=undo)


def coming_in(member: Member) -> str:
    """Renders a facilitator's sentence about issues that are still to come in; for others it is empty."""
    coming = series_search.coming_in(member.session_id) if member.facilitates else None
    params = params_of(coming.search) if coming else {}
    return render_template("sessions/_coming_in.html", session_id=member.session_id, coming=coming, params=params)


# --- answers


def notice_only(sentence: str) -> str:
    """Renders a refusal for a visitor who is no member, so that no table is shown."""
    return shared.partial("notice", notice(sentence, alert=True))


def origin() -> str:
    """Returns the address of the service, for links that people pass on."""
    return str(current_app.config["SETTINGS"].public_url or f"{request.scheme}://{asked_host()}").rstrip("/")


def whole(member: Holder, html: str) -> Response:
    """Returns one fragment alone, or, for a browser without scripts, a redirect to the page that holds it."""
    if "HX-Request" in request.headers:
        return make_response(html)
    return back_to_session(member)


def back_to_session(member: Holder) -> Response:
    """Redirects a plain form to the session's page."""
    return _to_room(member.session_id)


def _to_room(session_id: str) -> Response:
    return make_response(redirect(url_for("sessions.room", session_id=session_id), 303))


def back_with(member: Holder, sentence: str, undo: int | None = None, *, alert: bool) -> Response:
    """Redirects a page's plain form to the session's page, which shows a sentence and an Undo of that version."""
    cookie[_DONE] = [member.session_id, sentence, undo, alert]
    return back_to_session(member)


def pop_done(session_id: str) -> tuple[str, int | None, bool]:
    """Returns what ``back_with`` left for this session's page, once."""
    match cookie.get(_DONE):
        case [of, sentence, undo, alert] if of == session_id:
            del cookie[_DONE]
            return sentence, undo, alert
        case _:
            return "", None, False


def leave_for(address: str) -> Response:
    """Leads to another page, loaded whole, for htmx and for a plain form."""
    if "HX-Request" in request.headers:
        return Response(headers={"HX-Redirect": address})
    return make_response(redirect(address, 303))


def send_to(address: str) -> Response:
    """Has the same form sent to another address, whose answer is a page: by the browser, or, for htmx, by the script of
    the form, which finds the address in the header ``X-Send-To``."""
    if "HX-Request" in request.headers:
        return Response(headers={"X-Send-To": address})
    return make_response(redirect(address, 307))


def after_vote(session_id: str, version: int, card: str | None) -> Response:
    """Returns the response to a vote: the member's hint, and the table unless the shared event brings it."""
    if "HX-Request" not in request.headers:
        return _to_room(session_id)
    hint = _hint(current_app.jinja_env, card)
    if events.reaches(session_id, asking_socket.get()):
        return make_response(shared.partial("hand-hint", hint))
    known = at_least(session_id, version)
    state = shared.locked(known, shared.state)
    # In a large session the responses leave the table out: the voters get it by the event like all others.
    if asking_socket.get() and state.members > LARGE_ABOVE:
        return make_response(shared.partial("hand-hint", hint))
    return make_response(shared.partial("hand-hint", hint) + state.html)


@lru_cache(maxsize=200)
def _hint(templates: Environment, card: str | None) -> str:
    return templates.get_template("sessions/_hand_hint.html").render(card=card)


def answer(member: Member, *also: str, table: bool = True) -> Response:
    """Returns the response to a change: all regions that may look different to this member now, in one response."""
    if "HX-Request" not in request.headers:
        return back_to_session(member)
    parts = list(also)
    if table:
        parts += _everything(member)
    return make_response("".join(parts))


def answer_with_undo(member: Member, sentence: str, version: int | None, *, alert: bool = False) -> Response:
    """Returns the response to a change that made ``version`` and can be undone: the same, and the sentence with its
    Undo. None: nothing was done that can be."""
    if version is None:
        return answer(member)
    undo = url_for("rounds.undo", session_id=member.session_id, version=version)
    return answer(member, partial("notice", notice(sentence, alert=alert, undo=undo)))


def _everything(member: Member) -> list[str]:
    known = at_least(member.session_id)
    state = shared.locked(known, shared.state)
    tasks = "" if state.tasks_version == state.version else shared.locked(known, shared.tasks_of)
    return [state.html, tasks, shared.partial("actions", own_actions(member, known))]


def refuse(member: Member, sentence: str, status: int) -> Response:
    """Returns a refusal: the sentence, and the current state if the browser is still a member."""
    me = newest(member.session_id).value.members.get(member.id)
    shown = [] if me is None or me.removed_at else _everything(me)
    return make_response("".join([shared.partial("notice", notice(sentence, alert=True)), *shown]), status)


def unless_known(tag: int, render: Callable[[], str]) -> Response:
    """Returns a shared fragment under an ETag made of its version and the build: 304 where the browser has it.

    Never for anything hidden: a comparison of two tags shows only that something in the session changed.
    """
    made = Response()
    made.set_etag(f"{tag}-{current_app.config['BUILD']}")
    made.headers["Cache-Control"] = "private, no-cache"
    if request.if_none_match.contains(made.get_etag()[0] or ""):
        made.status_code = 304
        return made
    made.set_data(render())
    made.mimetype = "text/html"
    return made
