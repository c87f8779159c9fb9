"""Cache of when this process last wrote each member's ``seen_at``, so that it writes at most every 20 seconds for each.

``member.seen_at`` is not part of a session's value: it changes with every poll, and nothing shown depends on it.
"""

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta

NOTE_EVERY = timedelta(seconds=20)
# Members in the cache; above it those are dropped whose next request is due to be written anyway.
MAX_REMEMBERED = 20_000

_noted: dict[str, datetime] = {}
_lock = threading.Lock()


def is_due(member_id: str, now: datetime) -> bool:
    """Whether a request of the member is due to be written."""
    noted = _noted.get(member_id)
    return noted is None or not timedelta() <= now - noted < NOTE_EVERY


def note(member_ids: Iterable[str], now: datetime) -> None:
    """Records that ``seen_at`` of these members was written."""
    with _lock:
        _noted.update(dict.fromkeys(member_ids, now))
        if len(_noted) > MAX_REMEMBERED:
            for key in [key for key, at in _noted.items() if now - at >= NOTE_EVERY]:
                del _noted[key]


def forget(member_id: str) -> None:
    """Drops a member whose ``seen_at`` was changed, so that the next request is written."""
    _noted.pop(member_id, None)
