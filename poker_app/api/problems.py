"""Refusals and faults of the API, as Problem Details (RFC 9457): the sentence that the pages show, and its status."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus

import structlog
from flask import Response, url_for
from pydantic import ValidationError
from sqlalchemy.exc import InternalError, OperationalError, TimeoutError  # noqa: A004
from werkzeug.exceptions import HTTPException, InternalServerError

from poker_app.api.blueprint import blueprint
from poker_app.api.models import FieldProblem, Problem
from poker_app.db import outage
from poker_app.errors import Forbidden, Invalid, Refusal
from poker_app.poker.change import refusal_of
from poker_app.rules import Refused

log = structlog.get_logger("api")

# What each status means here: the anchor of its paragraph in the reference.
MEANINGS = {
    400: "The request cannot be read.",
    401: "The token is missing, unknown, or has ended.",
    402: "The account has no credit left for it, or its plan does not include it.",
    403: "The token's scopes or its role do not allow it.",
    404: "It does not exist, or this token does not reach it.",
    405: "This address does not take that method.",
    406: "The answer is JSON, which the request does not accept.",
    409: "Its present state does not allow it: the round is closed, the session has ended.",
    412: "It was changed since the version that `If-Match` names.",
    413: "The body is too long.",
    415: "The body is not `application/json`.",
    422: "The input cannot be used. `errors` says what is wrong with which field.",
    429: "Too many requests. `Retry-After` says how many seconds to wait.",
    500: "Something broke on our side.",
    503: "The database does not answer just now. Try again in a moment, with the same `Idempotency-Key`.",
    507: "The disk that everything is kept on is full or failing, so nothing was saved.",
}
UNSIGNED = "Send a token, as Authorization: Bearer faceup_pat_… Tokens are made in the account's settings."
UNKNOWN = "This token is unknown here, was ended, or has expired."


# Of pydantic's messages those that say it in the words of a programming language.
WORDS = {"extra_forbidden": "There is no such field."}


class Unauthorized(Refusal):
    """There is no token, or none that is good."""

    status = 401


class MissingScope(Forbidden):
    """The token has not the scope."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"This token lacks the scope {scope}. Make one that has it.")
        self.scope = scope


class Unreadable(Invalid):
    """The body or the query is not what the operation takes."""

    def __init__(self, invalid: ValidationError, where: str) -> None:
        super().__init__("The input cannot be used. “errors” says what is wrong with which field.")
        self.errors = [
            FieldProblem(pointer=_pointer(where, each["loc"]), detail=WORDS.get(each["type"], each["msg"]))
            for each in invalid.errors(include_url=False, include_context=False, include_input=False)
        ]


def _pointer(where: str, place: tuple[int | str, ...]) -> str:
    return where + "/".join(map(str, place)) if place else where.removesuffix("/")


@contextmanager
def fields_named(**fields: str) -> Iterator[None]:
    """Gives the fields that refusals of an action name, which are those of the pages' forms, their names in the
    operation's body: an empty one where it has no such field.

    Raises:
        Invalid: (422) as the action, with the other name.
    """
    try:
        yield
    except Invalid as invalid:
        raise Invalid(invalid.sentence, fields.get(invalid.field or "", invalid.field)) from invalid


@blueprint.errorhandler(Refusal)
def refused(refusal: Refusal) -> Response:
    answer = problem(refusal.sentence, refusal.status, errors_of(refusal))
    if (wait := getattr(refusal, "retry_after", None)) is not None:
        answer.headers["Retry-After"] = str(wait)
    if isinstance(refusal, Unauthorized):
        answer.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(refusal, MissingScope):
        # RFC 6750, section 3.
        answer.headers["WWW-Authenticate"] = f'Bearer error="insufficient_scope", scope="{refusal.scope}"'
    return answer


@blueprint.errorhandler(Refused)
def refused_by_a_rule(refused: Refused) -> Response:
    refusal = refusal_of(refused)
    return problem(refusal.sentence, refusal.status, errors_of(refusal))


@blueprint.errorhandler(OperationalError)
@blueprint.errorhandler(InternalError)
@blueprint.errorhandler(TimeoutError)
def no_database(error: OperationalError | InternalError | TimeoutError) -> Response:
    status = outage(error)
    if status is None:
        raise error
    log.error("database_unavailable", status=status)
    answer = problem(MEANINGS[status], status)
    answer.headers["Retry-After"] = "5"
    return answer


@blueprint.errorhandler(HTTPException)
def refused_by_the_server(error: HTTPException) -> Response:
    if isinstance(error, InternalServerError):
        log.error("fault", exc_info=error.original_exception)
    status = error.code or 500
    return problem(MEANINGS.get(status) or error.description or "", status, headers=dict(error.get_headers()))


def errors_of(refusal: Refusal) -> list[FieldProblem]:
    """What is wrong with which field, where the refusal says it."""
    if isinstance(refusal, Unreadable):
        return refusal.errors
    if isinstance(refusal, Invalid) and refusal.field:
        return [FieldProblem(pointer=f"#/{refusal.field}", detail=refusal.sentence)]
    return []


def problem(
    sentence: str, status: int, errors: list[FieldProblem] | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Returns a refusal as ``application/problem+json``. Of ``headers`` those are kept that belong to the status."""
    made = Problem(
        type=url_for("api_reference.page", _anchor=f"status-{status}"),
        title=HTTPStatus(status).phrase,
        status=status,
        detail=sentence,
        errors=errors or [],
    )
    answer = Response(made.model_dump_json(), status, mimetype="application/problem+json")
    for name in ("Allow", "Retry-After"):
        if headers and name in headers:
            answer.headers[name] = headers[name]
    return answer
