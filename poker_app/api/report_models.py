"""The report of a session as the API answers it: the JSON that its page downloads."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from poker_app.api.models import Given

Points = Annotated[int | float | None, Field(description="Null where the deck has no numbers or nothing is estimated.")]


class ReportedMember(Given):
    """A member whom the report names: one who facilitates, or whose vote is shown with the name."""

    member: int = Field(description="A number within this report, which tells two of one name apart.")
    name: str
    facilitates: bool
    votes: bool
    joined_at: datetime


class ReportedDeck(Given):
    """The deck that was voted with."""

    name: str
    cards: list[str] = Field(description="In order.", examples=[["1", "2", "3", "5", "8", "?", "☕"]])


class ReportedSession(Given):
    """The session that a report is about."""

    id: str = Field(examples=["k7qmfd2x8hs4nrtw"])
    name: str = Field(examples=["Sprint 42"])
    deck: ReportedDeck
    facilitators: list[str]
    members: list[ReportedMember]
    started_at: datetime
    ended_at: datetime | None = Field(description="Null while it runs.")
    ended_by: str | None
    seconds: int


class Totals(Given):
    """The sums of a report."""

    tasks: int = Field(examples=[10])
    estimated: int = Field(examples=[9])
    points: Points = Field(examples=[43])
    settled_in_one_vote: int = Field(examples=[7])
    rounds: int = Field(examples=[12])


class ReportedVote(Given):
    """A vote of a revealed round. `member` and `name` are null where the session hid names."""

    member: int | None
    name: str | None
    card: str


class CardVotes(Given):
    """How many voted a card."""

    card: str
    votes: int


class ReportedTally(Given):
    """The figures of a round. Those that a deck of words does not have are null."""

    votes: int
    mean: int | float | None
    median: int | float | None
    median_card: str | None = Field(description="The card that the median falls on.")
    mode: list[str] = Field(description="The most voted cards, lowest first.")
    spread: list[str] | None = Field(description="The lowest and the highest card voted.")
    steps: int = Field(description="Steps of the deck from the lowest to the highest.")
    distribution: list[CardVotes]
    agreement: int | float | None = Field(description="The share of the votes on the most voted card, up to 1.")
    consensus: bool
    suggested: str | None
    split: list[str] = Field(description="The cards of two camps, lower first.")
    talk_first: list[str] = Field(description="The cards of the outliers, lowest first.")


class ReportedRound(Given):
    """A revealed round."""

    number: int
    opened_at: datetime
    revealed_at: datetime
    votes: list[ReportedVote]
    tally: ReportedTally


class ReportedTask(Given):
    """A task with its estimate and its rounds."""

    position: int = Field(examples=[1])
    key: str = Field(examples=["PAY-12"])
    title: str = Field(examples=["Pay by card"])
    url: str
    description: str
    type: str
    priority: str
    labels: list[str]
    parent: str
    acceptance_criteria: str
    estimate: str | None = Field(examples=["5"])
    points: Points = Field(examples=[5])
    note: str
    skipped: bool
    seconds: int = Field(description="For how long it was on the table.")
    rounds: list[ReportedRound]


class SecondLook(Given):
    """A task that is worth a second look."""

    task: str
    why: str


class ReportGiven(Given):
    """A report. A field may be added to it at any time; `format` rises when one changes its meaning or goes."""

    format: Literal[1]
    session: ReportedSession
    totals: Totals
    tasks: list[ReportedTask]
    second_look: list[SecondLook]
