"""The operations as tools for assistants: what each takes as JSON Schema, and how it is called."""

import json
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Annotated, Any

from flask import Response
from pydantic import AfterValidator, BaseModel, ValidationError, create_model
from pydantic.json_schema import GenerateJsonSchema

from poker_app.accounts.api_tokens import Caller
from poker_app.api.models import Taken
from poker_app.api.operations import OPERATIONS, Operation, carry_out, check_scope
from poker_app.api.problems import Unreadable

# What ends or takes away, besides the method DELETE, by the first word of the operation's name.
ENDS = ("end_", "leave_", "remove_")
# Whole files are nothing to be typed or sent by an assistant.
LEFT_OUT = ("begin_upload", "finish_upload", "import_report")
READABLE = ("application/json", "text/")


def _part(given: str | int) -> str | int:
    """What can stand between two slashes of an address."""
    text = str(given)
    if not text or "/" in text or "\0" in text or text.startswith("-"):
        raise ValueError("not an id")
    return given


class _Untitled(GenerateJsonSchema):
    """Leaves out the titles of fields, which only repeat their names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


@dataclass(frozen=True)
class Tool:
    """An operation whose arguments are the parts of its address, its query and its body, all at one level."""

    operation: Operation

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.operation.method == "GET"

    @property
    def destroys(self) -> bool:
        """Whether something ends or is gone afterwards."""
        return self.operation.method == "DELETE" or self.operation.name.startswith(ENDS)

    @property
    def repeatable(self) -> bool:
        """Whether a second call with the same arguments changes nothing more."""
        return self.operation.method != "POST"

    @cached_property
    def input_schema(self) -> dict[str, Any]:
        """What the arguments are."""
        whole: dict[str, Any] = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
        for model in self._models.values():
            schema = model.model_json_schema(schema_generator=_Untitled)
            whole["properties"] |= schema["properties"]
            whole["required"] += schema.get("required", [])
            if definitions := schema.get("$defs"):
                whole["$defs"] = whole.get("$defs", {}) | definitions
        return whole

    @cached_property
    def _models(self) -> dict[str, type[BaseModel]]:
        """The models of the arguments. The last one refuses what belongs to none."""
        parts: dict[str, Any] = {
            name: (Annotated[int if name in self.operation.numbers else str, AfterValidator(_part)], ...)
            for name in self.operation.parts
        }
        models: dict[str, type[BaseModel]] = {"parts": create_model("Parts", __base__=Taken, **parts)}
        for name in ("query", "body"):
            if model := getattr(self.operation, name):
                models[name] = model
        return models

    def read(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Returns the arguments as the operation is given them.

        Raises:
            Unreadable: (422) they are not what it takes.
        """
        given: dict[str, Any] = {}
        rest = dict(arguments)
        for place, (name, model) in enumerate(self._models.items(), 1):
            last = place == len(self._models)
            theirs = rest if last else {field: rest.pop(field) for field in model.model_fields if field in rest}
            try:
                # As JSON, so that it is as strict as it is with a request's body.
                given[name] = model.model_validate_json(json.dumps(theirs))
            except ValidationError as invalid:
                raise Unreadable(invalid, "") from invalid
        return {"if_match": None, **given.pop("parts").model_dump(), **given}


@cache
def tools() -> dict[str, Tool]:
    """Returns the tools by name: the operations that an assistant can call, and whose answers it can read."""
    found = [each for each in OPERATIONS if each.name not in LEFT_OUT and each.media_type.startswith(READABLE)]
    return {each.name: Tool(each) for each in found}


def tools_of(caller: Caller) -> list[Tool]:
    """Returns the tools that the caller's scopes allow."""
    return [each for each in tools().values() if each.operation.is_for(caller)]


def call(tool: Tool, caller: Caller, arguments: dict[str, Any]) -> dict[str, Any] | str:
    """Carries out the tool's operation. Returns its answer as JSON has it, or as a text.

    Raises:
        MissingScope: (403) the token has not the operation's scope.
        Unreadable: (422) the arguments are not what the operation takes.
        Refusal, Refused: as the operation.
    """
    check_scope(tool.operation, caller)
    answer = carry_out(tool.operation, caller, tool.read(arguments))
    if isinstance(answer, Response):
        return answer.get_data(as_text=True)
    return answer.model_dump(mode="json") if answer else "Done."
