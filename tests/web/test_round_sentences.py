"""What the table says of its round."""

from types import SimpleNamespace
from typing import Any

import pytest

from poker_app.rules.tally import tally
from poker_app.web.http.round_sentences import agrees, announcement, status

CARDS = ("1", "2", "3", "5", "8", "?")


def table(*cards: str, phase: str = "revealed", **more: Any) -> Any:
    figures = tally(CARDS, {str(member): card for member, card in enumerate(cards)}) if phase == "revealed" else None
    given = {"all_voted": False, "rounds_used_up": False, "places": ("Ada",), **more}
    return SimpleNamespace(phase=phase, tally=figures, **given)


@pytest.mark.parametrize(
    ("shown", "sentence"),
    [
        (table("5", "5", "5"), "All 3 picked 5"),
        (table("5", "5", "?"), "All 2 picked 5"),
        (table("5"), "One vote, 5"),
        (table("3", "5", "5"), "2 of 3 picked 5"),
        (table("2", "8"), "From 2 to 8"),
        (table("?", "?"), "No numbers this time"),
        (table(), "No numbers this time"),
    ],
)
def test_what_a_reveal_comes_to(shown: Any, sentence: str) -> None:
    assert status(shown) == sentence
    assert announcement(shown) == f"Cards revealed. {sentence}."
    assert agrees(shown) == sentence.startswith(("All", "One"))


def test_how_many_have_voted() -> None:
    assert status(table(phase="voting", voted=1, expected=2)) == "1 of 2 have voted"
    assert status(table(phase="voting", places=())) == "Nobody is voting yet"
    everyone = table(phase="voting", all_voted=True)
    assert (status(everyone), announcement(everyone)) == ("Everyone has voted", "Everyone has voted.")
    assert announcement(table(phase="voting", voted=1, expected=2)) == ""
    assert announcement(table(phase="ended")) == "The session has ended."
