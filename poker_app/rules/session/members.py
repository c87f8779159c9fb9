"""Rules of joining, roles, presence, leaving and coming back, removing, nudging, taking over."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from poker_app.rules import Refused, roles
from poker_app.rules.durations import in_words
from poker_app.rules.printable import likeness
from poker_app.rules.session.change import Change, Event, require_facilitator
from poker_app.rules.session.value import DELETED, ENDED, Member, Session

NUDGE_EVERY = timedelta(seconds=20)
NOT_FREE = (
    f"A facilitator is here, or was a moment ago. You can take over after {in_words(roles.TAKEOVER_AFTER)} without one."
)
FORMER = "Former member"


def unique_name(name: str, taken: Iterable[str]) -> str:
    """Returns the name itself, or with the first number that makes it look different from those taken: ``Ben``, ``Ben
    2``."""
    seen = {likeness(other) for other in taken}
    if likeness(name) not in seen:
        return name
    number = 2
    while likeness(f"{name} {number}") in seen:
        number += 1
    return f"{name} {number}"


def join(
    value: Session,
    now: datetime,
    *,
    name: str,
    votes: bool,
    secret_digest: str,
    user_id: str | None,
    new_id: str,
    most: int,
    full: str,
    is_program: bool = False,
    hosts: bool = False,
) -> Change:
    """Adds a member. One who is a member already, by the secret or as a user, stays that one, under the new name; one
    who was removed comes back without the facilitator's role. ``most`` members may be there at once. One who ``hosts``
    facilitates where only programs do so far. Answers with the member.

    Raises:
        Refused: missing, in a deleted session; conflict, in one that ended, and with ``full`` where there are ``most``.
    """
    if value.deleted_at:
        raise Refused("missing", DELETED)
    if value.ended_at:
        raise Refused("conflict", ENDED)
    known = value.member_of(secret_digest, user_id)
    others = [each for each in value.current_members if known is None or each.id != known.id]
    taken = sum(value.of_guests or each.left_at is None for each in others)
    if taken >= most and (known is None or known.removed_at):
        raise Refused("conflict", full)
    if known is None:
        known = Member(new_id, value.id, secret_digest, user_id, name, now, is_program=is_program)
    only_programs = all(each.is_program for each in value.facilitators)
    member = replace(
        known,
        name=unique_name(name, [each.name for each in others]),
        votes=votes,
        facilitates=(known.facilitates and known.removed_at is None) or (hosts and only_programs),
        away_since=None,
        left_at=None,
        removed_at=None,
    )
    value = value.with_member(member)
    if not votes:
        value = value.without_card_of(member.id)
    return replace(Change(value).then(Event.MEMBER_JOINED), answer=member)


def adopt(value: Session, now: datetime, *, secret_digest: str, user_id: str) -> Change:
    """Assigns a guest's member to the user who signs in, unless the user is a member already."""
    members = value.members.values()
    guest = next((each for each in members if each.user_id is None and each.secret_digest == secret_digest), None)
    if guest is None or any(each.user_id == user_id for each in members):
        return Change(value)
    return Change(value.with_member(replace(guest, user_id=user_id))).unannounced()


def rename(value: Session, me: Member, now: datetime, *, name: str) -> Change:
    """Changes the member's name."""
    others = [each.name for each in value.current_members if each.id != me.id]
    return Change(value.with_member(replace(me, name=unique_name(name, others)))).then(Event.ROLE_CHANGED)


def set_votes(value: Session, me: Member, now: datetime, *, votes: bool) -> Change:
    """Lets the member vote, or only watch. Watching removes their card from an open round."""
    if me.votes == votes:
        return Change(value)
    value = value.with_member(replace(me, votes=votes))
    return Change(value if votes else value.without_card_of(me.id)).then(Event.ROLE_CHANGED)


def leave(value: Session, me: Member, now: datetime) -> Change:
    """Marks the member as having left. The member and the played card stay, for coming back."""
    if me.has_left or value.ended_at:
        return Change(value)
    return Change(value.with_member(replace(me, left_at=now, away_since=None))).then(Event.MEMBER_LEFT)


def undo_leaving(value: Session, me: Member, now: datetime) -> Change:
    """Undoes leaving: the same name, role and card."""
    if not me.left_at:
        return Change(value)
    return Change(value.with_member(replace(me, away_since=None, left_at=None))).then(Event.MEMBER_JOINED)


# --- presence


def come_back(value: Session, now: datetime, *, member_id: str) -> Change:
    """Marks a member who was away or gone as present, after a request of theirs. A member who left by their own act
    stays so."""
    member = value.members.get(member_id)
    if member is None or member.removed_at or member.has_left or not member.absent or not value.running:
        return Change(value)
    return Change(value.with_member(replace(member, away_since=None, left_at=None))).then(Event.MEMBER_JOINED)


def lose(value: Session, now: datetime, *, member_ids: Collection[str]) -> Change:
    """Marks members who lost the connection as away from now on, unless they are away, left or removed already."""
    lost = [each for each in value.current_members if each.id in member_ids and not each.absent]
    if not lost or not value.running:
        return Change(value)
    away = {each.id: replace(each, away_since=now) for each in lost}
    return Change(replace(value, members={**value.members, **away})).then(Event.MEMBER_LEFT)


def give_up(value: Session, now: datetime) -> Change:
    """Marks members who have been away for ten minutes as gone, as of when they went away."""
    gone = {
        each.id: replace(each, left_at=each.away_since)
        for each in value.current_members
        if each.left_at is None and each.presence(now) == "gone"
    }
    if not gone or not value.running:
        return Change(value)
    return Change(replace(value, members={**value.members, **gone})).then(Event.MEMBER_LEFT)


def make_former(value: Session, now: datetime, *, member_id: str, secret_digest: str) -> Change:
    """Makes a member whose user is deleted a former one: without name, user and secret, and having left. A session that
    they ended shows the new name too."""
    member = value.members[member_id]
    name = unique_name(FORMER, [each.name for each in value.members.values() if each.id != member_id])
    if value.ended_by == member.name:
        value = replace(value, ended_by=name)
    former = replace(member, name=name, user_id=None, facilitates=False, secret_digest=secret_digest)
    if not value.running:
        return Change(value.with_member(former)).unannounced()
    former = replace(former, left_at=former.left_at or now)
    return Change(value.with_member(former)).then(Event.MEMBER_LEFT)


# --- the facilitator's role


def share_role(value: Session, me: Member, now: datetime, *, colleague_id: str) -> Change:
    """Make another member a facilitator too."""
    require_facilitator(me, "share the role")
    colleague = value.colleague(colleague_id)
    if colleague.facilitates:
        return Change(value)
    return Change(value.with_member(replace(colleague, facilitates=True))).then(Event.ROLE_CHANGED)


def hand_over(value: Session, me: Member, now: datetime, *, colleague_id: str) -> Change:
    """Make another member the facilitator instead of oneself."""
    require_facilitator(me, "hand over the role")
    colleague = value.colleague(colleague_id)
    if colleague.id == me.id:
        return Change(value)
    value = value.with_member(replace(colleague, facilitates=True)).with_member(replace(me, facilitates=False))
    return Change(value).then(Event.ROLE_CHANGED)


def step_down(value: Session, me: Member, now: datetime) -> Change:
    """Takes the facilitator's role from the member. The last facilitator hands over instead, so that a session always
    has one.

    Raises:
        Refused: conflict, for the last facilitator.
    """
    if not me.facilitates:
        return Change(value)
    if not any(each.id != me.id for each in value.facilitators):
        raise Refused("conflict", "You are the only facilitator. Hand the role over to somebody first.")
    return Change(value.with_member(replace(me, facilitates=False))).then(Event.ROLE_CHANGED)


def take_over(value: Session, me: Member, now: datetime) -> Change:
    """Makes the member the facilitator of a session that has had none present for ``TAKEOVER_AFTER``, or that they all
    left by their own act. Facilitators who are away or gone lose the role.

    Raises:
        Refused: conflict, while a facilitator is present, or was less than two minutes ago.
    """
    if me.facilitates:
        return Change(value)
    if not roles.free_to_take_over([each.left_at or each.away_since for each in value.facilitators], now):
        raise Refused("conflict", NOT_FREE)
    relieved = {each.id: replace(each, facilitates=False) for each in value.current_members if each.facilitates}
    members = {**value.members, **relieved, me.id: replace(me, facilitates=True)}
    return Change(replace(value, members=members)).then(Event.ROLE_CHANGED)


def remove(value: Session, me: Member, now: datetime, *, colleague_id: str) -> Change:
    """Removes a member: their card in an open round is deleted, their sockets are closed, the votes of earlier rounds
    stay.

    Raises:
        Refused: forbidden, for a member who is no facilitator; missing, where there is no such member; invalid, for
            oneself.
    """
    require_facilitator(me, "remove a member")
    colleague = value.colleague(colleague_id)
    if colleague.id == me.id:
        raise Refused("invalid", "You cannot remove yourself. Leave the session instead.")
    return send_away(value, now, member_id=colleague.id)


def send_away(value: Session, now: datetime, *, member_id: str) -> Change:
    """Removes a member, also from a session that does not run: it may be reopened. One who is removed already stays as
    they are."""
    member = value.members[member_id]
    if member.removed_at:
        return Change(value)
    value = value.with_member(replace(member, removed_at=now, facilitates=False)).without_card_of(member_id)
    return Change(value).then(Event.MEMBER_REMOVED, member=member_id)


def nudge(value: Session, me: Member, now: datetime, *, colleague_id: str | None = None) -> Change:
    """Asks a member who has not voted, or all others who are present, to vote: a hint on their screens, at most every
    20 seconds for each. A member who only watches, or who has voted, is not asked. Answers with the names of those who
    were asked."""
    require_facilitator(me, "nudge a member")
    if colleague_id is None:
        meant = [each for each in value.current_members if each.id != me.id and not each.absent]
    else:
        meant = [value.colleague(colleague_id)]
    asked = {
        each.id: replace(each, nudged_at=now)
        for each in meant
        if each.votes
        and each.id not in value.round.votes
        and (each.nudged_at is None or now - each.nudged_at >= NUDGE_EVERY)
    }
    if value.round.revealed_at or not asked:
        return Change(value, answer=[])
    change = Change(replace(value, members={**value.members, **asked}), answer=[each.name for each in asked.values()])
    return change.then(Event.MEMBER_NUDGED, member=" ".join(asked))
