"""The API's document, and the page that explains it: without a token, and without the network."""

import json
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, jsonify, render_template
from flask.typing import ResponseReturnValue

from poker_app.api.operations import OPERATIONS, Operation
from poker_app.api.origin import origin
from poker_app.api.problems import MEANINGS
from poker_app.rules.webhook_events import PUBLIC_EVENTS, PublicEvent, envelope

blueprint = Blueprint("api_reference", __name__, url_prefix="/api")

MOMENT = "2026-01-30T09:00:00Z"
EVENT = envelope(
    PublicEvent.TASK_FINALIZED,
    datetime(2026, 1, 30, 9, tzinfo=UTC),
    {
        "session": {"id": "k7qmfd2x8hs4nrtw", "name": "Sprint 42", "url": None, "report_url": None},
        "task": {
            "id": "4xw9hs2mfd7q",
            "key": "PAY-12",
            "title": "Pay by card",
            "url": None,
            "estimate": "5",
            "note": None,
        },
    },
)
"""What a webhook is sent, as an example."""
MAX_TYPED = 300
"""Characters of a body that a command shows; a longer one is in a file."""
TYPES = {"string": "text", "integer": "whole number", "boolean": "true or false"}
BOUNDS = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", " items"),
)
"""The limits of a field, as schemas name them, with their unit."""
# What stands in an example where its field has none.
_PLAIN: dict[str, Any] = {"string": "", "integer": 1, "number": 0.5, "boolean": False, "null": None}


@blueprint.get("/v1/openapi.json")
def document() -> ResponseReturnValue:
    """Returns the document (OpenAPI 3.1)."""
    from poker_app.api import openapi

    return jsonify(openapi.document())


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Shows every operation: what it does, takes and answers, and how it is called."""
    from poker_app.api import openapi

    api = openapi.document()
    models = api["components"]["schemas"]
    return render_template(
        "api/reference.html",
        api=api,
        origin=origin(),
        resources=[_resource(tag, api) for tag in api["tags"]],
        first_call=next(curl(each, models) for each in OPERATIONS if each.name == "open_session"),
        taken=_taken(models),
        examples={name: _as_text(example(each, models)) for name, each in models.items()},
        meanings=MEANINGS,
        events=PUBLIC_EVENTS,
        event=_as_text(EVENT),
        types=TYPES,
        bounds=BOUNDS,
        shades={"GET": "", "DELETE": "tag--red"},
    )


def _as_text(made: Any) -> str:
    return json.dumps(made, ensure_ascii=False, indent=2)


def _resource(tag: dict[str, str], api: dict[str, Any]) -> dict[str, Any]:
    """A section of the page."""
    return {
        "id": tag["name"],
        "heading": tag["name"].replace("_", " ").capitalize(),
        "description": tag["description"],
        "operations": [_described(each, api) for each in OPERATIONS if each.resource == tag["name"]],
    }


def _described(operation: Operation, api: dict[str, Any]) -> dict[str, Any]:
    said = api["paths"][operation.path][operation.method.lower()]
    return {
        "id": operation.name,
        "method": operation.method,
        "path": operation.path,
        "scope": operation.scope,
        "said": said,
        "headers": [each["name"] for each in said["parameters"] if each["in"] == "header"],
        "queries": [each for each in said["parameters"] if each["in"] == "query"],
        "body": operation.body.__name__ if operation.body else None,
        "call": curl(operation, api["components"]["schemas"]),
        "status": operation.status,
        "answers": said["responses"][str(operation.status)].get("content", {}),
        "refusals": [status for status in said["responses"] if status >= "400"],
    }


def _taken(models: dict[str, Any]) -> set[str]:
    """The models that are in bodies, also inside of others: their fields may be left out."""
    found = set[str]()
    waiting = [each.body.__name__ for each in OPERATIONS if each.body]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [other for other in models if f'"#/components/schemas/{other}"' in json.dumps(models[name])]
    return found


def example(schema: dict[str, Any], models: dict[str, Any], *, short: bool = False) -> Any:
    """Returns an example of what a schema describes. A ``short`` one leaves out fields that may be missing, unless they
    have an example of their own."""
    if examples := schema.get("examples"):
        return examples[0]
    if "$ref" in schema:
        return example(models[schema["$ref"].rpartition("/")[2]], models, short=short)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return example(schema["anyOf"][0], models, short=short)
    match schema.get("type"):
        case "object":
            required = schema.get("required", ())
            return {
                name: example(each, models, short=short)
                for name, each in schema.get("properties", {}).items()
                if not short or name in required or "examples" in each
            }
        case "array":
            return [example(schema.get("items", {}), models, short=short)]
        case "string" if schema.get("format") == "date-time":
            return MOMENT
        case kind:
            return schema.get("default", _PLAIN.get(kind or "null"))


def curl(operation: Operation, models: dict[str, Any]) -> str:
    """Returns a command that calls the operation. Ids in its address are variables of the shell."""
    path = operation.path
    for part in operation.parts:
        path = path.replace(f"{{{part}}}", f"${part.upper()}")
    lines = [f'curl "{origin()}/api/v1{path}"', '-H "Authorization: Bearer $FACEUP_TOKEN"']
    if operation.method not in ("GET", "POST") or (operation.method == "POST" and not operation.body):
        lines[0] = lines[0].replace("curl", f"curl -X {operation.method}", 1)
    if operation.media_type != "application/json":
        lines.append("-OJ")
    if operation.body:
        body = json.dumps(example(models[operation.body.__name__], models, short=True), ensure_ascii=False)
        quoted = "'" + body.replace("'", "'\\''") + "'" if len(body) <= MAX_TYPED else "@body.json"
        lines += ['-H "Content-Type: application/json"', f"-d {quoted}"]
    return " \\\n  ".join(lines)
