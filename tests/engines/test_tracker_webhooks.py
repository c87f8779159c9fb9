"""Webhooks of trackers: which issues their payloads are about, and whether they are signed. The payloads have the shape
that each tracker documents."""

import hmac
import json
from base64 import b64encode
from typing import Any

import pytest

from poker_app import clock
from poker_app.trackers import TRACKERS
from poker_app.trackers.webhooks import MAX_AGE, MAX_ID, WEBHOOKS, parsed

SECRET = "0123456789abcdef"
BODY = b'{"issue": {"id": "1"}}'


def signed(body: bytes = BODY, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, "sha256").hexdigest()


def basic(password: str) -> str:
    return f"Basic {b64encode(f'faceup:{password}'.encode()).decode()}"


PAYLOADS: list[tuple[str, Any, list[str]]] = [
    (
        "jira",
        {
            "timestamp": 1_764_000_000_000,
            "webhookEvent": "jira:issue_updated",
            "issue_event_type_name": "issue_updated",
            "user": {"accountId": "5b10a2844c20165700ede21g"},
            "issue": {"id": "10002", "self": "https://example.atlassian.net/rest/api/2/issue/10002", "key": "CHK-1"},
            "changelog": {"id": "10124", "items": [{"field": "summary", "fieldId": "summary"}]},
        },
        ["10002"],
    ),
    ("jira", {"webhookEvent": "jira:version_released", "version": {"id": "10000"}}, []),
    ("jira-data-center", {"webhookEvent": "jira:issue_deleted", "issue": {"id": "99291", "key": "CHK-2"}}, ["99291"]),
    (
        "github",
        {"action": "edited", "issue": {"id": 9, "number": 12}, "repository": {"full_name": "example/website"}},
        ["example/website#12"],
    ),
    ("github", {"zen": "Keep it simple.", "hook_id": 1, "repository": {"full_name": "example/website"}}, []),
    (
        "gitlab",
        {
            "object_kind": "issue",
            "event_type": "issue",
            "project": {"id": 7, "path_with_namespace": "example/website"},
            "object_attributes": {"id": 301, "iid": 23, "title": "New API", "action": "update"},
        },
        ["7#23"],
    ),
    ("gitlab", {"object_kind": "work_item", "project": {"id": 7}, "object_attributes": {"iid": 24}}, ["7#24"]),
    ("gitlab", {"object_kind": "merge_request", "project": {"id": 7}, "object_attributes": {"iid": 23}}, []),
    (
        "linear",
        {"action": "update", "type": "Issue", "data": {"id": "2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9"}},
        ["2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9"],
    ),
    ("linear", {"action": "create", "type": "Comment", "data": {"id": "2174add1"}}, []),
    (
        "azure-devops",
        {"eventType": "workitem.updated", "resource": {"id": 2, "workItemId": 5, "rev": 2, "fields": {}}},
        ["5"],
    ),
    ("azure-devops", {"eventType": "workitem.deleted", "resource": {"id": 5, "rev": 2}}, ["5"]),
    ("azure-devops", {"eventType": "build.complete", "resource": {"id": 5}}, []),
]


def test_every_tracker_has_a_webhook() -> None:
    assert WEBHOOKS.keys() == TRACKERS.keys() == {kind for kind, _, _ in PAYLOADS}


@pytest.mark.parametrize(("kind", "payload", "issues"), PAYLOADS)
def test_which_issues_a_payload_is_about(kind: str, payload: Any, issues: list[str]) -> None:
    assert WEBHOOKS[kind].issues(parsed(json.dumps(payload).encode())) == issues


ODD = [None, 1, "x", [], {}, True, {"issue": []}, {"issue": {"id": {"id": 1}}}, {"issue": {"id": True}}]
ODD += [{"issue": {"id": "1" * (MAX_ID + 1)}}, {"issue": {"id": "a\0b"}}, {"issue": {"id": -1, "number": 1.5}}]
ODD += [{"type": "Issue", "data": {"id": None}}, {"object_kind": "issue", "project": {"id": 1}}]


@pytest.mark.parametrize("kind", WEBHOOKS)
def test_what_has_another_shape_is_about_none(kind: str) -> None:
    assert [WEBHOOKS[kind].issues(payload) for payload in ODD] == [[]] * len(ODD)


def test_what_is_no_json() -> None:
    assert [parsed(body) for body in (b"", b"{", b"\xff", b"[" * 100_000)] == [None] * 4


SIGNED = {
    "jira": {"X-Hub-Signature": f"sha256={signed()}"},
    "jira-data-center": {"X-Hub-Signature": f"sha256={signed()}"},
    "github": {"X-Hub-Signature-256": f"sha256={signed()}"},
    "gitlab": {"X-Gitlab-Token": SECRET},
    "azure-devops": {"Authorization": basic(SECRET)},
}
WRONG = ["", "sha256=", f"sha256={signed(secret='another')}", signed(), "x", "é", basic("x"), "Basic x", "Basic é"]


@pytest.mark.parametrize("kind", SIGNED)
def test_only_the_secret_signs(kind: str) -> None:
    hook = WEBHOOKS[kind]
    assert hook.is_signed(SIGNED[kind], BODY, SECRET)
    assert not hook.is_signed({}, BODY, SECRET)
    name = next(iter(SIGNED[kind]))
    assert [text for text in WRONG if hook.is_signed({name: text}, BODY, SECRET)] == []
    assert not hook.is_signed(SIGNED[kind], BODY, "another")
    if kind in ("jira", "jira-data-center", "github"):
        assert not hook.is_signed(SIGNED[kind], BODY + b" ", SECRET)


def test_linear_signs_the_moment_too() -> None:
    hook, now = WEBHOOKS["linear"], int(clock.now().timestamp())

    def is_signed(sent: object, secret: str = SECRET) -> bool:
        body = json.dumps({"type": "Issue", "webhookTimestamp": sent}).encode()
        return hook.is_signed({"Linear-Signature": signed(body, secret)}, body, SECRET)

    assert is_signed(now * 1_000)
    assert is_signed((now - MAX_AGE + 60) * 1_000)
    assert not is_signed((now - MAX_AGE - 60) * 1_000)
    assert not is_signed((now + MAX_AGE + 60) * 1_000)
    assert not is_signed(now * 1_000, "another")
    assert [sent for sent in (None, "now", [], 10**400) if is_signed(sent)] == []
