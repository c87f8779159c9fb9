"""What is kept how long, and what the job takes away."""

from datetime import timedelta

import pytest

from poker_app import ids, jobs
from poker_app.accounts.memberships import home_of
from poker_app.accounts.models import MailToken, SignIn
from poker_app.accounts.signin import login_sessions, mail_tokens
from poker_app.db import session
from poker_app.poker.models import Member, PokerSession, Task
from poker_app.poker.session import archiving, lifecycle, retention
from tests.cast import Clock, add_user
from tests.world.actions import Room, open_session


@pytest.fixture
def account(room: Room):  # type: ignore[no-untyped-def]
    found = home_of(None).account
    found.report_days = 60
    session.commit()
    return found


def left() -> int:
    session.rollback()
    return session.query(PokerSession).count()


def test_ended_sessions_go_when_they_are_said_to(room: Room, account, clock: Clock) -> None:  # type: ignore[no-untyped-def]
    assert retention.kept_until(room.table) is None
    lifecycle.end_session(room.ada)
    until = clock.now() + timedelta(days=60)
    assert retention.kept_until(room.table) == until
    clock.forward(days=46, seconds=-1)
    assert retention.goes_soon(room.table, account) is None
    clock.forward(seconds=1)
    assert retention.goes_soon(room.table, account) == until
    clock.moment = until
    assert jobs.purge()["sessions"] == 0
    clock.forward(seconds=1)
    assert {what: count for what, count in jobs.purge().items() if count} == {"sessions": 1}
    assert left() == session.query(Member).count() == session.query(Task).count() == 0
    assert jobs.purge()["sessions"] == 0


def test_deleted_ones_go_after_thirty_days(room: Room, clock: Clock) -> None:
    secret = "a" * 32
    room.ada.secret_digest = ids.digest(secret)
    session.commit()
    archiving.delete(home_of(None), secret, room.table.id)
    assert retention.kept_until(room.table) == clock.now() + timedelta(days=30)
    clock.forward(days=30)
    assert retention.purge_sessions() == 0
    archiving.restore(home_of(None), secret, room.table.id)
    clock.forward(days=1)
    assert retention.purge_sessions() == 0
    archiving.delete(home_of(None), secret, room.table.id)
    clock.forward(days=30, seconds=1)
    assert retention.purge_sessions() == 1


def test_forgotten_ones_count_from_when_somebody_was_there(room: Room, account, clock: Clock) -> None:  # type: ignore[no-untyped-def]
    clock.forward(days=60)
    room.ben.seen_at = clock.now()
    session.commit()
    clock.forward(days=60)
    assert retention.purge_sessions() == 0
    clock.forward(hours=5)
    assert retention.purge_sessions() == 1


def test_many_go_in_batches(room: Room, account, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(retention, "BATCH", 2)
    for name in "12345":
        lifecycle.end_session(open_session(name))
    clock.forward(days=61)
    room.ada.seen_at = clock.now()
    session.commit()
    assert retention.purge_sessions() == 5
    assert left() == 1


def test_sign_ins_and_links_go_once_they_are_of_no_use(room: Room, clock: Clock) -> None:
    user = add_user("Ada")
    secret = login_sessions.begin(user, browser="", address="")
    mail_tokens.make("sign-in", "ada@example.com")
    assert not any(jobs.purge().values())
    clock.forward(days=30)
    assert jobs.purge()["sign-ins"] == 0
    clock.forward(seconds=1)
    assert login_sessions.find(secret) is None
    purged = jobs.purge()
    assert purged["sign-ins"] == 1
    assert session.query(SignIn).count() == session.query(MailToken).count() == 0
