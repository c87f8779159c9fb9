"""Counting tries: in the database, because serverless functions share no memory."""

from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address

from sqlalchemy import String, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from poker_app import clock, ids
from poker_app.db import Base, session, transaction
from poker_app.errors import TooMany

# Longer than any limit's time.
KEPT = timedelta(days=1)


class Tries(Base):
    """How often something was tried by somebody since a moment. Who, is kept as a digest only."""

    __tablename__ = "tries"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    since: Mapped[datetime]
    count: Mapped[int]


def spend(what: str, who: str, *, most: int, within: timedelta, times: int = 1) -> None:
    """Use up one try of ``what``, or as many as ``times``; raise TooMany, and use none up, if ``who`` has too few left.
    Counted and decided in one transaction."""
    try:
        _spend(what, who, most, within, times)
    except IntegrityError:
        # Two first tries at the same moment: the other one's row is there now.
        _spend(what, who, most, within, times)


def _spend(what: str, who: str, most: int, within: timedelta, times: int) -> None:
    now = clock.now()
    with transaction():
        tries = session.get(Tries, _key(what, who), with_for_update=True)
        if tries is None:
            # Tidied up without what others are counting on, so that two who tidy never wait for each other.
            old = select(Tries.key).where(Tries.since < now - KEPT).with_for_update(skip_locked=True)
            session.execute(delete(Tries).where(Tries.key.in_(old)))
            # Added, not merged: a row that came in between must clash, or its tries would be forgotten.
            session.add(Tries(key=_key(what, who), since=now, count=times))
        elif tries.since + within <= now:
            tries.since, tries.count = now, times
        elif tries.count + times <= most:
            tries.count += times
        else:
            seconds = int((tries.since + within - now).total_seconds()) + 1
            raise TooMany(f"That was tried too often from here. Wait {_told(seconds)} and try again.", seconds)


def _told(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 300 else f"{-(-seconds // 60)} minutes"


def give_back(what: str, who: str) -> None:
    """Return a try that was none: the code was right, say."""
    with transaction():
        session.execute(update(Tries).where(Tries.key == _key(what, who)).values(count=Tries.count - 1))


def _key(what: str, who: str) -> str:
    return ids.digest(f"{what} {_network(who)}")


def _network(who: str) -> str:
    """A household has one IPv4 address, but a whole /64 of IPv6 ones."""
    try:
        address = ip_address(who)
    except ValueError:
        return who
    return str(IPv6Network((address, 64), strict=False)) if isinstance(address, IPv6Address) else who
