"""Which events come into the outbox, with which data, in the transaction of their change."""

import json
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy import event as database_event

from poker_app import ids
from poker_app.accounts import memberships, webhook_endpoints
from poker_app.db import db, session, transaction
from poker_app.poker.change import change_session, change_within
from poker_app.poker.round import tasks, voting
from poker_app.poker.session import lifecycle
from poker_app.rules.session import lifecycle as rules
from poker_app.rules.webhook_events import PUBLIC_EVENTS, PublicEvent
from poker_app.webhooks import outbox
from poker_app.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.cast import Clock
from tests.world.actions import Room, open_session


@pytest.fixture
def settings(settings: Any) -> Any:
    return settings.model_copy(
        update={"webhooks_inside": True, "public_url": "https://faceup.example", "tracker_keys": KEYS}
    )


KEYS = ["dGhpcnR5LXR3byBieXRlcyB0aGF0IHRlc3RzIHVzZSE="]


def endpoint(*events: str, name: str = "Ours") -> WebhookEndpoint:
    """A webhook of the account that sessions without sign-in belong to; of all events unless said."""
    return webhook_endpoints.add(
        memberships.home_of(None),
        kind="standard",
        name=name,
        address="http://127.0.0.1:9/hook",
        events=events or tuple(PUBLIC_EVENTS),
    )


def written() -> list[dict[str, Any]]:
    session.rollback()
    return [json.loads(body) for body in session.scalars(select(WebhookDelivery.body).order_by(WebhookDelivery.id))]


def test_a_whole_session_in_order(room: Room, clock: Clock) -> None:
    endpoint()
    tasks.add_tasks(room.ada, "https://acme.example/browse/PAY-1 Show saved cards\nTidy up")
    room.plays(room.ada, "3")
    room.plays(room.ben, "5")
    room.reveals()
    room.finalize("5", note="Both gateways")
    lifecycle.end_session(room.ada)
    lifecycle.reopen_session(room.ada)
    revealed, finalized, ended, reopened = written()
    assert {each["timestamp"] for each in written()} == {"2026-11-23T10:00:00.000Z"}
    about = {
        "id": room.table.id,
        "name": "Checkout team",
        "url": f"https://faceup.example/sessions/{room.table.id}",
        "report_url": f"https://faceup.example/sessions/{room.table.id}/report",
    }
    assert (revealed["type"], revealed["data"]["session"]) == ("round.revealed", about)
    assert revealed["data"]["task"]["key"] == "PAY-1"
    figures = {**revealed["data"]["round"]}
    figures.pop("id")
    assert figures == {
        "number": 1,
        "cards": [{"card": "3", "votes": 1, "voters": ["Ada"]}, {"card": "5", "votes": 1, "voters": ["Ben"]}],
        "names_hidden": False,
        "mean": 4,
        "median": 4,
        "agreement": 0.5,
        "consensus": False,
        "suggested": "5",
    }
    assert finalized["type"] == "task.finalized"
    assert {**finalized["data"]["task"], "id": ""} == {
        "id": "",
        "key": "PAY-1",
        "title": "Show saved cards",
        "url": "https://acme.example/browse/PAY-1",
        "estimate": "5",
        "note": "Both gateways",
    }
    assert ended["type"] == "session.ended"
    assert (ended["data"]["points"], ended["data"]["tasks_count"], ended["data"]["estimated_count"]) == (5, 2, 1)
    assert [each["estimate"] for each in ended["data"]["tasks"]] == ["5", None]
    assert (reopened["type"], reopened["data"]) == ("session.reopened", {"session": about})


def test_a_session_that_opens_has_its_link(context: None, without_pages: None, clock: Clock) -> None:
    endpoint()
    ada = open_session(name="Sprint 42")
    [opened] = written()
    assert opened["type"] == "session.opened"
    assert opened["data"]["session"]["name"] == "Sprint 42"
    assert opened["data"]["join_url"] == f"https://faceup.example/j/{ada.session.code}"
    assert opened["data"]["tasks_count"] == 0


def test_hidden_names_stay_hidden(room: Room) -> None:
    endpoint()
    room.lets(names_hidden=True)
    room.plays(room.ben, "5")
    room.reveals()
    [revealed] = written()
    assert "Ben" not in json.dumps(revealed)
    assert revealed["data"]["round"]["cards"] == [{"card": "5", "votes": 1}]


def test_nothing_is_written_before_the_reveal(room: Room) -> None:
    endpoint()
    room.plays(room.ada, "3")
    room.plays(room.ben, "5")
    voting.retract_vote(room.ben, room.round.id)
    room.seat("Dora")
    voting.vote_again(room.ada, room.round.id)
    tasks.add_tasks(room.ada, "One\nTwo")
    assert written() == []


def test_cards_that_are_face_down_are_in_no_event(room: Room) -> None:
    """Two worlds that differ in a card that is never shown: whatever is public of them is the same."""
    endpoint()
    worlds = []
    for card in ("3", "13"):
        room.plays(room.ben, card)
        lifecycle.end_session(room.ada)
        lifecycle.reopen_session(room.ada)
        change_session(room.table.id, rules.delete)
        change_session(room.table.id, rules.restore)
        worlds.append(written())
        session.execute(delete(WebhookDelivery))
        session.commit()
    assert worlds[0] == worlds[1]
    assert [each["type"] for each in worlds[0]] == ["session.ended", "session.reopened", "session.ended"]


def test_a_vote_asks_the_outbox_nothing(room: Room) -> None:
    endpoint()
    room.plays(room.ada, "3")
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    database_event.listen(db.engine, "before_cursor_execute", note)
    try:
        room.plays(room.ben, "5")
        votes = [each for each in asked if "webhook" in each]
        room.reveals()
    finally:
        database_event.remove(db.engine, "before_cursor_execute", note)
    assert votes == []
    assert any("webhook_delivery" in each for each in asked)


def test_cards_that_turn_over_by_themselves_are_told(room: Room) -> None:
    endpoint()
    room.lets(auto_reveal=True)
    room.plays(room.ada, "3")
    room.plays(room.ben, "5")
    assert [each["type"] for each in written()] == ["round.revealed"]


def test_only_what_is_asked_for_and_only_while_it_is_on(room: Room) -> None:
    endpoint(PublicEvent.TASK_FINALIZED, name="Estimates")
    off = endpoint(name="Off")
    webhook_endpoints.switch(memberships.home_of(None), off.id, on=False)
    room.settles("5")
    assert [each["type"] for each in written()] == ["task.finalized"]


def test_another_accounts_webhook_gets_nothing(room: Room) -> None:
    found = endpoint()
    room.lets(account_id=memberships.guests().account.id)
    room.settles("5")
    assert written() == []
    assert webhook_endpoints.deliveries_of(found.id) == []


def test_a_change_that_is_rolled_back_is_never_told(room: Room) -> None:
    def fails() -> None:
        with transaction():
            change_within(room.table.id, lambda value, now: rules.end_as_of(value, now, by="Ada"))
            assert len(session.scalars(select(WebhookDelivery.id)).all()) == 1
            raise ZeroDivisionError

    endpoint()
    with pytest.raises(ZeroDivisionError):
        fails()
    assert written() == []


def test_a_session_that_is_deleted_ends(room: Room) -> None:
    endpoint()
    change_session(room.table.id, rules.delete)
    [ended] = written()
    assert (ended["type"], ended["data"]["deleted"]) == ("session.ended", True)


def test_each_delivery_has_an_id_of_its_own(room: Room) -> None:
    endpoint(name="One")
    endpoint(name="Two")
    room.settles("5")
    session.rollback()
    keys = session.scalars(select(WebhookDelivery.key)).all()
    assert len({*keys}) == len(keys) == 4
    assert all(key.startswith("msg_") and ids.could_be_id(key[4:]) for key in keys)


def test_the_event_of_a_large_backlog_is_small(room: Room) -> None:
    endpoint(PublicEvent.SESSION_ENDED)
    address = f"https://acme.example/{'x' * 1_900}"
    tasks.add_tasks(room.ada, "\n".join(f"{address}{number} {'y' * 200}" for number in range(40)))
    lifecycle.end_session(room.ada)
    [ended] = written()
    assert len(ended["data"]["tasks"]) == 40
    assert len(json.dumps(ended)) < 40 * 250
    assert ended["data"]["tasks"][0]["title"] == f"{'y' * 79}…"


def test_no_more_is_written_than_may_wait(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MAX_WAITING", 3)
    full = endpoint(name="Down")
    room.settles("5")
    other = endpoint(name="New")
    lifecycle.end_session(room.ada)
    assert not webhook_endpoints.is_full(other.id)
    lifecycle.reopen_session(room.ada)
    assert webhook_endpoints.is_full(full.id)
    assert [each.event for each in reversed(webhook_endpoints.deliveries_of(full.id))] == [
        "round.revealed",
        "task.finalized",
        "session.ended",
    ]
    assert len(webhook_endpoints.deliveries_of(other.id)) == 2
