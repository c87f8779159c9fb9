"""The wire protocol, on one page: what browsers hear, and when.

An event is named in the past tense and carries the state, not the difference::

    {"version": 12, "agenda": 9, "html": "<section id=\"vote-table\" …"}

``version`` counts every change of the session; a browser drops what is not newer than what it shows. ``agenda`` is the
version at which the tasks last changed; who shows an older one fetches task and backlog. ``html`` is the whole shared
fragment. Where that would be too long for the engine, ``gz`` holds it gzipped in base64, and where even that is too
long there is neither, and the browser fetches. Because every event is whole state, a lost, doubled or late one is
harmless, and several may be sent as one.
"""

import base64
import gzip
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from poker_app import realtime
from poker_app.db import session, transaction
from poker_app.poker import messages
from poker_app.poker.models import PokerSession
from poker_app.poker.outboxes import News, Outboxes
from poker_app.poker.shutting_out import shut_out, try_again
from poker_app.rules.budget import Sending

EVENTS = {
    "vote": "A card was played, changed or taken back.",
    "member-joined": "Somebody sat down or came back.",
    "task-finalized": "The current task got its estimate.",
    "session-ended": "The session is over; the report is there.",
    "session-reopened": "A facilitator goes on with a session that had ended.",
    "round-revealed": "The cards turned over.",
    "round-opened": "A new round: a revote, or another task.",
    "tasks-changed": "Tasks were added, edited, moved, deleted, skipped or reopened.",
    "member-left": "Somebody left or lost the connection.",
    "member-removed": "A facilitator removed a member, named in `member`.",
    "member-nudged": "A facilitator asks a member, named in `member`, to vote.",
    "role-changed": "Somebody facilitates, votes or watches who did not before.",
    "timer-changed": "The timer was started, paused, resumed or put away.",
    "options-changed": "The session's name or options changed.",
}

# The managed services take 10 kB a message; the library counts a little more than the JSON.
MOST_BYTES = 9_500
# Past this many at the table one publish serves many votes, because the services bill every delivery.
COALESCE_ABOVE = 12
# Seconds that such a table's events keep apart when votes rain, so that several share one: as many as a table can wait
# for, where whoever asked has their answer already; and too few to see, where the answer waits for it.
APART = 1.0
PACE = 0.02
# Seconds that a thread goes on telling of others' changes after its own answer.
LONGEST_TURN = 5.0
# Threads of this process that may rest between two events, so that most are there for requests.
MOST_RESTING = 2

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class State:
    """What everybody at the table may see, rendered: the shared fragment and the versions it shows. Of ``members`` so
    many are ``present``."""

    version: int
    agenda: int
    html: str
    members: int
    present: int = 0


def render(session_id: str, version: int) -> State:
    """The shared state of a session, at that version or a newer one. Rendering is the web's matter: it puts its own
    in this place."""
    raise RuntimeError("nobody renders")


_outboxes = Outboxes(APART)
_resting = threading.BoundedSemaphore(MOST_RESTING)


# Is handed each session that has something to send, and answers whether it takes it. The embedded server has a thread
# for that (``publisher``). Elsewhere the request's own thread sends: on a function nothing runs after the answer.
hand_over: Callable[[str], bool] | None = None


def after_answer(action: Callable[[], None]) -> bool:
    """Have something done as soon as the answer under way is delivered; False where nobody waits for one. Requests are
    the web's matter: it puts its own in this place."""
    return False


def publish(news: News) -> None:
    """Tell the browsers, once the change is committed. A failure is logged and remembered, never raised."""
    if not _outboxes.put(news):
        return
    if hand_over is not None and hand_over(news.session_id):
        return
    early = _outboxes.too_early(news.session_id)
    if early and _later(news.session_id, early):
        return
    while more := send_next(news.session_id):
        if more.members > COALESCE_ABOVE and _outboxes.hold_more(news.session_id):
            if _later(news.session_id, APART):
                return
            time.sleep(PACE)


def _later(session_id: str, rest: float) -> bool:
    """Whether the rest is told after the answer under way. Where no engine is, nobody is told anything."""
    if not realtime.is_on() or not _resting.acquire(blocking=False):
        return False
    taken = after_answer(lambda: _tell_in_peace(session_id, rest))
    if not taken:
        _resting.release()
    return taken


def _tell_in_peace(session_id: str, rest: float) -> None:
    """What waits for a large table, and what comes meanwhile, ``APART`` from one another."""
    until = time.monotonic() + LONGEST_TURN
    try:
        time.sleep(rest)
        while send_next(session_id):
            time.sleep(APART if _outboxes.hold_more(session_id) and time.monotonic() < until else 0.0)
    finally:
        _resting.release()


def send_next(session_id: str) -> State | None:
    """Send the next of what waits for a session, by whoever's turn it is; None when there is no more."""
    waiting = _outboxes.take(session_id)
    if waiting is None:
        return None
    sent = None
    try:
        sent = _send(waiting)
    except SQLAlchemyError:
        # The change itself is committed; the next fetch shows it.
        log.exception("publish_failed", session=session_id)
    finally:
        if sent is None:
            # Whatever broke, the next change finds the way free.
            for unsaid in _outboxes.drop(session_id):
                _say_farewell(unsaid)
    return sent


def reaches(session_id: str, socket: str | None) -> bool:
    """Whether a socket is sure to be told of a change, so that no answer need show it."""
    return socket is not None and realtime.hears(realtime.state_channel(session_id), socket)


def _send(news: News) -> State:
    try:
        return _tell(news)
    finally:
        _say_farewell(news)


def _say_farewell(news: News) -> None:
    # They hear why, and then nothing any more.
    if news.event == "member-removed":
        shut_out(news.about["member"])


def _tell(news: News) -> State:
    # A transaction that is open since an earlier event would show the table as it was then.
    session.rollback()
    state = render(news.session_id, news.version)
    # A large table's answers come without the table: its voters see it in this event like everybody else.
    socket = news.socket if state.members <= COALESCE_ABOVE else None
    channel, data = realtime.state_channel(news.session_id), payload(state, news.about)
    # No connection of the database is held while the engine is asked.
    session.rollback()
    if state.members > COALESCE_ABOVE:
        _outboxes.note_told(news.session_id)
    if realtime.publish([channel], news.event, data, socket):
        messages.count_event(news.session_id, news.event, state.present, socket)
    else:
        _remember_lag(news.session_id, news.version)
    return state


def sending() -> Sending:
    """How the events above are sent, for reckoning with."""
    return Sending(COALESCE_ABOVE, APART)


def payload(state: State, about: dict[str, str] | None = None) -> dict[str, Any]:
    """The event's data: whole state where it fits, at most ``MOST_BYTES`` of JSON."""
    thin = {"version": state.version, "agenda": state.agenda, **(about or {})}
    for key, pack in (("html", str), ("gz", _packed)):
        # What is too long as it is, is not worth the making of JSON to measure it.
        if len(content := pack(state.html)) <= MOST_BYTES:
            full = {**thin, key: content}
            if len(json.dumps(full)) <= MOST_BYTES:
                return full
    return thin


def _packed(html: str) -> str:
    # mtime=0: the same state is the same bytes, whenever it is sent.
    return base64.b64encode(gzip.compress(html.encode(), compresslevel=6, mtime=0)).decode()


def _remember_lag(session_id: str, version: int) -> None:
    with transaction():
        session.execute(
            update(PokerSession)
            .where(PokerSession.id == session_id, PokerSession.published_version >= version)
            .values(published_version=version - 1)
        )


def catch_up(session_id: str) -> bool:
    """Publish the newest state once if an earlier publish failed, and end the connections that the engine did not:
    called by whoever next reads the session.

    True while there is something that not everybody has heard of, so that it is worth asking again soon.
    """
    messages.write_down(session_id, older_than=messages.WRITE_EVERY)
    try_again()
    lag = select(PokerSession.version).where(
        PokerSession.id == session_id, PokerSession.published_version < PokerSession.version
    )
    version = session.scalars(lag).one_or_none()
    if version is None:
        return False
    if not realtime.ready():
        return True
    with transaction():
        session.execute(update(PokerSession).where(PokerSession.id == session_id).values(published_version=version))
    # Which event was lost nobody knows any more. Its state is what counts, and every listener knows this name.
    publish(News(session_id, "vote", version))
    return realtime.troubled()
