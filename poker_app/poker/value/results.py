"""The columns of a revealed round, and the voters whose card changed since the first vote."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from poker_app.rules.deck import OUTSIDE
from poker_app.rules.session.value import Session
from poker_app.rules.tally import Tally


@dataclass(frozen=True, slots=True)
class Lay:
    """A revealed card; without id and name where the session hides names."""

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


class Move(NamedTuple):
    """A voter by short name, whose card is another than in the first round: both."""

    name: str
    first: str
    now: str


def moves(value: Session, short: Mapping[str, str]) -> tuple[Move, ...]:
    """Returns the voters whose card changed since the first vote on the task, in the order members joined. ``short``
    maps names to those on cards."""
    moved = value.rounds.moved
    here = {key: member.name for key, member in value.members.items() if key in moved}
    return tuple(Move(short.get(name, name), *moved[key]) for key, name in here.items())


def columns(value: Session, figures: Tally, short: Mapping[str, str]) -> tuple[Column, ...]:
    """Returns the columns of a revealed round: the votes by card, lowest first, each column in the order members
    joined. Members who were removed since come last. ``short`` maps names to those on cards."""
    votes, members = value.round.cards, {each.id: each for each in value.current_members}
    order = [*(key for key in members if key in votes), *sorted(votes.keys() - members.keys())]
    laid: dict[str, list[Lay]] = defaultdict(list)
    for key in order:
        name = value.members[key].name
        laid[votes[key]].append(Lay("", "", "") if value.round.names_hidden else Lay(key, name, short.get(name, name)))
    first = {votes[key] for key in (*figures.lowest, *figures.highest)}
    return tuple(
        Column(card, tuple(laid[card]), card in first, card in figures.mode and card not in OUTSIDE)
        for card, _ in figures.distribution
    )
