"""Opening a session, its options, and its end."""

import pytest

from poker_app import ids
from poker_app.accounts.memberships import home_of
from poker_app.db import session
from poker_app.errors import Conflict, Invalid, NotFound
from poker_app.poker.models import Member, PokerSession
from poker_app.poker.round import tasks
from poker_app.poker.session import lifecycle
from poker_app.poker.session.lifecycle import open_session
from poker_app.poker.session.options import Options, options_from
from poker_app.rules.deck import DECKS
from tests.cast import Clock
from tests.database_rows import rows
from tests.world.actions import Room

FORM = {
    "name": "Checkout team",
    "deck": "fibonacci",
    "own": "",
    "options": Options(),
    "member_name": "Ada",
    "secret": "a" * 32,
    "form_key": "first",
}


def opened(**other: object) -> Member:
    return open_session(home_of(None), **{**FORM, **other})  # type: ignore[arg-type]


# --- opening


def test_whoever_opens_it_facilitates(context: None, clock: Clock) -> None:
    ada = opened(name="  Checkout \n team ", options=Options(auto_reveal=True, timer_length=60))
    table = ada.session
    assert (table.name, table.deck, table.cards) == ("Checkout team", "fibonacci", list(DECKS["fibonacci"].cards))
    assert (table.auto_reveal, table.anyone_reveals, table.names_hidden, table.timer_length) == (True, False, False, 60)
    assert (table.created_at, table.ended_at, table.version, table.tasks_version) == (clock.now(), None, 1, 1)
    assert (ada.name, ada.role, ada.votes, ada.secret_digest) == ("Ada", "facilitator", True, ids.digest("a" * 32))
    assert len(table.id) == 16
    assert len(table.code) == 6
    assert tasks.live_tasks(table.id)[0].id == table.current_task_id


def test_one_form_opens_one_session(context: None) -> None:
    first = opened().session_id
    before = rows()
    assert opened().session_id == first
    assert opened(name="Typed over since").session_id == first
    assert rows() == before
    assert opened(form_key="second").session_id != first


def test_a_form_that_somebody_else_sent_opens_nothing(context: None) -> None:
    opened()
    before = rows()
    with pytest.raises(Conflict, match="sent already"):
        opened(secret="b" * 32)
    assert rows() == before


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "x" * 10_000}, "name"),
        ({"deck": ""}, "deck"),
        ({"deck": "tarot"}, "deck"),
        ({"deck": "own", "own": ""}, "own"),
        ({"deck": "own", "own": "1"}, "own"),
        ({"deck": "own", "own": "1 1"}, "own"),
        ({"member_name": ""}, "member_name"),
        ({"member_name": "x" * 41}, "member_name"),
        ({"options": Options(timer_length=9)}, "timer_length"),
        ({"options": Options(timer_length=3601)}, "timer_length"),
    ],
)
def test_what_opens_nothing(context: None, wrong: dict[str, object], field: str) -> None:
    home_of(None)
    before = rows()
    with pytest.raises(Invalid) as caught:
        opened(**wrong)
    assert caught.value.field == field
    session.rollback()
    assert rows() == before


@pytest.mark.parametrize("name", ["", " \n ", "\0\u200b"])
def test_what_has_no_name_is_named_after_the_day(context: None, clock: Clock, name: str) -> None:
    assert opened(name=name).session.name == "Planning poker, 23 November"


def test_an_own_deck(context: None) -> None:
    table = opened(deck="own", own="tiny, big; huge").session
    assert (table.deck, table.cards) == ("own", ["tiny", "big", "huge", "?", "☕"])


def test_a_code_is_found_however_it_is_typed(context: None) -> None:
    table = opened().session
    table.code = "K7QMFD"
    session.commit()
    for typed in ("K7QMFD", "k7q-mfd", " K7Q MFD ", "k7q–mfd"):
        assert lifecycle.find_by_code(typed) is table
    for typed in ("", "K7QMF", "K7QMFDD", "%", "_" * 6, "\0" * 6, "x" * 10_000):
        with pytest.raises(NotFound):
            lifecycle.find_by_code(typed)


def test_codes_are_not_given_twice(context: None, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = iter(["AAAAAA", "AAAAAA", "AAAAAA", "BBBBBB"])
    monkeypatch.setattr("poker_app.ids.new_code", lambda: next(codes))
    assert opened().session.code == "AAAAAA"
    assert opened(form_key="second").session.code == "BBBBBB"


# --- options


def test_options_as_a_form_sends_them() -> None:
    assert options_from({}) == Options()
    sent = {"auto_reveal": "1", "names_hidden": "on", "anyone_reveals": "", "timer_minutes": "1.5"}
    assert options_from(sent) == Options(auto_reveal=True, names_hidden=True, timer_length=90)


@pytest.mark.parametrize("minutes", ["x", "nan", "inf", "-inf", "1e999", "1,5", "0x10"])
def test_a_timer_s_length_is_a_number(minutes: str) -> None:
    with pytest.raises(Invalid, match="number of minutes"):
        options_from({"timer_minutes": minutes})


def test_options_are_changed(room: Room) -> None:
    with room.announces("options-changed"):
        lifecycle.change_options(room.ada, name=" New name ", options=Options(anyone_reveals=True, timer_length=30))
    assert (room.table.name, room.table.anyone_reveals, room.table.timer_length) == ("New name", True, 30)
    assert room.table.tasks_version == room.table.version


def test_who_changes_options_and_to_what(room: Room) -> None:
    for member in (room.ben, room.cleo):
        with room.refused(403, "Only a facilitator may change the session's options."):
            lifecycle.change_options(member, name="Theirs", options=Options())
    with room.refused(422):
        lifecycle.change_options(room.ada, name="", options=Options(anyone_reveals=True))
    with room.refused(422, "A timer runs from 10 seconds to 60 minutes."):
        lifecycle.change_options(room.ada, name="Other", options=Options(timer_length=0))
    lifecycle.end_session(room.ada)
    with room.refused(409, "The session has ended."):
        lifecycle.change_options(room.ada, name="Other", options=Options())


# --- the end


def test_the_end(room: Room, clock: Clock) -> None:
    room.plays(room.ben, "5")
    clock.forward(seconds=50)
    room.lets(timer_remaining=20)
    with room.announces("session-ended"):
        lifecycle.end_session(room.ada)
    table = room.table
    assert (table.ended_at, table.ended_by, table.timer_remaining) == (clock.now(), "Ada", None)
    assert room.task.seconds == 50
    assert room.cards() == {"Ben": "5"}


def test_a_doubled_end_is_one(room: Room, clock: Clock) -> None:
    lifecycle.end_session(room.ada)
    clock.forward(seconds=5)
    with room.nothing_happens():
        lifecycle.end_session(room.ada)


def test_who_ends_it(room: Room) -> None:
    for member in (room.ben, room.cleo):
        with room.refused(403, "Only a facilitator may end the session."):
            lifecycle.end_session(member)
    assert session.query(PokerSession).filter(PokerSession.ended_at.is_not(None)).count() == 0
