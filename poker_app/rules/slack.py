"""Slash commands of Slack: who sent one, and what is answered.

Source: https://docs.slack.dev/authentication/verifying-requests-from-slack,
https://docs.slack.dev/interactivity/implementing-slash-commands
"""

import hmac
import html
from datetime import datetime, timedelta
from typing import Any

from poker_app.rules.chat_messages import opening, slack

MAX_AGE = timedelta(minutes=5)
"""How old a command may be: one that was overheard cannot be sent again later."""


def is_signed(secret: str, timestamp: str, signature: str, body: bytes, now: datetime) -> bool:
    """Whether a command was signed by Slack with an app's secret, within the last five minutes."""
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        return False
    if abs(now.timestamp() - int(timestamp)) > MAX_AGE.total_seconds():
        return False
    signed = hmac.digest(secret.encode(), b"v0:%s:%s" % (timestamp.encode(), body), "sha256")
    return hmac.compare_digest(f"v0={signed.hex()}".encode(), signature.encode())


def opened(name: str, link: str) -> dict[str, Any]:
    """The answer to a command that opened a session, for the whole channel."""
    return {"response_type": "in_channel", **slack(opening(name, link))}


def refused(sentence: str) -> dict[str, Any]:
    """The answer to a command that was refused, for the one who typed it."""
    return {"response_type": "ephemeral", "text": html.escape(sentence, quote=False)}
