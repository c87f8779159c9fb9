"""Renders refusals and faults as pages and fragments: one sentence, the right status, and a way on."""

import structlog
from flask import Flask, Response, g, make_response, render_template, request
from sqlalchemy.exc import InternalError, OperationalError, TimeoutError  # noqa: A004
from werkzeug.exceptions import BadHost, BadRequest, HTTPException, InternalServerError, SecurityError

from poker_app.accounts.signin.mail_tokens import DeadLink
from poker_app.accounts.signin.required_sso import CameAnotherWay
from poker_app.db import outage
from poker_app.errors import Refusal
from poker_app.poker.change import refusal_of
from poker_app.rules import Refused
from poker_app.web.http import fragments, login
from poker_app.web.http.host_check import name_in

log = structlog.get_logger("web")

ADD_A_NAME = (
    'Whoever runs this service can add the name to TRUSTED_HOSTS, as in TRUSTED_HOSTS=["faceup.example"], or make it '
    "the host of PUBLIC_URL."
)
SENTENCES = {
    400: "The request could not be read.",
    404: "The link may be mistyped, or the session was deleted. Session codes look like K7Q-MFD.",
    405: "This address does not answer that kind of request.",
    500: "Something broke on our side. What you sent before is kept; please try again.",
    503: "The database does not answer just now. Please check if your change was saved, and try again in a moment.",
    507: "The disk that everything is kept on is full, read-only or failing, so nothing was saved. Please tell "
    "whoever runs this service, and try again later.",
}


def install(app: Flask) -> None:
    """Registers a handler for every refusal and fault."""

    @app.errorhandler(Refusal)
    def refused(refusal: Refusal) -> Response:
        return answer(refusal.sentence, refusal.status, getattr(refusal, "retry_after", None))

    @app.errorhandler(DeadLink)
    def led_nowhere(link: DeadLink) -> Response:
        return make_response(render_template("signing_in/dead_link.html", link=link), link.status)

    @app.errorhandler(CameAnotherWay)
    def led_to_the_right_way(refusal: CameAnotherWay) -> Response:
        if "HX-Request" in request.headers:
            return answer(refusal.sentence, refusal.status)
        onward = login.page_asked_for(login.HOME)
        page = render_template("signing_in/another_way.html", refusal=refusal, onward=onward)
        return make_response(page, refusal.status)

    @app.errorhandler(Refused)
    def refused_by_a_rule(refused: Refused) -> Response:
        return answer(refused.sentence, refusal_of(refused).status)

    @app.errorhandler(OperationalError)
    @app.errorhandler(InternalError)
    @app.errorhandler(TimeoutError)
    def no_database(error: OperationalError | InternalError | TimeoutError) -> Response:
        # Every request is refused alike while it lasts: one line each says it, and a traceback nothing more.
        problem = str(getattr(error, "orig", None) or error).partition("\n")[0]
        status = outage(error)
        if status is None:
            raise error
        g.database_away = True
        log.error("disk_failed" if status == 507 else "database_unavailable", problem=problem)
        return answer(SENTENCES[status], status, retry_after=5 if status == 503 else None)

    @app.errorhandler(SecurityError)
    @app.errorhandler(BadHost)
    def under_another_name(_error: BadRequest) -> Response:
        name = name_in(request.headers.get("Host", ""))[:253] or "that name"
        sentence = f"Nothing is answered at {name} here. {ADD_A_NAME}"
        if "HX-Request" in request.headers:
            return answer(sentence, 400)
        return make_response(render_template("errors/unknown_host.html", sentence=sentence), 400)

    @app.errorhandler(HTTPException)
    def refused_by_the_server(error: HTTPException) -> Response:
        if error.code is None or error.code < 400:
            return make_response(error.get_response())
        if isinstance(error, InternalServerError):
            log.error("fault", exc_info=error.original_exception)
        if error.code == 413:
            most = request.max_content_length or 0
            longest = f"{most // 1_000_000} MB" if most >= 1_000_000 else f"{most // 1024} KB"
            return answer(f"That is too much text for one form. {longest} is the limit.", 413)
        return answer(SENTENCES.get(error.code, error.description or ""), error.code)


def answer(sentence: str, status: int, retry_after: int | None = None) -> Response:
    """Returns the sentence as a notice on the session's page, for a member's htmx request, else as a page."""
    member = g.get("member")
    if request.accept_mimetypes.best == "text/plain":
        # A script that shows the sentence by itself.
        made = Response(sentence, status, mimetype="text/plain")
    elif member is not None and "HX-Request" in request.headers and status < 500:
        made = fragments.refuse(member, sentence, status)
    elif "HX-Request" in request.headers:
        made = make_response(fragments.notice_only(sentence), status)
    else:
        asked = (request.view_args or {}).get("session_id")
        page = render_template(
            "errors/refusal.html",
            sentence=sentence,
            status=status,
            session_id=asked if member else None,
            strange=asked and not member,
        )
        made = make_response(page, status)
    if retry_after:
        made.headers["Retry-After"] = str(retry_after)
    return made


def again(page: str, refusal: Refusal) -> Response:
    """Returns a form once more, with what was typed and the sentence that says what is wrong with it."""
    answer = make_response(page, refusal.status)
    if wait := getattr(refusal, "retry_after", None):
        answer.headers["Retry-After"] = str(wait)
    return answer
