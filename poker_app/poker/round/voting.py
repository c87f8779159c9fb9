"""A round: voting, retracting, revealing, voting again, and finalizing the estimate."""

from functools import partial

from poker_app import ids, metrics
from poker_app.errors import Invalid
from poker_app.poker.change import Holder, asking_socket, change
from poker_app.poker.publishing import events
from poker_app.rules.session import voting as rules
from poker_app.rules.session.undo import undo as take_back

MAX_NOTE = 500


def cast_vote(who: Holder, round_id: str, card: str) -> int:
    """Casts a vote, or changes it. Where the session reveals by itself, the last present voter's card turns the cards
    over.

    The same card again is published like any other change: the traffic must not show that it was the same. Returns the
    session's version that has the vote.
    """
    rule = partial(rules.cast_vote, round_id=round_id, card=card)
    made = change(who, rule, after_end=True, seen=True, to_all=_reaches_asker(who))
    metrics.count_vote()
    return made.value.version


def retract_vote(who: Holder, round_id: str) -> int:
    """Removes the member's card. Without one, nothing changes. Returns the session's version then."""
    rule = partial(rules.retract_vote, round_id=round_id)
    return change(who, rule, after_end=True, to_all=_reaches_asker(who)).value.version


def _reaches_asker(who: Holder) -> bool:
    """Whether the voter's socket surely receives the event: the response leaves the table out then."""
    return events.reaches(who.session_id, asking_socket.get())


def reveal(who: Holder, round_id: str) -> None:
    """Reveals the cards. A second call changes nothing."""
    change(who, partial(rules.reveal, round_id=round_id), after_end=True)


def vote_again(who: Holder, round_id: str) -> int | None:
    """Opens the next round on the same task; before the reveal the round starts over. Returns the version that ``undo``
    takes back, if it can."""
    return change(who, partial(rules.vote_again, round_id=round_id, new_id=ids.new_id(12)), after_end=True).undo


def finalize(who: Holder, task_id: str, *, estimate: str, note: str = "", round_id: str | None = None) -> int | None:
    """Records the agreed card as the task's estimate and goes on to the next task. The same again changes nothing.
    Returns the version that ``undo`` takes back.

    Raises:
        Conflict: (409) the round that it names is over, or its cards are hidden.
        Invalid: (422) the note is too long, or the estimate no card that counts.
    """
    note = " ".join(note.split())
    if len(note) > MAX_NOTE:
        raise Invalid(f"A note has at most {MAX_NOTE} characters; this one has {len(note)}.", "note")
    new_ids = ids.new_id(12), ids.new_id(12)
    rule = partial(rules.finalize, task_id=task_id, estimate=estimate, note=note, new_ids=new_ids, round_id=round_id)
    return change(who, rule).undo


def undo(who: Holder, version: int) -> None:
    """Take back the estimate, the skip, the restarted vote or the added tasks that made this version of the session.
    Raises Conflict (409) once something else followed that it would take back, too."""
    change(who, partial(take_back, version=version))
