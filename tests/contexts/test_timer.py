"""The countdown, kept as a moment."""

from datetime import timedelta

import pytest

from poker_app.db import session
from poker_app.poker.round import tasks, voting
from poker_app.poker.session import lifecycle, timer
from poker_app.poker.value.current import view_of
from tests.cast import Clock
from tests.world.actions import Room

VERBS = [timer.start_timer, timer.pause_timer, timer.resume_timer, timer.stop_timer]


def left(room: Room, clock: Clock) -> int | None:
    """The seconds that a page loaded now would show."""
    session.expire_all()
    found = view_of(room.table.id).timer
    return found.left(clock.now()) if found else None


def test_it_runs_from_the_session_s_length(room: Room, clock: Clock) -> None:
    room.lets(timer_length=90)
    assert left(room, clock) is None
    with room.announces("timer-changed"):
        timer.start_timer(room.ada)
    assert room.table.timer_ends_at == clock.now() + timedelta(seconds=90)
    clock.forward(seconds=30.5)
    assert left(room, clock) == 60
    clock.forward(minutes=5)
    assert left(room, clock) == 0


def test_it_is_held_and_runs_on(room: Room, clock: Clock) -> None:
    timer.start_timer(room.ada)
    clock.forward(seconds=60)
    with room.announces("timer-changed"):
        timer.pause_timer(room.ada)
    assert (room.table.timer_ends_at, room.table.timer_remaining) == (None, 120)
    clock.forward(minutes=10)
    assert left(room, clock) == 120
    with room.nothing_happens():
        timer.pause_timer(room.ada)
    with room.announces("timer-changed"):
        timer.resume_timer(room.ada)
    assert room.table.timer_remaining is None
    clock.forward(seconds=20)
    assert left(room, clock) == 100
    with room.nothing_happens():
        timer.resume_timer(room.ada)


def test_it_is_put_away(room: Room) -> None:
    timer.start_timer(room.ada)
    with room.announces("timer-changed"):
        timer.stop_timer(room.ada)
    assert view_of(room.table.id).timer is None
    with room.nothing_happens():
        timer.stop_timer(room.ada)


def test_it_starts_over(room: Room, clock: Clock) -> None:
    timer.start_timer(room.ada)
    clock.forward(seconds=100)
    timer.start_timer(room.ada)
    assert left(room, clock) == 180


def test_without_one_there_is_nothing_to_hold(room: Room) -> None:
    for verb in (timer.pause_timer, timer.resume_timer, timer.stop_timer):
        with room.nothing_happens():
            verb(room.ada)


@pytest.mark.parametrize("verb", VERBS)
def test_only_facilitators_set_it_and_only_before_the_end(room: Room, verb) -> None:  # type: ignore[no-untyped-def]
    timer.start_timer(room.ada)
    for member in (room.ben, room.cleo):
        with room.refused(403, "Only a facilitator may set the timer."):
            verb(member)
    lifecycle.end_session(room.ada)
    with room.refused(409, "The session has ended."):
        verb(room.ada)


def test_the_reveal_the_next_round_and_the_end_put_it_away(room: Room) -> None:
    tasks.add_tasks(room.ada, "One\nTwo")
    room.plays(room.ben, "5")
    timer.start_timer(room.ada)
    room.reveals()
    assert view_of(room.table.id).timer is None
    timer.start_timer(room.ada)
    voting.vote_again(room.ada, room.round.id)
    assert view_of(room.table.id).timer is None
    timer.start_timer(room.ada)
    tasks.skip_task(room.ada, room.task.id)
    assert view_of(room.table.id).timer is None
    timer.start_timer(room.ada)
    lifecycle.end_session(room.ada)
    assert view_of(room.table.id).timer is None
