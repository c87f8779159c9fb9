"""Credits: the order in which lots are used up, and the months in which credits arrive."""

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Lot:
    """Credits that came together. ``expires_at`` None: never."""

    id: int
    remaining: int
    expires_at: datetime | None = None
    priority: int = 0


def usable(lots: Iterable[Lot], now: datetime) -> list[Lot]:
    """The lots with something left that has not expired, in the order in which they are used up: by priority, then what
    expires first, then the oldest."""
    alive = [lot for lot in lots if lot.remaining > 0 and (lot.expires_at is None or lot.expires_at > now)]
    return sorted(alive, key=lambda lot: (lot.priority, lot.expires_at is None, lot.expires_at or now, lot.id))


def burn(lots: Iterable[Lot], amount: int, now: datetime) -> list[tuple[int, int]] | None:
    """Returns how much to take from which lot, as (id, amount) in order; None where there is not enough."""
    taken = []
    for lot in usable(lots, now):
        if amount == 0:
            break
        part = min(lot.remaining, amount)
        taken.append((lot.id, part))
        amount -= part
    return None if amount else taken


def expired(lots: Iterable[Lot], now: datetime) -> list[tuple[int, int]]:
    """Returns the remaining credits of lots that have expired, as (id, amount)."""
    return [(lot.id, lot.remaining) for lot in lots if lot.remaining and lot.expires_at and lot.expires_at <= now]


def unpaid_share(amount: int, paid: int, returned: int) -> int:
    """How many of the credits are no longer paid for, when so much of the payment was returned: all for all of it, else
    their share, in the buyer's favour."""
    if not returned:
        return 0
    return amount if returned >= paid else amount * returned // paid


def period(anchor: datetime, now: datetime) -> tuple[datetime, datetime]:
    """The month counted from ``anchor`` in which ``now`` lies: its start (included) and end (not included).

    A month begins on the anchor's day and time, or on the last day of a month that has no such day; the day itself is
    not forgotten, so that 31 January, 28 February and 31 March follow each other. Before the anchor it is the first.
    """
    months = max(0, (now.year - anchor.year) * 12 + now.month - anchor.month)
    if months and add_months(anchor, months) > now:
        months -= 1
    return add_months(anchor, months), add_months(anchor, months + 1)


def add_months(anchor: datetime, months: int) -> datetime:
    """The anchor's day ``months`` later, or the last day of that month."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    return anchor.replace(year=year, month=month + 1, day=min(anchor.day, calendar.monthrange(year, month + 1)[1]))


def balance(lots: Sequence[Lot], now: datetime) -> int:
    """How many credits there are to spend."""
    return sum(lot.remaining for lot in usable(lots, now))
