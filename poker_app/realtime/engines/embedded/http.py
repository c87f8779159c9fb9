"""HTTP endpoint of the API: reads a request, verifies its signature, answers in JSON."""

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qsl

from poker_app import clock
from poker_app.realtime.engines.embedded import api
from poker_app.realtime.engines.embedded.hub import Hub
from poker_app.realtime.engines.embedded.protocol import encoded, signed
from poker_app.realtime.engines.endpoints import Credentials

CLOCK_SKEW = 600  # seconds
LONGEST_QUERY = 8 * 1024  # bytes: a signature and what a channel is asked for
LARGEST_BODY = 512 * 1024  # bytes: a batch of ten, with every character escaped


async def answer(hub: Hub, own: Credentials, scope: Any, receive: Any, send: Any) -> None:
    """Answers one request under ``/apps/``."""
    try:
        body = await _read(receive)
        params = _checked(own, scope, body)
        status, told = api.perform(hub, scope["method"], scope["path"], params)
    except api.Refused as refusal:
        status, told = refusal.status, {"error": str(refusal)}
    content = encoded(told).encode(errors="replace")
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def _read(receive: Any) -> bytes:
    body = bytearray()
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise api.Refused(400, "The request ended early")
        body += event.get("body", b"")
        if len(body) > LARGEST_BODY:
            raise api.Refused(413, "Request entity too large")
        if not event.get("more_body", False):
            return bytes(body)


def _checked(own: Credentials, scope: Any, body: bytes) -> dict[str, Any]:
    """Verifies a request's signature, and returns its parameters. Raises Refused where it is not the app's own."""
    method, path = scope["method"], scope["path"]
    if len(scope["query_string"]) > LONGEST_QUERY:
        raise api.Refused(414, "Request-URI too long")
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    if not path.startswith(f"/apps/{own.app_id}/"):
        raise api.Refused(404, "Unknown app")
    if query.get("auth_key") != own.key:
        raise api.Refused(401, "Unknown auth_key")
    if query.get("auth_version") != "1.0":
        raise api.Refused(401, "Unknown auth_version")
    _check_time(query.get("auth_timestamp", ""))
    _check_signature(own.secret, method, path, query)
    if (body or "body_md5" in query) and not hmac.compare_digest(
        hashlib.md5(body, usedforsecurity=False).hexdigest().encode(), query.get("body_md5", "").encode()
    ):
        raise api.Refused(401, "Invalid body_md5: it is not the digest of the body")
    return query if method == "GET" else _parsed(body)


def _check_time(stamp: str) -> None:
    now = clock.now().timestamp()
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 12 and abs(now - int(stamp)) <= CLOCK_SKEW):
        raise api.Refused(
            401,
            f"Timestamp expired: Given timestamp ({stamp[:40]}) not within {CLOCK_SKEW}s of server time ({now:.0f})",
        )


def _check_signature(secret: str, method: str, path: str, query: dict[str, str]) -> None:
    pairs = "&".join(f"{name.lower()}={query[name]}" for name in sorted(query) if name != "auth_signature")
    if not signed(secret, f"{method}\n{path}\n{pairs}", query.get("auth_signature")):
        raise api.Refused(401, "Invalid signature: you should have sent HmacSHA256Hex of method, path and sorted query")


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        params = json.loads(body)
    except (ValueError, RecursionError):
        params = None
    if not isinstance(params, dict):
        raise api.Refused(400, "The body must be a JSON object")
    return params
