from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poker_app.rules.roles import (
    AWAITED_FOR,
    AWAY_GONE_AFTER,
    PRESENCES,
    ROLES,
    TAKEOVER_AFTER,
    awaited,
    free_to_take_over,
    presence,
    role,
    takeover_from,
)

NOW = datetime(2026, 11, 23, 10, 2, tzinfo=UTC)
TICK = timedelta(microseconds=1)
MOMENTS = st.timedeltas(timedelta(0), timedelta(hours=3)).map(lambda ago: NOW - ago)


def ago(**units):
    return NOW - timedelta(**units)


@pytest.mark.parametrize(
    ("facilitates", "votes", "shown"),
    [
        (True, True, "facilitator"),
        (True, False, "facilitator"),
        (False, True, "voter"),
        (False, False, "spectator"),
    ],
)
def test_a_member_is_shown_with_one_role(facilitates, votes, shown):
    assert role(facilitates=facilitates, votes=votes) == shown
    assert shown in ROLES


@pytest.mark.parametrize(
    ("left", "away_since", "state"),
    [
        (False, None, "present"),
        (True, None, "gone"),
        (False, NOW, "away"),
        (False, ago(minutes=9, seconds=59), "away"),
        (False, ago(minutes=10) + TICK, "away"),
        (False, ago(minutes=10), "gone"),
        (False, ago(hours=5), "gone"),
        (True, NOW, "gone"),
        (False, NOW + timedelta(seconds=3), "away"),
    ],
)
def test_a_member_away_for_ten_minutes_is_gone(left, away_since, state):
    assert presence(left=left, away_since=away_since, now=NOW) == state
    assert state in PRESENCES


@pytest.mark.parametrize(
    ("left", "away_since", "waits"),
    [
        (False, None, True),
        (True, None, False),
        (False, NOW, True),
        (False, NOW - AWAITED_FOR + TICK, True),
        (False, NOW - AWAITED_FOR, False),
        (True, NOW, False),
        (False, NOW + timedelta(seconds=3), True),
    ],
)
def test_cards_stay_face_down_for_who_is_lost_a_moment(left, away_since, waits):
    assert awaited(left=left, away_since=away_since, now=NOW) is waits


@pytest.mark.parametrize(
    ("away_since", "free"),
    [
        ([None], False),
        ([NOW], False),
        ([ago(minutes=2) + TICK], False),
        ([ago(minutes=2)], True),
        ([ago(hours=2), None], False),
        ([None, ago(hours=2)], False),
        ([ago(hours=2), ago(seconds=30)], False),
        ([ago(hours=2), ago(minutes=3)], True),
        ([], True),
    ],
)
def test_the_table_is_free_once_every_facilitator_is_two_minutes_away(away_since, free):
    assert free_to_take_over(away_since, NOW) is free


@pytest.mark.parametrize(
    ("away_since", "moment"),
    [
        ([None], None),
        ([ago(hours=2), None], None),
        ([NOW], NOW + timedelta(minutes=2)),
        ([ago(seconds=30)], NOW + timedelta(seconds=90)),
        ([ago(minutes=5), ago(minutes=1)], NOW + timedelta(minutes=1)),
        ([], NOW),
    ],
)
def test_the_moment_of_the_takeover_follows_the_last_to_leave(away_since, moment):
    assert takeover_from(away_since, NOW) == moment


@given(st.lists(st.none() | MOMENTS, max_size=4))
def test_it_is_free_exactly_from_that_moment(away_since):
    moment = takeover_from(away_since, NOW)
    if moment is None:
        assert not free_to_take_over(away_since, NOW + timedelta(days=9))
        return
    assert free_to_take_over(away_since, moment)
    if away_since:
        assert not free_to_take_over(away_since, moment - TICK)


@given(st.lists(MOMENTS, max_size=4))
def test_one_facilitator_present_is_enough_to_keep_the_table(away_since):
    assert not free_to_take_over([*away_since, None], NOW)


def test_a_takeover_comes_before_the_facilitator_counts_as_gone():
    assert timedelta(0) < TAKEOVER_AFTER < AWAY_GONE_AFTER
