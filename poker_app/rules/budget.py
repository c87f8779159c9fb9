"""What a session costs in messages, where a managed service bills every publish and every delivery."""

from dataclasses import dataclass
from math import floor

# The hosted services let no more than this many onto a presence channel.
MOST_PRESENT = 100


@dataclass(frozen=True, slots=True)
class Meeting:
    """A session to reckon with. ``rounds`` are all of them, those on tasks voted on again included; a round's votes
    come in evenly over ``seconds``."""

    members: int
    tasks: int = 10
    rounds: int = 13
    seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Sending:
    """How events are sent. Tables up to ``coalesce_above`` members: each by itself, without the socket that asked.
    Larger ones: ``apart`` seconds apart at least, to everybody, and one tells of every vote since the last."""

    coalesce_above: int
    apart: float


@dataclass(frozen=True, slots=True)
class Service:
    """A managed service's plan: ``messages`` in each ``per``, None without a limit, and sockets at the same time."""

    name: str
    price: str
    messages: int | None
    per: str
    connections: int
    dollars_a_million: float = 0.0


# As published in November 2026.
SERVICES = (
    Service("Pusher Sandbox", "free", 200_000, "day", 100),
    Service("Pusher Startup", "$49 a month", 1_000_000, "day", 500),
    Service("Pusher Pro", "$99 a month", 4_000_000, "day", 2_000),
    Service("Ably Free", "free", 6_000_000, "month", 200),
    Service("Ably Standard", "$29 a month and $2.50 a million messages", None, "month", 10_000, 2.5),
)
SIZES = (5, 8, 20, 50, 200)


def messages_of(meeting: Meeting, sending: Sending | None = None) -> int:
    """The messages that a whole session costs: everybody comes, the tasks are put in at once, each round is voted on by
    all and revealed, each task finalized, the session ended, and everybody goes. Without ``sending``: each event by
    itself, to all but the socket that asked."""
    members = meeting.members
    large = sending is not None and members > sending.coalesce_above
    event = 1 + (members if large else members - 1)
    votes = _votes_told(meeting, sending.apart) if sending is not None and large else members
    revotes = meeting.rounds - meeting.tasks
    told_once = 2  # the tasks that were put in, and the end
    events = meeting.rounds * (votes + 1) + revotes + meeting.tasks + told_once
    return events * event + _coming(members) + _going(members)


def _votes_told(meeting: Meeting, apart: float) -> int:
    """The first vote is told at once; from then on whatever has come in, as soon as it may be."""
    gap = meeting.seconds / meeting.members
    told, free_at = 0, 0.0
    waiting = 0
    for vote in range(meeting.members):
        at = vote * gap
        if waiting and free_at <= at:
            told, waiting, free_at = told + 1, 0, free_at + apart
        if free_at <= at:
            told, free_at = told + 1, at + apart
        else:
            waiting += 1
    return told + (1 if waiting else 0)


def _coming(members: int) -> int:
    """Whoever comes is told of to those who sit there, as an event, and on the presence channel, of which the server
    hears by webhook."""
    joined = sum(1 + there for there in range(1, members))
    seen = sum(1 + there for there in range(min(members, MOST_PRESENT)))
    return joined + seen


def _going(members: int) -> int:
    """Once the session has ended only the presence channel tells: a webhook each, and a question whether they are
    gone."""
    return sum(2 + left for left in range(min(members, MOST_PRESENT)))


def as_table(sending: Sending) -> str:
    """The budget as Markdown: what sessions of each size cost, and how many of them each service's plan takes."""
    head = ["members", "messages, each vote by itself", "messages, as sent", *(_named(each) for each in SERVICES)]
    lines = [f"| {' | '.join(head)} |", f"|{'---:|' * len(head)}"]
    for members in SIZES:
        meeting = Meeting(members)
        costs = messages_of(meeting, sending)
        figures = [str(members), f"{messages_of(meeting):,}", f"{costs:,}"]
        row = [*figures, *(_takes(each, meeting, costs) for each in SERVICES)]
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def _named(service: Service) -> str:
    takes = f"{service.messages:,} a {service.per}" if service.messages else "any number"
    return f"{service.name}, {service.price}: sessions a {service.per}, of {takes}"


def _takes(service: Service, meeting: Meeting, costs: int) -> str:
    if meeting.members > service.connections:
        return f"none: {service.connections} connections"
    if service.messages is None:
        return f"any, ${costs * service.dollars_a_million / 1_000_000:.3f} each"
    return f"{floor(service.messages / costs):,}"
