"""The audit log: read page by page, exported, and forgetting who is gone."""

import csv
import io

import pytest

from poker_app.accounts import account_settings, audit_log
from poker_app.accounts.models import AuditEntry
from poker_app.accounts.team import teammates
from poker_app.db import session, transaction
from tests.cast import Clock
from tests.world.actions import Club


def noted(club: Club, count: int) -> None:
    with transaction():
        for number in range(count):
            audit_log.note(club.account_id, club.named("Abe"), "deck-made", f"Deck {number}")


def test_an_action_that_is_not_in_the_table_is_not_noted(club: Club) -> None:
    with pytest.raises(ValueError, match="nonsense is not an action"), transaction():
        audit_log.note(club.account_id, None, "nonsense")


def test_a_change_that_fails_leaves_no_line(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poker_app.db.session.commit", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        account_settings.set_retention(club.as_("Olga"), "90")
    monkeypatch.undo()
    assert (club.log, club.account.report_days) == ([], None)


def test_pages_newest_first(club: Club) -> None:
    noted(club, 120)
    first = audit_log.page_of(club.account_id)
    assert (first.entries[0].about, first.entries[-1].about) == ("Deck 119", "Deck 70")
    second = audit_log.page_of(club.account_id, before=first.older)
    assert (second.entries[0].about, second.entries[-1].about) == ("Deck 69", "Deck 20")
    noted(club, 1)  # what is new moves no page
    third = audit_log.page_of(club.account_id, before=second.older)
    assert ([each.about for each in third.entries], third.older) == ([f"Deck {n}" for n in reversed(range(20))], None)


def test_filters(club: Club) -> None:
    noted(club, 2)
    account_settings.set_retention(club.as_("Olga"), "90")
    olga = club.named("Olga").id
    assert [each.action for each in audit_log.page_of(club.account_id, user_id=olga).entries] == ["retention-changed"]
    assert len(audit_log.page_of(club.account_id, action="deck-made").entries) == 2
    assert len(audit_log.page_of(club.account_id, action="nonsense", user_id="\0").entries) == 3
    assert audit_log.page_of(club.account_id, action="deck-made", user_id=olga).entries == []
    assert [each.name for each in audit_log.people_in(club.account_id)] == ["Abe", "Olga"]
    assert audit_log.page_of(club.elsewhere, action="deck-made").entries == []


def test_the_export_runs_nothing(club: Club, clock: Clock) -> None:
    account_settings.rename(club.as_("Olga"), "=1+1")
    rows = list(csv.reader(io.StringIO(audit_log.as_csv(club.account_id).removeprefix("\ufeff"))))
    assert rows == [
        ["Time (UTC)", "Who", "Action", "What", "About"],
        ["2026-11-23T10:00:00Z", "Olga", "account-renamed", "renamed the account to", "'=1+1"],
    ]


def test_whoever_goes_is_forgotten(club: Club) -> None:
    teammates.change_role(club.as_("Olga"), club.named("Tim").id, "admin")
    account_settings.set_retention(club.as_("Tim"), "90")
    club.invites("tim@elsewhere.example", by="Olga")
    with transaction():
        tim = club.named("Tim")
        tim.email = "tim@elsewhere.example"
        audit_log.forget(tim)
    assert club.log == [
        ("Olga", "role-changed", "Somebody"),
        ("Somebody", "retention-changed", "90 days"),
        ("Olga", "invited", "Somebody"),
    ]


def test_the_log_outlives_its_users(club: Club) -> None:
    teammates.change_role(club.as_("Olga"), club.named("Tim").id, "admin")
    session.delete(club.named("Tim"))
    session.commit()
    assert session.query(AuditEntry).one().subject_id is None
