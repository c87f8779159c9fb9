"""The dashboard's read model: what is live, what is listed, and to whom."""

from collections.abc import Iterator

import pytest

from poker_app import ids
from poker_app.accounts.memberships import Membership, home_of
from poker_app.db import session
from poker_app.poker.members import members
from poker_app.poker.models import Member, PokerSession
from poker_app.poker.reports import dashboard
from poker_app.poker.reports.dashboard import PER_PAGE, Wish
from poker_app.poker.reports.report import report_of
from poker_app.poker.round import tasks
from poker_app.poker.session import lifecycle
from tests.cast import Clock, add_user
from tests.database_rows import statements
from tests.world.actions import Played, Room, open_session


@pytest.fixture
def accounts(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """People sign in."""
    monkeypatch.setattr("poker_app.accounts._open", False)


def membership(name: str) -> Membership:
    return home_of(add_user(name))


def opened(who: Membership, name: str, secret: str = "") -> Member:
    return open_session(membership=who, name=name, secret=secret)


def names(who: Membership, secret: str | None = None, **wish: object) -> list[str]:
    return [line.table.name for line in dashboard.listing(who, secret, Wish(**wish)).lines]  # type: ignore[arg-type]


# --- whose


def test_an_account_s_sessions_are_its_own(accounts: None) -> None:
    ada, otto = membership("Ada"), membership("Otto")
    lifecycle.end_session(opened(ada, "Ours"))
    assert (names(ada), names(otto)) == (["Ours"], [])
    assert dashboard.counts(ada, None)["past"] == 1
    assert set(dashboard.counts(otto, None).values()) == {0}


def test_where_i_sat_is_listed_from_other_accounts_too(accounts: None) -> None:
    ada, otto = membership("Ada"), membership("Otto")
    table = opened(ada, "Ours").session
    seat = members.join(table, name="Otto", votes=True, secret=ids.new_secret(), user=otto.user)
    assert names(otto, show="mine") == names(otto, show="live") == ["Ours"]
    assert [each.table for each in dashboard.live_sessions(otto, None)] == [table]
    assert not dashboard.listing(otto, None, Wish(show="mine")).lines[0].may_archive
    members.remove(session.query(Member).filter_by(session_id=table.id, facilitates=True).one(), seat.id)
    assert names(otto, show="mine") == names(otto, show="live") == []


def test_where_nobody_signs_in_a_browser_sees_what_it_facilitates(room: Room) -> None:
    everybody, mine, other = home_of(None), "a" * 32, "b" * 32
    table = opened(everybody, "Mine", mine).session
    members.join(table, name="Guest", votes=True, secret=other)
    assert names(everybody, mine, show="live") == ["Mine"]
    for secret in (None, "c" * 32):
        assert set(dashboard.counts(everybody, secret).values()) == {0}
        assert dashboard.live_sessions(everybody, secret) == []
    # A guest finds the table again where they sit, with nothing to do about it.
    assert names(everybody, other, show="mine") == ["Mine"]
    assert not dashboard.listing(everybody, other, Wish(show="mine")).lines[0].may_archive
    lifecycle.end_session(session.query(Member).filter_by(session_id=table.id, facilitates=True).one())
    assert (names(everybody, mine), names(everybody, other)) == (["Mine"], [])


# --- which


def test_the_kinds(accounts: None, clock: Clock) -> None:
    ada = membership("Ada")
    for name in ("Ended", "Archived", "Deleted", "Live"):
        member = opened(ada, name)
        if name != "Live":
            lifecycle.end_session(member)
        if name in ("Archived", "Deleted"):
            setattr(member.session, f"{name.lower()}_at", clock.now())
            session.commit()
    kinds = {"past": ["Ended"], "live": ["Live"], "archived": ["Archived"], "deleted": ["Deleted"]}
    assert {kind: names(ada, show=kind) for kind in kinds} == kinds
    assert set(names(ada, show="mine")) == {"Ended", "Archived", "Live"}
    assert dashboard.counts(ada, None) == {"past": 1, "live": 1, "mine": 3, "archived": 1, "deleted": 1}


def test_a_forgotten_session_is_past(accounts: None, clock: Clock) -> None:
    ada = membership("Ada")
    member = opened(ada, "Left open")
    clock.forward(hours=4)
    assert (names(ada, show="live"), names(ada)) == ([], ["Left open"])
    assert dashboard.live_sessions(ada, None) == []
    member.seen_at = clock.now()
    session.commit()
    assert (names(ada, show="live"), names(ada)) == (["Left open"], [])


def test_search_and_pages(accounts: None, clock: Clock) -> None:
    ada = membership("Ada")
    for number in range(PER_PAGE + 2):
        lifecycle.end_session(opened(ada, f"Sprint {number}"))  # all at the same moment
    first, second = (names(ada, page=page) for page in (1, 2))
    assert (len(first), len(second)) == (PER_PAGE, 2)
    assert len({*first, *second}) == PER_PAGE + 2
    assert names(ada, page=99) == second
    assert names(ada, page=0) == names(ada, page=-3) == first
    assert names(ada, name="sprint 2", page=1) == [name for name in first + second if "Sprint 2" in name]
    for odd in ("%", "_", "\\", "'"):
        assert names(ada, name=odd) == []


# --- what it says


def test_a_live_table(accounts: None, clock: Clock) -> None:
    ada = membership("Ada")
    member = opened(ada, "Live")
    gus, dora = (members.join(member.session, name=n, votes=True, secret=ids.new_secret()) for n in ("Gus", "Dora"))
    tasks.add_tasks(member, "One\nTwo\nThree")
    tasks.skip_task(member, member.session.current_task_id or "")
    members.leave(gus)
    [live] = dashboard.live_sessions(ada, None)
    assert (live.place, live.tasks, live.people) == (2, 3, 2)
    session.get_one(Member, dora.id).away_since = clock.now()
    session.commit()
    assert dashboard.live_sessions(ada, None)[0].people == 1


@pytest.mark.parametrize("deck", ["fibonacci", "t-shirts"])
def test_the_figures_are_the_report_s(context: None, clock: Clock, monkeypatch: pytest.MonkeyPatch, deck: str) -> None:
    monkeypatch.setattr("poker_app.poker.publishing.events.publish", lambda *news: None)
    played = Played(clock, deck=deck)
    tasks.add_tasks(played.ada, "One\nTwo\nThree")
    cards = "3 3 5" if deck == "fibonacci" else "S S M"
    played.plays_round(cards)
    played.plays_round(cards.replace("5", "3"))
    played.finalize(cards[0])
    played.plays_round("? ? ☕")
    lifecycle.end_session(played.ada)
    report = report_of(played.ada.session)
    [line] = dashboard.listing(home_of(None), "0" * 32, Wish()).lines
    assert (line.tasks, line.points, line.agreement) == (
        len(report.tasks),
        report.points,
        report.first_vote_agreement,
    )
    assert line.agreement is not None


def test_cards_face_down_are_not_counted(accounts: None, room: Room) -> None:
    session.query(PokerSession).update({"account_id": (ada := membership("Ada")).account.id})
    session.commit()
    before = dashboard.listing(ada, None, Wish(show="live")).lines[0].agreement
    room.plays(room.ben, "5")
    room.plays(room.ada, "5")
    after = dashboard.listing(ada, None, Wish(show="live")).lines[0].agreement
    assert before is after is None
    room.reveals()
    assert dashboard.listing(ada, None, Wish(show="live")).lines[0].agreement == 1


@pytest.fixture
def asked(context: None) -> Iterator[list[str]]:
    """The statements that the database is asked."""
    with statements() as heard:
        yield heard


def test_a_full_page_costs_what_a_short_one_does(accounts: None, room: Room, asked: list[str]) -> None:
    ada = membership("Ada")

    def cost() -> int:
        session.rollback()
        asked.clear()
        dashboard.live_sessions(ada, None)
        assert dashboard.listing(ada, None, Wish()).lines
        dashboard.counts(ada, None)
        return len([each for each in asked if each.startswith("select")])

    for number in range(PER_PAGE + 1):
        member = opened(ada, f"Sprint {number}")
        tasks.add_tasks(member, "One\nTwo")
        if number % 5:
            lifecycle.end_session(member)
        if number == 1:
            few = cost()
    assert cost() == few <= 10
