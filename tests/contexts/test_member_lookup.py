"""Whose seat it is: a guest's by the browser's secret, a user's in every browser of theirs."""

import pytest

from poker_app import ids
from poker_app.accounts.models import User
from poker_app.db import session
from poker_app.poker.members import member_lookup, members
from poker_app.poker.models import Member
from poker_app.poker.session import lifecycle
from tests.cast import Clock, add_user
from tests.world.actions import Room

HERE, THERE = "1" * 32, "2" * 32


@pytest.fixture
def dora(room: Room) -> User:
    return add_user("Dora")


def sits(room: Room, name: str, secret: str, who: User | None = None) -> Member:
    return room.seat(name, secret=secret, user=who)


def found(room: Room, secret: str | None, who: User | None = None) -> str | None:
    """The id of the member that a browser is."""
    member = member_lookup.find_member(room.table.id, secret, who)
    return member.id if member else None


def test_a_user_is_the_same_member_in_every_browser(room: Room, dora: User) -> None:
    seat = sits(room, "Dora", HERE, dora)
    assert seat.user_id == dora.id
    assert found(room, THERE, dora) == seat.id
    assert found(room, None, dora) == seat.id
    assert sits(room, "Dora", THERE, dora) is seat
    assert session.query(Member).where(Member.user_id == dora.id).count() == 1


def test_a_user_s_seat_is_nobody_else_s(room: Room, dora: User) -> None:
    """Not even in the same browser: whoever signs in there next, or nobody, is somebody else."""
    seat, other = sits(room, "Dora", HERE, dora), add_user("Otto")
    assert member_lookup.find_member(room.table.id, HERE) is None
    assert member_lookup.find_member(room.table.id, HERE, other) is None
    fresh = member_lookup.secret_for(room.table.id, HERE)
    assert fresh != HERE
    assert member_lookup.secret_for(room.table.id, THERE) == THERE
    assert sits(room, "Otto", fresh, other) is not seat


def test_removed_stays_removed_in_every_browser(room: Room, dora: User) -> None:
    seat = sits(room, "Dora", HERE, dora)
    members.remove(room.ada, seat.id)
    member = member_lookup.find_member(room.table.id, THERE, dora)
    assert member
    assert (member.id, member.removed_at) == (seat.id, seat.removed_at)
    assert member.removed_at


def test_a_guest_who_signs_up_keeps_the_seat(room: Room, dora: User) -> None:
    seat = sits(room, "Dora", HERE)
    member_lookup.adopt(dora, HERE)
    assert found(room, THERE, dora) == seat.id
    assert member_lookup.find_member(room.table.id, HERE) is None
    with room.nothing_happens():
        member_lookup.adopt(user_again(dora), HERE)


def user_again(who: User) -> User:
    return session.get_one(User, who.id)


def test_what_signing_in_does_not_take(room: Room, dora: User) -> None:
    """Another browser's seats, another user's, and a second seat where the user has one."""
    own, guest, ottos = sits(room, "Dora", THERE, dora), sits(room, "Guest", HERE), add_user("Otto")
    theirs = sits(room, "Otto", "3" * 32, ottos)
    for secret in (HERE, "3" * 32, "4" * 32, None):
        with room.nothing_happens():
            member_lookup.adopt(user_again(dora), secret)
    assert (own.user_id, guest.user_id, theirs.user_id) == (dora.id, None, ottos.id)


def test_running_tables_are_found_again(room: Room, dora: User, clock: Clock) -> None:
    sits(room, "Dora", HERE, dora)
    sits(room, "Guest", THERE)
    assert member_lookup.running_sessions(None, dora) == member_lookup.running_sessions(THERE) == [room.table]
    assert member_lookup.running_sessions(HERE) == member_lookup.running_sessions(None) == []
    room.lets(deleted_at=clock.now())
    assert member_lookup.running_sessions(None, dora) == member_lookup.running_sessions(THERE) == []
    room.lets(deleted_at=None)
    lifecycle.end_session(room.ada)
    assert member_lookup.running_sessions(None, dora) == []


def test_a_deleted_session_has_no_members(room: Room, dora: User, clock: Clock) -> None:
    seat = sits(room, "Dora", HERE, dora)
    guest = sits(room, "Guest", THERE)
    room.lets(deleted_at=clock.now())
    assert (
        member_lookup.find_member(room.table.id, HERE, dora) is member_lookup.find_member(room.table.id, THERE) is None
    )
    for act in (
        lambda: sits(room, "New", ids.new_secret()),
        lambda: members.leave(guest),
        lambda: room.plays(seat, "5"),
        lambda: lifecycle.end_session(room.ada),
    ):
        with room.refused(404):
            act()
