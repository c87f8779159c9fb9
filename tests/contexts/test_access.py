"""A session's door: teammates only, and the password."""

import pytest
from sqlalchemy import delete

from poker_app.accounts.memberships import membership_for
from poker_app.accounts.models import Teammate, User
from poker_app.db import session, transaction
from poker_app.errors import Forbidden, Invalid, TooMany
from poker_app.poker.members import members
from poker_app.poker.session import access, lifecycle
from poker_app.poker.session.options import Options, options_from
from tests.cast import Clock, add_teammate, add_user
from tests.world.actions import Room

AT = "192.0.2.1"


@pytest.fixture
def teammate(room: Room, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> User:
    """Somebody of the session's account, where people sign in."""
    monkeypatch.setattr("poker_app.accounts._open", False)
    return add_teammate(room.table.account_id, add_user("Tim"), "owner")


@pytest.fixture
def outsider(teammate: User) -> User:
    return add_user("Otto")


def test_open_to_teammates_only(room: Room, teammate: User, outsider: User) -> None:
    room.lets(teammates_only=True)
    access.let_in(room.table, teammate, None, "", AT)
    access.let_in(room.table, None, room.ben, "", AT)
    for user in (None, outsider):
        with pytest.raises(Forbidden, match="teammates only"):
            access.let_in(room.table, user, None, "", AT)
    members.remove(room.ada, room.ben.id)
    with pytest.raises(Forbidden):
        access.let_in(room.table, None, room.ben, "", AT)


def test_who_leaves_the_account_is_no_teammate(room: Room, teammate: User) -> None:
    room.lets(teammates_only=True)
    with transaction():
        session.execute(delete(Teammate).where(Teammate.user_id == teammate.id))
    assert membership_for(teammate, room.table.account_id) is None
    with pytest.raises(Forbidden):
        access.let_in(room.table, teammate, None, "", AT)


def test_where_nobody_signs_in_there_are_no_teammates_to_keep_it_for(room: Room) -> None:
    room.lets(teammates_only=True)
    access.let_in(room.table, None, None, "", AT)


def test_a_password_is_asked_of_guests(room: Room, teammate: User, outsider: User) -> None:
    lifecycle.change_options(room.ada, name="Closed", options=options_from({"password": " open sesame "}))
    assert "sesame" not in (room.table.password_hash or "")
    for user in (None, outsider):
        assert access.asks_password(room.table, user, None)
        access.let_in(room.table, user, None, "open sesame", AT)
        for wrong in ("", " ", "Open sesame", "open sesame!"):
            with pytest.raises(Invalid) as caught:
                access.let_in(room.table, user, None, wrong, AT)
            assert caught.value.field == "password"
    access.let_in(room.table, teammate, None, "", AT)
    access.let_in(room.table, None, room.ben, "", AT)
    members.remove(room.ada, room.ben.id)
    assert access.asks_password(room.table, None, room.ben)


def test_the_password_is_kept_changed_and_taken_away(room: Room) -> None:
    lifecycle.change_options(room.ada, name="T", options=options_from({"password": "first"}))
    first = room.table.password_hash
    lifecycle.change_options(room.ada, name="T", options=options_from({"password": ""}))
    assert room.table.password_hash == first
    lifecycle.change_options(room.ada, name="T", options=options_from({"password": "second"}))
    with pytest.raises(Invalid):
        access.let_in(room.table, None, None, "first", AT)
    lifecycle.change_options(room.ada, name="T", options=options_from({"no_password": "1"}))
    assert room.table.password_hash is None
    access.let_in(room.table, None, None, "", AT)


def test_passwords_that_keep_nobody_out() -> None:
    for typed in ("abc", "x" * 101, " a  "):
        with pytest.raises(Invalid, match="4 to 100 characters"):
            options_from({"password": typed})
    assert options_from({}) == Options()


def test_guessing_is_limited_by_session_and_address(room: Room, clock: Clock) -> None:
    room.lets(password_hash=access.hashed("open sesame"))
    for _ in range(access.WRONG.most):
        with pytest.raises(Invalid):
            access.let_in(room.table, None, None, "guess", AT)
    with pytest.raises(TooMany):
        access.let_in(room.table, None, None, "open sesame", AT)
    access.let_in(room.table, None, None, "open sesame", "192.0.2.2")
    clock.forward(minutes=10)
    for _ in range(access.WRONG.most + 1):
        access.let_in(room.table, None, None, "open sesame", AT)
