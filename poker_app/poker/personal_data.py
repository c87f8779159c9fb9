"""A user's data: its download, and its erasure from every table in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select

from poker_app import accounts as people
from poker_app import ids
from poker_app.accounts import personal_data as accounts
from poker_app.accounts.account_lock import lock, user_here
from poker_app.accounts.models import Account, Teammate, User
from poker_app.accounts.personal_data import Rows, Trace, download_rows
from poker_app.billing import cancellations, checkout
from poker_app.billing.models import CreditTxn, SentLetter
from poker_app.db import session, transaction
from poker_app.errors import Conflict, Invalid
from poker_app.poker.change import change_within
from poker_app.poker.models import Member, PokerSession, Round, Task, Vote
from poker_app.poker.publishing.disconnect import disconnect_member
from poker_app.poker.value.value_cache import values
from poker_app.rules.session import lifecycle
from poker_app.rules.session import members as rules
from poker_app.rules.session.members import FORMER
from poker_app.rules.webhook_events import PublicEvent
from poker_app.webhooks.models import WebhookDelivery

# --- the download


def everything(user: User) -> dict[str, Any]:
    """Returns all that is stored about a user, readable without this service. ``rules.data_kinds`` declares what is in
    it: nothing of other people, and nothing that gives access."""
    return {"format": 1, "user": accounts.about(user), **{each.title: each.tell(user) for each in TRACES.values()}}


def _opened(user: User) -> Rows:
    return download_rows(session.scalars(select(PokerSession).where(PokerSession.user_id == user.id)), "user_id")


def _as_member(user: User) -> Rows:
    members = session.scalars(select(Member).where(Member.user_id == user.id).order_by(Member.joined_at)).all()
    votes: dict[str, Rows] = {}
    rows = session.execute(
        select(Vote.member_id, Task.title, Round.number, Vote.card, Vote.cast_at)
        .join(Round, Round.id == Vote.round_id)
        .join(Task, Task.id == Round.task_id)
        .where(Vote.member_id.in_(member.id for member in members))
        .order_by(Vote.cast_at)
    )
    for member_id, title, number, card, at in rows:
        voted = {"task": title, "round": number, "card": card, "at": at.isoformat()}
        votes.setdefault(member_id, []).append(voted)
    return [
        {"session": member.session.name, **row, "votes": votes.get(member.id, [])}
        for member, row in zip(members, download_rows(members, "user_id"), strict=True)
    ]


def _letters_to(user: User) -> ColumnElement[bool]:
    """Rows whose cause ends with the user's id."""
    return SentLetter.cause.endswith(f":{user.id}", autoescape=True)


def _letters(user: User) -> Rows:
    return download_rows(session.scalars(select(SentLetter).where(_letters_to(user))), "cause")


def _forget_letters(user: User) -> None:
    session.execute(delete(SentLetter).where(_letters_to(user)))


def _forget_deliveries(user: User) -> None:
    """Deletes what webhooks sent of rounds in the user's sessions: it has the names of voters."""
    theirs = select(Member.session_id).where(Member.user_id == user.id)
    session.execute(
        delete(WebhookDelivery).where(
            WebhookDelivery.event == PublicEvent.ROUND_REVEALED, WebhookDelivery.session_id.in_(theirs)
        )
    )


def _spent(user: User) -> Rows:
    return download_rows(session.scalars(select(CreditTxn).where(CreditTxn.user_id == user.id)), "user_id")


# --- erasing


@dataclass(frozen=True, slots=True)
class ErasurePlan:
    """The effect of an erasure on the user's accounts: ``alone`` are deleted too, ``kept`` stay, and ``stuck`` have
    teammates and no other owner. ``sessions`` counts those that are deleted."""

    alone: tuple[Account, ...]
    kept: tuple[Account, ...]
    stuck: tuple[Account, ...]
    sessions: int


def erasure_plan(user: User) -> ErasurePlan:
    """Computes what deleting a user would do now."""
    alone: list[Account] = []
    kept: list[Account] = []
    stuck: list[Account] = []
    rows = session.scalars(select(Teammate).where(Teammate.user_id == user.id)).all()
    for mine in sorted(rows, key=lambda each: (each.account.name, each.account_id)):
        others = select(Teammate.role).where(Teammate.account_id == mine.account_id, Teammate.user_id != user.id)
        roles = session.scalars(others).all()
        kind = alone if not roles else kept if mine.role != "owner" or "owner" in roles else stuck
        kind.append(mine.account)
    theirs = PokerSession.account_id.in_(account.id for account in alone)
    count = session.scalar(select(func.count(PokerSession.id)).where(theirs)) or 0
    return ErasurePlan(tuple(alone), tuple(kept), tuple(stuck), count)


def erase(user: User, typed: str) -> None:
    """Delete a user with everything that is only theirs, and take their name out of the rest. ``typed`` is their
    address, or their name where they have none. Sessions of accounts that go on stay, with a former member in them.

    Raises:
        Invalid: (422) anything else was typed.
        Conflict: (409) an account with teammates would be left without an owner.
    """
    if typed.strip().casefold() != (user.email or user.name).casefold():
        raise Invalid(f"Type {user.email or user.name} to confirm.", "confirmation")
    user_id = user.id
    with transaction():
        for account_id in session.scalars(
            select(Teammate.account_id).where(Teammate.user_id == user_id).order_by(Teammate.account_id)
        ).all():
            lock(account_id)
        me = user_here(user_id)
        if me is None:
            return
        leaving = erasure_plan(me)
        if leaving.stuck:
            raise Conflict(
                f"You are the only owner of {leaving.stuck[0].name}, which has other teammates. "
                "Make one of them an owner first."
            )
        _forget_deliveries(me)
        connected = _delete_accounts(leaving.alone) + _leave_sessions(me)
        for account in leaving.kept:
            people.teammates_changed(account.id)
        checkout.buyer_goes(user_id, [account.id for account in leaving.kept])
        for trace in TRACES.values():
            trace.forget(me)
        session.delete(me)
    # The cache may hold sessions that are deleted.
    values.clear()
    for member_id in connected:
        disconnect_member(member_id)


def _delete_accounts(alone: Sequence[Account]) -> list[str]:
    """Deletes accounts with their sessions. Returns the ids of the members of their running sessions."""
    mine = PokerSession.account_id.in_([account.id for account in alone])
    running = select(Member.id).join(PokerSession, PokerSession.id == Member.session_id)
    connected = running.where(mine, PokerSession.ended_at.is_(None), Member.left_at.is_(None))
    members = list(session.scalars(connected))
    session.execute(delete(PokerSession).where(mine))
    for account in alone:
        cancellations.account_goes(account.id)
        session.delete(account)
    session.flush()
    return members


def _leave_sessions(me: User) -> list[str]:
    """Turns each of the user's members into a former one: without name, user and secret. Returns the ids of those
    members."""
    mine = select(Member.session_id, Member.id).where(Member.user_id == me.id).order_by(Member.session_id)
    left = session.execute(mine).all()
    for session_id, member_id in left:
        digest = ids.digest(ids.new_secret())
        change_within(session_id, partial(rules.make_former, member_id=member_id, secret_digest=digest))
    return [member_id for _, member_id in left]


def _forget_opened(user: User) -> None:
    """Keeps the sessions that the user opened in their account. Replaces the user's name as the one who ended a
    session, in those that they ended without being a member."""
    ours = select(Teammate.account_id).where(Teammate.user_id == user.id)
    ended = select(PokerSession.id).where(PokerSession.account_id.in_(ours), PokerSession.ended_by == user.name)
    for session_id in session.scalars(ended.order_by(PokerSession.id)).all():
        change_within(session_id, partial(lifecycle.rename_ender, name=user.name, to=FORMER))


TRACES: dict[str, Trace] = {
    **accounts.TRACES,
    "poker_session.user_id": Trace("sessions_opened", _opened, _forget_opened),
    "member.user_id": Trace("seats", _as_member),
    "credit_txn.user_id": Trace("credits_spent", _spent),
    "sent_letter.cause": Trace("letters_about_money", _letters, _forget_letters),
}
