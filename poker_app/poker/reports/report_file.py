"""A report's JSON as it is read again: every field is checked, with the limits of a session that is played here."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    StringConstraints,
    ValidationError,
)

from poker_app import clock
from poker_app.errors import Invalid
from poker_app.poker.round.voting import MAX_NOTE
from poker_app.poker.session.lifecycle import MAX_NAME, OWN_DECK
from poker_app.rules import Unusable
from poker_app.rules.backlog import (
    MAX_ACCEPTANCE,
    MAX_DESCRIPTION,
    MAX_KEY,
    MAX_LABELS,
    MAX_PARENT,
    MAX_TITLE,
    MAX_URL,
    MAX_WORD,
)
from poker_app.rules.deck import DECKS, MAX_CARD, MAX_CARDS, OUTSIDE, checked_cards
from poker_app.rules.printable import is_blank, is_hidden, without_hidden
from poker_app.rules.session.tasks import MAX_TASKS

MAX_MEMBERS, MAX_ROUNDS, MAX_VOTES = 1_000, 2_000, 20_000
"""Of a whole report: more than an evening of the largest team."""
MAX_MEMBER_NAME = 60
MAX_SECONDS = 10 * 366 * 24 * 3600
FIRST_DAY = datetime(2000, 1, 1, tzinfo=UTC)


def _line(text: str) -> str:
    """The text on one line, without hidden characters. Unlike a typed one it is not composed anew, so that it is
    exported again as it was."""
    return " ".join(without_hidden(text, keep="\t\n\r").split())


def _seen(text: str) -> str:
    if is_blank(line := _line(text)):
        raise ValueError("nothing can be seen of it")
    return line


def _noted(text: str) -> str:
    return " ".join(text.replace("\0", "").split())


def _link(text: str) -> str:
    if text and not text.lower().startswith(("https://", "http://")):
        raise ValueError("a link begins with https:// or http://")
    return _line(text)


def _past(moment: datetime) -> datetime:
    if not FIRST_DAY <= moment <= clock.now():
        raise ValueError("it is not between the year 2000 and now")
    return moment.astimezone(UTC)


def _paragraphs(text: str) -> str:
    return without_hidden(text, keep="\t\n\r")


Name = Annotated[str, StringConstraints(max_length=MAX_MEMBER_NAME), AfterValidator(_seen), Field(examples=["Ada"])]
Word = Annotated[str, StringConstraints(max_length=MAX_WORD), AfterValidator(_line)]
Moment = Annotated[AwareDatetime, AfterValidator(_past)]
# A list of a hundred thousand faults takes as long to name as to make: the first is enough.
Each = TypeVar("Each")
Several = Annotated[list[Each], FailFast()]
Card = Annotated[str, StringConstraints(min_length=1, max_length=MAX_CARD), Field(examples=["5"])]


class _Part(BaseModel):
    """A part of the file. What it has beside these fields is not read: figures are computed anew."""

    model_config = ConfigDict(strict=True, frozen=True)


class MemberPart(_Part):
    member: int
    name: Name
    facilitates: bool
    votes: bool
    joined_at: Moment


class VotePart(_Part):
    member: int | None = None
    name: Name | None
    card: Card


class RoundPart(_Part):
    number: Annotated[int, Field(ge=1, le=100_000)]
    opened_at: Moment
    revealed_at: Moment
    votes: Annotated[Several[VotePart], Field(min_length=1)]

    @property
    def names_hidden(self) -> bool:
        return self.votes[0].name is None


class TaskPart(_Part):
    key: Annotated[str, StringConstraints(max_length=MAX_KEY), AfterValidator(_line)]
    title: Annotated[
        str, StringConstraints(max_length=MAX_TITLE), AfterValidator(_seen), Field(examples=["Pay by card"])
    ]
    url: Annotated[str, StringConstraints(max_length=MAX_URL), AfterValidator(_link)]
    description: Annotated[str, StringConstraints(max_length=MAX_DESCRIPTION), AfterValidator(_paragraphs)] = ""
    type: Word = ""
    priority: Word = ""
    labels: Annotated[Several[Word], Field(max_length=MAX_LABELS)] = []
    parent: Annotated[str, StringConstraints(max_length=MAX_PARENT), AfterValidator(_line)] = ""
    acceptance_criteria: Annotated[str, StringConstraints(max_length=MAX_ACCEPTANCE), AfterValidator(_paragraphs)] = ""
    estimate: Card | None
    note: Annotated[str, StringConstraints(max_length=MAX_NOTE), AfterValidator(_noted)]
    skipped: bool
    seconds: Annotated[int, Field(ge=0, le=MAX_SECONDS)]
    rounds: Several[RoundPart]


class DeckPart(_Part):
    name: str
    cards: Annotated[Several[Card], Field(max_length=MAX_CARDS + len(OUTSIDE))]


class SessionPart(_Part):
    name: Annotated[str, StringConstraints(max_length=MAX_NAME), AfterValidator(_seen), Field(examples=["Sprint 42"])]
    deck: DeckPart
    facilitators: Annotated[Several[Name], Field(max_length=MAX_MEMBERS)]
    members: Annotated[Several[MemberPart], Field(max_length=MAX_MEMBERS)] = []
    started_at: Moment
    ended_at: Moment | None
    ended_by: Name | None


class ReportFile(_Part):
    """A report, as it is exported. `member` of a vote is one of `session.members`, null where names are hidden."""

    format: Literal[1]
    session: SessionPart
    tasks: Annotated[Several[TaskPart], Field(max_length=MAX_TASKS)]

    @property
    def rounds(self) -> list[RoundPart]:
        return [voted for task in self.tasks for voted in task.rounds]


def read_report(content: bytes) -> ReportFile:
    """The report in a JSON file.

    Raises:
        Invalid: (422) it is none, of a session that had not ended, or a field of it cannot be.
    """
    try:
        return checked(ReportFile.model_validate_json(content.removeprefix(b"\xef\xbb\xbf")))
    except ValidationError as problem:
        raise Invalid(_sentence(problem), "file") from problem


def checked(parsed: ReportFile) -> ReportFile:
    """The report with its members, once what its fields have to do with each other is checked.

    Raises:
        Invalid: (422) it is of a session that had not ended, or two fields contradict each other.
    """
    report = _with_members(parsed)
    try:
        _check(report)
    except Unusable as problem:
        raise Invalid(f"This report cannot be imported. {problem}", "file") from problem
    return report


def _sentence(problem: ValidationError) -> str:
    first = problem.errors(include_url=False, include_context=False, include_input=False)[0]
    if not first["loc"] or first["type"] == "json_invalid":
        return "This is not the JSON file of a report. Download it from the report's page, under JSON."
    said = first["msg"].removeprefix("Value error, ").rstrip(".")
    where = ", ".join(f"{part + 1}" if isinstance(part, int) else part for part in first["loc"])
    return f"This report cannot be imported. In its field {where}: {said[:1].lower()}{said[1:]}."


def _with_members(report: ReportFile) -> ReportFile:
    """The report with its members by their names, where it was downloaded before they were in it: of two of one name
    in a round, the second is another member."""
    if report.session.members:
        return report
    places: dict[tuple[str, int], int] = {}

    def vote_of(vote: VotePart, seen: Counter[str]) -> VotePart:
        if vote.name is None:
            return vote
        seen[vote.name] += 1
        return vote.model_copy(update={"member": places.setdefault((vote.name, seen[vote.name]), len(places) + 1)})

    def round_of(voted: RoundPart) -> RoundPart:
        seen: Counter[str] = Counter()
        return voted.model_copy(update={"votes": [vote_of(vote, seen) for vote in voted.votes]})

    for name in report.session.facilitators:
        places.setdefault((name, 1), len(places) + 1)
    tasks = [task.model_copy(update={"rounds": [round_of(voted) for voted in task.rounds]}) for task in report.tasks]
    members = [
        MemberPart(
            member=place,
            name=name,
            facilitates=number == 1 and name in report.session.facilitators,
            votes=True,
            joined_at=report.session.started_at,
        )
        for (name, number), place in places.items()
    ]
    whole = report.session.model_copy(update={"members": members})
    return report.model_copy(update={"session": whole, "tasks": tasks})


def _check(report: ReportFile) -> None:
    """Checks what fields have to do with each other. Raises Unusable, with a sentence."""
    table, cards = report.session, tuple(report.session.deck.cards)
    if table.ended_at is None:
        raise Unusable("Its session had not ended when it was downloaded. Download it again once it has.")
    if table.ended_at < table.started_at:
        raise Unusable("It ended before it started.")
    if table.deck.name not in (*DECKS, OWN_DECK):
        raise Unusable("Its deck has an unknown name.")
    counting = cards[: -len(OUTSIDE)]
    if any(map(is_hidden, "".join(cards))) or {*counting} & {*OUTSIDE} or cards != checked_cards(counting):
        raise Unusable(f"Its deck has to end with the cards {' and '.join(OUTSIDE)}, and show every card.")
    if len(report.rounds) > MAX_ROUNDS or sum(len(voted.votes) for voted in report.rounds) > MAX_VOTES:
        raise Unusable(f"It has more than {MAX_ROUNDS:,} rounds or {MAX_VOTES:,} votes.")
    names = {each.member: each.name for each in table.members}
    if not len(table.members) == len(names) <= MAX_MEMBERS:
        raise Unusable(f"Two of its members have the same number, or there are more than {MAX_MEMBERS:,}.")
    for place, task in enumerate(report.tasks, start=1):
        played = {vote.card for voted in task.rounds for vote in voted.votes} | {task.estimate or cards[0]}
        if not played <= {*cards}:
            raise Unusable(f"Task {place} has a card that is not in the deck.")
        if _repeated(voted.number for voted in task.rounds):
            raise Unusable(f"Task {place} has two rounds with the same number.")
        for voted in task.rounds:
            _check_voters(f"Round {voted.number} of task {place}", voted, names)


def _check_voters(which: str, voted: RoundPart, names: dict[int, str]) -> None:
    if len({vote.name is None for vote in voted.votes}) > 1:
        raise Unusable(f"{which} has some votes with names and some without.")
    if voted.names_hidden:
        if any(vote.member is not None for vote in voted.votes):
            raise Unusable(f"{which} hides names, but its votes name members.")
    elif any(vote.member is None or names.get(vote.member) != vote.name for vote in voted.votes):
        raise Unusable(f"{which} has a vote of a member who is not among the members of the session.")
    elif _repeated(vote.member for vote in voted.votes):
        raise Unusable(f"{which} has two votes of one member.")


def _repeated(values: Iterable[object]) -> bool:
    return max(Counter(values).values(), default=0) > 1
