"""The base of the API's models: what an operation takes in its body or its address, and what it answers."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator
from pydantic_core import CoreSchema, core_schema

from poker_app import ids
from poker_app.errors import Outdated

MAX_PAGE = 100


class _Input(BaseModel):
    """What is sent. Databases cannot keep a NUL character."""

    @field_validator("*")
    @classmethod
    def refuse_nul(cls, given: Any) -> Any:
        """Refuses a text with a NUL character, and a list with such a text."""
        for text in given if isinstance(given, list) else [given]:
            if isinstance(text, str) and "\0" in text:
                raise ValueError("A character in it cannot be kept.")
        return given


class Taken(_Input):
    """A body. Fields that are not named are refused, and no text is taken for a number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Asked(_Input):
    """The query of an address."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Given(BaseModel):
    """An answer. The mode of its schema is read by the library that makes the document."""

    model_config = ConfigDict(frozen=True, json_schema_mode="serialization")  # type: ignore[typeddict-unknown-key]


class Tagged(Given):
    """An answer with an `ETag`, which changes with all that is in the answer."""

    @property
    def etag(self) -> str:
        """A digest of the answer."""
        return ids.digest(self.model_dump_json())[:32]

    def check_match(self, if_match: str | None) -> None:
        """Check that the caller has seen this version, where they say which.

        Raises:
            Outdated: (412) it is another one.
        """
        if if_match is not None and if_match != self.etag:
            raise Outdated


class OneOf:
    """Marks a text that is one of some names, where these are known to no type checker."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = [*names]

    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> CoreSchema:
        return core_schema.literal_schema(self.names)


class Paging(Asked):
    """Which page of a list: its length, and the cursor that the page before gave."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE, description="How many at the most.")] = 50
    cursor: Annotated[str, StringConstraints(max_length=200)] = Field(
        "", description="`next_cursor` of the page before."
    )


class Page[Item: Given](Given):
    """A page of a list. `next_cursor` leads to the next one, and is null on the last."""

    items: list[Item]
    next_cursor: str | None = None


class FieldProblem(Given):
    """What is wrong with one part of the input."""

    pointer: str = Field(description="The field as a JSON pointer, such as `#/name`, or the name of a query parameter.")
    detail: str


class Problem(Given):
    """A refusal, as Problem Details of RFC 9457."""

    type: str = Field(description="An address that says what this kind of refusal means.")
    title: str
    status: int
    detail: str = Field(description="A sentence about this refusal.")
    errors: list[FieldProblem] = Field([], description="What is wrong with which field, if the input cannot be used.")
