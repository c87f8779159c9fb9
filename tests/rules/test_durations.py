"""How long something lasts, in words."""

from datetime import timedelta

import pytest

from poker_app.rules.durations import ago, in_words


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


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=119), "just now"),
        (timedelta(minutes=2, seconds=59), "2 minutes ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=1, minutes=30), "an hour ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(days=1, hours=1), "a day ago"),
        (timedelta(days=45, seconds=1), "45 days ago"),
    ],
)
def test_how_long_ago_something_was(duration: timedelta, words: str) -> None:
    assert ago(duration) == words
