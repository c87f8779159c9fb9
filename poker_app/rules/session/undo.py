"""Undoes the newest change of the tasks: an estimate, a skip, a restarted vote, tasks that were added or updated.

The data that such a change leaves behind is small: which task and round were current before, and of each task that it
changed what is not kept anyway, such as texts that an import replaced. It goes with the next change of the tasks. The
cards of a vote that was restarted are set aside in ``Rounds``.
"""

from dataclasses import replace
from datetime import datetime

from poker_app.rules import Refused
from poker_app.rules.session.change import Change, Event, require_facilitator
from poker_app.rules.session.tasks import take_up
from poker_app.rules.session.value import Before, Member, Session, Task

GONE_ON = "Something else was changed since, so this can no longer be undone."
FACE_UP = "The cards of the new vote are face up, so the one before does not come back."
VOTED_ON = "There are votes on what was added, so it stays. Delete single tasks instead."


def undo(value: Session, me: Member, now: datetime, *, version: int) -> Change:
    """Undoes the change that made this version. What members did since in the rounds stays: their cards, and, where a
    vote was restarted, a newer card in the place of the older one.

    Raises:
        Refused: forbidden, for a member who is no facilitator; conflict, once another change of the tasks followed,
            once the cards of a restarted vote's successor lie face up, and for added tasks that were voted on.
    """
    require_facilitator(me, "undo this")
    known = value.undo
    if known is None or not known["version"] == version == value.tasks_version:
        raise Refused("conflict", GONE_ON)
    texts = known.get("texts", {})
    restored = {key: _restored(value, value.tasks[key], before, now) for key, before in known["tasks"].items()}
    tasks = [replace(task, **texts.get(key, {})) for key, task in restored.items()]  # type: ignore[arg-type]
    back = value.with_task(*tasks)
    if known["task_id"] != value.current_task_id or value.task.current_since is None:
        back = take_up(back, known["task_id"], now, known["round_id"])
    elif known["round_id"] != value.round.id:
        back = _with_cards_back(back, known["round_id"])
    return Change(back).then(Event.TASKS_CHANGED, tasks=True)


def _restored(value: Session, task: Task, before: Before, now: datetime) -> Task:
    deleted = before["deleted"]
    if deleted and task.id == value.current_task_id and value.rounds.voted_on:
        if task.title:
            raise Refused("conflict", VOTED_ON)
        # A quick vote that people have begun since: it waits for its turn.
        deleted = False
    same = task.estimate == before["estimate"]
    return replace(
        task,
        estimate=before["estimate"],
        estimated_at=task.estimated_at if same else now if before["estimate"] else None,
        skipped_at=(task.skipped_at or now) if before["skipped"] else None,
        deleted_at=(task.deleted_at or now) if deleted else None,
    )


def _with_cards_back(value: Session, round_id: str) -> Session:
    """Returns the session with the round that a restart set aside as the current one again, and its cards of members
    who still vote."""
    opened, aside = value.round, value.rounds.aside
    if aside is None or aside.id != round_id or opened.revealed_at:
        raise Refused("conflict", FACE_UP)
    cards = {**aside.votes, **{key: replace(vote, round_id=aside.id) for key, vote in opened.votes.items()}}
    here = {key: vote for key, vote in cards.items() if (member := value.members[key]).votes and not member.removed_at}
    votes = aside.votes if here == aside.votes else here
    hidden = aside.names_hidden or opened.names_hidden
    back = replace(aside, number=opened.number, votes=votes, names_hidden=hidden)
    return replace(value, current_round_id=back.id, rounds=replace(value.rounds, newest=back, aside=None))
