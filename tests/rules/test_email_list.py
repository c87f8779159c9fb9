"""Several addresses in one field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poker_app.rules.email_list import typed_addresses


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (" , ;\n", []),
        ("a@x.example", ["a@x.example"]),
        ("a@x.example, b@x.example;c@x.example\nd@x.example e@x.example", [f"{n}@x.example" for n in "abcde"]),
        ("a@x.example a@x.example", ["a@x.example"]),
        ("Ada Byron <a@x.example>, Ben <b@x.example>", ["a@x.example", "b@x.example"]),
        ("Ada <a@x.example>\nb@x.example", ["a@x.example", "b@x.example"]),
        ("<a@x.example>", ["a@x.example"]),
        ("'a@x.example'", ["a@x.example"]),
        ("Ada, b@x.example", ["Ada", "b@x.example"]),
    ],
)
def test_what_stands_between(text: str, found: list[str]) -> None:
    assert typed_addresses(text) == found


@given(st.lists(st.text("abc@.", min_size=1), unique=True), st.sampled_from([", ", ";", "\n", " \t"]))
def test_nothing_is_lost(parts: list[str], between: str) -> None:
    assert typed_addresses(between.join(parts)) == parts
