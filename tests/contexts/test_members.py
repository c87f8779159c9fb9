"""Sitting down, roles, and getting up."""

from dataclasses import replace

import pytest

from poker_app import ids
from poker_app.billing import current_plan
from poker_app.db import session
from poker_app.poker.members import member_lookup, members, presence
from poker_app.poker.models import Member
from poker_app.poker.round import voting
from poker_app.poker.session import lifecycle
from tests.cast import Clock
from tests.world.actions import Room

ENDED = "The session has ended."
NOBODY = "That member is not in this session any more."
SECRET = "5" * 32


# --- joining


def test_joining_takes_a_seat(room: Room, clock: Clock) -> None:
    with room.announces("member-joined"):
        dora = room.seat("  Dora \n Weiss ", secret=SECRET)
    assert (dora.name, dora.role, dora.facilitates, dora.votes) == ("Dora Weiss", "voter", False, True)
    assert (dora.joined_at, dora.seen_at) == (clock.now(), clock.now())
    assert dora.secret_digest == ids.digest(SECRET)
    assert room.cleo.role == "spectator"
    assert room.ada.role == "facilitator"


def test_the_same_browser_is_the_same_member(room: Room, clock: Clock) -> None:
    dora = room.seat("Dora", secret=SECRET)
    room.plays(dora, "5")
    clock.forward(days=7)
    again = room.seat("Dora", secret=SECRET)
    assert again is dora
    assert session.query(Member).count() == 4
    assert room.cards() == {"Dora": "5"}
    assert room.seat("Dora W", secret=SECRET).name == "Dora W"


def test_the_same_browser_is_somebody_else_in_another_session(room: Room) -> None:
    dora = room.seat("Dora", secret=SECRET)
    other = Room(room.announced)
    there = other.seat("Dora", secret=SECRET)
    assert there is not dora
    found = [member_lookup.find_member(each.table.id, SECRET) for each in (room, other)]
    assert [each and each.id for each in found] == [dora.id, there.id]
    assert member_lookup.find_member(room.table.id, "6" * 32) is None


def test_a_taken_name_is_told_apart(room: Room) -> None:
    names = [room.seat("Ben").name, room.seat("ben").name, room.seat("Ben 2").name]
    assert names == ["Ben 2", "ben 3", "Ben 2 2"]


def test_who_comes_back_keeps_the_name_without_a_number(room: Room) -> None:
    room.seat("Dora", secret=SECRET)
    assert room.seat("Dora", secret=SECRET).name == "Dora"


def test_a_removed_member_s_name_is_free(room: Room) -> None:
    members.remove(room.ada, room.ben.id)
    assert room.seat("Ben").name == "Ben"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Enter your name."),
        (" \t\n", "Enter your name."),
        ("\u200b\0\u202e", "Enter your name."),
        ("x" * 41, "A name has at most 40 characters; this one has 41."),
        ("x" * 10_000, "A name has at most 40 characters; this one has 10000."),
    ],
)
def test_names_that_are_none(room: Room, name: str, sentence: str) -> None:
    with room.refused(422, sentence):
        room.seat(name)
    with room.refused(422, sentence):
        members.rename(room.ben, name)


def test_a_table_has_an_end(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_plan, "EVERYTHING", replace(current_plan.EVERYTHING, members=3))
    with room.refused(409, "The session is full: it is for 3 people."):
        room.seat("Dora")
    members.remove(room.ada, room.ben.id)
    room.seat("Dora")


def test_nobody_joins_after_the_end(room: Room) -> None:
    lifecycle.end_session(room.ada)
    with room.refused(409, ENDED):
        room.seat("Dora")


def test_a_facilitator_who_comes_back_still_facilitates(room: Room) -> None:
    secret = "7" * 32
    room.ada.secret_digest = ids.digest(secret)
    session.commit()
    members.leave(room.ada)
    assert room.seat("Ada", secret=secret) is room.ada
    assert room.ada.facilitates
    assert room.ada.left_at is None


def test_coming_back_to_watch_takes_the_card_along(room: Room) -> None:
    dora = room.seat("Dora", secret=SECRET)
    room.plays(dora, "5")
    room.seat("Dora", votes=False, secret=SECRET)
    assert (dora.role, room.cards()) == ("spectator", {})


# --- names and hands


def test_going_by_another_name(room: Room) -> None:
    with room.announces("role-changed"):
        members.rename(room.ben, " Benjamin ")
    assert room.ben.name == "Benjamin"
    members.rename(room.ben, "ADA")
    assert room.ben.name == "ADA 2"
    lifecycle.end_session(room.ada)
    with room.refused(409, ENDED):
        members.rename(room.ben, "Ben")


def test_taking_and_putting_down_a_hand(room: Room) -> None:
    with room.announces("role-changed"):
        members.set_votes(room.cleo, True)
    room.plays(room.cleo, "5")
    assert room.cleo.role == "voter"
    with room.nothing_happens():
        members.set_votes(room.cleo, True)
    with room.announces("role-changed"):
        members.set_votes(room.cleo, False)
    assert room.cards() == {}
    assert room.cleo.role == "spectator"


def test_a_card_that_lies_face_up_stays(room: Room) -> None:
    room.plays(room.ben, "5")
    room.reveals()
    members.set_votes(room.ben, False)
    assert room.cards() == {"Ben": "5"}


def test_a_facilitator_may_watch(room: Room) -> None:
    members.set_votes(room.ada, False)
    assert (room.ada.role, room.ada.votes) == ("facilitator", False)
    with room.refused(403):
        room.plays(room.ada, "5")


# --- leaving


def test_leaving_keeps_the_card_and_the_seat(room: Room, clock: Clock) -> None:
    room.plays(room.ben, "5")
    with room.announces("member-left"):
        members.leave(room.ben)
    assert room.ben.left_at == clock.now()
    assert room.ben.presence(clock.now()) == "gone"
    assert room.cards() == {"Ben": "5"}
    with room.nothing_happens():
        members.leave(room.ben)
    with room.announces("member-joined"):
        members.come_back(room.ben)
    assert (room.ben.left_at, room.ben.votes, room.cards()) == (None, True, {"Ben": "5"})
    with room.nothing_happens():
        members.come_back(room.ben)


def test_who_left_does_nothing_at_the_table(room: Room) -> None:
    """A page that was left behind sends what it likes: only coming back and joining are acts of coming back."""
    room.plays(room.ben, "5")
    members.leave(room.ben)
    before, left_at = room.cards(), room.ben.left_at
    for verb in (
        lambda: room.plays(room.ben, "8"),
        lambda: voting.retract_vote(room.ben, room.round.id),
        lambda: voting.reveal(room.ben, room.round.id),
        lambda: members.rename(room.ben, "Benjamin"),
        lambda: members.set_votes(room.ben, False),
        lambda: members.take_over(room.ben),
    ):
        with room.refused(409, "You left this session. Come back to go on."):
            verb()
    session.expire_all()
    assert (room.cards(), room.ben.left_at) == (before, left_at)
    lifecycle.end_session(room.ada)
    with room.refused(409, ENDED):
        members.come_back(room.ben)


def test_leaving_an_ended_session_changes_nothing(room: Room) -> None:
    lifecycle.end_session(room.ada)
    with room.nothing_happens():
        members.leave(room.ben)


# --- the facilitator's role


def test_sharing_the_role(room: Room) -> None:
    with room.announces("role-changed"):
        members.share_role(room.ada, room.ben.id)
    assert room.ada.facilitates
    assert room.ben.facilitates
    with room.nothing_happens():
        members.share_role(room.ada, room.ben.id)


def test_handing_the_role_over(room: Room) -> None:
    with room.announces("role-changed"):
        members.hand_over(room.ada, room.cleo.id)
    assert (room.ada.facilitates, room.cleo.facilitates) == (False, True)
    with room.refused(403, "Only a facilitator may hand over the role."):
        members.hand_over(room.ada, room.cleo.id)
    with room.nothing_happens():
        members.hand_over(room.cleo, room.cleo.id)


def test_stepping_down(room: Room) -> None:
    with room.refused(409, "You are the only facilitator. Hand the role over to somebody first."):
        members.step_down(room.ada)
    members.share_role(room.ada, room.ben.id)
    with room.announces("role-changed"):
        members.step_down(room.ada)
    assert (room.ada.facilitates, room.ben.facilitates) == (False, True)
    with room.nothing_happens():
        members.step_down(room.ada)


def test_the_last_facilitator_is_not_relieved_by_one_who_was_removed(room: Room) -> None:
    members.share_role(room.ada, room.ben.id)
    members.remove(room.ada, room.ben.id)
    with room.refused(409):
        members.step_down(room.ada)


ROLE_VERBS = {
    "share the role": members.share_role,
    "hand over the role": members.hand_over,
    "remove a member": members.remove,
    "nudge a member": members.nudge,
}


@pytest.mark.parametrize("what", list(ROLE_VERBS))
def test_only_facilitators_and_only_about_those_at_the_table(room: Room, what: str) -> None:
    verb = ROLE_VERBS[what]
    other = Room(room.announced)
    for member in (room.ben, room.cleo):
        with room.refused(403, f"Only a facilitator may {what}."):
            verb(member, room.ada.id)
    for stranger in (other.ben.id, "nonsense", ""):
        with room.refused(404, NOBODY):
            verb(room.ada, stranger)
    members.remove(room.ada, room.ben.id)
    with room.refused(404, NOBODY):
        verb(room.ada, room.ben.id)
    lifecycle.end_session(room.ada)
    with room.refused(409, ENDED):
        verb(room.ada, room.cleo.id)


# --- taking over

TOO_SOON = "A facilitator is here, or was a moment ago. You can take over after 2 minutes without one."


def test_nobody_takes_over_while_a_facilitator_is_here(room: Room) -> None:
    with room.refused(409, TOO_SOON):
        members.take_over(room.ben)


def test_who_leaves_by_the_button_is_replaced_at_once(room: Room) -> None:
    members.share_role(room.ada, room.cleo.id)
    members.leave(room.ada)
    with room.refused(409, "You are the only facilitator. Hand the role over to somebody first."):
        members.step_down(room.cleo)
    with room.refused(409, TOO_SOON):
        members.take_over(room.ben)
    members.leave(room.cleo)
    with room.announces("role-changed"):
        members.take_over(room.ben)
    members.come_back(room.ada)
    assert [member.name for member in (room.ada, room.ben, room.cleo) if member.facilitates] == ["Ben"]


def test_after_two_minutes_without_a_facilitator_anybody_takes_over(room: Room, clock: Clock) -> None:
    _loses_connection(room, room.ada)
    clock.forward(seconds=119)
    with room.refused(409, TOO_SOON):
        members.take_over(room.ben)
    clock.forward(seconds=1)
    with room.announces("role-changed"):
        members.take_over(room.ben)
    assert (room.ada.facilitates, room.ben.facilitates) == (False, True)
    with room.nothing_happens():
        members.take_over(room.ben)
    with room.refused(409, TOO_SOON):
        members.take_over(room.cleo)


def test_two_minutes_count_from_the_last_facilitator_s_leaving(room: Room, clock: Clock) -> None:
    members.share_role(room.ada, room.cleo.id)
    _loses_connection(room, room.ada)
    clock.forward(minutes=5)
    with room.refused(409, TOO_SOON):
        members.take_over(room.ben)
    _loses_connection(room, room.cleo)
    clock.forward(seconds=60)
    with room.refused(409, TOO_SOON):
        members.take_over(room.ben)
    clock.forward(seconds=60)
    members.take_over(room.ben)
    assert [member.name for member in (room.ada, room.ben, room.cleo) if member.facilitates] == ["Ben"]


def test_a_facilitator_who_came_back_in_time_keeps_the_role(room: Room, clock: Clock) -> None:
    members.leave(room.ada)
    clock.forward(minutes=3)
    members.come_back(room.ada)
    with room.refused(409, TOO_SOON):
        members.take_over(room.ben)
    assert room.ada.facilitates


def _loses_connection(room: Room, who: Member) -> None:
    presence.handle_webhook([{"name": "member_removed", "channel": _channel(room), "user_id": who.id}])


def _channel(room: Room) -> str:
    return f"presence-planning-poker-{room.table.id}"


# --- removing


def test_removing_a_member(room: Room, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []
    monkeypatch.setattr("poker_app.realtime.end_connections", lambda user_id: ended.append(user_id) or True)
    room.plays(room.ben, "5")
    room.reveals()
    first = room.round.id
    voting.vote_again(room.ada, first)
    room.plays(room.ben, "8")
    with room.announces("member-removed"):
        members.remove(room.ada, room.ben.id)
    assert room.announced.data[-1]["member"] == room.ben.id
    assert ended == [room.ben.id]
    assert room.ben.removed_at == clock.now()
    assert room.cards() == {}
    assert room.cards(first) == {"Ben": "5"}


def test_a_refused_removal_ends_no_connection(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []
    monkeypatch.setattr("poker_app.realtime.end_connections", ended.append)
    with room.refused(403):
        members.remove(room.ben, room.cleo.id)
    with room.refused(422, "You cannot remove yourself. Leave the session instead."):
        members.remove(room.ada, room.ada.id)
    assert ended == []


def test_a_removed_facilitator_may_join_again_without_the_role(room: Room) -> None:
    dora = room.seat("Dora", secret=SECRET)
    members.share_role(room.ada, dora.id)
    members.remove(room.ada, dora.id)
    assert not dora.facilitates
    with room.announces("member-joined"):
        assert room.seat("Dora", secret=SECRET) is dora
    assert (dora.removed_at, dora.role) == (None, "voter")
    room.plays(dora, "5")


def test_a_member_removed_long_ago_never_keeps_the_role(room: Room) -> None:
    """Whatever the row says of it."""
    dora = room.seat("Dora", secret=SECRET)
    members.remove(room.ada, dora.id)
    dora.facilitates = True
    session.commit()
    assert not room.seat("Dora", secret=SECRET).facilitates


# --- nudging


def test_a_nudge_names_who_is_meant(room: Room, clock: Clock) -> None:
    with room.announces("member-nudged"):
        members.nudge(room.ada, room.ben.id)
    assert room.announced.data[-1]["member"] == room.ben.id
    assert room.ben.nudged_at == clock.now()


def test_nudges_come_at_most_every_twenty_seconds(room: Room, clock: Clock) -> None:
    members.nudge(room.ada, room.ben.id)
    clock.forward(seconds=19)
    with room.nothing_happens():
        members.nudge(room.ada, room.ben.id)
    dora = room.seat("Dora")
    with room.announces("member-nudged"):
        members.nudge(room.ada, dora.id)
    clock.forward(seconds=1)
    with room.announces("member-nudged"):
        members.nudge(room.ada, room.ben.id)


def test_one_nudge_asks_all_who_are_missing_by_one_event(room: Room, clock: Clock) -> None:
    dora, emil, fay, gil = (room.seat(name) for name in ("Dora", "Emil", "Fay", "Gil"))
    room.plays(dora, "5")
    members.leave(emil)
    members.nudge(room.ada, fay.id)
    clock.forward(seconds=19)
    with room.announces("member-nudged"):
        assert sorted(members.nudge(room.ada)) == ["Ben", "Gil"]
    assert set(room.announced.data[-1]["member"].split()) == {room.ben.id, gil.id}
    clock.forward(seconds=1)
    with room.announces("member-nudged"):
        assert members.nudge(room.ada) == ["Fay"]
    with room.nothing_happens():
        assert members.nudge(room.ada) == []


def test_who_has_no_card_to_play_is_left_in_peace(room: Room) -> None:
    with room.nothing_happens():
        members.nudge(room.ada, room.cleo.id)
    room.plays(room.ben, "5")
    with room.nothing_happens():
        members.nudge(room.ada, room.ben.id)
    room.reveals()
    with room.nothing_happens():
        members.nudge(room.ada, room.ada.id)
