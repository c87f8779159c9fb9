"""The API's operations: one table of addresses, each with its scope, what it takes and answers, and its view.

A view is a plain function. The names of its parameters say what it is called with:

- ``caller``: whose token it is.
- ``member``: the caller's member in the session of the address.
- ``table``: the session of the address, for those who may read its report.
- ``body``, ``query``: the pydantic models of their annotations.
- ``key``: names the request, so that sending it again makes nothing twice.
- ``if_match``: the version that the caller has seen, None where they do not say.
- any other: the part of the address with that name, a number where it is annotated as ``int``.

The annotation of its result is the model of the answer. A model with an ``etag`` is answered with that header.
"""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from flask import Response, current_app, g, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import BadRequest, MethodNotAllowed, UnsupportedMediaType
from werkzeug.exceptions import NotFound as NoSuchAddress

from poker_app import ids, rate_limits
from poker_app.accounts import api_tokens, auth_is_open
from poker_app.accounts.api_tokens import Caller
from poker_app.accounts.models import User
from poker_app.api import idempotency
from poker_app.api.blueprint import blueprint
from poker_app.api.problems import UNKNOWN, UNSIGNED, MissingScope, Unauthorized, Unreadable
from poker_app.db import session
from poker_app.errors import Invalid, NotFound, TooMany
from poker_app.poker.members import member_lookup, presence
from poker_app.poker.models import PokerSession
from poker_app.poker.value.current import newest
from poker_app.rate_limits import Limit
from poker_app.rules.session.value import Member, Session

RATE = Limit("api", 600, timedelta(minutes=1))
"""How many requests a token may send."""
EMPTY = (b"", b"{}", b"null")
"""Bodies that say nothing, which some clients send with every POST."""
METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")
_PART = re.compile(r"\{(\w+)\}")

View = Callable[..., BaseModel | Response | None]


@dataclass(frozen=True, slots=True)
class Operation:
    """One address and method. ``path`` is written as OpenAPI has it: ``/sessions/{session_id}``; ``made_at`` is that of
    what the operation makes. ``media_type`` is of an answer that is no JSON, which the view makes as a ``Response``."""

    method: str
    path: str
    scope: str
    status: int
    view: View
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    answer: type[BaseModel] | None
    takes: frozenset[str]
    media_type: str
    made_at: str
    keeps: bool

    @property
    def name(self) -> str:
        """The operation's id: the endpoint in this blueprint."""
        return self.view.__name__

    @property
    def resource(self) -> str:
        """The resource that it belongs to: the module of its view."""
        return self.view.__module__.rpartition(".")[2]

    @property
    def about(self) -> tuple[str, str]:
        """What it does: the first sentence of the view's docstring, and the others up to what it raises."""
        said = " ".join((inspect.getdoc(self.view) or "").partition("Raises:")[0].split())
        first, _, rest = said.partition(". ")
        return first.removesuffix("."), rest

    @property
    def parts(self) -> list[str]:
        """The variable parts of the address."""
        return _PART.findall(self.path)

    @property
    def numbers(self) -> frozenset[str]:
        """Those of the parts that are whole numbers."""
        parameters = inspect.signature(self.view).parameters
        return frozenset(name for name in self.parts if name in parameters and parameters[name].annotation is int)

    def is_for(self, caller: Caller) -> bool:
        """Whether the caller's token has the scope."""
        return not self.scope or self.scope in caller.scopes

    @property
    def makes(self) -> bool:
        """Whether an ``Idempotency-Key`` is taken."""
        return self.method == "POST" and self.keeps


OPERATIONS: list[Operation] = []


def operation[**P, Answer: BaseModel | Response | None](
    method: str,
    path: str,
    scope: str,
    *,
    status: int = 200,
    media_type: str = "application/json",
    made_at: str | None = None,
    keeps: bool = True,
) -> Callable[[Callable[P, Answer]], Callable[P, Answer]]:
    """Declares a view as an operation for tokens with ``scope``, or for every token where that is empty, which answers
    with ``status``. What it makes is below its own address, by its id, unless ``made_at`` names another one. An answer
    with a secret in it is none that it ``keeps`` for a second request with the same key.
    """

    def declare(view: Callable[P, Answer]) -> Callable[P, Answer]:
        parameters = inspect.signature(view).parameters
        answer = inspect.signature(view).return_annotation
        made = Operation(
            method=method,
            path=path,
            scope=scope,
            status=status if answer is not None else 204,
            view=view,
            body=parameters["body"].annotation if "body" in parameters else None,
            query=parameters["query"].annotation if "query" in parameters else None,
            answer=answer if isinstance(answer, type) and issubclass(answer, BaseModel) else None,
            takes=frozenset(parameters),
            media_type=media_type,
            made_at=made_at or f"{path}/{{id}}",
            keeps=keeps,
        )
        OPERATIONS.append(made)
        rule = _PART.sub(lambda part: f"<{'int:' if part[1] in made.numbers else ''}{part[1]}>", path)
        blueprint.add_url_rule(rule, endpoint=made.name, view_func=partial(_answer, made), methods=[method])
        return view

    return declare


def _answer(operation: Operation, **parts: Any) -> Response:
    caller = admitted()
    check_scope(operation, caller)
    key = idempotency.key_of_request() if operation.makes else None
    return idempotency.once(caller.token_id, key, lambda: _carried_out(operation, caller, key, parts))


def admitted() -> Caller:
    """The caller of this request, which counts among those that its token may send.

    Raises:
        Unauthorized: (401) there is no token, or none that is good.
        TooMany: (429) the token has sent as many as it may.
    """
    caller = _caller()
    try:
        g.allowance = rate_limits.spend(RATE.of(caller.token_id))
    except TooMany as refused:
        wait = refused.retry_after
        g.allowance = rate_limits.Allowance(0, wait)
        sentence = f"This token has sent {RATE.most} requests within a minute. Wait {wait} seconds."
        raise TooMany(sentence, wait) from refused
    return caller


def check_scope(operation: Operation, caller: Caller) -> None:
    """Check that a token may call the operation.

    Raises:
        MissingScope: (403) it has not the scope.
    """
    if not operation.is_for(caller):
        raise MissingScope(operation.scope)


def _caller() -> Caller:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise Unauthorized(UNSIGNED)
    caller = api_tokens.caller_of(token.strip())
    if caller is None:
        raise Unauthorized(UNKNOWN)
    return caller


def _carried_out(operation: Operation, caller: Caller, key: str | None, parts: dict[str, Any]) -> Response:
    given: dict[str, Any] = {**parts}
    if operation.query:
        given["query"] = _query(operation.query)
    elif request.args:
        raise Invalid("This operation takes no query.")
    if operation.body:
        given["body"] = _body(operation.body)
    elif request.get_data().strip() not in EMPTY:
        raise Invalid("This operation takes no body.")
    if "if_match" in operation.takes:
        given["if_match"] = _if_match()
    return _response(operation, carry_out(operation, caller, given, key))


def carry_out(
    operation: Operation, caller: Caller, given: dict[str, Any], key: str | None = None
) -> BaseModel | Response | None:
    """Finds what the address names, and calls the view. ``given`` holds the parts of the address, and of ``query``,
    ``body`` and ``if_match`` those that the operation takes. The scope has been checked."""
    given = {"caller": caller, **given}
    if "key" in operation.takes:
        given["key"] = ids.digest(f"{caller.token_id} {key}") if key else ids.new_secret()
    if "member" in operation.takes:
        given["member"] = _member(caller, given["session_id"], acts=operation.method != "GET")
    if "table" in operation.takes:
        given["table"] = _table(caller, given["session_id"])
    return operation.view(**{name: given[name] for name in operation.takes})


def _response(operation: Operation, answer: BaseModel | Response | None) -> Response:
    if isinstance(answer, Response):
        return answer
    if answer is None:
        return Response(status=204)
    made = Response(answer.model_dump_json(), operation.status, mimetype="application/json")
    if etag := getattr(answer, "etag", None):
        made.set_etag(etag)
    if operation.status == 201:
        named = {**(request.view_args or {}), "id": answer.id}  # type: ignore[attr-defined]
        made.headers["Location"] = f"{blueprint.url_prefix}{operation.made_at.format(**named)}"
    if operation.method == "GET":
        made.make_conditional(request)
        # It sets one, beside the server's own.
        made.headers.pop("Date", None)
    return made


def _query(model: type[BaseModel]) -> BaseModel:
    try:
        return model.model_validate(request.args.to_dict())
    except ValidationError as invalid:
        raise Unreadable(invalid, "") from invalid


def _body(model: type[BaseModel]) -> BaseModel:
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    try:
        return model.model_validate_json(request.get_data() or b"{}")
    except ValidationError as invalid:
        if any(each["type"] == "json_invalid" for each in invalid.errors(include_url=False)):
            raise BadRequest from invalid
        raise Unreadable(invalid, "#/") from invalid


def _if_match() -> str | None:
    """The strong validator of the header; None where it is missing or ``*``."""
    asked = request.if_match
    return None if asked.star_tag or not asked else ",".join(filter(None, asked.as_set()))


def _member(caller: Caller, session_id: str, *, acts: bool) -> Member:
    member = member_of(caller, session_id)
    if member is None:
        raise member_lookup.missing(session_id)
    if acts:
        presence.note_seen(member)
    return member


def member_of(caller: Caller, session_id: str) -> Member | None:
    """Returns the caller's member in a session; None where they have none, and for removed ones."""
    if not ids.could_be_id(session_id):
        return None
    try:
        value = newest(session_id).value
    except NotFound:
        return None
    user = user_at(caller, value)
    member = value.member_of(ids.digest(caller.secret), user.id if user else None)
    return None if member is None or member.removed_at else member


def user_at(caller: Caller, value: Session) -> User | None:
    """The caller's user in a session of the token's account. In those of other accounts a token is a guest with members
    of its own: a program of one account learns nothing of another, in which its person works too."""
    return caller.user if value.account_id == caller.membership.account.id else None


def is_ours(caller: Caller, account_id: str) -> bool:
    """Whether a session of this account is open to the token without being joined: that of its own account, as to a
    teammate. Without sign-in there is one account, and a session only opens to its members."""
    return not auth_is_open() and account_id == caller.membership.account.id


def _table(caller: Caller, session_id: str) -> PokerSession:
    """The session for its members, and for the teammates of its account, as the pages' ``reader`` finds it."""
    table = session.get(PokerSession, session_id) if ids.could_be_id(session_id) else None
    if table is None or table.deleted_at:
        raise member_lookup.missing(session_id)
    if not is_ours(caller, table.account_id) and member_of(caller, session_id) is None:
        raise member_lookup.missing(session_id)
    return table


@blueprint.route("/", defaults={"rest": ""}, methods=METHODS)
@blueprint.route("/<path:rest>", methods=METHODS)
def no_such_address(rest: str) -> Response:
    """Answers 404 to an address that is none of the API, and 405 to one with another method."""
    here = f"{blueprint.url_prefix}/{rest}"
    adapter = current_app.create_url_adapter(request)
    assert adapter
    known = [method for method in METHODS if adapter.match(here, method)[0] != request.endpoint]
    if known:
        raise MethodNotAllowed(valid_methods=known)
    raise NoSuchAddress


@blueprint.after_request
def say_allowance(answer: Response) -> Response:
    """The headers of draft-ietf-httpapi-ratelimit-headers-10, on every answer to a known token."""
    if allowance := g.get("allowance"):
        answer.headers["RateLimit-Policy"] = f'"api";q={RATE.most};w={int(RATE.within.total_seconds())}'
        answer.headers["RateLimit"] = f'"api";r={allowance.left};t={allowance.seconds}'
    return answer
