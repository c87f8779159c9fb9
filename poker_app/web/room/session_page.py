"""The page of a session, its fragments, joining, options, and the end."""

from functools import lru_cache

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from poker_app import clock, imports, rate_limits, realtime
from poker_app.db import session
from poker_app.errors import Forbidden, Invalid, NotFound, Refusal, TooMany
from poker_app.poker.members import member_lookup, members, presence
from poker_app.poker.models import PokerSession
from poker_app.poker.publishing import events
from poker_app.poker.reports.report import report_of
from poker_app.poker.session import access, lifecycle
from poker_app.poker.session.options import options_from
from poker_app.poker.value.current import at_least, newest
from poker_app.poker.value.session_view import public_view
from poker_app.rules.roles import AWAITED_FOR
from poker_app.rules.session.value import DELETED, Member, Session
from poker_app.web.http import fragments, login, qr, shared_fragments
from poker_app.web.http.errors import again
from poker_app.web.http.guards import member_here, member_required
from poker_app.web.http.guest_cookie import FRAME_FIELD, guest_secret, store_secret

blueprint = Blueprint("sessions", __name__, url_prefix="/sessions/<session_id>")


@blueprint.get("")
def room(session_id: str) -> ResponseReturnValue:
    """Shows the session's page to its members, and redirects all others to the form to join."""
    member = member_here(session_id)
    if member is None:
        return redirect(url_for("sessions.entrance", session_id=session_id), 303)
    value = at_least(session_id).value
    if value.ended_at:
        fresh = lifecycle.is_fresh(value)
        shown = {"session": value, "reopens": member.facilitates and fresh, "waits": fresh}
        if value.of_guests:
            return render_template("sessions/ended_without_account.html", keeps=member.facilitates, **shown)
        report = report_of(session.get_one(PokerSession, session_id))
        return render_template("sessions/ended.html", report=report, **shown)
    if member.has_left:
        return render_template("sessions/left.html", session=value, member=member, t=public_view(value, clock.now()))
    presence.note_seen(member)
    presence.sweep(session_id)
    known = at_least(session_id)
    value, shared = known.value, shared_fragments.shared(known)
    me = value.members[member.id]
    sentence, undo, alert = fragments.pop_done(session_id)
    return render_template(
        "sessions/room.html",
        member=me,
        session=value,
        shared=shared,
        t=shared.table,
        a=shared.backlog,
        card=value.card_of(me),
        invitation=_invitation(value),
        realtime=realtime.browser_options(),
        awaited=int(AWAITED_FOR.total_seconds() * 1_000),
        channels=[realtime.state_channel(session_id), realtime.presence_channel(session_id)],
        table_files=imports.ENDINGS,
        sentence=sentence,
        coming_in=Markup(fragments.coming_in(me)),  # noqa: S704 (a template made it)
        alert=alert,
        undo=None if undo is None else url_for("rounds.undo", session_id=session_id, version=undo),
    )


def _invitation(table: Session) -> dict[str, str | Markup]:
    code = f"{table.code[:3]}-{table.code[3:]}"
    # The long address, not the code: wrong codes are limited by address, and a colleague's typing must not lock out
    # those who have the link.
    link = f"{fragments.origin()}{url_for('sessions.room', session_id=table.id)}"
    return {"code": code, "link": link, "qr": _code_of(link)}


@lru_cache(maxsize=500)
def _code_of(link: str) -> Markup:
    # Drawing it takes longer than all the rest of the page.
    return qr.drawn(link)


# --- the way in


@blueprint.get("/join")
def entrance(session_id: str) -> ResponseReturnValue:
    """Shows the form to join. The browser gets its secret here, so that sending the form twice adds one member."""
    if member_here(session_id):
        return redirect(url_for("sessions.room", session_id=session_id), 303)
    table = _found(session_id)
    _come_the_right_way(table)
    secret = member_lookup.secret_for(session_id, guest_secret())
    page, status = _entrance(table, {"role": "voter", FRAME_FIELD: secret})
    return store_secret(make_response(page, status), secret)


@blueprint.post("/members")
def join(session_id: str) -> ResponseReturnValue:
    """Adds a member, as voter or spectator.

    Raises:
        Invalid: (422) neither was chosen, or the name cannot be used.
    """
    who, form = request.remote_addr or "", request.form
    rate_limits.spend(members.JOINS.of_network(who))
    table, user, secret = _found(session_id), login.user(), member_lookup.secret_for(session_id, guest_secret())
    _come_the_right_way(table)
    try:
        access.let_in(table, user, _known(table), form.get("password", ""), who)
        if form.get("role") not in ("voter", "spectator"):
            raise Invalid("Choose whether you vote or watch.", "role")
        votes = form["role"] == "voter"
        name, hosts = form.get("member_name", ""), access.hosts(table, user)
        member = members.join(table, name=name, votes=votes, secret=secret, user=user, hosts=hosts)
    except (Invalid, Forbidden) as refusal:
        return _entrance(table, form.to_dict(), refusal)
    except TooMany as refusal:
        return again(_entrance(table, form.to_dict(), refusal)[0], refusal)
    return store_secret(fragments.back_to_session(member), secret)


def _found(session_id: str) -> Session:
    try:
        found = newest(session_id).value
    except NotFound as unknown:
        raise NotFound("No session has that link. It may be mistyped, or the session was deleted.") from unknown
    if found.deleted_at:
        raise NotFound(DELETED)
    return found


def _come_the_right_way(table: Session) -> None:
    """Checks the required sign-in of a teammate where the session is for teammates only or has a password, since there
    they join as a teammate. Raises CameAnotherWay (403) for another way. In an open session a teammate joins like any
    guest."""
    if table.teammates_only or table.password_hash:
        login.acts_for(table.account_id)


def _known(table: Session) -> Member | None:
    return member_lookup.find_member(table.id, guest_secret(), login.user())


def _lost(table: Session) -> Member | None:
    """Returns the member that the address names: their page was open in this browser, which has lost its cookie. The
    page only says so and gives no access, since ids are no secret."""
    found = table.members.get(request.args.get("was", ""))
    return found if found and not found.removed_at else None


def _entrance(table: Session, typed: dict[str, str], refusal: Refusal | None = None) -> tuple[str, int]:
    status = refusal.status if refusal else 200
    known, user = _known(table), login.user()
    if table.ended_at:
        return render_template("sessions/over.html", session=table, may_read=access.is_teammate(table, user)), status
    if access.is_closed_to(table, user, known):
        return render_template("sessions/teammates_only.html", session=table), 403
    lost = None if known else _lost(table)
    if "member_name" not in typed and (named := known or lost or user):
        typed = {**typed, "member_name": named.name}
    page = render_template(
        "sessions/join.html",
        session=table,
        t=public_view(table, clock.now()),
        typed=typed,
        invalid=refusal,
        removed=bool(known and known.removed_at),
        lost=lost,
        asks_password=access.asks_password(table, user, known),
    )
    return page, status


# --- fragments


@blueprint.get("/vote-table")
@member_required
def vote_table(member: Member) -> ResponseReturnValue:
    """Returns the table, which every event only hints at. The poll also records the member as present, marks silent
    ones as away, and publishes what the engine missed."""
    presence.note_seen(member)
    presence.sweep(member.session_id)
    behind = events.catch_up(member.session_id)
    version = at_least(member.session_id).value.version
    answer = fragments.unless_known(version, lambda: shared_fragments.current_vote_table(member.session_id, version))
    fragments.say_behind(answer, behind)
    return answer


@blueprint.get("/task")
@member_required
def task(member: Member) -> ResponseReturnValue:
    known = at_least(member.session_id)
    return fragments.unless_known(known.value.tasks_version, lambda: shared_fragments.current_task(known))


@blueprint.get("/backlog")
@member_required
def backlog(member: Member) -> ResponseReturnValue:
    known = at_least(member.session_id)
    since = request.args.get("since", type=int)
    return fragments.unless_known(known.value.tasks_version, lambda: shared_fragments.current_backlog(known, since))


@blueprint.get("/actions")
@member_required
def actions(member: Member) -> ResponseReturnValue:
    return fragments.whole(member, fragments.own_actions(member, at_least(member.session_id)))


# --- options and the end, for facilitators


@blueprint.get("/options")
@member_required
def options(member: Member) -> ResponseReturnValue:
    """The form for the session's options.

    Raises:
        Forbidden: (403) the member is no facilitator.
    """
    if not member.facilitates:
        raise Forbidden("Only a facilitator may change the session's options.")
    return _options(member)


@blueprint.post("/options")
@member_required
def change_options(member: Member) -> ResponseReturnValue:
    try:
        lifecycle.change_options(member, name=request.form.get("name", ""), options=options_from(request.form))
    except Invalid as invalid:
        page = _options(member, invalid)
        if "HX-Request" in request.headers:
            page = fragments.partial("sheet-body", page, swap="innerMorph")
        return page, invalid.status
    value = at_least(member.session_id).value
    kept = value.hides_names and not value.names_hidden and value.round.revealed_at is None
    sentence = "Options saved. Names stay hidden in this round: cards were played in it." if kept else "Options saved."
    return fragments.answer(member, fragments.partial("notice", fragments.notice(sentence)))


def _options(member: Member, invalid: Invalid | None = None) -> str:
    name = "sessions/_options.html" if "HX-Request" in request.headers else "sessions/options.html"
    typed = request.form if invalid else None
    value = at_least(member.session_id).value
    return render_template(name, member=member, session=value, typed=typed, invalid=invalid)


@blueprint.post("/ending")
@member_required
def end(member: Member) -> ResponseReturnValue:
    """Ends the session for all members."""
    lifecycle.end_session(member)
    return fragments.leave_for(url_for("sessions.room", session_id=member.session_id))


@blueprint.get("/reopening")
@member_required
def reopened(member: Member) -> ResponseReturnValue:
    """Polled every few seconds by members who see that the session has ended: 204 as long as it may be reopened."""
    if lifecycle.is_fresh(at_least(member.session_id).value):
        return "", 204
    return fragments.leave_for(url_for("sessions.room", session_id=member.session_id))


@blueprint.post("/reopening")
@member_required
def reopen(member: Member) -> ResponseReturnValue:
    """Reopens a session that has ended."""
    lifecycle.reopen_session(member)
    return fragments.leave_for(url_for("sessions.room", session_id=member.session_id))
