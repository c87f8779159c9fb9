"""Looking after sessions: copying, archiving, deleting and bringing back; who may, and who may not."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from poker_app import ids
from poker_app.accounts import memberships as accounts
from poker_app.accounts.memberships import Membership, home_of
from poker_app.accounts.models import AuditEntry
from poker_app.db import session
from poker_app.poker.models import Member, PokerSession
from poker_app.poker.round import tasks
from poker_app.poker.session import archiving, copying, lifecycle
from poker_app.poker.session.options import Options
from tests.cast import Clock, add_teammate, add_user
from tests.world.actions import Room, open_session

SECRET = "a" * 32


class Team:
    """An account where people sign in: Olga owns it, Abe is an admin, Ada opened the session, Tim did not. Otto is of
    another account."""

    def __init__(self, clock: Clock) -> None:
        self.olga = self.comes("Olga")
        self.account = self.olga.account.id
        self.abe, self.ada, self.tim = (
            self.comes(name, role) for name, role in (("Abe", "admin"), ("Ada", "facilitator"), ("Tim", "facilitator"))
        )
        self.otto = self.comes("Otto")
        self.seat = open_session(
            membership=self.ada,
            deck="own",
            own="1 2 4",
            secret=SECRET,
            anyone_reveals=True,
            teammates_only=True,
            timer_length=60,
        )
        self.table = self.seat.session

    def comes(self, name: str, role: str = "") -> Membership:
        user = add_user(name)
        return home_of(add_teammate(self.account, user, role) if role else user)

    def log(self) -> list[tuple[str, str, str]]:
        rows = session.execute(select(AuditEntry.who, AuditEntry.action, AuditEntry.about).order_by(AuditEntry.id))
        return [tuple(row) for row in rows if row.action.startswith("session-")]


@pytest.fixture
def team(room: Room, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Team:
    monkeypatch.setattr("poker_app.accounts._open", False)
    made = Team(clock)
    clock.forward(hours=5)  # nobody is there any more
    room.announced.clear()
    return made


def copied(membership: Membership, secret: str | None, session_id: str) -> None:
    copying.copy_session(membership, session_id, secret=secret or "", form_key="key")


VERBS = [archiving.archive, archiving.unarchive, archiving.delete, archiving.restore, copied]
Verb = Callable[[Membership, str | None, str], None]


@pytest.mark.parametrize("verb", VERBS)
def test_who_may(team: Team, room: Room, verb: Verb) -> None:
    with room.refused(403, "Only the person who opened the session, an owner or an admin may do that."):
        verb(team.tim, None, team.table.id)
    with room.refused(404):
        verb(team.otto, SECRET, team.table.id)
    for nothing in ("nonsense", room.table.id):
        with room.refused(404):
            verb(team.olga, None, nothing)
    for who in (team.ada, team.abe, team.olga):
        verb(who, "b" * 32, team.table.id)


@pytest.mark.parametrize("verb", VERBS)
def test_where_nobody_signs_in_the_facilitating_browser_may(room: Room, clock: Clock, verb: Verb) -> None:
    clock.forward(hours=5)
    everybody = home_of(None)
    room.ada.secret_digest, room.ben.secret_digest = ids.digest("a" * 32), ids.digest("b" * 32)
    session.commit()
    for secret in ("b" * 32, "c" * 32, None):
        with room.refused(404):
            verb(everybody, secret, room.table.id)
    verb(everybody, "a" * 32, room.table.id)


def test_archived_and_back(team: Team, clock: Clock) -> None:
    for _ in range(2):
        archiving.archive(team.ada, None, team.table.id)
    assert team.table.archived_at == clock.now()
    for _ in range(2):
        archiving.unarchive(team.abe, None, team.table.id)
    assert team.table.archived_at is None
    assert team.log() == [
        ("Ada", "session-archived", "Checkout team"),
        ("Abe", "session-unarchived", "Checkout team"),
    ]


def test_a_table_with_people_is_not_archived(team: Team, room: Room, clock: Clock) -> None:
    team.seat.seen_at = clock.now()
    session.commit()
    with room.refused(409, "This session is live. End it before you archive it."):
        archiving.archive(team.ada, None, team.table.id)


def test_deleted_and_brought_back(team: Team, room: Room, clock: Clock) -> None:
    version, task = team.table.version, team.table.current_task_id
    for _ in range(2):
        archiving.delete(team.ada, None, team.table.id)
    assert (team.table.deleted_at, team.table.ended_at, team.table.version) == (clock.now(), None, version + 1)
    assert room.announced == ["session-ended"]
    for _ in range(2):
        archiving.restore(team.olga, None, team.table.id)
    assert (team.table.deleted_at, team.table.current_task_id) == (None, task)
    tasks.add_tasks(team.seat, "Goes on")
    assert [line[:2] for line in team.log()] == [("Ada", "session-deleted"), ("Olga", "session-restored")]


def test_deleting_an_ended_session_is_quiet(team: Team, room: Room) -> None:
    lifecycle.end_session(team.seat)
    room.announced.clear()
    archiving.delete(team.ada, None, team.table.id)
    assert room.announced == []


# --- copies


def test_a_copy_has_what_is_left_to_do(team: Team, room: Room) -> None:
    tasks.add_tasks(team.seat, "PAY-1 One\nTwo\nThree\nFour")
    one, two, three, _ = tasks.live_tasks(team.table.id)
    one.estimate, three.deleted_at, two.description, two.labels = "2", accounts.clock.now(), "Why", "a, b"
    team.table.password_hash = "a hash"
    session.commit()
    copy = copying.copy_session(team.abe, team.table.id, secret="b" * 32, form_key="key")
    table = copy.session
    assert (table.name, table.deck, table.cards) == ("Checkout team (copy)", "own", ["1", "2", "4", "?", "☕"])
    assert Options.of(table) == Options.of(team.table)
    assert (table.anyone_reveals, table.teammates_only, table.password_hash) == (True, True, "a hash")
    assert (table.user_id, table.account_id, table.ended_at) == (team.abe.user and team.abe.user.id, team.account, None)
    assert [(task.title, task.description, task.labels) for task in tasks.live_tasks(table.id)] == [
        ("Two", "Why", "a, b"),
        ("Four", "", ""),
    ]
    assert table.current_task_id == tasks.live_tasks(table.id)[0].id
    assert (copy.name, copy.role, copy.user_id) == ("Abe", "facilitator", table.user_id)
    assert session.query(Member).filter_by(session_id=table.id).count() == 1


def test_one_form_makes_one_copy(team: Team) -> None:
    first, again = (copying.copy_session(team.ada, team.table.id, secret=SECRET, form_key="key") for _ in range(2))
    other = copying.copy_session(team.ada, team.table.id, secret=SECRET, form_key="another")
    assert first is again
    assert other.session_id != first.session_id
    assert len(team.log()) == 2


def test_a_copy_of_a_session_with_nothing_left(team: Team) -> None:
    team.table.name = "x" * 120
    session.commit()
    table = copying.copy_session(team.ada, team.table.id, secret=SECRET, form_key="key").session
    assert table.name == "x" * 113 + " (copy)"
    assert [task.title for task in tasks.live_tasks(table.id)] == [""]
    assert session.query(PokerSession).filter_by(account_id=team.account).count() == 2
