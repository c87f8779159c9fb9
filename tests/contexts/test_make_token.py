"""The operator's command that makes a token without a browser."""

from datetime import timedelta

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo

from poker_app.accounts import api_tokens
from poker_app.accounts.memberships import LOCAL, home_of
from poker_app.accounts.models import AuditEntry
from poker_app.cli import make_token
from poker_app.db import session
from poker_app.settings import Settings
from tests.cast import Clock, add_user


@pytest.fixture
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """Without sign-in, unless a test asks for the accounts."""
    return request.getfixturevalue("signed_in_settings") if "account" in request.fixturenames else settings


@pytest.fixture
def account(app: Flask) -> str:
    with app.app_context():
        return home_of(add_user("Olga")).account.id


def makes(app: Flask, *words: str) -> Result:
    return CliRunner().invoke(make_token, words, obj=ScriptInfo(create_app=lambda: app))


def test_without_sign_in_a_token_needs_no_account_and_no_session_before(app: Flask, clock: Clock) -> None:
    token = makes(app).output.strip()
    with app.app_context():
        caller = api_tokens.caller_of(token)
        assert caller is not None
        assert (caller.membership.account.id, caller.membership.role) == (LOCAL, "facilitator")
        assert (caller.name, caller.scopes) == ("Command line", {"sessions:read", "sessions:write"})
        clock.forward(days=90)
        assert api_tokens.caller_of(token) is None


def test_a_token_acts_for_its_account_and_the_audit_log_says_who_made_it(app: Flask, account: str) -> None:
    words = ("--account", account, "--name", "CI", "--scope", "account:write", "--role", "admin", "--days", "30")
    token = makes(app, *words).output.strip()
    with app.app_context():
        caller = api_tokens.caller_of(token)
        assert caller is not None
        assert (caller.membership.account.id, caller.membership.role) == (account, "admin")
        assert caller.scopes == {"account:write"}
        [listed] = api_tokens.tokens_of(caller.membership)
        assert listed.token.expires_at == listed.token.made_at + timedelta(days=30)
        line = session.query(AuditEntry).filter_by(action="token-made").one()
        assert (line.account_id, line.who, line.about) == (account, "Faceup", f"CI (…{token[-4:]})")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--account", "nowhere"), "There is no such account."),
        ((), "There is no such account."),
        (("--account", "ACCOUNT", "--name", " "), "Give the token a name"),
    ],
)
def test_what_cannot_be_made_is_refused(app: Flask, account: str, words: tuple[str, ...], sentence: str) -> None:
    made = makes(app, *[account if word == "ACCOUNT" else word for word in words])
    assert made.exit_code == 1
    assert sentence in made.output


def test_without_sign_in_there_is_one_account_and_one_role(app: Flask) -> None:
    assert "There is no such account." in makes(app, "--account", "nowhere").output
    assert makes(app, "--role", "admin").exit_code == 1


def test_an_account_has_fifty_tokens_at_most(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_tokens, "MAX_LIVE", 1)
    assert makes(app).exit_code == 0
    assert "at most 1 tokens" in makes(app).output
