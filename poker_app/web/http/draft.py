"""Stores the form for a new session in the browser's cookie while its account has no credit for it."""

from collections.abc import Mapping

from flask import session

DRAFT, STARTS = "draft", "starts"
NOT_KEPT = ("account", "password")
MAX_TEXT, MAX_TASKS_TEXT = 400, 1_500


def store(typed: Mapping[str, str]) -> None:
    """Stores the form; without the password, which the cookie would not keep secret, and with as many whole lines of a
    list as it has room for (js/new.js keeps the others)."""
    kept = {name: text[:MAX_TEXT] for name, text in typed.items() if name not in NOT_KEPT}
    tasks = typed.get("tasks", "")
    kept["tasks"] = tasks if len(tasks) <= MAX_TASKS_TEXT else tasks[:MAX_TASKS_TEXT].rpartition("\n")[0]
    missing = {"had_password": typed.get("password"), "tasks_cut": kept["tasks"] != tasks}
    session[DRAFT] = {**kept, **{name: "1" for name, is_missing in missing.items() if is_missing}}


def stored() -> dict[str, str] | None:
    """Returns the stored form, by field; with ``had_password`` where a password has to be typed again, and
    ``tasks_cut`` where the end of a list does."""
    return session.get(DRAFT)


def start_once_paid(account_id: str) -> None:
    """Notes that the payment under way for an account is to open the stored session."""
    session[STARTS] = account_id


def is_to_start(account_id: str) -> bool:
    """Whether the payment was for the stored session, with nothing left to type. The note is read once, and dropped."""
    paid_for, draft = session.pop(STARTS, ""), stored()
    return paid_for == account_id and draft is not None and not draft.keys() & {"had_password", "tasks_cut"}


def forget() -> None:
    """Drops the stored form once its session is open."""
    session.pop(DRAFT, None)
    session.pop(STARTS, None)
