"""Who is here: by their requests, and by what the realtime engine tells."""

import pytest

from poker_app.db import session
from poker_app.poker.members import members, presence
from poker_app.poker.models import Member
from poker_app.poker.round import voting
from poker_app.poker.session import lifecycle
from tests.cast import Clock
from tests.world.actions import Room


def told(room: Room, name: str, member: Member | str = "", session_id: str = "") -> dict[str, str]:
    """An event of the engine's webhook."""
    event = {"name": name, "channel": f"presence-planning-poker-{session_id or room.table.id}"}
    return {**event, "user_id": member if isinstance(member, str) else member.id} if member else event


def everybody(room: Room, clock: Clock) -> dict[str, str]:
    session.expire_all()
    return {member.name: member.presence(clock.now()) for member in (room.ada, room.ben, room.cleo)}


ALL_HERE = {"Ada": "present", "Ben": "present", "Cleo": "present"}


# --- by requests


def test_being_seen_is_noted_every_twenty_seconds(room: Room, clock: Clock) -> None:
    first = clock.now()
    clock.forward(seconds=19)
    presence.note_seen(room.ben)
    assert room.ben.seen_at == first
    clock.forward(seconds=1)
    with room.nothing_happens():
        presence.note_seen(room.ben)
    assert room.ben.seen_at == clock.now()


def test_the_silent_are_away_after_ninety_seconds(room: Room, clock: Clock) -> None:
    clock.forward(seconds=90)
    with room.nothing_happens():
        presence.sweep(room.table.id)
    presence.note_seen(room.ada)
    presence.note_seen(room.cleo)
    clock.forward(seconds=1)
    with room.announces("member-left"):
        presence.sweep(room.table.id)
    assert everybody(room, clock) == {**ALL_HERE, "Ben": "away"}
    with room.nothing_happens():
        presence.sweep(room.table.id)


def test_several_fall_silent_in_one_event(room: Room, clock: Clock) -> None:
    clock.forward(seconds=91)
    presence.note_seen(room.ada)
    with room.announces("member-left"):
        presence.sweep(room.table.id)
    assert everybody(room, clock) == {"Ada": "present", "Ben": "away", "Cleo": "away"}


def test_a_silent_browser_with_an_open_socket_is_here(
    room: Room, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr("poker_app.realtime.present", lambda channel: asked.append(channel) or {room.ben.id})
    clock.forward(seconds=91)
    presence.note_seen(room.ada)
    with room.announces("member-left"):
        presence.sweep(room.table.id)
    assert everybody(room, clock) == {**ALL_HERE, "Cleo": "away"}
    assert asked == [f"presence-planning-poker-{room.table.id}"]
    assert room.ben.seen_at == clock.now()


def test_the_away_are_gone_after_ten_minutes(room: Room, clock: Clock) -> None:
    presence.handle_webhook([told(room, "member_removed", room.ben)])
    since = clock.now()
    for _ in range(10):
        clock.forward(seconds=59)
        presence.note_seen(room.ada)
        presence.note_seen(room.cleo)
    with room.nothing_happens():
        presence.sweep(room.table.id)
    assert everybody(room, clock)["Ben"] == "away"
    clock.forward(seconds=11)
    with room.announces("member-left"):
        presence.sweep(room.table.id)
    assert everybody(room, clock)["Ben"] == "gone"
    assert room.ben.left_at == since
    with room.nothing_happens():
        presence.sweep(room.table.id)


def test_who_was_silent_for_long_is_back_with_the_next_request(room: Room, clock: Clock) -> None:
    presence.handle_webhook([told(room, "member_removed", room.ben)])
    clock.forward(minutes=10)
    presence.sweep(room.table.id)
    assert everybody(room, clock)["Ben"] == "gone"
    with room.announces("member-joined"):
        presence.note_seen(room.ben)
    assert everybody(room, clock)["Ben"] == "present"


@pytest.mark.parametrize("lost", [False, True])
def test_who_left_is_not_brought_back_by_being_heard_from(room: Room, clock: Clock, lost: bool) -> None:
    """A tab that was forgotten polls, and its socket comes back: nobody waits for them all the same."""
    room.lets(auto_reveal=True)
    room.plays(room.ada, "5")
    if lost:
        presence.handle_webhook([told(room, "member_removed", room.ben)])
    members.leave(room.ben)
    room.announced.clear()
    assert room.revealed
    voting.vote_again(room.ada, room.round.id)
    room.announced.clear()
    clock.forward(seconds=30)
    with room.nothing_happens():
        presence.note_seen(room.ben)
        presence.handle_webhook([told(room, "member_added", room.ben), told(room, "member_removed", room.ben)])
        presence.sweep(room.table.id)
    assert everybody(room, clock)["Ben"] == "gone"
    assert room.ben.id not in presence.here(f"presence-planning-poker-{room.table.id}")
    room.plays(room.ada, "5")
    assert room.revealed


def test_who_is_back_is_here_at_once(room: Room, clock: Clock) -> None:
    presence.handle_webhook([told(room, "member_removed", room.ben)])
    with room.announces("member-joined"):
        presence.note_seen(room.ben)
    assert everybody(room, clock) == ALL_HERE


def test_the_removed_and_the_ended_are_left_alone(room: Room, clock: Clock) -> None:
    members.remove(room.ada, room.cleo.id)
    lifecycle.end_session(room.ada)
    clock.forward(seconds=91)
    with room.nothing_happens():
        presence.sweep(room.table.id)
        presence.handle_webhook([told(room, "member_removed", room.ben), told(room, "channel_vacated")])
    assert room.cleo.away_since is None


# --- by webhooks


def test_going_and_coming(room: Room, clock: Clock) -> None:
    with room.announces("member-left"):
        presence.handle_webhook([told(room, "member_removed", room.ben)])
    assert room.ben.away_since == clock.now()
    with room.announces("member-joined"):
        presence.handle_webhook([told(room, "member_added", room.ben)])
    assert everybody(room, clock) == ALL_HERE


def test_told_twice_is_told_once(room: Room, clock: Clock) -> None:
    presence.handle_webhook([told(room, "member_removed", room.ben)])
    since = clock.now()
    clock.forward(seconds=5)
    with room.nothing_happens():
        presence.handle_webhook([told(room, "member_removed", room.ben)])
    assert room.ben.away_since == since
    presence.handle_webhook([told(room, "member_added", room.ben)])
    with room.nothing_happens():
        presence.handle_webhook([told(room, "member_added", room.ben)])


def test_both_in_one_webhook(room: Room, clock: Clock) -> None:
    with room.announces("member-left", "member-joined"):
        presence.handle_webhook([told(room, "member_removed", room.ben), told(room, "member_added", room.ben)])
    assert everybody(room, clock) == ALL_HERE


def test_a_late_goodbye_is_healed_by_the_next_request(room: Room, clock: Clock) -> None:
    presence.handle_webhook([told(room, "member_removed", room.ben)])
    assert everybody(room, clock)["Ben"] == "away"
    presence.note_seen(room.ben)
    assert everybody(room, clock) == ALL_HERE


def test_a_late_goodbye_of_who_left_or_was_removed(room: Room) -> None:
    members.leave(room.ben)
    members.remove(room.ada, room.cleo.id)
    with room.nothing_happens():
        presence.handle_webhook([told(room, "member_removed", room.ben), told(room, "member_removed", room.cleo)])


def test_a_late_greeting_of_who_was_removed(room: Room) -> None:
    members.remove(room.ada, room.ben.id)
    with room.nothing_happens():
        presence.handle_webhook([told(room, "member_added", room.ben)])
    assert room.ben.removed_at is not None


def test_an_empty_channel_leaves_those_at_the_table_who_ask_without_a_socket(room: Room, clock: Clock) -> None:
    with room.nothing_happens():
        presence.handle_webhook([told(room, "channel_vacated")])
    clock.forward(seconds=91)
    presence.note_seen(room.ben)
    with room.announces("member-left"):
        presence.handle_webhook([told(room, "channel_vacated")])
    assert everybody(room, clock) == {**dict.fromkeys(ALL_HERE, "away"), "Ben": "present"}


def test_who_has_come_back_before_the_news_of_leaving_is_here(
    room: Room, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("poker_app.realtime.present", lambda channel: {room.ben.id})
    with room.nothing_happens():
        presence.handle_webhook([told(room, "member_removed", room.ben)])
    with room.announces("member-left"):
        presence.handle_webhook([told(room, "member_removed", room.cleo)])


def test_an_engine_that_does_not_answer_is_asked_again(
    room: Room, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer: list[set[str] | None] = [None]
    monkeypatch.setattr("poker_app.realtime.present", lambda channel: answer[0])
    presence.handle_webhook([told(room, "member_removed", room.ben)])
    session.expire_all()
    assert everybody(room, clock) == ALL_HERE
    clock.forward(seconds=31)
    with room.nothing_happens():
        presence.sweep(room.table.id)
    answer[0] = {room.ben.id}
    presence.sweep(room.table.id)
    session.expire_all()
    assert (everybody(room, clock), room.ben.seen_at) == (ALL_HERE, clock.now())


def test_where_the_engine_never_answers_silence_counts_after_three_minutes(
    room: Room, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("poker_app.realtime.present", lambda channel: None)
    clock.forward(seconds=180)
    with room.nothing_happens():
        presence.sweep(room.table.id)
    clock.forward(seconds=1)
    with room.announces("member-left"):
        presence.sweep(room.table.id)


def test_what_is_unknown_is_passed_over(room: Room) -> None:
    other = Room(room.announced)
    members.leave(other.ben)
    room.announced.clear()
    with room.nothing_happens():
        presence.handle_webhook(
            [
                {},
                {"name": "member_removed"},
                {"name": "member_removed", "channel": "private-other", "user_id": room.ben.id},
                told(room, "member_removed"),
                told(room, "member_removed", "nonsense"),
                told(room, "member_added", "nonsense"),
                told(room, "member_removed", room.ben, session_id="nonsense"),
                told(room, "member_removed", other.cleo),
                told(room, "member_added", other.ben),
                told(room, "channel_occupied"),
                told(room, "client_event", room.ben),
            ]
        )


# --- where the engine cannot tell


def closes(room: Room, member: Member) -> None:
    presence.may_have_left(f"presence-planning-poker-{room.table.id}", member.id)


def test_whose_only_socket_closed_is_away_half_a_minute_later(room: Room, clock: Clock) -> None:
    with room.nothing_happens():
        closes(room, room.ben)
    assert everybody(room, clock) == ALL_HERE
    clock.forward(seconds=31)
    for other in (room.ada, room.cleo):
        presence.note_seen(other)
    with room.announces("member-left"):
        presence.sweep(room.table.id)
    assert everybody(room, clock) == {**ALL_HERE, "Ben": "away"}


def test_whose_other_tab_asks_meanwhile_is_here(room: Room, clock: Clock) -> None:
    closes(room, room.ben)
    session.expire_all()
    clock.forward(seconds=25)
    presence.note_seen(room.ben)
    clock.forward(seconds=30)
    with room.nothing_happens():
        presence.sweep(room.table.id)
    assert everybody(room, clock) == ALL_HERE


def test_a_socket_that_closes_late_makes_nobody_seem_younger_or_another(room: Room, clock: Clock) -> None:
    clock.forward(seconds=80)
    before = room.ben.seen_at
    closes(room, room.ben)
    for channel, member in (
        ("presence-planning-poker-other", room.ben.id),
        ("nonsense", room.ben.id),
        (f"presence-planning-poker-{room.table.id}", "\0"),
    ):
        presence.may_have_left(channel, member)
    session.expire_all()
    assert room.ben.seen_at == before


def test_who_is_here_by_their_own_requests(room: Room) -> None:
    channel = f"presence-planning-poker-{room.table.id}"
    assert presence.here(channel) == {each.id: {"name": each.name} for each in (room.ada, room.ben, room.cleo)}
    presence.handle_webhook([told(room, "member_removed", room.ben)])
    assert room.ben.id not in presence.here(channel)
    assert presence.here("nonsense") == {}
