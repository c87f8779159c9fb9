"""One try of an event, and what became of it, as plain values."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Job:
    """One event to send, as plain values, with the lease under which it is."""

    delivery_id: int
    endpoint_id: str
    leased_until: datetime
    key: str
    body: str
    address_sealed: str
    secrets_sealed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a try: ``problem`` is "" where the event was taken. ``down``: no event of the endpoint would have
    been taken. ``asked``: the pause that the receiver asks for."""

    took: float
    problem: str = ""
    down: bool = False
    status: int | None = None
    answer: str = ""
    asked: timedelta = field(default_factory=timedelta)
