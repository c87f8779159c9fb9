"""The product's rules: pure functions over plain values, with nothing but the standard library."""

from typing import Literal

Kind = Literal["missing", "forbidden", "conflict", "invalid", "plan"]


class Refused(Exception):
    """A rule's refusal. ``kind`` says whether it is not there for the member, or the role, the moment or the input is
    wrong, or the plan does not have it; ``sentence`` is for people, ``field`` the form field to point at."""

    def __init__(self, kind: Kind, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.kind: Kind = kind
        self.sentence = sentence
        self.field = field


class Unusable(ValueError):
    """A deck that cannot be voted with. The message is one sentence a person understands."""
