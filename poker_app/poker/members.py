"""Sitting down and getting up: joining, roles, leaving, removing, nudging, taking over."""

from datetime import timedelta

from sqlalchemy import select

from poker_app import clock, ids
from poker_app.accounts.models import Teammate, User
from poker_app.billing import gate
from poker_app.db import session, transaction
from poker_app.errors import Conflict, Invalid, NotFound
from poker_app.poker.models import Member, PokerSession, Vote
from poker_app.poker.names import clean_name, told_apart
from poker_app.poker.reveal import reveal_if_complete
from poker_app.poker.seats import DELETED, find_member
from poker_app.poker.turn import Turn, locked, seated, turn
from poker_app.rules import roles

NUDGE_EVERY = timedelta(seconds=20)


def join(table: PokerSession, *, name: str, votes: bool, secret: str, user: User | None = None) -> Member:
    """Take a seat. Whoever already has one in this session, by the secret or as a user, gets it back under the new
    name. Whether they may come in is decided before, at the door."""
    name = clean_name(name)
    session_id = table.id
    with transaction() as work:
        table = locked(session_id)
        if table.deleted_at:
            raise NotFound(DELETED)
        if table.ended_at:
            raise Conflict("The session has ended.")
        member = find_member(session_id, secret, user)
        others = [each for each in seated(session_id) if each is not member]
        if member is None:
            gate.refuse_member(table.account_id, sum(each.left_at is None for each in others))
            member = Member(id=ids.new_id(12), session_id=session_id, secret_digest=ids.digest(secret))
            member.joined_at = clock.now()
            session.add(member)
            if user:
                member.user_id = user.id
        elif member.removed_at:
            member.facilitates = False
        member.name = told_apart(name, [each.name for each in others])
        member.votes = votes
        member.seen_at = clock.now()
        member.away_since = member.left_at = member.removed_at = None
        session.flush()
        now = Turn(work, table, member)
        if not votes:
            _take_back_card(now, member)
        now.announce("member-joined")
        if not votes:
            reveal_if_complete(now)
    return member


def rename(member: Member, name: str) -> None:
    """Go by another name."""
    name = clean_name(name)
    with turn(member) as now:
        others = [each.name for each in seated(now.table.id) if each is not now.member]
        now.member.name = told_apart(name, others)
        now.announce("role-changed")


def set_votes(member: Member, votes: bool) -> None:
    """Take a hand of cards, or put it down and watch. A card played in the open round goes with the hand."""
    with turn(member) as now:
        if now.member.votes == votes:
            return
        now.member.votes = votes
        if not votes:
            _take_back_card(now, now.member)
        now.announce("role-changed")
        reveal_if_complete(now)


def _take_back_card(now: Turn, member: Member) -> None:
    current = now.current_round()
    if current.revealed_at is None and (vote := session.get(Vote, (current.id, member.id))):
        session.delete(vote)


def leave(member: Member) -> None:
    """Get up from the table. The seat is kept for coming back; the card played stays."""
    with turn(member, after_end=True, after_leaving=True) as now:
        if now.member.has_left or now.table.ended_at:
            return
        now.member.left_at, now.member.away_since = now.now, None
        now.announce("member-left")
        reveal_if_complete(now)


def come_back(member: Member) -> None:
    """Undo leaving: the same name, role and card. Only this and joining do, no request that a page makes by itself.

    Raises NotFound (404) for a removed member, Conflict (409) once the session has ended.
    """
    with turn(member, after_leaving=True) as now:
        if not now.member.left_at:
            return
        now.member.seen_at, now.member.left_at, now.member.away_since = now.now, None, None
        now.announce("member-joined")


def share_role(member: Member, colleague_id: str) -> None:
    """Make another member a facilitator too."""
    with turn(member) as now:
        now.require_facilitator("share the role")
        colleague = now.colleague(colleague_id)
        if not colleague.facilitates:
            colleague.facilitates = True
            now.announce("role-changed")


def hand_over(member: Member, colleague_id: str) -> None:
    """Make another member the facilitator instead of oneself."""
    with turn(member) as now:
        now.require_facilitator("hand over the role")
        colleague = now.colleague(colleague_id)
        if colleague is now.member:
            return
        colleague.facilitates, now.member.facilitates = True, False
        now.announce("role-changed")


def step_down(member: Member) -> None:
    """Stop facilitating. The last facilitator hands over instead, so that the table is never without."""
    with turn(member) as now:
        if not now.member.facilitates:
            return
        if not any(each.facilitates for each in seated(now.table.id) if each is not now.member):
            raise Conflict("You are the only facilitator. Hand the role over to somebody first.")
        now.member.facilitates = False
        now.announce("role-changed")


def take_over(member: Member) -> None:
    """Become the facilitator of a table that has had none present for two minutes. Those away lose the role."""
    with turn(member) as now:
        if now.member.facilitates:
            return
        facilitators = [each for each in seated(now.table.id) if each.facilitates]
        away_since = [each.left_at or each.away_since for each in facilitators]
        if not roles.free_to_take_over(away_since, now.now):
            raise Conflict("A facilitator is here, or was a moment ago. You can take over after two minutes without.")
        for each in facilitators:
            each.facilitates = False
        now.member.facilitates = True
        now.announce("role-changed")


def remove(member: Member, colleague_id: str) -> None:
    """Send a member away: the card in an open round goes, the connection ends, the votes of earlier rounds stay."""
    with turn(member) as now:
        now.require_facilitator("remove a member")
        colleague = now.colleague(colleague_id)
        if colleague is now.member:
            raise Invalid("You cannot remove yourself. Leave the session instead.")
        _send_away(now, colleague)


def _send_away(now: Turn, colleague: Member) -> None:
    colleague.removed_at = now.now
    colleague.facilitates = False
    _take_back_card(now, colleague)
    now.announce("member-removed", member=colleague.id)
    reveal_if_complete(now)


def remove_former_teammate(user_id: str, account_id: str) -> None:
    """Send a user away who left an account: out of its running sessions that are open to teammates only. In the others
    they may stay, as everybody may come in there. Outside of any transaction."""
    closed = select(Member.id, PokerSession.id).join(PokerSession, PokerSession.id == Member.session_id)
    closed = closed.where(PokerSession.account_id == account_id, PokerSession.teammates_only)
    closed = closed.where(PokerSession.ended_at.is_(None), PokerSession.deleted_at.is_(None))
    mine = session.execute(closed.where(Member.user_id == user_id, Member.removed_at.is_(None))).all()
    for member_id, session_id in mine:
        with transaction() as work:
            table, member = locked(session_id), session.get_one(Member, member_id)
            back_again = session.get(Teammate, (account_id, user_id))
            if table.running and member.removed_at is None and back_again is None:
                _send_away(Turn(work, table, member), member)


def nudge(member: Member, colleague_id: str) -> None:
    """Ask a member who has not voted to do so: a quiet hint on their screen, at most every 20 seconds. Whoever has no
    card to play, or has played it by now, is left in peace."""
    with turn(member) as now:
        now.require_facilitator("nudge a member")
        colleague = now.colleague(colleague_id)
        if colleague.nudged_at and now.now - colleague.nudged_at < NUDGE_EVERY:
            return
        current = now.current_round()
        if not colleague.votes or current.revealed_at or session.get(Vote, (current.id, colleague.id)):
            return
        colleague.nudged_at = now.now
        now.announce("member-nudged", member=colleague.id)
