"""Webhooks against a receiver on a real socket: one that fails, hangs, redirects, is gone, or is down for an hour."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from standardwebhooks.webhooks import WebhookVerificationError

from poker_app import clock as app_clock
from poker_app import ids, rate_limits, webhooks
from poker_app.accounts import memberships, webhook_endpoints
from poker_app.accounts.models import Account
from poker_app.db import session, transaction
from poker_app.errors import Conflict, Invalid, TooMany
from poker_app.poker.session import lifecycle
from poker_app.rules.webhook_events import PUBLIC_EVENTS, PublicEvent, credits_low
from poker_app.settings import ROOT
from poker_app.webhooks import background, outbox, request, sending
from poker_app.webhooks.models import MAX_ANSWER, WebhookDelivery, WebhookEndpoint
from tests.api_client import program_of
from tests.cast import Clock
from tests.conftest import TRACKER_KEYS
from tests.webhook_receiver import Receiver, verified
from tests.world.actions import Room, open_session

WRONG = f"whsec_{'A' * 43}="


@pytest.fixture
def settings(settings: Any) -> Any:
    return settings.model_copy(update={"webhooks_inside": True, "tracker_keys": TRACKER_KEYS})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    with made.up():
        yield made


@pytest.fixture
def room(context: None, clock: Clock) -> Room:
    return Room([])


def add(address: str, name: str = "Ours") -> WebhookEndpoint:
    return webhook_endpoints.add(
        memberships.home_of(None), kind="standard", name=name, address=address, events=tuple(PUBLIC_EVENTS)
    )


def of_another_account(address: str, *, events: int) -> WebhookEndpoint:
    """A webhook of an account that has no page here, with so many events that wait."""
    made = WebhookEndpoint(id=ids.new_id(), account_id="theirs", kind="standard", name="Theirs", host="theirs")
    made.address_sealed, made.made_at = webhooks.vault().seal({"address": address}), app_clock.now()
    made.events = " credits.low "
    with transaction():
        session.add(Account(id="theirs", name="Their team", created_at=app_clock.now()))
        session.flush()
        session.add(made)
        session.flush()
        sent = [(PublicEvent.CREDITS_LOW, credits_low(left, 10)) for left in range(events)]
        outbox.put(session.connection(), "theirs", sent, at=app_clock.now())
    return made


def fresh(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    session.rollback()
    return session.get_one(WebhookEndpoint, endpoint.id, populate_existing=True)


def deliveries(endpoint: WebhookEndpoint) -> list[WebhookDelivery]:
    """All of a webhook, in order."""
    session.rollback()
    session.expire_all()
    return [*reversed(webhook_endpoints.deliveries_of(endpoint.id))]


def pass_until(clock: Clock, *, hours: float) -> None:
    """Time passes, with the job at work whenever something is due."""
    ends = clock.now().timestamp() + hours * 3600
    while (wait := sending.next_due()) is not None and clock.now().timestamp() + wait.total_seconds() <= ends:
        clock.forward(seconds=wait.total_seconds())
        sending.send_due()
    clock.forward(seconds=ends - clock.now().timestamp())


def test_what_the_library_takes(room: Room, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = add(receiver.url)
    room.settles("5")
    assert sending.send_due() == {"webhooks delivered": 2, "webhooks not delivered": 0}
    secret = webhook_endpoints.secret_of(endpoint)
    assert secret.startswith("whsec_")
    sent = [verified(secret, each, monkeypatch) for each in receiver.received]
    assert [each["type"] for each in sent] == ["round.revealed", "task.finalized"]
    assert [each.headers["webhook-id"] for each in receiver.received] == [each.key for each in deliveries(endpoint)]
    with pytest.raises(WebhookVerificationError):
        verified(WRONG, receiver.received[0], monkeypatch)
    first = deliveries(endpoint)[0]
    assert (first.state, first.status, first.answer, first.tries) == ("delivered", 200, "thanks", 1)


def test_down_for_an_hour_and_all_arrive_in_order(room: Room, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = Receiver()
    with receiver.up():
        endpoint = add(receiver.url)
    for card in ("3", "5", "8"):
        room.settles(card)
        sending.send_due()
        pass_until(clock, hours=1 / 3)
    assert receiver.received == []
    assert {each.state for each in deliveries(endpoint)} == {"waiting"}
    with receiver.up():
        pass_until(clock, hours=2)
    secret = webhook_endpoints.secret_of(endpoint)
    sent = [verified(secret, each, monkeypatch) for each in receiver.received]
    assert [each["type"] for each in sent] == ["round.revealed", "task.finalized"] * 3
    assert [each["timestamp"] for each in sent] == sorted(str(each["timestamp"]) for each in sent)
    assert {each.state for each in deliveries(endpoint)} == {"delivered"}
    assert fresh(endpoint).failing_since is None
    tries = deliveries(endpoint)[0].tries
    assert 5 < tries < 9, "with growing pauses"


def test_a_program_s_estimates_reach_a_receiver_that_was_down(
    app: Flask, context: None, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a shell to a receiver: ten tasks are opened and estimated by a token while it is down for an hour."""
    receiver = Receiver()
    with receiver.up():
        endpoint = add(receiver.url)
    program = program_of(app, None, memberships.LOCAL, role="facilitator")
    made = program.opens(tasks=[{"title": f"Task {number}"} for number in range(10)], votes=True)
    path = f"/sessions/{made['id']}"
    for _ in range(10):
        table = program.get(path).get_json()
        round_path = f"{path}/rounds/{table['round']['id']}"
        assert program.asks("PUT", f"{round_path}/vote", {"card": "5"}).status_code == 200
        assert program.post(f"{round_path}/reveal").status_code == 200
        task_path = f"{path}/tasks/{table['task']['id']}"
        assert program.asks("PUT", f"{task_path}/estimate", {"estimate": "5"}).status_code == 200
        sending.send_due()
        pass_until(clock, hours=0.1)
    assert program.post(f"{path}/end").status_code == 200
    assert receiver.received == []
    with receiver.up():
        pass_until(clock, hours=2)
    sent = [verified(webhook_endpoints.secret_of(endpoint), each, monkeypatch) for each in receiver.received]
    each_task: Any = [one for one in sent if one["type"] == "task.finalized"]
    assert [one["data"]["task"]["title"] for one in each_task] == [f"Task {number}" for number in range(10)]
    assert {one["data"]["task"]["estimate"] for one in each_task} == {"5"}
    assert (sent[0]["type"], sent[-1]["type"]) == ("session.opened", "session.ended")


def test_an_answer_of_failure_is_tried_again_by_itself(room: Room, clock: Clock, receiver: Receiver) -> None:
    endpoint = add(receiver.url)
    receiver.status, receiver.text = 500, "x" * 5_000
    room.plays(room.ben, "5")
    room.reveals()
    sending.send_due()
    [event] = deliveries(endpoint)
    assert (event.state, event.status, event.tries) == ("waiting", 500, 1)
    assert len(event.answer) == MAX_ANSWER
    assert event.problem == "The receiver answers with 500."
    receiver.status = 200
    room.finalize("5")
    sending.send_due()
    assert [each.state for each in deliveries(endpoint)] == ["waiting", "delivered"], "it holds up no other"
    clock.forward(seconds=6)
    sending.send_due()
    assert [each.state for each in deliveries(endpoint)] == ["delivered", "delivered"]
    keys = [each.headers["webhook-id"] for each in receiver.received]
    assert keys[0] == keys[2], "the id stays the same"


def test_a_receiver_that_hangs_is_left_in_time(room: Room, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = add(receiver.url)
    monkeypatch.setattr(request, "SECONDS", 0.3)
    receiver.hangs = threading.Event()
    room.settles("5")
    sending.send_due()
    receiver.hangs.set()
    first, second = deliveries(endpoint)
    assert (first.state, first.status, second.tries) == ("waiting", None, 0)
    assert first.problem.startswith("There was no answer")
    assert first.took is not None
    assert 200 < first.took < 5_000


def test_a_redirect_is_not_followed(room: Room, receiver: Receiver) -> None:
    other = Receiver()
    with other.up():
        endpoint = add(receiver.url)
        receiver.status, receiver.headers = 307, {"Location": other.url}
        room.settles("5")
        sending.send_due()
    assert other.received == []
    first = deliveries(endpoint)[0]
    assert (first.state, first.status) == ("waiting", 307)
    assert "another address" in first.problem


def test_gone_switches_it_off(room: Room, receiver: Receiver) -> None:
    endpoint = add(receiver.url)
    receiver.status = 410
    room.settles("5")
    sending.send_due()
    assert len(receiver.received) == 1
    assert fresh(endpoint).disabled_at is not None
    assert "410" in fresh(endpoint).disabled_why
    assert [each.state for each in deliveries(endpoint)] == ["waiting", "waiting"]
    receiver.status = 200
    webhook_endpoints.switch(memberships.home_of(None), endpoint.id, on=True)
    sending.send_due()
    assert [each.state for each in deliveries(endpoint)] == ["delivered", "delivered"], "nothing is lost"


def test_a_longer_pause_is_respected(room: Room, clock: Clock, receiver: Receiver) -> None:
    endpoint = add(receiver.url)
    receiver.status, receiver.headers = 429, {"Retry-After": "1200"}
    room.plays(room.ben, "5")
    room.reveals()
    sending.send_due()
    clock.forward(seconds=1_199)
    sending.send_due()
    assert len(receiver.received) == 1
    clock.forward(seconds=2)
    sending.send_due()
    assert len(receiver.received) == 2
    assert deliveries(endpoint)[0].tries == 2


def test_three_days_of_failure_switch_it_off(room: Room, clock: Clock, receiver: Receiver) -> None:
    endpoint = add(receiver.url)
    receiver.status = 503
    room.settles("5")
    sending.send_due()
    pass_until(clock, hours=71)
    assert fresh(endpoint).disabled_at is None
    pass_until(clock, hours=10)
    off = fresh(endpoint)
    assert off.disabled_at is not None
    assert off.disabled_why == "It has taken no event for three days."
    assert len(receiver.received) == len(sending.PAUSES) + 1
    assert [each.state for each in deliveries(endpoint)] == ["waiting", "waiting"]
    assert sending.next_due() is None


def test_one_success_begins_the_three_days_anew(room: Room, clock: Clock, receiver: Receiver) -> None:
    endpoint = add(receiver.url)
    receiver.status = 500
    room.plays(room.ben, "5")
    room.reveals()
    sending.send_due()
    pass_until(clock, hours=60)
    receiver.status = 200
    room.finalize("5")
    sending.send_due()
    receiver.status = 500
    pass_until(clock, hours=30)
    assert fresh(endpoint).disabled_at is None
    assert [each.state for each in deliveries(endpoint)] == ["failed", "delivered"]


def test_a_rotation_signs_with_both_for_a_day(
    room: Room, clock: Clock, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint, me = add(receiver.url), memberships.home_of(None)
    before = webhook_endpoints.secret_of(endpoint)
    webhook_endpoints.rotate(me, endpoint.id)
    after = webhook_endpoints.secret_of(fresh(endpoint))
    assert before != after
    webhook_endpoints.send_test(me, endpoint.id)
    both = receiver.received[-1]
    assert len(both.headers["webhook-signature"].split()) == 2
    assert verified(before, both, monkeypatch) == verified(after, both, monkeypatch)
    clock.forward(hours=24, seconds=1)
    webhook_endpoints.send_test(me, endpoint.id)
    assert verified(after, receiver.received[-1], monkeypatch)["type"] == "webhook.test"
    with pytest.raises(WebhookVerificationError):
        verified(before, receiver.received[-1], monkeypatch)


def test_a_test_says_at_once_how_it_went(room: Room, receiver: Receiver) -> None:
    endpoint, me = add(receiver.url), memberships.home_of(None)
    assert webhook_endpoints.send_test(me, endpoint.id).status == 200
    receiver.status = 404
    failed = webhook_endpoints.send_test(me, endpoint.id)
    assert (failed.state, failed.status) == ("waiting", 404)
    webhook_endpoints.switch(me, endpoint.id, on=False)
    with pytest.raises(Conflict, match="switched off"):
        webhook_endpoints.send_test(me, endpoint.id)


def test_so_many_are_sent_by_hand(room: Room, clock: Clock, receiver: Receiver) -> None:
    endpoint, me = add(receiver.url), memberships.home_of(None)
    for _ in range(59):
        rate_limits.spend(webhook_endpoints.BY_HAND.of(me.account.id))
    key = webhook_endpoints.send_test(me, endpoint.id).key
    with pytest.raises(TooMany):
        webhook_endpoints.send_again(me, endpoint.id, key)
    clock.forward(minutes=10)
    assert webhook_endpoints.send_again(me, endpoint.id, key).state == "delivered"


def test_an_event_is_sent_again(room: Room, receiver: Receiver) -> None:
    endpoint, me = add(receiver.url), memberships.home_of(None)
    room.settles("5")
    sending.send_due()
    first = deliveries(endpoint)[0]
    again = webhook_endpoints.send_again(me, endpoint.id, first.key)
    assert (again.state, again.tries) == ("delivered", 2)
    assert [each.headers["webhook-id"] for each in receiver.received].count(first.key) == 2
    assert receiver.received[0].body == receiver.received[2].body


@pytest.mark.parametrize("kind", ["slack", "teams", "mattermost", "discord"])
def test_a_chat_gets_two_messages_that_are_not_signed(room: Room, receiver: Receiver, kind: str) -> None:
    me = memberships.home_of(None)
    chat = webhook_endpoints.add(me, kind=kind, name="Team", address=receiver.url, events=tuple(PUBLIC_EVENTS))
    assert webhook_endpoints.secret_of(chat) == ""
    open_session(name="Sprint 42", deck="fibonacci")
    room.settles("5")
    lifecycle.end_session(room.ada)
    sending.send_due()
    first, second = (each.body.decode() for each in receiver.received)
    assert "Planning poker is open" in first
    assert "Sprint 42" in first
    assert "Planning poker has ended" in second
    assert "1 of 1 tasks" in second
    assert not any("webhook-signature" in each.headers for each in receiver.received)
    assert webhook_endpoints.send_test(me, chat.id).state == "delivered"


# --- private networks


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1/x",
        "https://10.1.2.3/x",
        "https://[::1]/x",
        "https://169.254.169.254/x",
        "https://localhost/x",
    ],
)
def test_a_private_address_is_refused_when_it_is_saved(
    context: None, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "_inside", False)
    with pytest.raises(Invalid, match="private network"):
        add(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/x",
        "ftp://example.com",
        "https://",
        "https://me:pw@example.com/",
        "https://a b/",
        "x",
        "https://a:b/",
    ],
)
def test_an_odd_address_is_refused(context: None, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "_inside", False)
    with pytest.raises(Invalid):
        add(address)


def test_a_name_that_leads_inside_later_is_refused_at_each_delivery(
    room: Room, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the name is public when it is saved, and the receiver's own address at the delivery."""
    monkeypatch.setattr(webhooks, "_inside", False)
    leads_to = "93.184.216.34"
    real = socket.getaddrinfo

    def resolved(host: str, port: Any, *more: Any, **about: Any) -> Any:
        return real(leads_to if host == "rebinds.example" else host, port, *more, **about)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    endpoint = add(f"https://rebinds.example:{receiver.port}/hook")
    leads_to = "127.0.0.1"
    room.settles("5")
    sending.send_due()
    assert receiver.received == []
    first = deliveries(endpoint)[0]
    assert (first.state, first.status) == ("waiting", None)
    assert first.problem == request.PRIVATE


# --- several workers


def test_two_workers_at_once_send_once(room: Room, app: Flask, receiver: Receiver) -> None:
    add(receiver.url)
    add(receiver.url, "Another")
    of_another_account(receiver.url, events=6)
    for card in ("3", "5", "8"):
        room.settles(card)
    session.rollback()
    receiver.hangs = threading.Event()
    begun = threading.Barrier(4)

    def work() -> None:
        with app.app_context():
            begun.wait(10)
            sending.send_due()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for _ in range(100):
        if receiver.most_at_once == 2:
            break
        threading.Event().wait(0.05)
    receiver.hangs.set()
    for each in threads:
        each.join()
    sending.send_due()
    keys = [each.headers["webhook-id"] for each in receiver.received]
    assert len({*keys}) == len(keys) == 18
    assert receiver.most_at_once == 2, "one request at a time for each account"


def test_accounts_take_turns(room: Room, clock: Clock, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """An account whose receivers are slow was first, and has more of them: the other one does not wait for all that."""
    for name in ("one", "two", "three"):
        add(f"{receiver.url}/ours", name)
    for card in ("3", "5", "8"):
        room.settles(card)
    clock.forward(seconds=1)
    of_another_account(f"{receiver.url}/theirs", events=3)
    at_once = request.send_once

    def slowly(job: Any) -> Any:
        outcome = at_once(job)
        clock.forward(seconds=1)
        time.sleep(0.02)  # the turn is over
        return outcome

    monkeypatch.setattr(request, "send_once", slowly)
    monkeypatch.setattr(sending, "TURN", 0.02)
    assert sending.send_due()["webhooks delivered"] == 21
    whose = [each.path.removeprefix("/hook/") for each in receiver.received]
    assert whose[:8] == ["ours", "theirs", "ours", "ours"] * 2


def test_by_hand_sends_that_one_only_and_one_at_a_time(room: Room, receiver: Receiver) -> None:
    endpoint, other, me = add(receiver.url), add(receiver.url, "Another"), memberships.home_of(None)
    room.settles("5")
    first = deliveries(endpoint)[0]
    assert webhook_endpoints.send_test(me, endpoint.id).state == "delivered"
    assert len(receiver.received) == 1
    assert webhook_endpoints.send_again(me, endpoint.id, first.key).state == "delivered"
    assert len(receiver.received) == 2, "what else waits is not waited for"
    assert sending._next(other.id, None) is not None
    assert webhook_endpoints.send_test(me, endpoint.id).state == "waiting", "another one of the account is being sent"
    assert len(receiver.received) == 2


def test_the_servers_threads_send_what_is_written_and_what_was_left(
    room: Room, app: Flask, receiver: Receiver, clock: Clock
) -> None:
    add(receiver.url)
    room.settles("5")
    session.rollback()
    assert receiver.received == []
    with background.Worker(app.app_context).at_work():
        assert arrives(receiver, 2), "of a process that ended"
        room.settles("8")
        session.rollback()
        assert arrives(receiver, 4), "woken by the change"
        receiver.status = 503
        room.settles("8")
        session.rollback()
        assert arrives(receiver, 5)
        receiver.status = 200
        clock.forward(seconds=6)
        assert arrives(receiver, 7), "by itself, when the pause is over"


def arrives(receiver: Receiver, count: int) -> bool:
    """Whether so many have come, within 20 seconds."""
    ends = time.monotonic() + 20
    while len(receiver.received) < count and time.monotonic() < ends:
        time.sleep(0.02)  # other threads send
    return len(receiver.received) == count


def test_a_lease_of_a_process_that_ended_is_over_in_a_minute(room: Room, clock: Clock, receiver: Receiver) -> None:
    endpoint = add(receiver.url)
    room.settles("5")
    assert sending._next(endpoint.id, None) is not None
    sending.send_due()
    assert receiver.received == []
    clock.forward(seconds=61)
    sending.send_due()
    assert len(receiver.received) == 2


def test_a_fault_of_one_holds_up_no_other(room: Room, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, well = add(receiver.url), add(receiver.url, "Theirs")
    row = fresh(broken)
    row.address_sealed = webhooks.vault().seal({"another": "thing"})
    session.commit()
    room.settles("5")
    sending.send_due()
    assert [each.state for each in deliveries(well)] == ["delivered", "delivered"]
    assert [each.state for each in deliveries(broken)] == ["waiting", "waiting"]


def test_what_is_old_is_deleted(room: Room, clock: Clock, receiver: Receiver) -> None:
    endpoint = add(receiver.url)
    room.settles("5")
    sending.send_due()
    clock.forward(days=29)
    room.settles("8")
    clock.forward(days=2)
    assert sending.purge() == 2
    assert [json.loads(each.body)["type"] for each in deliveries(endpoint)] == ["round.revealed", "task.finalized"]


def test_what_was_delivered_is_emptied(
    room: Room, clock: Clock, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = add(receiver.url)
    monkeypatch.setattr(sending, "BODIES_KEPT", 3)
    for card in ("3", "5"):
        room.settles(card)
        clock.forward(seconds=1)
    room.settles("8")
    sending.send_due()
    assert [bool(each.body) for each in deliveries(endpoint)].count(True) == 3
    receiver.status = 500
    clock.forward(days=2)
    room.settles("8")
    clock.forward(days=-1)
    room.settles("8")
    clock.forward(days=1, seconds=1)
    sending.purge()
    emptied = deliveries(endpoint)
    assert [bool(each.body) for each in emptied] == [False] * 6 + [True] * 4, "what waits is whole"
    with pytest.raises(Conflict, match="not kept"):
        webhook_endpoints.send_again(memberships.home_of(None), endpoint.id, emptied[0].key)


# --- the documents


def test_the_documented_receiver_takes_it(context: None, tmp_path: Path) -> None:
    """The sample runs as it is printed, but for its secret and its port; signatures are of the present."""
    sample = (ROOT / "docs/webhooks.md").read_text().partition("```python\n")[2].partition("```")[0]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    endpoint = add(f"http://127.0.0.1:{port}/")
    secret = webhook_endpoints.secret_of(endpoint)
    script = tmp_path / "receiver.py"
    script.write_text(sample.replace("whsec_…", secret).replace('("", 8080)', f'("127.0.0.1", {port})'))
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as it:
        try:
            for _ in range(200):
                with socket.socket() as asking:
                    if asking.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)  # Python starts
            sent = webhook_endpoints.send_test(memberships.home_of(None), endpoint.id)
            assert (sent.state, sent.status) == ("delivered", 204), sent.problem
            assert it.stdout is not None
            assert it.stdout.readline().startswith("webhook.test {'account'")
            session.get_one(WebhookEndpoint, endpoint.id).secret_sealed = webhooks.vault().seal({"secret": WRONG})
            session.commit()
            assert webhook_endpoints.send_test(memberships.home_of(None), endpoint.id).status == 401
        finally:
            it.kill()
