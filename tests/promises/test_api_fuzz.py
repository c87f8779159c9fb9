"""The API keeps to its document: it is valid OpenAPI 3.1, and every operation answers as it says.

Schemathesis makes requests from the document, good ones and bad ones. Each is sent with every kind of token, and every
answer is checked: no fault; a status, a media type and a body that are described; and no bad input that passes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as profile
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from poker_app import ids
from poker_app.accounts import memberships
from poker_app.accounts.models import User
from poker_app.accounts.team import invitations
from poker_app.api import openapi
from poker_app.billing import ledger
from poker_app.billing.models import Subscription
from poker_app.db import session, transaction
from poker_app.rate_limits import Tries
from poker_app.settings import Settings
from tests.api_client import Program, program_of
from tests.cast import add_teammate, add_user
from tests.conftest import SIGNED_IN

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
CASES = 3
"""So many good requests are made of each operation, and as many bad ones; each is sent with every token."""

NOT_THERE = {"GET /sessions/{session_id}/tasks/{task_id}/issue"}
"""Operations on what the world has not."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={**SIGNED_IN, "billing": "fake"})


@dataclass(frozen=True)
class World:
    """Programs with every kind of token, and what addresses and bodies name in an account."""

    programs: Mapping[str, Program]
    named: Mapping[str, str]


def world(app: Flask) -> World:
    """A new account, for each operation that changes something: some of them end tokens and take roles away."""
    with app.app_context():
        session.query(Tries).delete()
        session.commit()
        olga, abe, tim, mallory = (
            add_user(name, f"{ids.new_id()}@example.com") for name in ("Olga", "Abe", "Tim", "Mallory")
        )
        account, other = (memberships.make_account(each, "Nordbahn").account.id for each in (olga, mallory))
        add_teammate(account, abe, "admin")
        add_teammate(account, tim)
        with transaction():
            session.add(Subscription(account_id=account, plan="business", status="active", seats=5))
            ledger.grant(account, f"pack:{account}", 1_000, source="pack", why="Bought")
        owner = memberships.membership_for(session.get_one(User, olga.id), account)
        assert owner
        invitations.invite(owner, "ben@nordbahn.example", "facilitator")
        named = {"user_id": tim.id, "invitation_id": invitations.waiting_for(owner.account)[0].id}
        people = {"owner": olga.id, "admin": abe.id, "facilitator": tim.id}
        stranger = mallory.id
    programs = {role: program_of(app, user, account) for role, user in people.items()}
    programs["service"] = program_of(app, people["owner"], account, role="facilitator")
    programs["service as admin"] = program_of(app, people["owner"], account, role="admin")
    programs["reader"] = program_of(app, people["owner"], account, "sessions:read")
    programs["another account's"] = program_of(app, stranger, other)
    programs["none"] = Program(app, "faceup_pat_none")
    made = programs["facilitator"].opens(tasks=[{"title": "Pay by card"}, {"title": "Refunds"}])
    named |= {"session_id": made["id"], "task_id": made["task"]["id"], "round_id": made["round"]["id"]}
    named["member_id"] = made["members"][0]["id"]
    named |= {"before": named["task_id"], "code": made["code"], "card": "5", "estimate": "5"}
    named["file_id"] = _adds_file(app, programs["facilitator"], named)
    named["deck_id"] = programs["owner"].post("/decks", {"name": "Powers", "cards": ["1", "2", "4"]}).get_json()["id"]
    named["series_id"] = programs["owner"].post("/series", {"name": "Weekly"}).get_json()["id"]
    return World(programs, named)


def _adds_file(app: Flask, program: Program, named: Mapping[str, str]) -> str:
    task = "/sessions/{session_id}/tasks/{task_id}".format(**named)
    begun = program.post(f"{task}/files", {"name": "a.txt", "size": 5}).get_json()
    app.test_client(use_cookies=False).put(begun["url"], data=b"hello", headers=begun["headers"])
    assert program.post(f"{task}/files/{begun['id']}/finish").status_code == 200
    return begun["id"]  # type: ignore[no-any-return]


def test_the_document_is_openapi(app: Flask) -> None:
    with app.test_request_context():
        document = openapi.document()
    assert [str(each.message) for each in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_operation_answers_as_it_says(app: Flask) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    seen: dict[str, set[int]] = {}
    failures: list[str] = []
    here = world(app)
    for operation in sorted((found.ok() for found in schema.get_all_operations()), key=_changes_something):
        if _changes_something(operation):
            here = world(app)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if _can_be(operation, mode):
                try:
                    seen.setdefault(operation.label, set()).update(_answers(operation, mode, here))
                except FailureGroup as failure:
                    failures.append(f"{operation.label}: {failure.exceptions[0]}")
    assert not failures, "\n\n".join(failures)
    unreached = {label for label, statuses in seen.items() if statuses <= {401, 403, 404}}
    assert unreached <= NOT_THERE, f"what these do was never reached: {unreached - NOT_THERE}"


def _changes_something(operation: APIOperation[Any, Any, Any, Any]) -> bool:
    return operation.method.upper() != "GET"


def _can_be(operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode) -> bool:
    """Whether an operation takes anything that can be wrong."""
    return mode is GenerationMode.POSITIVE or bool(operation.query) or bool(operation.body)


def _answers(operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, here: World) -> set[int]:
    statuses = set()
    checks = [*CHECKS, negative_data_rejection] if mode is GenerationMode.NEGATIVE else CHECKS

    @seed(17)
    @profile(
        max_examples=CASES,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
        derandomize=False,
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Case) -> None:
        case.path_parameters = _known(case.path_parameters or {}, here)
        if mode is GenerationMode.POSITIVE and isinstance(case.body, dict):
            case.body = _known(case.body, here)
        for program in here.programs.values():
            headers = {"Authorization": f"Bearer {program.token}"}
            answer = case.call(headers=headers)
            statuses.add(answer.status_code)
            case.validate_response(answer, checks=checks, headers=headers)

    send()
    return statuses


def _known(made: Mapping[str, Any], here: World) -> dict[str, Any]:
    """The values with those of the account in their places, where it has such."""
    return {name: here.named.get(name, value) for name, value in made.items()}
