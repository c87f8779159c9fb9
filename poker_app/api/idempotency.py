"""Retries: a request with an ``Idempotency-Key`` is carried out once, and answered alike however often it comes.

Source: draft-ietf-httpapi-idempotency-key-header-07.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta

from flask import Response, request
from sqlalchemy import delete, select, update

from poker_app import clock
from poker_app.accounts.models import IdempotentAnswer
from poker_app.db import add_if_missing, session, transaction
from poker_app.errors import Conflict, Invalid

MAX_KEY = 128
MAX_KEYS, MAX_BODY = 1_000, 64 * 1024
"""How many keys of a token are kept, and how long their answers may be, in characters."""
TOO_LONG = 0
"""The status that is kept where an answer was too long."""
# After this time a request that has no answer is taken for one whose process ended.
UNDER_WAY = timedelta(minutes=1)
KEPT_HEADERS = ("ETag", "Location", "Content-Type")


def key_of_request() -> str | None:
    """Returns the request's ``Idempotency-Key``, None where it has none.

    Raises:
        Invalid: (422) it is empty, too long, or has other characters than printable ASCII.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
        raise Invalid(f"An Idempotency-Key has 1 to {MAX_KEY} printable ASCII characters.")
    return key


def once(token_id: str, key: str | None, carry_out: Callable[[], Response]) -> Response:
    """Carries out a request, or returns the answer that it had before. A refused one leaves the key free, so that it
    can be sent again once the reason is gone.

    Raises:
        Invalid: (422) the key was sent with another request.
        Conflict: (409) the request with this key is still being carried out.
    """
    if key is None:
        return carry_out()
    fingerprint = _fingerprint()
    mine = IdempotentAnswer.token_id == token_id, IdempotentAnswer.key == key
    with transaction():
        session.execute(
            delete(IdempotentAnswer).where(
                *mine, IdempotentAnswer.status.is_(None), IdempotentAnswer.made_at < clock.now() - UNDER_WAY
            )
        )
        _leave_newest(token_id)
        row = {"token_id": token_id, "key": key, "fingerprint": fingerprint, "made_at": clock.now()}
        first = add_if_missing(IdempotentAnswer, {**row, "status": None, "headers": [], "body": ""})
    if not first:
        return _again(session.get_one(IdempotentAnswer, (token_id, key)), fingerprint)
    answered = False
    try:
        answer = carry_out()
        with transaction():
            kept = [[name, answer.headers[name]] for name in KEPT_HEADERS if name in answer.headers]
            body = answer.get_data(as_text=True)
            said = {"status": answer.status_code, "headers": kept, "body": body}
            if len(body) > MAX_BODY:
                said = {"status": TOO_LONG}
            session.execute(update(IdempotentAnswer).where(*mine).values(said))
        answered = True
    finally:
        if not answered:
            with transaction():
                session.execute(delete(IdempotentAnswer).where(*mine))
    return answer


def _leave_newest(token_id: str) -> None:
    """Deletes what is beyond the newest keys of a token."""
    mine = IdempotentAnswer.token_id == token_id
    older = select(IdempotentAnswer.key).where(mine).order_by(IdempotentAnswer.made_at.desc(), IdempotentAnswer.key)
    session.execute(delete(IdempotentAnswer).where(mine, IdempotentAnswer.key.in_(older.offset(MAX_KEYS - 1))))


def _fingerprint() -> str:
    asked = f"{request.method} {request.full_path} ".encode() + request.get_data()
    return hashlib.sha256(asked).hexdigest()


def _again(kept: IdempotentAnswer, fingerprint: str) -> Response:
    if kept.fingerprint != fingerprint:
        raise Invalid("This Idempotency-Key was sent with another request. Choose a new one for each request.")
    if kept.status is None:
        raise Conflict("The request with this Idempotency-Key is still being carried out. Ask again in a moment.")
    if kept.status == TOO_LONG:
        raise Conflict("This request was carried out, and its answer was too long to be kept. Read what it made.")
    answer = Response(kept.body, kept.status, [(name, text) for name, text in kept.headers])
    answer.headers["Idempotent-Replayed"] = "true"
    return answer
