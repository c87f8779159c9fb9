"""Webhooks of connected trackers, at the address that they are sent to."""

import hmac
import json
from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from poker_app import clock
from poker_app.accounts import tracker_connections
from poker_app.db import session
from poker_app.poker.trackers import webhooks
from poker_app.settings import Settings
from poker_app.trackers.models import TrackerConnection
from tests.cast import Clock, Table
from tests.trackers import STANDS, Double
from tests.web.route_checks import says
from tests.web.test_trackers import brought_in, chosen, connected, finalized, issue_of
from tests.world.pages import Club

SECRET = "lin_wh_0123456789abcdef"


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings.model_copy(update={"trackers_inside": True})


@pytest.fixture(scope="module")
def double() -> Iterator[Double]:
    with STANDS["linear"]() as made:
        yield made


class Hooked:
    """Abe's tracker with its webhook, and a task of it in Tim's session."""

    def __init__(self, club: Club, tracker: Double) -> None:
        tracker.reset()
        self.club, self.tracker = club, tracker
        self.path = connected(club, tracker)
        self.connection = self.path.rsplit("/", 1)[1]
        assert club.abe.post(f"{self.path}/webhook", {"secret": SECRET}, htmx=False).status_code == 303
        self.table: Table = brought_in(club, self.path)

    def sends(self, issue_id: str, *, secret: str = SECRET, connection: str = "") -> TestResponse:
        sent = int(clock.now().timestamp() * 1_000)
        payload = {"type": "Issue", "data": {"id": issue_id}, "webhookTimestamp": sent}
        return self.sends_body(json.dumps(payload).encode(), secret=secret, connection=connection)

    def sends_body(self, body: bytes, *, secret: str = SECRET, connection: str = "") -> TestResponse:
        """From elsewhere: no cookie, no browser's headers. What follows the response runs once it is closed."""
        answer = self.club.app.test_client().post(
            f"/webhooks/trackers/{connection or self.connection}",
            data=body,
            headers={"Linear-Signature": hmac.new(secret.encode(), body, "sha256").hexdigest()},
            content_type="application/json",
        )
        answer.get_data()
        answer.close()
        return answer

    def says(self, text: str) -> bool:
        return says(self.club.tim.get(self.table.path), text)


@pytest.fixture
def hooked(club: Club, double: Double) -> Hooked:
    return Hooked(club, double)


def test_a_changed_issue_changes_its_task(hooked: Hooked) -> None:
    hooked.tracker.edit("Task 1", title="Task 1, said better")
    issue = issue_of(hooked.club)
    for _ in range(2):  # sent twice, it is the same
        assert hooked.sends(issue.issue_id).status_code == 204
        assert hooked.says("Task 1, said better")
    asked = len(hooked.tracker.requests)
    assert hooked.sends("2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9").status_code == 204
    assert len(hooked.tracker.requests) == asked, "no task is of this issue"


def test_nothing_but_the_id_is_believed(hooked: Hooked) -> None:
    sent = int(clock.now().timestamp() * 1_000)
    data = {"id": issue_of(hooked.club).issue_id, "title": "What the payload says"}
    payload = {"type": "Issue", "action": "remove", "data": data, "webhookTimestamp": sent}
    assert hooked.sends_body(json.dumps(payload).encode()).status_code == 204
    assert hooked.says("Task 1")
    assert not hooked.says("What the payload says")


def test_an_ended_session_is_left_as_it_is(hooked: Hooked) -> None:
    issue_id = issue_of(hooked.club).issue_id
    hooked.club.tim.ends(hooked.table)
    hooked.tracker.edit("Task 1", title="Afterwards")
    asked = len(hooked.tracker.requests)
    assert hooked.sends(issue_id).status_code == 204
    assert len(hooked.tracker.requests) == asked


def test_an_estimate_that_was_written_there_is_still_seen_as_a_conflict(hooked: Hooked, clock: Clock) -> None:
    """A webhook tells of it before ours is written: it must not count as known here."""
    chosen(hooked.club, hooked.tracker, hooked.path)
    task_id = issue_of(hooked.club).task_id
    hooked.club.tim.adds(hooked.table, "Another")
    clock.forward(minutes=1)
    hooked.club.tim.post(f"{hooked.table.path}/tasks/{task_id}/turn").close()
    hooked.tracker.edit("Task 1", estimate=8)
    assert hooked.sends(issue_of(hooked.club).issue_id).status_code == 204
    finalized(hooked.club, hooked.table, clock)
    assert issue_of(hooked.club).state == "conflict"


def test_who_may_not(hooked: Hooked) -> None:
    hooked.tracker.edit("Task 1", title="Changed")
    issue_id = issue_of(hooked.club).issue_id
    assert hooked.sends(issue_id, secret="another secret of 16").status_code == 403
    assert hooked.sends(issue_id, connection="2" * 16).status_code == 403
    assert hooked.sends(issue_id, connection="nonsense").status_code == 403
    assert not hooked.says("Changed")
    assert hooked.sends_body(b"{" * 100).status_code == 403  # the moment is in it
    assert hooked.sends_body(b" " * (1024 * 1024 + 1)).status_code == 413
    long = {"type": "Issue", "data": {"id": issue_id, "description": "&" * 500_000}}
    sent = {"webhookTimestamp": int(clock.now().timestamp() * 1_000)}
    assert hooked.sends_body(json.dumps(long | sent).encode()).status_code == 204


def test_too_many(hooked: Hooked, clock: Clock) -> None:
    for _ in range(webhooks.FORGED.most):
        assert hooked.sends("1", secret="another secret of 16").status_code == 403
    assert hooked.sends("1", secret="another secret of 16").status_code == 429
    # Whoever has the tracker send wrong ones does not shut out the right ones.
    assert hooked.sends("1").status_code == 204
    clock.forward(minutes=11)
    assert hooked.sends("1", secret="another secret of 16").status_code == 403


def test_a_connection_has_so_many(hooked: Hooked, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "DELIVERED", webhooks.Limit("a webhook of a tracker", 2, webhooks.DELIVERED.within))
    assert [hooked.sends("1").status_code for _ in range(3)] == [204, 204, 429]
    clock.forward(minutes=11)
    assert hooked.sends("1").status_code == 204


def test_its_secret(hooked: Hooked, caplog: pytest.LogCaptureFixture) -> None:
    page = hooked.club.abe.get(hooked.path).text
    assert f"/webhooks/trackers/{hooked.connection}" in page
    assert SECRET not in page
    with hooked.club.app.app_context():
        kept = session.get_one(TrackerConnection, hooked.connection)
        assert SECRET not in kept.hook_sealed
        assert tracker_connections.webhook_secret(kept) == SECRET
    assert hooked.club.log()[-1].startswith("Abe tracker-webhook-changed")
    refused = hooked.club.abe.post(f"{hooked.path}/webhook", {"secret": "short"}, htmx=False)
    assert (refused.status_code, says(refused, "A signing secret has 16 to 200 characters.")) == (422, True)
    hooked.club.abe.post(f"{hooked.path}/webhook", {"secret": "lin_wh_another_one_0123"}, htmx=False)
    assert hooked.sends("1").status_code == 403, "the one before is not taken any more"
    assert SECRET not in caplog.text
