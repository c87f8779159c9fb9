"""The operator's command: credits granted or taken back, with a reason."""

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo

from poker_app.accounts.memberships import home_of
from poker_app.accounts.models import AuditEntry
from poker_app.billing import ledger
from poker_app.cli import change_credits
from poker_app.db import session
from poker_app.settings import Settings
from tests.cast import Clock, add_user
from tests.conftest import SIGNED_IN


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={**SIGNED_IN, "billing": "fake"})


@pytest.fixture
def account(app: Flask, clock: Clock) -> str:
    with app.app_context():
        return home_of(add_user("Ada")).account.id


def runs(app: Flask, *words: str) -> Result:
    return CliRunner().invoke(change_credits, words, obj=ScriptInfo(create_app=lambda: app))


def test_credits_are_granted_and_taken_back_with_a_reason(app: Flask, account: str) -> None:
    assert runs(app, account, "5", "Sorry for the outage").output == "The account has 5 credits now.\n"
    assert runs(app, account, "-2", "Two too many").output == "The account has 3 credits now.\n"
    with app.app_context():
        history = [(txn.kind, txn.amount, txn.why) for txn in reversed(ledger.history(account))]
        assert history == [("grant", 5, "Sorry for the outage"), ("take-back", -2, "Two too many")]
        lines = session.query(AuditEntry).filter(AuditEntry.action.startswith("credits")).order_by(AuditEntry.id)
        assert [(line.who, line.action, line.about) for line in lines] == [
            ("Faceup", "credits-granted", "5, Sorry for the outage"),
            ("Faceup", "credits-taken", "2, Two too many"),
        ]


def test_the_same_key_is_the_same_change(app: Flask, account: str) -> None:
    for _ in range(2):
        assert runs(app, account, "5", "Sorry", "--key", "ticket 12").output == "The account has 5 credits now.\n"
    for _ in range(2):
        assert runs(app, account, "-1", "Sorry", "--key", "ticket 13").output == "The account has 4 credits now.\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nobody", "5", "Sorry"), "There is no such account."),
        (("ACCOUNT", "0", "Sorry"), "Grant or take back 1 to 100000 credits."),
        (("ACCOUNT", "100001", "Sorry"), "Grant or take back 1 to 100000 credits."),
        (("ACCOUNT", "5", "  "), "Give a reason of at most 200 characters."),
        (("ACCOUNT", "5", "x" * 201), "Give a reason of at most 200 characters."),
        (("ACCOUNT", "-1", "Sorry"), "This account has fewer credits than that."),
    ],
)
def test_what_cannot_be_done_changes_nothing(app: Flask, account: str, words: tuple[str, ...], sentence: str) -> None:
    done = runs(app, *(account if word == "ACCOUNT" else word for word in words))
    assert (done.exit_code, sentence in done.output) == (1, True)
    with app.app_context():
        assert ledger.history(account) == []
