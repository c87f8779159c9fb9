"""Defaults of the form for a new session, from the sessions that its browser or user opened before."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from poker_app import ids
from poker_app.accounts import decks
from poker_app.accounts.memberships import Membership
from poker_app.db import session
from poker_app.poker.models import Member, PokerSession
from poker_app.poker.session.lifecycle import OWN_DECK

# Sessions that are looked at, and names that are offered of them.
MAX_LOOKED_AT, MAX_NAMES = 20, 5


@dataclass(frozen=True, slots=True)
class LastOpened:
    """``typed`` are fields of the form, as the last session had them; ``names`` the latest names, each once."""

    typed: dict[str, str] = field(default_factory=dict)
    names: Sequence[str] = ()


def last_opened(membership: Membership, secret: str | None) -> LastOpened:
    """Returns the defaults from the sessions opened for this account before, not counting series; found by the
    browser's ``secret`` where users do not sign in."""
    user = membership.user
    mine = Member.user_id == user.id if user else Member.secret_digest == ids.digest(secret or "")
    found = session.execute(
        select(PokerSession, Member.name)
        .join(Member, Member.session_id == PokerSession.id)
        .where(mine, Member.facilitates, PokerSession.user_id == (user.id if user else None))
        .where(PokerSession.account_id == membership.account.id, PokerSession.series_id.is_(None))
        .order_by(PokerSession.created_at.desc(), PokerSession.id)
        .limit(MAX_LOOKED_AT)
    ).all()
    if not found:
        return LastOpened()
    last, member_name = found[0]
    names = list(dict.fromkeys(each.name for each, _ in found))[:MAX_NAMES]
    return LastOpened({**_deck(last), "member_name": user.name if user else member_name}, names)


def _deck(last: PokerSession) -> dict[str, str]:
    if last.deck != OWN_DECK:
        return {"deck": last.deck}
    same = (each for each in decks.decks_of(last.account_id) if list(each.cards) == list(last.cards))
    if deck := next(same, None):
        return {"deck": f"{decks.OWN}{deck.id}"}
    return {"deck": OWN_DECK, "own": decks.as_typed(last)}
