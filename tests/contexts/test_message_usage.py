"""What a session cost: counted where it is published, and written down without anybody waiting for it."""

import pytest
from sqlalchemy import select

from poker_app import clock, realtime
from poker_app.db import session
from poker_app.poker.change import asking_socket
from poker_app.poker.members import members, presence
from poker_app.poker.models import Member, MessageCount
from poker_app.poker.publishing import events, message_usage
from poker_app.poker.publishing.events import State
from poker_app.poker.publishing.message_usage import Messages
from poker_app.poker.round import tasks, voting
from poker_app.poker.session import lifecycle
from poker_app.poker.value.current import view_of
from poker_app.rules.message_budget import LARGE_ABOVE, Meeting, Sending, messages_of
from tests.cast import Clock
from tests.world.actions import Room, open_session


@pytest.fixture
def engine(room: Room, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """An engine that takes what the first of these says, and does not tell who listens."""
    takes = [True]
    asking_socket.set(None)
    monkeypatch.setattr("poker_app.realtime.is_on", lambda: True)
    monkeypatch.setattr("poker_app.realtime.publish", lambda *_: takes[0])
    monkeypatch.setattr("poker_app.realtime.ready", lambda: True)

    def render(session_id: str, version: int) -> State:
        table = view_of(session_id)
        return State(table.version, table.tasks_version, "", table.members, table.present)

    monkeypatch.setattr(events._wiring, "render", render)
    return takes


def counted(room: Room) -> Messages:
    return message_usage.messages_of(room.table.id)


def test_a_publish_and_a_delivery_to_everybody_else(room: Room, engine: list[bool]) -> None:
    room.plays(room.ben, "5")
    assert counted(room) == Messages(1, 3)  # Ada, Ben and Cleo, for nobody's socket is known to have asked
    events.publish(events.News(room.table.id, "vote", room.table.version, socket="1.2"))
    assert counted(room) == Messages(2, 5)
    assert counted(room).total == 7


def test_who_is_away_costs_nothing(room: Room, engine: list[bool]) -> None:
    room.cleo.away_since = clock.now()
    session.commit()
    room.plays(room.ben, "5")
    assert counted(room) == Messages(1, 2)


def test_what_the_engine_did_not_take_costs_nothing(room: Room, engine: list[bool]) -> None:
    engine[0] = False
    room.plays(room.ben, "5")
    assert counted(room) == Messages()


def test_without_an_engine_nothing_is_counted(room: Room) -> None:
    room.plays(room.ben, "5")
    assert counted(room) == Messages()


def test_where_the_engine_tells_who_listens_that_is_what_counts(
    room: Room, engine: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("poker_app.realtime.listeners", lambda channel: 7)
    monkeypatch.setattr("poker_app.realtime.is_subscribed", lambda channel, socket: socket == "1.2")
    for socket in ("1.2", "3.4", None):
        message_usage.count_event(room.table.id, 2, socket)
    assert counted(room) == Messages(3, 6 + 7 + 7)


def test_coming_and_going_cost_a_webhook_and_whoever_hears_of_it(
    room: Room, engine: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("poker_app.realtime.present", lambda channel: {room.ben.id})
    channel = realtime.presence_channel(room.table.id)
    presence.handle_webhook([{"name": "member_added", "channel": channel, "user_id": room.ben.id}])
    assert counted(room) == Messages(1, 2)
    # The engine is asked whether they are gone indeed.
    presence.handle_webhook([{"name": "member_removed", "channel": channel, "user_id": room.ben.id}])
    assert counted(room) == Messages(3, 4)


def test_a_vote_writes_nothing_more(room: Room, engine: list[bool]) -> None:
    room.plays(room.ben, "5")
    assert rows() == []


def rows() -> list[MessageCount]:
    session.rollback()
    return list(session.scalars(select(MessageCount).order_by(MessageCount.day)))


def test_who_fetches_the_table_later_writes_it_down(
    room: Room, engine: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    room.plays(room.ben, "5")
    events.catch_up(room.table.id)
    assert rows() == []
    now = message_usage.time.monotonic() + message_usage.WRITE_EVERY
    monkeypatch.setattr("poker_app.poker.publishing.message_usage.time.monotonic", lambda: now)
    events.catch_up(room.table.id)
    assert [(each.session_id, each.published, each.delivered) for each in rows()] == [(room.table.id, 1, 3)]
    events.catch_up(room.table.id)
    assert counted(room) == Messages(1, 3)


def test_days_are_kept_apart_and_added_up(room: Room, engine: list[bool], clock: Clock) -> None:
    room.plays(room.ben, "5")
    message_usage.write_down(room.table.id)
    room.plays(room.ben, "8")
    yesterday = clock.now()
    clock.forward(days=1)
    room.plays(room.ben, "5")
    assert message_usage.messages_since(clock.now()) == Messages(1, 3)
    assert message_usage.messages_since(yesterday) == Messages(3, 9)
    assert [(each.published, each.delivered) for each in rows()] == [(2, 6), (1, 3)]


def test_what_cannot_be_written_is_kept_for_later(
    room: Room, engine: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    def broken() -> None:
        raise OperationalError("INSERT", {}, Exception("the disk is full"))

    room.plays(room.ben, "5")
    with monkeypatch.context() as patch:
        patch.setattr("poker_app.poker.publishing.message_usage.transaction", broken)
        message_usage.write_down(room.table.id)
    assert counted(room) == Messages(1, 3)


def test_a_session_that_is_gone_takes_its_figures_along(room: Room, engine: list[bool]) -> None:
    room.plays(room.ben, "5")
    gone = room.table.id
    session.delete(room.table)
    session.commit()
    message_usage.write_down(gone)
    assert rows() == []
    message_usage.write_all_down()


@pytest.mark.parametrize("people", [2, 5, 14])
def test_the_budget_reckons_as_it_is_counted(
    room: Room, engine: list[bool], monkeypatch: pytest.MonkeyPatch, people: int
) -> None:
    """A whole session as the budget thinks of it, played: its sum is what was counted."""

    def tells(name: str, who: Member) -> None:
        presence.handle_webhook(
            [{"name": name, "channel": realtime.presence_channel(who.session_id), "user_id": who.id}]
        )

    monkeypatch.setattr("poker_app.realtime.present", lambda channel: set())
    founder = open_session("Olga")
    room.table = founder.session
    seated = [founder]
    tells("member_added", founder)
    for number in range(1, people):
        joined = members.join(room.table, name=f"Guest {number}", votes=True, secret=f"{number:032x}")
        tells("member_added", joined)
        seated.append(joined)
    asking_socket.set("1.2")
    tasks.add_tasks(founder, "One")
    for _ in range(2):
        for who in seated:
            room.plays(who, "5")
        room.ada = founder
        room.reveals()
        if room.round.number == 1:
            voting.vote_again(founder, room.round.id)
    voting.finalize(founder, room.task.id, estimate="5")
    lifecycle.end_session(founder)
    asking_socket.set(None)
    for who in seated:
        tells("member_removed", who)
        session.get_one(Member, who.id).left_at = clock.now()
        session.commit()
    # No two of these votes came close enough together to be told as one.
    sending = Sending(LARGE_ABOVE, apart=0)
    assert counted(room).total == messages_of(Meeting(people, tasks=1, rounds=2), sending)
