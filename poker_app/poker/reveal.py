"""The reveal: the cards turn over, by somebody's hand or by themselves."""

from datetime import datetime

from sqlalchemy import select

from poker_app.db import session
from poker_app.poker.models import Member, PokerSession, Round, Vote
from poker_app.poker.turn import Turn, seated, turn
from poker_app.rules import round as rules


def reveal(member: Member, round_id: str) -> None:
    """Turn the cards over. Done twice it is done once."""
    with turn(member, after_end=True) as now:
        current = now.current_round()
        if current.revealed_at and round_id == current.id and not now.table.ended_at:
            return
        rules.may_reveal(
            facilitates=now.member.facilitates,
            anyone_may=now.table.anyone_reveals,
            revealed=current.revealed_at is not None,
            is_current=round_id == current.id,
            ended=now.table.ended_at is not None,
            votes=len(voters(current)),
        )
        _turn_over(now, current)


def reveal_if_complete(now: Turn) -> None:
    """Auto-reveal, where the session wants it: everybody who votes and is waited for has voted.

    Asked after a vote, and whenever somebody leaves, is lost for good or puts the cards down, the options change, or
    another task comes to the table.
    """
    if is_complete(now.table, now.now):
        _turn_over(now, now.current_round())


def is_complete(table: PokerSession, moment: datetime) -> bool:
    """Whether the cards are to turn over by themselves."""
    if not table.auto_reveal or not table.running:
        return False
    current = session.get_one(Round, table.current_round_id)
    if current.revealed_at:
        return False
    waited_for = [member.id for member in seated(table.id) if member.votes and member.awaited(moment)]
    return rules.everyone_voted(waited_for, voters(current))


def voters(current: Round) -> set[str]:
    """Who has a card on the table in this round."""
    session.flush()
    return set(session.scalars(select(Vote.member_id).where(Vote.round_id == current.id)))


def _turn_over(now: Turn, current: Round) -> None:
    current.revealed_at, current.names_hidden = now.now, now.table.names_hidden
    now.table.timer_ends_at = now.table.timer_remaining = None
    now.announce("round-revealed")
