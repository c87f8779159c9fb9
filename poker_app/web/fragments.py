"""Fragments: one file, one id, one route each; and the answers that carry several of them.

The shared ones (table, task, backlog) are rendered once a version from the public read model, the same for everybody.
"""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from flask import Flask, Response, current_app, make_response, redirect, render_template, request, url_for
from jinja2 import Environment

from poker_app import clock, realtime
from poker_app.db import session
from poker_app.poker import events
from poker_app.poker.agenda import Agenda, agenda_of
from poker_app.poker.models import Member
from poker_app.poker.names import initials
from poker_app.poker.table import Table, own_card, table_of, version_of
from poker_app.poker.turn import asking_socket
from poker_app.rules.deck import BREAK, UNSURE
from poker_app.rules.tally import percent, shown
from poker_app.web import markdown
from poker_app.web.newest import Newest

SPOKEN = {UNSURE: "Not sure", BREAK: "Break"}


def install(app: Flask) -> None:
    """What templates may call."""
    # Shared fragments are rendered outside of requests too, by whatever changes a session.
    paths = app.url_map.bind("")
    app.jinja_env.globals["path_for"] = lambda endpoint, **values: paths.build(endpoint, values)
    app.jinja_env.globals.update(spoken=_spoken, BREAK=BREAK, now=lambda: clock.now())
    app.jinja_env.filters.update(
        spoken=_spoken,
        shown=shown,
        percent=percent,
        initials=initials,
        markdown=markdown.render,
        epoch=_epoch,
        clock=_minutes,
    )

    @app.after_request
    def hurry(answer: Response) -> Response:
        if request.method == "POST" and realtime.troubled():
            say_behind(answer, behind=True)
        return answer


def say_behind(answer: Response, behind: bool) -> None:
    """Whether others may not have heard of the newest state: then this browser asks more often, and so brings the
    engine's return to everybody's notice."""
    answer.headers["X-Behind"] = str(int(behind))


def _spoken(card: str) -> str:
    return SPOKEN.get(card, card)


def _epoch(moment: datetime | None) -> int | str:
    return int(moment.timestamp() * 1000) if moment else ""


def _minutes(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"


# --- the shared fragments


_newest = Newest[tuple[Table, str, events.State], tuple[Agenda, str]](most=500)


def shared_state(session_id: str, version: int | None = None) -> events.State:
    """The shared state as events carry it: the table, and the tasks if they are what changed. One render a version.

    Who knows of a version gets that or a newer one, and saves the question.
    """
    return _rendered(session_id, version)[2]


def table_now(session_id: str, version: int) -> str:
    """The felt at a version that is known, or a newer one."""
    return _rendered(session_id, version)[1]


def _rendered(session_id: str, version: int | None = None) -> tuple[Table, str, events.State]:
    version = version or version_of(session_id)
    # Whoever draws needs a connection of the database, so nobody holds one who waits for them.
    session.commit()
    with _newest.drawing(session_id):
        known = _newest.get(session_id)
        if known and known[0].version >= version:
            return known
        table = table_of(session_id)
        felt = vote_table(table)
        html = partial("vote-table", felt)
        if table.agenda == table.version:
            html += _tasks(session_id, table.agenda)
        state = events.State(table.version, table.agenda, html, table.members, table.present)
        made = table, felt, state
        _newest.put(session_id, made)
        return made


def _tasks(session_id: str, version: int) -> str:
    return _drawn_agenda(session_id, version)[1]


def _drawn_agenda(session_id: str, version: int) -> tuple[Agenda, str]:
    known = _newest.agenda(session_id)
    if known and known[0].agenda >= version:
        return known
    agenda = agenda_of(session_id)
    html = partial("task", task(agenda)) + partial("backlog", backlog(agenda))
    _newest.put_agenda(session_id, (agenda, html))
    return agenda, html


def vote_table(table: Table) -> str:
    """The felt: seats face down, or columns face up."""
    return render_template("sessions/_vote_table.html", t=table)


def task(agenda: Agenda) -> str:
    """The task that is voted on."""
    return render_template("sessions/_task.html", a=agenda)


def backlog(agenda: Agenda) -> str:
    """All the tasks."""
    return render_template("sessions/_backlog.html", a=agenda)


# --- the viewer's own fragments


def actions(member: Member, table: Table) -> str:
    """The viewer's hand and, for a facilitator, the controls."""
    agenda, _ = _drawn_agenda(member.session_id, table.agenda)
    card = own_card(member, table.round_id) if member.votes else None
    return render_template("sessions/_actions.html", member=member, t=table, a=agenda, card=card)


def notice(sentence: str, *, alert: bool = False, undo: str | None = None) -> str:
    """One sentence over the table, perhaps with a way to take back what was done."""
    return render_template("sessions/_notice.html", sentence=sentence, alert=alert, undo=undo)


# --- answers


def partial(region: str, html: str, swap: str = "outerMorph") -> str:
    """A fragment addressed to its place on the page."""
    return f'<hx-partial hx-target="#{region}" hx-swap="{swap}">{html}</hx-partial>'


def notice_only(sentence: str) -> str:
    """A refusal for somebody who has no table to be shown."""
    return partial("notice", notice(sentence, alert=True))


def origin() -> str:
    """Where people reach the service, for addresses that they pass on."""
    return str(current_app.config["SETTINGS"].public_url or request.host_url).rstrip("/")


def whole(member: Member, html: str) -> Response:
    """One fragment alone, or, for a browser without scripts, the page that holds it."""
    if "HX-Request" in request.headers:
        return make_response(html)
    return back_to_table(member)


def back_to_table(member: Member) -> Response:
    """Where a plain form leads: the room."""
    return _to_room(member.session_id)


def _to_room(session_id: str) -> Response:
    return make_response(redirect(url_for("sessions.room", session_id=session_id), 303))


def leave_for(address: str) -> Response:
    """Another page, loaded whole, for htmx and for a plain form."""
    if "HX-Request" in request.headers:
        return Response(headers={"HX-Redirect": address})
    return make_response(redirect(address, 303))


def after_vote(session_id: str, version: int, card: str | None) -> Response:
    """The answer to a vote: the viewer's hint, and the table unless the shared event brings it."""
    if "HX-Request" not in request.headers:
        return _to_room(session_id)
    hint = _hint(current_app.jinja_env, card)
    if events.reaches(session_id, asking_socket.get()):
        return make_response(partial("hand-hint", hint))
    # Whoever sat down or left since this state was rendered is told of in an event of their own.
    known = _newest.get(session_id) if asking_socket.get() else None
    if known and known[0].members > events.COALESCE_ABOVE:
        return make_response(partial("hand-hint", hint))
    return make_response(partial("hand-hint", hint) + shared_state(session_id, version).html)


@lru_cache(maxsize=200)
def _hint(templates: Environment, card: str | None) -> str:
    return templates.get_template("sessions/_hand_hint.html").render(card=card)


def answer(member: Member, *also: str, table: bool = True) -> Response:
    """After a change: the regions that may look different to this member now, all in one answer."""
    if "HX-Request" not in request.headers:
        return back_to_table(member)
    parts = list(also)
    if table:
        parts += _everything(member)
    return make_response("".join(parts))


def _everything(member: Member) -> list[str]:
    table, _, state = _rendered(member.session_id)
    tasks = "" if state.agenda == state.version else _tasks(member.session_id, state.agenda)
    return [state.html, tasks, partial("actions", actions(member, table))]


def refuse(member: Member, sentence: str, status: int) -> Response:
    """A refusal at the table: the sentence, and the state as it is now."""
    return make_response("".join([partial("notice", notice(sentence, alert=True)), *_everything(member)]), status)


def unless_known(tag: int, render: Callable[[], str]) -> Response:
    """A shared fragment under an ETag made of its version and the build: 304 where the browser has it.

    Never of anything hidden: who compares two tags learns only that something at the table changed.
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
