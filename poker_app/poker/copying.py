"""Copying a session: the same deck, options and door, and the tasks that got no estimate."""

from sqlalchemy import select

from poker_app import ids
from poker_app.accounts import audit
from poker_app.accounts.acting import Acting
from poker_app.accounts.models import User
from poker_app.db import session, transaction
from poker_app.poker import keeping, tasks
from poker_app.poker.models import Member, PokerSession, Task
from poker_app.poker.options import Options
from poker_app.poker.sessions import MAX_NAME, find_opened, open_table
from poker_app.poker.turn import locked

_ENDING = " (copy)"


def copy_session(acting: Acting, session_id: str, *, secret: str, form_key: str) -> Member:
    """Open the copy, with whoever copies as its facilitator. The same form sent again answers with the same copy."""
    key = ids.digest(f"copy {session_id} {acting.user.id if acting.user else secret} {form_key}")
    with transaction():
        keeping.find_to_keep(acting, secret, session_id)
        original = locked(session_id)
        if made := find_opened(key, secret, acting.user):
            return made
        founder = open_table(
            acting,
            name=original.name[: MAX_NAME - len(_ENDING)] + _ENDING,
            deck=original.deck,
            cards=original.cards,
            options=Options.of(original),
            member_name=_own_name(acting, original, secret),
            secret=secret,
            form_key=key,
        )
        _copy_tasks(original, founder.session)
        audit.note(
            original.account_id,
            session.get(User, acting.user.id) if acting.user else None,
            "session-copied",
            original.name,
        )
        return founder


def _own_name(acting: Acting, original: PokerSession, secret: str) -> str:
    if acting.user:
        return acting.user.name
    mine = select(Member.name).where(Member.session_id == original.id, Member.secret_digest == ids.digest(secret))
    return session.scalars(mine).one()


def _copy_tasks(original: PokerSession, copy: PokerSession) -> None:
    left = [task for task in tasks.live_tasks(original.id) if task.title and task.estimate is None]
    untitled = session.get_one(Task, copy.current_task_id)
    copies = [
        Task(
            id=ids.new_id(12),
            session_id=copy.id,
            position=untitled.position + place,
            title=task.title,
            key=task.key,
            url=task.url,
            description=task.description,
            created_at=copy.created_at,
        )
        for place, task in enumerate(left, start=1)
    ]
    if not copies:
        return
    session.add_all(copies)
    session.flush()
    untitled.deleted_at = copy.created_at
    tasks.take_up(copy, copies[0], copy.created_at)
