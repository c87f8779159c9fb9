"""The rules of the table: pure functions over plain values, with nothing but the standard library."""

from typing import Literal

Kind = Literal["forbidden", "conflict", "invalid"]


class Refused(Exception):
    """What a rule does not allow: ``kind`` tells wrong role, moment or input, ``sentence`` is for people."""

    def __init__(self, kind: Kind, sentence: str) -> None:
        super().__init__(sentence)
        self.kind: Kind = kind
        self.sentence = sentence


class Unusable(ValueError):
    """A deck nobody could vote with. The message is one sentence a person understands."""
