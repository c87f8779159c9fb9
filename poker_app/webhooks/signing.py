"""Signing secrets, and signatures as Standard Webhooks describes. The only sender that imports standardwebhooks."""

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks.webhooks import Webhook

from poker_app import ids

_BYTES = 32


def new_secret() -> str:
    """A signing secret, with the prefix by which scanners find one that leaked."""
    return f"whsec_{b64encode(ids.source.randbytes(_BYTES)).decode()}"


def headers(secrets: Sequence[str], key: str, at: datetime, body: str) -> dict[str, str]:
    """The headers of a webhook: its id, the moment of this try, and a signature by each secret. A chat has none."""
    named = {"Content-Type": "application/json", "webhook-id": key, "webhook-timestamp": str(int(at.timestamp()))}
    signatures = " ".join(Webhook(secret).sign(key, at, body) for secret in secrets)
    return named | ({"webhook-signature": signatures} if signatures else {})
