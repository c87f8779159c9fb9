"""Series: one permanent link, and behind it the day's session."""

import pytest

from poker_app import ids
from poker_app.accounts.memberships import Membership, home_of
from poker_app.db import session
from poker_app.errors import Invalid, NotFound
from poker_app.poker.members import members
from poker_app.poker.models import PokerSession, Series
from poker_app.poker.round import voting
from poker_app.poker.session import archiving, lifecycle, series
from poker_app.poker.session.options import Options, options_from
from tests.cast import Clock
from tests.contexts.test_dashboard import membership
from tests.world.actions import Room

SECRET = "a" * 32


@pytest.fixture
def ada(room: Room, monkeypatch: pytest.MonkeyPatch) -> Membership:
    monkeypatch.setattr("poker_app.accounts._open", False)
    return membership("Ada")


def made(who: Membership, name: str = "Refinement", secret: str = SECRET, **options: object) -> Series:
    return series.make(who, secret, name=name, deck="own", own="1 2 4", options=Options(**options))  # type: ignore[arg-type]


def opened(who: Membership, found: Series, name: str = "Ada") -> PokerSession:
    key = series.open_today(who, found.id, member_name=name, secret=ids.new_secret())
    return session.get_one(PokerSession, key)


def test_it_opens_the_day_s_session(ada: Membership, clock: Clock) -> None:
    door = options_from({"password": "open sesame", "teammates_only": "1", "timer_minutes": "1"})
    found = series.make(ada, SECRET, name=" Refinement ", deck="own", own="1 2 4", options=door)
    assert series.running(found) is None
    table = opened(ada, found)
    assert (table.name, table.cards) == ("Refinement, 23 November 2026", ["1", "2", "4", "?", "☕"])
    assert (table.teammates_only, table.timer_length, table.series_id) == (True, 60, found.id)
    assert table.password_hash
    assert (table.account_id, table.user_id) == (ada.account.id, ada.user and ada.user.id)
    assert series.running(found) is table
    assert opened(ada, found) is table
    assert session.query(PokerSession).filter_by(series_id=found.id).count() == 1


def test_after_the_end_it_opens_another(ada: Membership, clock: Clock) -> None:
    found = made(ada)
    for name in ("Refinement, 23 November 2026", "Refinement, 23 November 2026 (2)"):
        table = opened(ada, found)
        assert table.name == name
        lifecycle.end_session(members.join(table, name="A", votes=True, secret="b" * 32, user=ada.user))
    clock.forward(days=1)
    series.rename(ada, SECRET, found.id, "Planning")
    assert opened(ada, found).name == "Planning, 24 November 2026"


def test_a_deleted_session_is_not_the_day_s(ada: Membership) -> None:
    found = made(ada)
    table = opened(ada, found)
    archiving.delete(ada, SECRET, table.id)
    assert series.running(found) is None
    assert opened(ada, found) is not table


def test_yesterday_s_forgotten_session_ends_when_it_was_left(ada: Membership, room: Room, clock: Clock) -> None:
    found = made(ada)
    old = opened(ada, found)
    left = clock.now()
    clock.forward(hours=3, minutes=59)
    assert opened(ada, found) is old
    clock.forward(minutes=1)
    room.announced.clear()
    new = opened(ada, found, "Ben")
    assert new is not old
    assert (old.ended_at, old.ended_by) == (left, "Ben")
    assert room.announced == ["session-ended"]
    assert series.running(found) is new


def test_people_who_stay_keep_it_running(ada: Membership, clock: Clock) -> None:
    found = made(ada)
    table = opened(ada, found)
    clock.forward(hours=9)
    guest = members.join(table, name="Gus", votes=True, secret="b" * 32)
    voting.cast_vote(guest, table.current_round_id or "", "2")
    clock.forward(hours=1)
    assert opened(ada, found) is table


def test_whose_it_is(ada: Membership, room: Room) -> None:
    found, otto = made(ada), membership("Otto")
    assert list(series.series_of(ada, None)) == [found]
    assert list(series.series_of(otto, SECRET)) == []
    for act in (
        lambda: series.rename(otto, SECRET, found.id, "Theirs"),
        lambda: series.close(otto, SECRET, found.id),
        lambda: series.reopen(otto, SECRET, found.id),
        lambda: series.open_today(otto, found.id, member_name="Otto", secret=SECRET),
        lambda: series.find("nonsense"),
        lambda: series.find("\0"),
    ):
        with room.refused(404):
            act()


def test_where_nobody_signs_in_it_is_the_browser_s(room: Room) -> None:
    everybody = home_of(None)
    found = made(everybody)
    assert list(series.series_of(everybody, SECRET)) == [found]
    assert list(series.series_of(everybody, "b" * 32)) == list(series.series_of(everybody, None)) == []
    with room.refused(404):
        series.close(everybody, "b" * 32, found.id)
    # The link is for whoever has it, and everybody may open a session here.
    assert opened(everybody, found, "Ben").series_id == found.id


def test_closed_and_reopened(ada: Membership, room: Room) -> None:
    found = made(ada)
    for _ in range(2):
        series.close(ada, SECRET, found.id)
    with room.refused(409, "This series was closed. A teammate of its account can reopen it."):
        opened(ada, found)
    for _ in range(2):
        series.reopen(ada, SECRET, found.id)
    table = opened(ada, found)
    series.close(ada, SECRET, found.id)
    assert opened(ada, found) is table  # what runs, runs


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"name": ""}, "name"), ({"name": "x" * 91}, "name"), ({"deck": "tarot"}, "deck"), ({"own": "1"}, "own")],
)
def test_what_makes_no_series(ada: Membership, wrong: dict[str, str], field: str) -> None:
    form = {"name": "Refinement", "deck": "own", "own": "1 2", **wrong}
    with pytest.raises(Invalid) as caught:
        series.make(ada, SECRET, options=Options(), **form)
    assert caught.value.field == field
    with pytest.raises(Invalid):
        made(ada, timer_length=1)
    with pytest.raises(NotFound):
        series.find("2" * 16)
    assert session.query(Series).count() == 0
