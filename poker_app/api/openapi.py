"""The document that describes the API (OpenAPI 3.1), made from its operations, and the only importer of the library
for such documents."""

import inspect
from functools import cache
from typing import Any

from openapi_pydantic import OpenAPI
from openapi_pydantic.util import PydanticSchema, construct_open_api_with_schema_class

from poker_app.api import RESOURCES, idempotency
from poker_app.api.models import Problem
from poker_app.api.operations import OPERATIONS, Operation
from poker_app.api.problems import MEANINGS

ABOUT = (
    "Everything that the pages can do with sessions, tasks, members, rounds, reports and the account, for programs "
    "with a token. Times are in UTC. A hidden card is never answered to anybody but its voter."
)


@cache
def document() -> dict[str, Any]:
    """Returns the document as JSON objects."""
    paths: dict[str, Any] = {}
    for each in OPERATIONS:
        paths.setdefault(each.path, {})[each.method.lower()] = _described(each)
    made = OpenAPI.model_validate(
        {
            "openapi": "3.1.0",
            "info": {"title": "Faceup", "version": "1", "description": ABOUT},
            "servers": [{"url": "/api/v1"}],
            "paths": paths,
            "components": {
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
                "responses": {f"refused{status}": _refusal(status) for status in MEANINGS},
            },
            "tags": [{"name": name, "description": about} for name, about in _resources().items()],
        }
    )
    return construct_open_api_with_schema_class(made).model_dump(
        mode="json", by_alias=True, exclude_none=True, exclude_unset=True
    )


def _resources() -> dict[str, str]:
    """The resources in the order of the reference, each with the first paragraph of its module's docstring."""
    modules = {each.resource: inspect.getmodule(each.view) for each in OPERATIONS}
    order = sorted(modules, key=RESOURCES.index)
    return {name: " ".join((inspect.getdoc(modules[name]) or "").partition("\n\n")[0].split()) for name in order}


def _described(operation: Operation) -> dict[str, Any]:
    summary, description = operation.about
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.resource],
        "summary": summary,
        "description": description or None,
        "security": [{"token": [operation.scope] if operation.scope else []}],
        "parameters": [*_of_path(operation), *_of_query(operation), *_headers(operation)],
        "responses": _responses(operation),
    }
    if operation.body:
        described["requestBody"] = {"required": True, "content": _json(operation.body)}
    return described


def _json(model: type[Any]) -> dict[str, Any]:
    return {"application/json": {"schema": PydanticSchema(schema_class=model)}}


def _of_path(operation: Operation) -> list[dict[str, Any]]:
    kinds = {name: "integer" if name in operation.numbers else "string" for name in operation.parts}
    return [{"name": name, "in": "path", "required": True, "schema": {"type": kind}} for name, kind in kinds.items()]


def _of_query(operation: Operation) -> list[dict[str, Any]]:
    if not operation.query:
        return []
    schema = operation.query.model_json_schema()
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": each,
            "description": each.get("description"),
        }
        for name, each in schema["properties"].items()
    ]


def _headers(operation: Operation) -> list[dict[str, Any]]:
    headers = []
    if operation.makes:
        about = "Names the request: sent again with the same key, it is carried out once."
        headers.append(("Idempotency-Key", about, {"type": "string", "minLength": 1, "maxLength": idempotency.MAX_KEY}))
    if "if_match" in operation.takes:
        headers.append(
            ("If-Match", "The `ETag` that was read; refused with 412 if it has changed.", {"type": "string"})
        )
    return [
        {"name": name, "in": "header", "required": False, "description": about, "schema": schema}
        for name, about, schema in headers
    ]


def _responses(operation: Operation) -> dict[str, Any]:
    content = _json(operation.answer) if operation.answer else None
    if operation.status != 204 and content is None:
        text = operation.media_type.startswith("text/")
        content = {operation.media_type: {"schema": {"type": "string"}} if text else {}}
    done = {200: "Done.", 201: "Made.", 204: "Done."}[operation.status]
    answers: dict[str, Any] = {str(operation.status): {"description": done, "content": content}}
    if operation.method == "GET" and hasattr(operation.answer, "etag"):
        answers["304"] = {"description": "It is as `If-None-Match` says."}
    for status in _refusals(operation):
        answers[str(status)] = {"$ref": f"#/components/responses/refused{status}"}
    return answers


def _refusal(status: int) -> dict[str, Any]:
    problem: dict[str, Any] = {"application/problem+json": {"schema": PydanticSchema(schema_class=Problem)}}
    return {"description": MEANINGS[status], "content": problem}


def _refusals(operation: Operation) -> list[int]:
    refusals = {400, 401, 403, 404, 422, 429, 500, 503}
    if operation.method != "GET":
        refusals |= {402, 409, 413, 507}
    if operation.body:
        refusals.add(415)
    if "if_match" in operation.takes:
        refusals.add(412)
    return sorted(refusals)
