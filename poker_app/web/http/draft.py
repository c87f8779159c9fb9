"""The form for a new session that there was no credit for: it waits in this browser's session cookie."""

from collections.abc import Mapping

from flask import session

DRAFT, STARTS = "draft", "starts"
NOT_KEPT = ("account", "password")
MAX_TEXT = 400


def store(typed: Mapping[str, str]) -> None:
    """Let the form wait; without the password, which the cookie would not keep to itself."""
    kept = {name: text[:MAX_TEXT] for name, text in typed.items() if name not in NOT_KEPT}
    session[DRAFT] = {**kept, "had_password": "1"} if typed.get("password") else kept


def stored() -> dict[str, str] | None:
    """The form that waits, by field; with ``had_password`` where a password has to be typed again."""
    return session.get(DRAFT)


def start_once_paid(account_id: str) -> None:
    """The payment under way for an account is to open the session that waits."""
    session[STARTS] = account_id


def is_to_start(account_id: str) -> bool:
    """Whether what was paid for is the session that waits, with nothing left to type. Asked once."""
    paid_for, draft = session.pop(STARTS, ""), stored()
    return paid_for == account_id and draft is not None and "had_password" not in draft


def forget() -> None:
    """The session is open: nothing waits any more."""
    session.pop(DRAFT, None)
    session.pop(STARTS, None)
