"""What Clerk sends, and how it signs."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from standardwebhooks import Webhook

SECRET = "whsec_Zm9yIHRlc3RzIG9ubHk="
ISSUER = "https://clerk.example"
SUBJECT = "user_2x4fQ"
START = 1_795_428_000_000  # milliseconds


def user_updated(at: int, first: str = "Ada", last: str = "L", email: str = "", **more: Any) -> dict[str, Any]:
    status = more.get("status", "verified")
    address = {"id": "idn_1", "email_address": email, "verification": {"status": status, "strategy": "email_code"}}
    return _event(
        "user.updated",
        at,
        id=SUBJECT,
        first_name=first,
        last_name=last,
        primary_email_address_id="idn_1" if email else None,
        email_addresses=[{"id": "idn_0", "email_address": "other@example.com", "verification": None}, address],
        updated_at=START + at,
    )


def user_deleted(at: int) -> dict[str, Any]:
    return _event("user.deleted", at, id=SUBJECT, deleted=True, object="user")


def membership(what: str, at: int, role: str = "org:member", group: str = "org_1") -> dict[str, Any]:
    return _event(
        f"organizationMembership.{what}",
        at,
        id="orgmem_1",
        role=role,
        organization={"id": group, "name": "Acme"},
        public_user_data={"user_id": SUBJECT, "first_name": "Ada"},
        # A deleted one still says when it was changed last.
        updated_at=START + at - (1 if what == "deleted" else 0),
    )


def _event(kind: str, at: int, **data: Any) -> dict[str, Any]:
    return {"object": "event", "type": kind, "timestamp": START + at, "data": data}


def signed(event: object, *, secret: str = SECRET, ago: timedelta = timedelta(0)) -> tuple[dict[str, str], bytes]:
    """Headers and body."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    moment = datetime.now(UTC) - ago
    seal = Webhook(secret).sign("msg_1", moment, body.decode(errors="replace"))
    return {"svix-id": "msg_1", "svix-timestamp": str(int(moment.timestamp())), "svix-signature": seal}, body
