"""The rounds of a task: the newest with its votes, and those before it as results."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

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
    """The newest round of a task, and the results of those before it that have votes, oldest first. ``aside`` is a
    round that a restart took off the table with its cards face down, under the number ``ASIDE``: they may come back."""

    newest: Round
    earlier: tuple[Result, ...] = ()
    aside: Round | None = None

    @property
    def voted_on(self) -> bool:
        """Whether any round of the task has a vote."""
        return bool(self.newest.votes or self.earlier)

    def closed(self, cards: tuple[str, ...]) -> tuple[Result, ...]:
        """The results once another round follows: a round without votes leaves none."""
        newest = self.newest
        return (*self.earlier, Result(newest.number, tally(cards, newest.cards))) if newest.votes else self.earlier
