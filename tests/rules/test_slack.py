"""Signatures of slash commands: Slack's own example, and what is none."""

from datetime import UTC, datetime, timedelta

import pytest

from poker_app.rules.slack import is_signed, opened, refused

# https://docs.slack.dev/authentication/verifying-requests-from-slack
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
TIMESTAMP = "1531420618"
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name="
    b"foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2F"
    b"hooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015."
    b"47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
THEN = datetime.fromtimestamp(int(TIMESTAMP), UTC)


def test_slacks_own_example_is_signed() -> None:
    assert is_signed(SECRET, TIMESTAMP, SIGNATURE, BODY, THEN)


@pytest.mark.parametrize(
    ("secret", "timestamp", "signature", "body"),
    [
        (SECRET[:-1] + "6", TIMESTAMP, SIGNATURE, BODY),
        (SECRET, "1531420619", SIGNATURE, BODY),
        (SECRET, TIMESTAMP, SIGNATURE[:-1] + "4", BODY),
        (SECRET, TIMESTAMP, SIGNATURE.removeprefix("v0="), BODY),
        (SECRET, TIMESTAMP, SIGNATURE, BODY + b"&text=x"),
        (SECRET, TIMESTAMP, "", BODY),
        (SECRET, TIMESTAMP, "é", BODY),
        (SECRET, "", SIGNATURE, BODY),
        (SECRET, "١٥٣١٤٢٠٦١٨", SIGNATURE, BODY),
        (SECRET, "-1531420618", SIGNATURE, BODY),
        (SECRET, "9" * 400, SIGNATURE, BODY),
    ],
)
def test_what_differs_is_not(secret: str, timestamp: str, signature: str, body: bytes) -> None:
    assert not is_signed(secret, timestamp, signature, body, THEN)


@pytest.mark.parametrize(("late", "taken"), [(300, True), (301, False), (-300, True), (-301, False)])
def test_a_command_is_good_for_five_minutes(late: int, taken: bool) -> None:
    assert is_signed(SECRET, TIMESTAMP, SIGNATURE, BODY, THEN + timedelta(seconds=late)) is taken


def test_what_people_typed_is_no_markup() -> None:
    answer = opened("<!channel> & *all*", "https://example.com/sessions/x")
    assert answer["response_type"] == "in_channel"
    assert answer["text"] == "Planning poker is open: &lt;!channel&gt; &amp; *all*"
    assert {"type": "plain_text", "text": "<!channel> & *all*", "emoji": False} in [
        block["text"] for block in answer["blocks"]
    ]
    assert refused("<!here> & you") == {"response_type": "ephemeral", "text": "&lt;!here&gt; &amp; you"}
