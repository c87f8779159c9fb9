"""Everything that can happen at a table, done through the product's actions and chosen by chance."""

import random
from collections.abc import Callable
from functools import partial
from io import BytesIO

from poker_app import files, ids, realtime
from poker_app.db import session
from poker_app.errors import Refusal
from poker_app.files import storage
from poker_app.poker import models
from poker_app.poker.change import Holder
from poker_app.poker.members import members, presence
from poker_app.poker.round import task_editing, task_files, tasks, voting
from poker_app.poker.session import lifecycle, timer
from poker_app.poker.session.options import Options
from poker_app.poker.value.current import newest
from poker_app.rules import Refused

FILES = (
    task_files.remove_file,
    task_files.restore_file,
    partial(task_files.move_file, to=1),
    partial(task_files.describe_file, caption="What it shows", alt=""),
)
TIMER = (timer.start_timer, timer.pause_timer, timer.resume_timer, timer.stop_timer)


def deed(session_id: str, chance: random.Random) -> Callable[[], object]:
    """One of them, by a member and about things that are there, most of the time."""
    value = newest(session_id).value
    everybody, pick = list(value.members.values()), chance.choice
    facilitators = [each for each in value.current_members if each.facilitates] or everybody
    who = pick(everybody + value.current_members * 2 + facilitators * 2)
    other, task, round_id = pick(everybody), pick(list(value.tasks)), pick([value.round.id] * 9 + ["another"])
    card = pick(value.cards)
    what: list[tuple[int, Callable[[], object]]] = [
        (12, lambda: voting.cast_vote(who, round_id, card)),
        (2, lambda: voting.retract_vote(who, round_id)),
        (5, lambda: voting.reveal(who, round_id)),
        (5, lambda: voting.vote_again(who, round_id)),
        (4, lambda: voting.finalize(who, value.current_task_id, estimate=card)),
        (2, lambda: _joins(session_id, chance)),
        (1, lambda: members.rename(who, pick(["Ada", "Gus", "Ben"]))),
        (2, lambda: members.set_votes(who, chance.random() < 0.7)),
        (2, lambda: members.leave(who)),
        (2, lambda: presence.note_seen(other)),
        (1, lambda: presence.handle_webhook([_lost(session_id, other.id)])),
        (1, lambda: presence.sweep(session_id)),
        (1, lambda: members.share_role(who, other.id)),
        (1, lambda: members.hand_over(who, other.id)),
        (1, lambda: members.step_down(who)),
        (1, lambda: members.take_over(who)),
        (1, lambda: members.remove(who, other.id)),
        (1, lambda: members.nudge(who, other.id)),
        (2, lambda: tasks.add_tasks(who, pick(["One", "Two\nThree", "PAY-1 Refund"]))),
        (2, lambda: _edits(who, task, pick(["Other", "Another"]))),
        (2, lambda: tasks.move_task(who, task, chance.randrange(5))),
        (3, lambda: tasks.delete_task(who, task)),
        (2, lambda: tasks.restore_task(who, task)),
        (2, lambda: tasks.skip_task(who, value.current_task_id)),
        (6, lambda: voting.undo(who, value.undo["version"] if value.undo else 0)),
        (5, lambda: tasks.select_task(who, task)),
        (2, lambda: tasks.reopen_task(who, task)),
        (1, lambda: lifecycle.change_options(who, name="Other", options=_options(chance))),
        (2, lambda: pick(TIMER)(who)),
        (1, lambda: lifecycle.end_session(who)),
        (2, lambda: _adds_a_file(who, task)),
        *((1, partial(act, who, file)) for act in FILES for file in list(value.files)[:1]),
    ]
    if value.ended_at:
        return partial(lifecycle.reopen_session, who)
    if who.has_left and chance.random() < 0.8:
        return partial(members.come_back, who)
    [chosen] = chance.choices([each for _, each in what], [weight for weight, _ in what])
    return chosen


def done(act: Callable[[], object]) -> bool:
    """Whether it was not refused."""
    try:
        act()
    except (Refusal, Refused):
        session.rollback()
        return False
    return True


def _adds_a_file(who: Holder, task_id: str) -> None:
    begun = task_files.begin(who, task_id, name="notes.txt", size=5)
    allowed = files.allowed_upload(begun.upload.url.removeprefix("/uploads/"))
    assert allowed
    storage.receive(*allowed, BytesIO(b"hello"))
    task_files.arrived(who, task_id, begun.id)


def _joins(session_id: str, chance: random.Random) -> None:
    name = chance.choice(["Dora", "Emil", "Fay"])
    table = session.get_one(models.PokerSession, session_id)
    members.join(table, name=name, votes=chance.random() < 0.8, secret=ids.digest(name)[:32])


def _edits(who: object, task_id: str, title: str) -> None:
    task_editing.edit_task(who, task_id, title=title, key="", url="", description="", labels=f"{title}, x")  # type: ignore[arg-type]


def _lost(session_id: str, member_id: str) -> dict[str, str]:
    return {"name": "member_removed", "channel": realtime.presence_channel(session_id), "user_id": member_id}


def _options(chance: random.Random) -> Options:
    switches = ("auto_reveal", "anyone_reveals", "change_after_reveal", "names_hidden", "anyone_adds_files")
    return Options(**{name: chance.random() < 0.5 for name in switches})  # type: ignore[arg-type]
