"""Computes what a session costs in messages, where a managed service bills every publish and every delivery."""

from collections.abc import Callable
from dataclasses import dataclass
from math import floor, inf

# The hosted services let no more than this many onto a presence channel.
MAX_PRESENT = 100


# Above so many members a vote is answered without the table: its event goes to everybody, the voter included.
LARGE_ABOVE = 12


@dataclass(frozen=True, slots=True)
class Meeting:
    """The session that is computed. ``rounds`` are all of them, those on tasks voted on again included. Members join
    evenly over ``arriving`` seconds; a round's votes come in evenly over ``seconds``, and then it is revealed."""

    members: int
    tasks: int = 10
    rounds: int = 13
    seconds: float = 10.0
    arriving: float = 60.0


@dataclass(frozen=True, slots=True)
class Sending:
    """How events are sent. In sessions of up to ``coalesce_above`` members: each by itself. In larger ones votes,
    comings and goings are sent at least ``apart`` seconds after any other event, and one event carries all changes
    since the last; the other events are sent at once and carry the waiting changes too."""

    coalesce_above: int
    apart: float

    def apart_at(self, members: int) -> float:
        """Returns the seconds between events for a session of so many members."""
        return self.apart if members > self.coalesce_above else 0.0


EACH_BY_ITSELF = Sending(coalesce_above=0, apart=0.0)


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
    """Returns the messages that a whole session costs: all members join, the tasks are added at once, each round is
    voted on by all and revealed, each task finalized, the session ended, and all members leave. Without ``sending``:
    each event by itself. An event for the changes of several sockets goes to all members, any other to all but the
    socket that asked; in a large session all go to all members, where there is ``sending``."""
    members, sent = meeting.members, sending or EACH_BY_ITSELF
    large = sending is not None and members > LARGE_ABOVE
    shared, alone = 1 + members, members + large
    votes, waiting = _paced(members, meeting.seconds, lambda _: sent.apart_at(members))
    voting = sum(shared if each.changes > 1 else alone for each in votes) + (shared if waiting else alone)
    told_once = 2  # the tasks that were put in, and the end
    revotes = meeting.rounds - meeting.tasks
    others = revotes + meeting.tasks + told_once
    return meeting.rounds * voting + others * alone + _coming(meeting, sent) + _going(members)


@dataclass(frozen=True, slots=True)
class _Deliveries:
    """An event for so many ``changes``; ``so_far`` of all have happened; ``waited``: sent later than the last of
    them."""

    changes: int
    so_far: int
    waited: bool


def _paced(many: int, seconds: float, apart_at: Callable[[int], float]) -> tuple[list[_Deliveries], int]:
    """Returns the events for ``many`` changes that come in evenly, and how many changes still wait when the time is
    over. The first is sent at once; from then on one event carries all that have come in, as soon as it may be sent.
    ``apart_at``: seconds between the next event and one after so many changes."""
    told: list[_Deliveries] = []
    before, free_at = 0, -inf
    for came in range(many + 1):
        at = seconds * came / many
        if came > before and free_at <= at:
            told.append(_Deliveries(came - before, came, waited=True))
            before, free_at = came, free_at + apart_at(came)
        if came < many and free_at <= at:
            told.append(_Deliveries(1, came + 1, waited=False))
            before, free_at = came + 1, at + apart_at(came + 1)
    return told, many - before


def _coming(meeting: Meeting, sending: Sending) -> int:
    """Returns the messages of joining. Each new member costs an event to those who have joined, a delivery to them on
    the presence channel, and the webhook of that channel to the server. A new member receives their own event only if
    it waited. The first one opens the session, without an event."""
    others = meeting.members - 1
    told, waiting = _paced(others, meeting.arriving, lambda came: sending.apart_at(came + 1)) if others else ([], 0)
    joined = sum(1 + each.so_far + each.waited for each in told) + (1 + meeting.members if waiting else 0)
    seen = sum(1 + there for there in range(min(meeting.members, MAX_PRESENT)))
    return joined + seen


def _going(members: int) -> int:
    """Returns the messages of leaving. After the end only the presence channel sends: for each member a webhook, a
    question to the engine whether they are gone, and a delivery to those who are left."""
    return sum(2 + left for left in range(min(members, MAX_PRESENT)))


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
