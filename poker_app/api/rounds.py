"""Rounds: the one on the table, one's own card in it, the reveal, voting again, and undo."""

from pydantic import Field

from poker_app.accounts.api_tokens import Caller
from poker_app.api.models import Given, Taken
from poker_app.api.operations import operation
from poker_app.api.session_models import Id, RoundGiven, SessionGiven, session_given
from poker_app.errors import NotFound
from poker_app.poker.members import presence
from poker_app.poker.models import PokerSession
from poker_app.poker.round import voting
from poker_app.poker.value.current import newest, view_of
from poker_app.rules.session.value import Member


class Vote(Taken):
    """A card to play."""

    card: str = Field(description="A card of the session's deck.", examples=["5"])


class OwnVote(Given):
    """The card of the token's own member, which no other token reads before the reveal."""

    card: str | None = Field(description="Null without one.")


class SeenRound(Taken):
    """The round that was seen."""

    round_id: Id


@operation("GET", "/sessions/{session_id}/round", "sessions:read")
def read_round(table: PokerSession) -> RoundGiven:
    """Read the round on the table.

    Ask with `If-None-Match` to watch it: the answer is 304 while nothing has changed.
    """
    presence.sweep(table.id)
    return RoundGiven.of(view_of(table.id))


@operation("GET", "/sessions/{session_id}/rounds/{round_id}/vote", "sessions:read")
def read_own_vote(member: Member, round_id: str) -> OwnVote:
    """Read the card of the token's own member in the round on the table.

    Raises:
        NotFound: (404) another round is on the table.
    """
    value = newest(member.session_id).value
    if round_id != value.round.id:
        raise NotFound("That round is not on the table.")
    return OwnVote(card=value.card_of(member))


@operation("PUT", "/sessions/{session_id}/rounds/{round_id}/vote", "sessions:write")
def vote(member: Member, round_id: str, body: Vote) -> OwnVote:
    """Play a card, or another one instead. Voters may.

    The round is named, so that a card that comes late does not count in the next one.
    """
    voting.cast_vote(member, round_id, body.card)
    return OwnVote(card=body.card)


@operation("DELETE", "/sessions/{session_id}/rounds/{round_id}/vote", "sessions:write")
def retract_vote(member: Member, round_id: str) -> None:
    """Take the own card back. Without one, nothing changes."""
    voting.retract_vote(member, round_id)


@operation("POST", "/sessions/{session_id}/rounds/{round_id}/reveal", "sessions:write")
def reveal_round(member: Member, round_id: str) -> RoundGiven:
    """Reveal the cards. Facilitators may, and every member where the session lets everybody.

    Revealing them again changes nothing.
    """
    voting.reveal(member, round_id)
    return RoundGiven.of(view_of(member.session_id))


@operation("POST", "/sessions/{session_id}/rounds", "sessions:write")
def vote_again(caller: Caller, member: Member, body: SeenRound) -> SessionGiven:
    """Open the next round on the same task. Facilitators may, and after the reveal every member where the session lets
    everybody.

    Before the reveal the round starts over, which can be undone; without a card in it nothing changes.
    """
    voting.vote_again(member, body.round_id)
    return session_given(member.session_id, caller)


@operation("POST", "/sessions/{session_id}/changes/{version}/undo", "sessions:write")
def undo_change(caller: Caller, member: Member, version: int) -> SessionGiven:
    """Undo the estimate, the skip, the restarted vote or the added tasks that made a version. Facilitators may.

    `undo` of the session names that version. Once something else has changed the tasks, nothing can be undone.
    """
    voting.undo(member, version)
    return session_given(member.session_id, caller)
