"""Webhooks from Clerk, an external sign-in service: verifies the signature, then applies deleted users, changed names
and addresses, and memberships of Clerk's groups.

Webhooks may come late, twice and in any order. Each carries the time at which Clerk made it, and is applied only if it
is newer than what is stored; so the order does not matter. No page waits for one.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from poker_app.accounts.models import Identity, User
from poker_app.accounts.providers.claims import address, short_name
from poker_app.accounts.signin import login_sessions
from poker_app.accounts.signin.identities import connected, forget
from poker_app.accounts.team import clerk_groups
from poker_app.accounts.users import find_by_email
from poker_app.db import session, transaction
from poker_app.errors import Forbidden, NotFound, Refusal
from poker_app.settings import Settings

_secret = ""
_issuer = ""


def configure(settings: Settings) -> None:
    """Stores the webhooks' secret, and the issuer that Clerk's users are identified by."""
    global _secret, _issuer
    _secret = settings.clerk_webhook_secret
    _issuer = next((each.issuer.rstrip("/") for each in settings.providers if each.preset == "clerk"), "")
    clerk_groups.configure(settings, _issuer)


def handle_webhook(headers: Mapping[str, str], body: bytes) -> User | None:
    """Verifies and applies a webhook. Returns the user whom Clerk deleted and who has no other way to sign in here, so
    that no sign-in leads to them any more.

    Raises:
        NotFound: (404) no webhooks are expected.
        Forbidden: (403) the signature is not Clerk's, or more than five minutes old.
        Refusal: (400) the body cannot be read.
    """
    event = _read(headers, body)
    data = event.get("data")
    if not isinstance(data, dict):
        raise Refusal("The webhook says nothing.")
    match event.get("type"):
        case "user.deleted":
            return _user_deleted(_text(data, "id"))
        case "user.updated":
            _user_updated(_text(data, "id"), data)
        case "organizationMembership.created" | "organizationMembership.updated":
            clerk_groups.handle_webhook(
                _text(data, "organization", "id"), _member(data), _text(data, "role"), _moment(data.get("updated_at"))
            )
        case "organizationMembership.deleted":
            gone_at = _moment(event.get("timestamp") or data.get("updated_at"))
            clerk_groups.handle_webhook(_text(data, "organization", "id"), _member(data), None, gone_at)
        case _:
            pass  # there are dozens of kinds, and which ones are sent is chosen in Clerk's dashboard
    return None


def _read(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    if not _secret:
        raise NotFound("No webhooks are expected here.")
    from standardwebhooks.webhooks import Webhook, WebhookVerificationError

    # Clerk's sender has the standard's scheme under its own older names.
    renamed = {name.lower().replace("svix-", "webhook-"): value for name, value in headers.items()}
    try:
        Webhook(_secret).verify(body, renamed, json_parse=False)
    except (WebhookVerificationError, ValueError):
        raise Forbidden("The webhook is not signed by Clerk, or too old.") from None
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        raise Refusal("The webhook could not be read.")
    return event


def _user_deleted(subject: str) -> User | None:
    with transaction():
        identity = session.get(Identity, (_issuer, subject))
        user = session.get_one(User, identity.user_id, with_for_update=True) if identity else None
        clerk_groups.leave_all(subject)
        if identity is None or user is None:
            return None
        forget(identity)
        if user.email is None and not connected(user):
            # No way to sign in is left, so the login sessions end too.
            login_sessions.remove(user.id)
            return user
    return None


def _user_updated(subject: str, data: Mapping[str, Any]) -> None:
    """Takes over the name, and a verified address where the user has none: an existing address does not change
    silently."""
    news_at = _moment(data.get("updated_at"))
    with transaction():
        identity = session.get(Identity, (_issuer, subject), with_for_update=True)
        if identity is None or (identity.news_at is not None and identity.news_at >= news_at):
            return
        user = session.get_one(User, identity.user_id)
        given = [data[part] for part in ("first_name", "last_name") if isinstance(data.get(part), str)]
        user.name = short_name(" ".join(given), user.name)
        email = _verified_address(data)
        if email and user.email is None and find_by_email(email) is None:
            user.email = email
        identity.email, identity.news_at = email or identity.email, news_at


def _verified_address(data: Mapping[str, Any]) -> str | None:
    """The primary address, if Clerk has verified it."""
    every = data.get("email_addresses")
    for each in every if isinstance(every, list) else []:
        if isinstance(each, dict) and each.get("id") == data.get("primary_email_address_id"):
            verification = each.get("verification")
            if isinstance(verification, dict) and verification.get("status") == "verified":
                return address(each.get("email_address"))
    return None


def _member(data: Mapping[str, Any]) -> str:
    return _text(data, "public_user_data", "user_id")


def _text(data: Mapping[str, Any], *way: str) -> str:
    """Parses an id or a role at a path of keys. Raises Refusal for anything else."""
    found: Any = data
    for step in way:
        found = found.get(step) if isinstance(found, dict) else None
    if not isinstance(found, str) or not 0 < len(found) <= 100 or not found.isascii() or not found.isprintable():
        raise Refusal("The webhook could not be read.")
    return found


def _moment(stamp: object) -> datetime:
    """The time at which Clerk made the webhook, from milliseconds since 1970."""
    if not isinstance(stamp, int) or stamp is True or not 0 < stamp < 10**14:
        raise Refusal("The webhook could not be read.")
    return datetime.fromtimestamp(stamp / 1000, UTC)
