"""Webhooks of trackers: whether one is of its tracker, and which issues it is about.

Nothing of a payload is used but the ids of issues: what has changed is read from the tracker.
"""

import hmac
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from json import loads
from typing import Any

from poker_app import clock

MAX_AGE = 300
"""Seconds after which Linear's webhooks are refused. The others do not say when they were sent."""
MAX_ID = 200

Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Webhook:
    """A tracker's webhook. ``setup`` says where it is made there and for which events; ``is_signed`` compares a request
    with the secret, in constant time; ``issues`` are the ids of the issues that a payload is about, as the tracker's
    engine has them, empty for other news. ``gives_secret``: the tracker makes up the secret, and it is typed here."""

    setup: str
    is_signed: Callable[[Headers, bytes, str], bool]
    issues: Callable[[Any], list[str]]
    gives_secret: bool = False


def parsed(body: bytes) -> Any:
    """The JSON of a payload, None for what is none."""
    try:
        return loads(body)
    except (ValueError, RecursionError):
        return None


# --- whether it is the tracker's


def _signature(header: str, begins: str) -> Callable[[Headers, bytes, str], bool]:
    """A header with the HMAC of the body, by SHA-256, in hexadecimal digits."""

    def is_signed(headers: Headers, body: bytes, secret: str) -> bool:
        made = begins + hmac.digest(secret.encode(), body, "sha256").hex()
        return _same(headers.get(header, ""), made)

    return is_signed


def _token(headers: Headers, body: bytes, secret: str) -> bool:
    return _same(headers.get("X-Gitlab-Token", ""), secret)


def _password(headers: Headers, body: bytes, secret: str) -> bool:
    """The password of basic authentication; its user is of no account."""
    scheme, _, given = headers.get("Authorization", "").partition(" ")
    try:
        _, _, password = b64decode(given, validate=True).decode().partition(":")
    except ValueError:
        return False
    return scheme.lower() == "basic" and _same(password, secret)


def _recent(headers: Headers, body: bytes, secret: str) -> bool:
    """Linear's signature, with the moment at which it was sent inside of what is signed."""
    if not _signature("Linear-Signature", "")(headers, body, secret):
        return False
    sent = _at(parsed(body), "webhookTimestamp")
    return isinstance(sent, int) and abs(int(clock.now().timestamp() * 1_000) - sent) <= MAX_AGE * 1_000


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())


# --- which issues it is about


def jira_issues(payload: Any) -> list[str]:
    """https://developer.atlassian.com/cloud/jira/platform/webhooks/: events of issues and of their comments."""
    return _ids(_at(payload, "issue", "id"))


def github_issues(payload: Any) -> list[str]:
    """https://docs.github.com/en/webhooks/webhook-events-and-payloads#issues"""
    repository, number = _id(_at(payload, "repository", "full_name")), _id(_at(payload, "issue", "number"))
    return _ids(f"{repository}#{number}" if repository and number else None)


def gitlab_issues(payload: Any) -> list[str]:
    """https://docs.gitlab.com/user/project/integrations/webhook_events/#work-item-events"""
    if _at(payload, "object_kind") not in ("issue", "work_item"):
        return []
    project, number = _id(_at(payload, "project", "id")), _id(_at(payload, "object_attributes", "iid"))
    return _ids(f"{project}#{number}" if project and number else None)


def linear_issues(payload: Any) -> list[str]:
    """https://linear.app/developers/webhooks#the-webhook-payload"""
    return _ids(_at(payload, "data", "id")) if _at(payload, "type") == "Issue" else []


def azure_devops_issues(payload: Any) -> list[str]:
    """https://learn.microsoft.com/en-us/azure/devops/service-hooks/events#work-item-updated: its ``id`` is the
    update's."""
    if not str(_at(payload, "eventType")).startswith("workitem."):
        return []
    return _ids(_at(payload, "resource", "workItemId") or _at(payload, "resource", "id"))


def _at(payload: Any, *way: str) -> Any:
    """What is at a path of keys, None where nothing is."""
    for step in way:
        payload = payload.get(step) if isinstance(payload, dict) else None
    return payload


def _id(found: Any) -> str:
    """A text or number as the part of an id, "" for anything else."""
    if isinstance(found, bool) or not isinstance(found, str | int):
        return ""
    return found if isinstance(found, str) else str(found) if 0 < found < 10**18 else ""


def _ids(found: Any) -> list[str]:
    known = _id(found)
    return [known] if known and len(known) <= MAX_ID and known.isprintable() else []


_HUB = _signature("X-Hub-Signature", "sha256=")
WEBHOOKS = {
    "jira": Webhook(
        "Settings, System, WebHooks. Events: Issue updated, Issue deleted.",
        _HUB,
        jira_issues,
    ),
    "jira-data-center": Webhook(
        "Administration, System, WebHooks. Events: Issue updated, Issue deleted.",
        _HUB,
        jira_issues,
    ),
    "github": Webhook(
        "Settings of the repository or its owner, Webhooks. Content type: application/json. Events: Issues.",
        _signature("X-Hub-Signature-256", "sha256="),
        github_issues,
    ),
    "gitlab": Webhook(
        "Settings of the project or group, Webhooks. Secret token: the secret. Trigger: Issue or work item events.",
        _token,
        gitlab_issues,
    ),
    "linear": Webhook(
        "Settings, API, New webhook. Data change events: Issues. Then type its signing secret here.",
        _recent,
        linear_issues,
        gives_secret=True,
    ),
    "azure-devops": Webhook(
        "Project settings, Service hooks, Web Hooks. Trigger: Work item updated. "
        "Basic authentication password: the secret; any user name.",
        _password,
        azure_devops_issues,
    ),
}
