"""A round: voting, retracting, voting again, and finalizing the estimate."""

from poker_app import clock, metrics
from poker_app.db import session, write
from poker_app.errors import Conflict, Invalid
from poker_app.poker import events, tasks
from poker_app.poker.models import Member, Task, Vote
from poker_app.poker.outboxes import News
from poker_app.poker.playing import Holder, Play, play
from poker_app.poker.reveal import reveal_if_complete, voters
from poker_app.poker.turn import Turn, asking_socket, turn
from poker_app.rules import round as rules
from poker_app.rules.deck import ranked

MAX_NOTE = 500


def cast_vote(who: Holder | Member, round_id: str, card: str) -> int:
    """Play a card, or change it. The last of those present to vote turns the cards over, if the session wants that.

    The same card again is a change like any other: whoever watches the wire must not learn that it was the same.
    Answers with the table's version that has it.
    """
    # Plain values: whichever thread writes must not read a row of this one's.
    holder = Holder(who.session_id, who.secret_digest, who.user_id)
    played = write(play, Play(holder, round_id, card, clock.now()))
    metrics.count_vote()
    socket = asking_socket.get()
    if events.reaches(holder.session_id, socket):
        socket = None
    for event, version in played.news:
        events.publish(News(holder.session_id, event, version, socket=socket))
    return played.version


def retract_vote(member: Member, round_id: str) -> int:
    """Take the card back. Without one, nothing changes. Answers with the table's version then."""
    with turn(member, after_end=True) as now:
        current = now.current_round()
        rules.may_retract(
            votes_here=now.member.votes,
            is_current=round_id == current.id,
            revealed=current.revealed_at is not None,
            change_after_reveal=now.table.change_after_reveal,
            ended=now.table.ended_at is not None,
        )
        vote = session.get(Vote, (current.id, now.member.id))
        if vote is None:
            return now.table.version
        session.delete(vote)
        now.announce("vote")
        return now.table.version


def vote_again(member: Member, round_id: str) -> None:
    """Open the next round on the same task; the one before is kept. Before the reveal nobody has seen the cards: that
    round starts over, and without a vote in it nothing changes, so that a second click does no harm."""
    with turn(member, after_end=True) as now:
        current = now.current_round()
        rules.may_revote(
            facilitates=now.member.facilitates,
            revealed=current.revealed_at is not None,
            is_current=round_id == current.id,
            ended=now.table.ended_at is not None,
            # Another vote takes a saved estimate back, and that is a facilitator's to do.
            anyone_may=now.table.anyone_reveals and now.task(current.task_id).estimate is None,
        )
        task, number = now.task(current.task_id), current.number + 1
        if not current.revealed_at:
            if not voters(current):
                return
            # A new id, so that a vote already on its way to the old round is not counted in this one.
            number = current.number
            session.delete(current)
            session.flush()
        task.estimate = task.estimated_at = None
        task.current_since = task.current_since or now.now
        now.table.current_round_id = tasks.open_round(task, number, now.now).id
        now.table.timer_ends_at = now.table.timer_remaining = None
        now.announce("round-opened", agenda=True)


def finalize(member: Member, task_id: str, *, estimate: str, note: str = "") -> None:
    """Record the agreed card as the task's estimate and go on to the next task. The same again changes nothing."""
    note = " ".join(note.split())
    if len(note) > MAX_NOTE:
        raise Invalid(f"A note has at most {MAX_NOTE} characters; this one has {len(note)}.", "note")
    with turn(member) as now:
        now.require_facilitator("finalize an estimate")
        task = now.task(task_id)
        if task.estimate == estimate and (task.note == note or task.id != now.table.current_task_id):
            return
        if task.id != now.table.current_task_id:
            raise Conflict("The table has moved on to another task.")
        if now.current_round().revealed_at is None:
            raise Conflict("Reveal the cards before you finalize an estimate.")
        if estimate not in ranked(now.table.cards):
            raise Invalid("An estimate is a card of the deck that counts.", "estimate")
        _record(now, task, estimate, note)


def _record(now: Turn, task: Task, estimate: str, note: str) -> None:
    task.estimate, task.note, task.estimated_at = estimate, note, now.now
    tasks.leave_current(now.table, now.now)
    session.flush()
    tasks.go_on(now)
    now.announce("task-finalized", agenda=True)
    reveal_if_complete(now)
