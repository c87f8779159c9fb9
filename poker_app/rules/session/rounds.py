"""The rounds of a task as values: the newest with its votes, and those before it as results."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from poker_app.rules.tally import Tally, tally

ASIDE = 0


@dataclass(frozen=True, slots=True)
class Vote:
    """A member's card in a round: hidden until the reveal."""

    round_id: str
    member_id: str
    card: str
    cast_at: datetime


@dataclass(frozen=True, slots=True)
class Round:
    """One voting pass on a task, with its votes by member. ``names_hidden``: its cards are shown without names, since
    the first was played while the session hid them."""

    id: str
    task_id: str
    number: int
    opened_at: datetime
    revealed_at: datetime | None = None
    names_hidden: bool = False
    votes: Mapping[str, Vote] = field(default_factory=dict)

    @property
    def cards(self) -> dict[str, str]:
        """Each voter's card, by member id."""
        return {key: vote.card for key, vote in self.votes.items()}


@dataclass(frozen=True, slots=True)
class Result:
    """A round that was voted on before the newest one of its task, as it ended."""

    number: int
    tally: Tally


@dataclass(frozen=True, slots=True)
class Rounds:
    """The newest round of a task, and the results of those before it that have votes, oldest first. ``first`` is the
    first card of each voter in them, by member id, rounds that hide names left out. ``aside`` is a round that a restart
    took off the table with its cards face down, under the number ``ASIDE``: they may come back."""

    newest: Round
    earlier: tuple[Result, ...] = ()
    aside: Round | None = None
    first: Mapping[str, str] = field(default_factory=dict)

    @property
    def voted_on(self) -> bool:
        """Whether any round of the task has a vote."""
        return bool(self.newest.votes or self.earlier)

    @property
    def moved(self) -> dict[str, tuple[str, str]]:
        """The members whose card in the newest round is another than their first one, with the two, by member id. Empty
        while the newest round is open, or where it hides names."""
        if self.newest.revealed_at is None or self.newest.names_hidden:
            return {}
        cards = self.newest.cards
        return {key: (card, cards[key]) for key, card in self.first.items() if cards.get(key, card) != card}

    def followed_by(self, opened: Round, cards: tuple[str, ...]) -> Self:
        """Returns the rounds with another one after the newest, of which the result stays; a round without votes leaves
        none."""
        newest, earlier, first = self.newest, self.earlier, self.first
        if newest.votes:
            earlier = (*earlier, Result(newest.number, tally(cards, newest.cards)))
        if not newest.names_hidden:
            first = {**newest.cards, **first}
        return replace(self, newest=opened, earlier=earlier, first=first)
