"""New keys for what is encrypted: everything is readable with the newest alone, and what no key reads stays."""

from typing import Any

import pytest
from cryptography.fernet import Fernet

from poker_app import encryption
from poker_app.accounts import memberships, slack_commands, webhook_endpoints
from poker_app.db import session
from tests.conftest import TRACKER_KEYS

NEW = Fernet.generate_key().decode()


@pytest.fixture
def settings(settings: Any) -> Any:
    return settings.model_copy(update={"webhooks_inside": True, "tracker_keys": TRACKER_KEYS})


def test_webhooks_and_commands_take_the_newest_key(context: None, monkeypatch: pytest.MonkeyPatch) -> None:
    me = memberships.home_of(None)
    endpoint = webhook_endpoints.add(
        me, kind="standard", name="Ours", address="http://127.0.0.1:9/", events=["task.finalized"]
    )
    slack_commands.connect(me, "8f742231b10e8888abcd99yyyzzz85a5")
    secret = webhook_endpoints.secret_of(endpoint)
    monkeypatch.setattr(encryption, "_keys", [NEW, *TRACKER_KEYS])
    assert (webhook_endpoints.rotate_keys(), slack_commands.rotate_keys()) == ((1, 0), (1, 0))
    monkeypatch.setattr(encryption, "_keys", [NEW])
    session.expire_all()
    assert webhook_endpoints.secret_of(webhook_endpoints.find(me.account.id, endpoint.id)) == secret
    connected = slack_commands.find(me.account.id)
    assert connected
    assert slack_commands.secret_of(connected) == "8f742231b10e8888abcd99yyyzzz85a5"
    monkeypatch.setattr(encryption, "_keys", TRACKER_KEYS)
    assert (webhook_endpoints.rotate_keys(), slack_commands.rotate_keys()) == ((0, 1), (0, 1))
