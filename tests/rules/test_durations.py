"""How long something lasts, in words."""

from datetime import timedelta

import pytest

from poker_app.rules.durations import in_words


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(minutes=20), "20 minutes"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(hours=1), "an hour"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(hours=24), "a day"),
        (timedelta(days=2), "2 days"),
    ],
)
def test_the_largest_unit_that_fits(duration: timedelta, words: str) -> None:
    assert in_words(duration) == words
