"""Members: listed, joining, their names and roles, leaving, removed, nudged."""

from flask import request
from pydantic import Field

from poker_app import rate_limits
from poker_app.accounts.api_tokens import Caller
from poker_app.api.models import Given, Taken
from poker_app.api.operations import is_ours, member_of, operation, user_at
from poker_app.api.session_models import Id, MemberGiven, SessionGiven, session_given
from poker_app.errors import Invalid, NotFound
from poker_app.poker.members import member_lookup, members
from poker_app.poker.models import PokerSession
from poker_app.poker.names import clean_name
from poker_app.poker.session import access, join_codes
from poker_app.poker.value.current import newest
from poker_app.rules.session.value import DELETED, NO_SUCH_MEMBER, Member, Session


class Joining(Taken):
    """How the token's member joins."""

    name: str | None = Field(None, description="How it is called: by default like the person, or the service.")
    votes: bool = Field(False, description="Whether it votes; otherwise it only watches.")
    password: str = Field("", description="The session's, if it has one. Teammates of its account need none.")


class JoiningByCode(Joining):
    """A join code, and how the token's member joins."""

    code: str = Field(examples=["4KK-PJJ"])


class ChangedMember(Taken):
    """What to change of the token's own member."""

    name: str | None = None
    votes: bool | None = Field(
        None, description="Whether it votes; otherwise it only watches, and its card is removed."
    )


class ChosenMember(Taken):
    """Another member."""

    member_id: Id


class MemberList(Given):
    """The members of a session, in the order they joined; removed ones are left out."""

    items: list[MemberGiven]


class Nudged(Given):
    """Who was asked for a card."""

    names: list[str] = Field(description="Empty where all have voted, or were asked moments ago.")


@operation("GET", "/sessions/{session_id}/members", "sessions:read")
def list_members(caller: Caller, table: PokerSession) -> MemberList:
    """List the members, in the order they joined."""
    value, me = newest(table.id).value, member_of(caller, table.id)
    return MemberList(items=[MemberGiven.of(each, value, me) for each in value.current_members])


@operation("GET", "/sessions/{session_id}/members/{member_id}", "sessions:read")
def read_member(caller: Caller, table: PokerSession, member_id: str) -> MemberGiven:
    """Read a member."""
    return _member(table.id, member_id, member_of(caller, table.id))


def _member(session_id: str, member_id: str, me: Member | None) -> MemberGiven:
    value = newest(session_id).value
    found = value.members.get(member_id)
    if found is None or found.removed_at:
        raise NotFound(NO_SUCH_MEMBER)
    return MemberGiven.of(found, value, me)


def _me(member: Member) -> MemberGiven:
    return _member(member.session_id, member.id, member)


@operation("POST", "/sessions/{session_id}/members", "sessions:write", status=201)
def join_session(caller: Caller, session_id: str, body: Joining) -> MemberGiven:
    """Join a session. A token that has a member there already keeps that member, under the new name.

    A token of the session's account needs no password, and joins where only teammates may. Where only programs
    facilitate so far, a teammate who joins becomes a facilitator too. The member is present for 90 seconds after each
    request that changes something, and away after that: its card is not awaited any more, and after two minutes without
    a facilitator another member can take over. Requests that only read do not count.
    """
    _spend()
    try:
        value = newest(session_id).value
    except NotFound:
        raise member_lookup.missing(session_id) from None
    return _me(_joined(caller, value, body))


@operation("POST", "/join", "sessions:write")
def join_by_code(caller: Caller, body: JoiningByCode) -> SessionGiven:
    """Join a session by its code."""
    _spend()
    found = join_codes.find(body.code, request.remote_addr or "")
    return session_given(_joined(caller, newest(found.id).value, body).session_id, caller)


def _spend() -> None:
    rate_limits.spend(members.JOINS.of_network(request.remote_addr or ""))


def _joined(caller: Caller, value: Session, body: Joining) -> Member:
    if value.deleted_at:
        raise NotFound(DELETED)
    user = user_at(caller, value)
    if not is_ours(caller, value.account_id):
        access.let_in(value, None, member_of(caller, value.id), body.password, request.remote_addr or "")
    return members.join(
        value,
        name=_cleaned(caller.member_name if body.name is None else body.name),
        votes=body.votes,
        secret=caller.secret,
        user=user,
        is_program=caller.membership.program is not None,
        hosts=user is not None and access.hosts(value, user),
    )


def _cleaned(name: str) -> str:
    try:
        return clean_name(name)
    except Invalid as invalid:
        raise Invalid(invalid.sentence, "name") from invalid


# --- the token's own member


@operation("GET", "/sessions/{session_id}/me", "sessions:read")
def read_own_member(member: Member) -> MemberGiven:
    """Read the token's own member."""
    return _me(member)


@operation("PATCH", "/sessions/{session_id}/me", "sessions:write")
def change_own_member(member: Member, body: ChangedMember) -> MemberGiven:
    """Rename the token's own member, or have it vote or only watch."""
    if body.name is not None:
        members.rename(member, _cleaned(body.name))
    if body.votes is not None:
        members.set_votes(member, body.votes)
    return _me(member)


@operation("DELETE", "/sessions/{session_id}/me", "sessions:write")
def leave_session(member: Member) -> None:
    """Leave the session. The member and a card that was played stay, for coming back."""
    members.leave(member)


@operation("POST", "/sessions/{session_id}/me/return", "sessions:write")
def come_back(member: Member) -> MemberGiven:
    """Come back after leaving: with the same name, role and card."""
    members.come_back(member)
    return _me(member)


# --- the facilitator's role


@operation("PUT", "/sessions/{session_id}/facilitators/{member_id}", "sessions:write")
def share_role(member: Member, member_id: str) -> MemberGiven:
    """Make another member a facilitator too. Facilitators may."""
    members.share_role(member, member_id)
    return _member(member.session_id, member_id, member)


@operation("POST", "/sessions/{session_id}/hand-over", "sessions:write")
def hand_over_role(member: Member, body: ChosenMember) -> MemberGiven:
    """Make another member the facilitator instead of the token's own. Facilitators may."""
    members.hand_over(member, body.member_id)
    return _member(member.session_id, body.member_id, member)


@operation("POST", "/sessions/{session_id}/step-down", "sessions:write")
def step_down(member: Member) -> MemberGiven:
    """Give the facilitator's role back. The last facilitator hands it over instead."""
    members.step_down(member)
    return _me(member)


@operation("POST", "/sessions/{session_id}/take-over", "sessions:write")
def take_over_role(member: Member) -> MemberGiven:
    """Become the facilitator of a session that has had none present for two minutes. Those away lose the role."""
    members.take_over(member)
    return _me(member)


# --- others


@operation("DELETE", "/sessions/{session_id}/members/{member_id}", "sessions:write")
def remove_member(member: Member, member_id: str) -> None:
    """Remove another member, with their card in an open round. Facilitators may.

    Votes of earlier rounds stay. The link lets them join again.
    """
    members.remove(member, member_id)


@operation("POST", "/sessions/{session_id}/members/{member_id}/nudge", "sessions:write")
def nudge_member(member: Member, member_id: str) -> Nudged:
    """Ask a member for a card, at most every 20 seconds. Facilitators may."""
    return Nudged(names=members.nudge(member, member_id))


@operation("POST", "/sessions/{session_id}/nudge", "sessions:write")
def nudge_members(member: Member) -> Nudged:
    """Ask all others who are present and have not voted for a card. Facilitators may."""
    return Nudged(names=members.nudge(member))
