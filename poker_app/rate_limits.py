"""Rate limits, counted in the database, because serverless functions share no memory."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import String, case, delete, literal, select, update
from sqlalchemy.orm import Mapped, mapped_column

from poker_app import clock, ids
from poker_app.db import Base, UtcDateTime, add_if_missing, insert_into, session, transaction
from poker_app.errors import Invalid, Refusal, TooMany
from poker_app.rules.networks import networks_of

# Longer than any limit's time.
KEPT = timedelta(days=2)


class Tries(Base):
    """How often something was tried since a moment. What and by whom is stored as a digest only."""

    __tablename__ = "tries"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    since: Mapped[datetime]
    count: Mapped[int]


class Counter(NamedTuple):
    """One row of the table, and how far it may count."""

    key: str
    most: int
    within: timedelta


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``most`` tries of ``what`` in the time ``within``."""

    what: str
    most: int
    within: timedelta

    def of(self, *who: str) -> list[Counter]:
        """Counted for one user, account, address of mail or the like, from wherever the tries come."""
        return [self._counter(1, *who)]

    def of_network(self, address: str, *who: str) -> list[Counter]:
        """Counted for the networks that an IP address lies in, and where given for ``who`` in each of them."""
        return [self._counter(times, *who, network) for network, times in networks_of(address)]

    def _counter(self, times: int, *who: str) -> Counter:
        return Counter(ids.digest(" ".join((self.what, *who))), self.most * times, self.within)


class Allowance(NamedTuple):
    """How many tries are left, and for how many seconds."""

    left: int
    seconds: int


def spend(counters: Sequence[Counter], times: int = 1) -> Allowance:
    """Count ``times`` tries, decided and counted in one transaction. Returns what is left of the counter that has the
    least.

    Raises:
        TooMany: (429) if one of the counters has too few left. None of them has counted then.
    """
    now, new = clock.now(), False
    allowances = []
    with transaction():
        # In one order, so that two transactions never wait for each other.
        for counter in sorted(counters):
            goes_on = Tries.since > now - counter.within
            counted = insert_into(Tries).values(key=counter.key, since=now, count=times)
            counted = counted.on_conflict_do_update(
                index_elements=[Tries.key],
                set_={
                    "since": case((goes_on, Tries.since), else_=literal(now, UtcDateTime())),
                    "count": case((goes_on, Tries.count), else_=0) + times,
                },
            )
            since, count = session.execute(counted.returning(Tries.since, Tries.count)).one()
            if count > counter.most:
                raise _too_many(since, counter, now)
            new = new or since == now
            allowances.append(Allowance(counter.most - count, _seconds(since, counter, now)))
        if new:
            _tidy(now)
    return min(allowances)


def refuse_used_up(counters: Sequence[Counter]) -> None:
    """Ask whether one more try is left, and count nothing. What was read before is read anew afterwards.

    Raises:
        TooMany: (429) if one of the counters is used up.
    """
    session.rollback()  # or SQLite would answer with what was there when this transaction began
    now = clock.now()
    keys = [counter.key for counter in counters]
    rows = session.execute(select(Tries.key, Tries.since, Tries.count).where(Tries.key.in_(keys)))
    found = {key: (since, count) for key, since, count in rows}
    for counter in counters:
        since, count = found.get(counter.key, (now, 0))
        if since + counter.within > now and count >= counter.most:
            raise _too_many(since, counter, now)


@contextmanager
def failures(counters: Sequence[Counter], of: type[Refusal] = Invalid) -> Iterator[None]:
    """Count how often the block raises ``of``; what succeeds is not counted, however much of it comes at once.

    Several blocks that run at once are as good as one after another in the order in which they end: once the last
    failure is counted, whatever else is under way is refused, right or wrong. So no more than the limit's failures
    are ever answered, and no success beside them.

    Raises:
        TooMany: (429) before the block or after it, if one of the counters is used up.
    """
    refuse_used_up(counters)
    try:
        yield
    except of:
        spend(counters)
        raise
    refuse_used_up(counters)


def note(what: str) -> None:
    """Remember for a while that something happened; as a digest only."""
    with transaction():
        noted = {"key": ids.digest(what), "since": clock.now(), "count": 1}
        if add_if_missing(Tries, noted):
            _tidy(clock.now())


def is_noted(what: str) -> bool:
    """Whether ``note`` was called with the same."""
    return session.scalar(select(Tries.count).where(Tries.key == ids.digest(what))) is not None


@lru_cache(maxsize=4096)  # each request asks for its own: 1 µs instead of 11
def network(address: str) -> str:
    """The narrowest network that an IP address is counted in."""
    return networks_of(address)[0][0]


def give_back(counters: Sequence[Counter]) -> None:
    """Take back a try that came to nothing: the mail could not be sent, say."""
    with transaction():
        for counter in sorted(counters):
            session.execute(update(Tries).where(Tries.key == counter.key).values(count=Tries.count - 1))


def _tidy(now: datetime) -> None:
    # Last in the transaction, and without rows that others have locked: it waits for none of them.
    old = select(Tries.key).where(Tries.since < now - KEPT).with_for_update(skip_locked=True)
    session.execute(delete(Tries).where(Tries.key.in_(old)))


def _too_many(since: datetime, counter: Counter, now: datetime) -> TooMany:
    seconds = _seconds(since, counter, now)
    return TooMany(f"Too many tries from here. Wait {_in_words(seconds)} and try again.", seconds)


def _seconds(since: datetime, counter: Counter, now: datetime) -> int:
    """Seconds until the counter begins anew."""
    return int((since + counter.within - now).total_seconds()) + 1


def _in_words(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 300 else f"{-(-seconds // 60)} minutes"
