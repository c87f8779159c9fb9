"""When members were last seen, as far as this process has written it down: at most every 20 seconds for each.

``member.seen_at`` is not part of a session's value: it changes with every poll, and nothing shown depends on it.
"""

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta

NOTE_EVERY = timedelta(seconds=20)
# Members of whom it is remembered; past them those are forgotten whose next request is written down anyway.
MAX_REMEMBERED = 20_000

_noted: dict[str, datetime] = {}
_lock = threading.Lock()


def is_due(member_id: str, now: datetime) -> bool:
    """Whether a request of the member is to be written down."""
    noted = _noted.get(member_id)
    return noted is None or not timedelta() <= now - noted < NOTE_EVERY


def note(member_ids: Iterable[str], now: datetime) -> None:
    """It is written down that these members were seen."""
    with _lock:
        _noted.update(dict.fromkeys(member_ids, now))
        if len(_noted) > MAX_REMEMBERED:
            for key in [key for key, at in _noted.items() if now - at >= NOTE_EVERY]:
                del _noted[key]


def forget(member_id: str) -> None:
    """What is written down of the member was changed: the next request is written down."""
    _noted.pop(member_id, None)
