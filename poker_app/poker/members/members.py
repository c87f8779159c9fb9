"""Joining, roles, leaving, removing, nudging, taking over: one function a change."""

from datetime import timedelta
from functools import partial

from sqlalchemy import select

from poker_app import clock, ids
from poker_app.accounts.models import Teammate, User
from poker_app.billing import entitlements
from poker_app.db import session, transaction
from poker_app.poker import models
from poker_app.poker.change import Holder, change, change_session, change_within, lock
from poker_app.poker.models import PokerSession
from poker_app.poker.names import clean_name
from poker_app.rate_limits import Limit
from poker_app.rules.session import members as rules
from poker_app.rules.session.lifecycle import REOPENED_WITHIN
from poker_app.rules.session.value import Member, Session

JOINS = Limit("join", 400, timedelta(minutes=3))
"""How many may join from a network."""


def join(
    table: PokerSession | Session,
    *,
    name: str,
    votes: bool,
    secret: str,
    user: User | None = None,
    is_program: bool = False,
    hosts: bool = False,
) -> Member:
    """Adds a member. A browser or user that is a member already keeps that member, under the new name. Access is
    checked before, by ``session.access``, which also says who ``hosts``: facilitates where only programs do so far.
    Raises Conflict where the plan allows no more members."""
    name = clean_name(name)
    most, full = entitlements.member_limit(table.account_id)
    digest, user_id = ids.digest(secret), user.id if user else None
    rule = partial(
        rules.join,
        name=name,
        votes=votes,
        secret_digest=digest,
        user_id=user_id,
        new_id=ids.new_id(12),
        most=most,
        full=full,
        is_program=is_program,
        hosts=hosts,
    )
    joined: Member = change_session(table.id, rule, seen=(digest, user_id)).answer
    return joined


def rename(who: Holder, name: str) -> None:
    """Changes the member's name."""
    change(who, partial(rules.rename, name=clean_name(name)))


def set_votes(who: Holder, votes: bool) -> None:
    """Lets the member vote, or only watch. Watching removes their card from an open round."""
    change(who, partial(rules.set_votes, votes=votes))


def leave(who: Holder) -> None:
    """Marks the member as having left. The member and the played card stay, for coming back."""
    change(who, rules.leave, after_end=True, after_leaving=True)


def come_back(who: Holder) -> None:
    """Undoes leaving: the same name, role and card. Only this and joining do, no request that a page makes by itself.

    Raises NotFound (404) for a removed member, Conflict (409) once the session has ended.
    """
    change(who, rules.undo_leaving, after_leaving=True, seen=True)


def share_role(who: Holder, colleague_id: str) -> None:
    """Make another member a facilitator too."""
    change(who, partial(rules.share_role, colleague_id=colleague_id))


def hand_over(who: Holder, colleague_id: str) -> None:
    """Make another member the facilitator instead of oneself."""
    change(who, partial(rules.hand_over, colleague_id=colleague_id))


def step_down(who: Holder) -> None:
    """Takes the facilitator's role from the member. The last facilitator hands over instead, so that a session always
    has one."""
    change(who, rules.step_down)


def take_over(who: Holder) -> None:
    """Become the facilitator of a session that has had none present for ``roles.TAKEOVER_AFTER``. Those away lose
    the role."""
    change(who, rules.take_over)


def remove(who: Holder, colleague_id: str) -> None:
    """Removes a member: their card in an open round is deleted and their sockets are closed. Votes of earlier rounds
    stay."""
    change(who, partial(rules.remove, colleague_id=colleague_id))


def remove_former_teammate(user_id: str, account_id: str) -> None:
    """Removes a user who left an account from its sessions that are for teammates only or have a password, if those run
    or may still be reopened. In the account's other sessions the user stays, since everybody may join those. Call it
    outside of any transaction."""
    closed = select(models.Member.id, PokerSession.id).join(PokerSession, PokerSession.id == models.Member.session_id)
    closed = closed.where(PokerSession.account_id == account_id)
    closed = closed.where(PokerSession.teammates_only | PokerSession.password_hash.is_not(None))
    ended_lately = PokerSession.ended_at >= clock.now() - REOPENED_WITHIN
    closed = closed.where(PokerSession.ended_at.is_(None) | ended_lately)
    mine = session.execute(closed.where(models.Member.user_id == user_id, models.Member.removed_at.is_(None))).all()
    for member_id, session_id in mine:
        with transaction():
            lock(session_id)
            if session.get(Teammate, (account_id, user_id)) is None:
                change_within(session_id, partial(rules.send_away, member_id=member_id))


def nudge(who: Holder, colleague_id: str | None = None) -> list[str]:
    """Asks a member who has not voted, or all others who are present, to vote: a hint on their screens, at most every
    20 seconds for each. Returns the names of those who were asked."""
    asked: list[str] = change(who, partial(rules.nudge, colleague_id=colleague_id)).answer
    return asked
