from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poker_app.rules import Refused
from poker_app.rules.timer import MAX_SECONDS, MIN_SECONDS, Timer

NOW = datetime(2026, 11, 23, 10, 2, tzinfo=UTC)
LENGTHS = st.integers(MIN_SECONDS, MAX_SECONDS)
WAITS = st.timedeltas(timedelta(0), timedelta(hours=2))


def after(seconds):
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("length", [10, 11, 60, 3599, 3600])
def test_a_timer_starts_full_and_running(length):
    timer = Timer.started(length, NOW)
    assert timer == Timer(length=length, ends_at=after(length), remaining=None)
    assert timer.running
    assert timer.left(NOW) == length


@pytest.mark.parametrize("length", [-60, -1, 0, 1, 9, 3601, 10**30])
def test_a_length_out_of_bounds_is_refused(length):
    with pytest.raises(Refused) as refused:
        Timer.started(length, NOW)
    assert refused.value.kind == "invalid"
    assert refused.value.sentence == "A timer runs from 10 seconds to 60 minutes."


@pytest.mark.parametrize(
    ("seconds", "left"), [(0, 60), (0.2, 60), (1, 59), (30, 30), (59, 1), (59.9, 1), (60, 0), (61, 0), (9999, 0)]
)
def test_it_counts_begun_seconds_down_to_zero(seconds, left):
    assert Timer.started(60, NOW).left(after(seconds)) == left


def test_it_never_shows_more_than_its_length_when_a_clock_is_behind():
    assert Timer.started(60, NOW).left(after(-5)) == 60


def test_a_pause_holds_what_is_left():
    paused = Timer.started(60, NOW).paused(after(20))
    assert paused == Timer(length=60, ends_at=None, remaining=40)
    assert not paused.running
    assert paused.left(after(5000)) == 40


def test_a_resumed_timer_runs_on_from_where_it_was_held():
    resumed = Timer.started(60, NOW).paused(after(20)).resumed(after(500))
    assert resumed == Timer(length=60, ends_at=after(540), remaining=None)
    assert resumed.running


def test_a_timer_that_has_run_out_stays_out():
    over = Timer.started(60, NOW).paused(after(99))
    assert over.remaining == 0
    assert over.resumed(after(100)).left(after(100)) == 0


def test_a_second_pause_or_resume_changes_nothing():
    running = Timer.started(60, NOW)
    paused = running.paused(after(20))
    assert running.resumed(after(20)) == running
    assert paused.paused(after(40)) == paused


@given(LENGTHS, WAITS, WAITS)
def test_time_only_runs_down(length, first, second):
    timer = Timer.started(length, NOW)
    assert length >= timer.left(NOW + first) >= timer.left(NOW + first + second) >= 0


@given(LENGTHS, WAITS, WAITS)
def test_a_pause_costs_no_time(length, before, pause):
    timer = Timer.started(length, NOW)
    left = timer.left(NOW + before)
    resumed = timer.paused(NOW + before).resumed(NOW + before + pause)
    assert resumed.left(NOW + before + pause) == left


@given(LENGTHS, st.lists(st.tuples(st.sampled_from(["paused", "resumed"]), WAITS), max_size=6))
def test_it_is_always_either_running_or_held(length, presses):
    timer, now = Timer.started(length, NOW), NOW
    for press, wait in presses:
        now += wait
        timer = getattr(timer, press)(now)
        assert (timer.ends_at is None) != (timer.remaining is None)
        assert timer.running == (press == "resumed")
        assert 0 <= timer.left(now) <= length
