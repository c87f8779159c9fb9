"""What a revealed round shows: its cards in columns, and in a line once it is an earlier one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from poker_app.db import session
from poker_app.poker.models import Member, Round, Vote
from poker_app.poker.names import shortened
from poker_app.rules.deck import OUTSIDE
from poker_app.rules.tally import Tally, tally

_CARDS = select(Vote.member_id, Vote.card).where(Vote.round_id == bindparam("round_id"))


@dataclass(frozen=True, slots=True)
class Lay:
    """A card face up; without id and name where the session hides names."""

    id: str
    name: str
    short: str


@dataclass(frozen=True, slots=True)
class Column:
    """All the votes on one card."""

    card: str
    lays: tuple[Lay, ...]
    talk_first: bool
    most: bool


@dataclass(frozen=True, slots=True)
class EarlierRound:
    """A round that was voted on before the current one, as it ended."""

    number: int
    tally: Tally


def cards_of(revealed_id: str) -> dict[str, str]:
    """Each voter's card. Only to be asked of a round whose cards lie face up."""
    return {row.member_id: row.card for row in session.connection().execute(_CARDS, {"round_id": revealed_id})}


def columns(
    votes: Mapping[str, str], seated: Mapping[str, Member], figures: Tally, *, names_hidden: bool
) -> tuple[Column, ...]:
    """The votes by card, lowest first, each column in the order people sit; who was removed since comes last."""
    order = [*(key for key in seated if key in votes), *sorted(votes.keys() - seated.keys())]
    names = {key: seated[key].name for key in order if key in seated} | _names_of(votes.keys() - seated.keys())
    short = shortened([member.name for member in seated.values()])
    laid: dict[str, list[Lay]] = defaultdict(list)
    for key in order:
        name = names[key]
        laid[votes[key]].append(Lay("", "", "") if names_hidden else Lay(key, name, short.get(name, name)))
    first = {votes[key] for key in (*figures.lowest, *figures.highest)}
    return tuple(
        Column(card, tuple(laid[card]), card in first, card in figures.mode and card not in OUTSIDE)
        for card, _ in figures.distribution
    )


def _names_of(removed: set[str]) -> dict[str, str]:
    if not removed:
        return {}
    rows = session.execute(select(Member.id, Member.name).where(Member.id.in_(removed)))
    return {row.id: row.name for row in rows}


def earlier(task_id: str, current: int, cards: Sequence[str]) -> tuple[EarlierRound, ...]:
    """The revealed rounds on a task before the current one, oldest first."""
    if current == 1:
        return ()
    rows = session.execute(
        select(Round.number, Vote.member_id, Vote.card)
        .join(Vote)
        .where(Round.task_id == task_id, Round.number < current, Round.revealed_at.is_not(None))
        .order_by(Round.number)
    )
    rounds: dict[int, dict[str, str]] = defaultdict(dict)
    for number, member_id, card in rows:
        rounds[number][member_id] = card
    return tuple(EarlierRound(number, tally(cards, votes)) for number, votes in rounds.items())
