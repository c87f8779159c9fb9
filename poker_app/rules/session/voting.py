"""Rules of votes, the reveal, the next round and the estimate.

Each function takes the session, the member who acts and the moment, and returns the ``Change``, or refuses.
"""

from dataclasses import replace
from datetime import datetime

from poker_app.rules import Refused
from poker_app.rules import round as rules
from poker_app.rules.deck import ranked
from poker_app.rules.plans import MAX_GUEST_ROUNDS
from poker_app.rules.session.change import Change, Event, require_facilitator, revealed, undoable
from poker_app.rules.session.rounds import ASIDE, Round, Vote
from poker_app.rules.session.tasks import MOVED_ON, go_on, leave_current
from poker_app.rules.session.value import Member, Session

ROUNDS_USED_UP = (
    f"All {MAX_GUEST_ROUNDS} rounds of a session without an account are played. A facilitator can sign up to go on: "
    "everything here stays."
)


def cast_vote(value: Session, me: Member, now: datetime, *, round_id: str, card: str) -> Change:
    """Casts a vote, or changes it. The same card again is a change like any other."""
    rules.may_vote(
        card=card,
        cards=value.cards,
        votes_here=me.votes,
        is_current=round_id == value.round.id,
        revealed=value.round.revealed_at is not None,
        change_after_reveal=value.change_after_reveal,
        ended=value.ended_at is not None,
    )
    if value.round.revealed_at is None:
        _require_rounds(value)
    votes = {**value.round.votes, me.id: Vote(round_id, me.id, card, now)}
    # Names that are hidden when a card is played stay hidden in this round, whatever is switched off meanwhile.
    played = replace(value.round, votes=votes, names_hidden=value.hides_names)
    return Change(value.with_round(played)).then(Event.VOTE)


def _require_rounds(value: Session) -> None:
    """Refuses another round where a session without an account has played all of its own. Nothing that was voted is
    lost by it."""
    if value.rounds_used_up:
        raise Refused("plan", ROUNDS_USED_UP)


def retract_vote(value: Session, me: Member, now: datetime, *, round_id: str) -> Change:
    """Removes the member's card. Without one, nothing changes."""
    rules.may_retract(
        votes_here=me.votes,
        is_current=round_id == value.round.id,
        revealed=value.round.revealed_at is not None,
        change_after_reveal=value.change_after_reveal,
        ended=value.ended_at is not None,
    )
    if me.id not in value.round.votes:
        return Change(value)
    left = {key: vote for key, vote in value.round.votes.items() if key != me.id}
    return Change(value.with_votes(left)).then(Event.VOTE)


def reveal(value: Session, me: Member, now: datetime, *, round_id: str) -> Change:
    """Reveals the cards. A second call changes nothing."""
    current = value.round
    if current.revealed_at and round_id == current.id and not value.ended_at:
        return Change(value)
    rules.may_reveal(
        facilitates=me.facilitates,
        anyone_may=value.anyone_reveals,
        revealed=current.revealed_at is not None,
        is_current=round_id == current.id,
        ended=value.ended_at is not None,
        votes=len(current.votes),
    )
    _require_rounds(value)
    return revealed(Change(value), now)


def vote_again(value: Session, me: Member, now: datetime, *, round_id: str, new_id: str) -> Change:
    """Opens the next round on the same task; the one before is kept. Before the reveal the cards were not seen: that
    round starts over, which can be undone. Without a vote in it nothing changes, so that a second click does no
    harm."""
    current, task = value.round, value.task
    rules.may_revote(
        facilitates=me.facilitates,
        revealed=current.revealed_at is not None,
        is_current=round_id == current.id,
        ended=value.ended_at is not None,
        # Another vote takes a saved estimate back, and that is a facilitator's to do.
        anyone_may=value.anyone_reveals and task.estimate is None,
    )
    if not current.revealed_at and not current.votes:
        return Change(value)
    if current.revealed_at:
        _require_rounds(value)
    number = current.number + 1 if current.revealed_at else current.number
    # A round that starts over has a new id too: a vote already on its way to the old one is not counted in it.
    opened = Round(id=new_id, task_id=task.id, number=number, opened_at=now)
    if current.revealed_at:
        rounds = value.rounds.followed_by(opened, value.cards)
    else:
        rounds = replace(value.rounds, newest=opened, aside=replace(current, number=ASIDE))
    again = replace(
        task, estimate=None, estimated_at=None, current_since=task.current_since or now, newest=opened.number
    )
    after = replace(value.with_task(again), current_round_id=opened.id, rounds=rounds)
    change = Change(after.without_timer()).then(Event.ROUND_OPENED, tasks=True)
    return change if current.revealed_at else undoable(value, change)


def finalize(
    value: Session,
    me: Member,
    now: datetime,
    *,
    task_id: str,
    estimate: str,
    note: str,
    new_ids: tuple[str, str],
    round_id: str | None = None,
) -> Change:
    """Records the agreed card as the task's estimate and goes on to the next task. The same again changes nothing.

    Raises:
        Refused: forbidden, for a member who is no facilitator; conflict, in another round than ``round_id``, where that
            is given, and while the cards are hidden; invalid, for a card that does not count.
    """
    require_facilitator(me, "finalize an estimate")
    task, is_current = value.task_here(task_id), task_id == value.current_task_id
    if task.estimate == estimate and (task.note == note or not is_current):
        return Change(value)
    if not is_current:
        raise Refused("conflict", MOVED_ON)
    rules.must_be_current(round_id, value.round.id)
    if value.round.revealed_at is None:
        raise Refused("conflict", "Reveal the cards before you finalize an estimate.")
    if estimate not in ranked(value.cards):
        raise Refused("invalid", "An estimate is a card of the deck that counts.", "estimate")
    saved = value.with_task(replace(task, estimate=estimate, note=note, estimated_at=now))
    gone_on = go_on(leave_current(saved, now), now, new_ids)
    return undoable(value, Change(gone_on).then(Event.TASK_FINALIZED, tasks=True))
