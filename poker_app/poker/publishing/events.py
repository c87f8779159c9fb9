"""Renders a session's state as an event, publishes it to the browsers, and catches up after a failed publish.

It is the wire protocol on one page. The events' names are ``Event`` in ``rules.session.change``.

An event is named in the past tense and carries the state, not the difference::

    {"version": 12, "tasks_version": 9, "html": "<section id=\"vote-table\" …"}

``version`` counts every change of the session; a browser drops what is not newer than what it shows. ``tasks_version``
is the version at which the tasks last changed; a browser that shows an older one fetches task and backlog. ``html`` is
the whole shared fragment, with the tasks where they changed: of a long backlog the rows that changed lately, with the
``tasks_version`` from which on they are all, and a browser that shows an older one asks for the list. Where that would
be too long for the engine, ``gz`` holds it gzipped in base64; where even that is too long it is the table alone, and
the browser fetches the tasks, or there is neither, and it fetches both. Because every event is whole state, a lost,
doubled or late one is harmless, and several may be sent as one.
"""

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from poker_app import realtime
from poker_app.db import forget_what_was_read, session, transaction
from poker_app.poker.models import PokerSession
from poker_app.poker.publishing import message_usage
from poker_app.poker.publishing.disconnect import disconnect_member, try_again
from poker_app.poker.publishing.publish_queue import News, PublishQueue
from poker_app.poker.value.current import newest
from poker_app.rules.message_budget import LARGE_ABOVE
from poker_app.rules.session.change import Event

# The managed services take 10 kB a message; the library counts a little more than the JSON.
MAX_BYTES = 9_500
# A page's markup packs to about a tenth, and base64 takes a third more: beyond this it is not tried.
MAX_PACKED = 20 * MAX_BYTES
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class State:
    """The rendered state that all members receive: the shared fragment and the versions it shows. The session has
    ``members``, of whom so many are ``present``."""

    version: int
    tasks_version: int
    html: str
    members: int
    present: int = 0
    # The table alone, for events that the tasks would make too long.
    table: str = ""


_publish_queue = PublishQueue()


@dataclass(slots=True)
class _Wiring:
    """The callbacks that ``configure`` and ``handed_over`` set."""

    render: Callable[[str, int], State] | None = None
    run_after_response: Callable[[Callable[[], None]], bool] = lambda action: False
    hand_over: Callable[[str], bool] | None = None


_wiring = _Wiring()


def configure(render: Callable[[str, int], State], run_after_response: Callable[[Callable[[], None]], bool]) -> None:
    """Sets the callbacks, once a process. ``render`` returns the shared state of a session, at a version or a newer
    one. ``run_after_response`` runs an action once the response under way is sent; it returns False outside of a
    request."""
    _wiring.render, _wiring.run_after_response = render, run_after_response


@contextmanager
def handed_over(take: Callable[[str], bool]) -> Iterator[None]:
    """Passes each session with events to send to ``take`` until the block ends. ``take`` returns whether it takes the
    session: the embedded server has a thread for that (``publisher_thread``). Elsewhere the request's own thread sends,
    because on a function nothing runs after the response."""
    _wiring.hand_over = take
    try:
        yield
    finally:
        _wiring.hand_over = None


def publish(*news: News) -> None:
    """Queues the events of one committed change, and sends them unless another thread does. A failure is logged and
    left to ``catch_up``, never raised."""
    session_id = news[0].session_id
    if _publish_queue.put(*news):
        if _wiring.hand_over is not None and _wiring.hand_over(session_id):
            return
        _send_all(session_id)
    _send_later()


def _send_all(session_id: str) -> None:
    while send_next(session_id):
        pass


def _send_later() -> None:
    """Lets this request's thread wait, once its response is sent, for the events of all sessions that may not be sent
    yet, unless another thread does. Outside of a request, and without an engine, they are sent now."""
    token = _publish_queue.waiter()
    if token is None:
        return
    if not realtime.is_on() or not _wiring.run_after_response(lambda: _send_when_due(token)):
        _send_when_due(token, at_once=True)


def _send_when_due(token: object, *, at_once: bool = False) -> None:
    while session_id := _publish_queue.wait(token, at_once=at_once):
        try:
            _send_all(session_id)
        except BaseException:
            # A fault in one session's event delays no other's.
            _send_when_due(token, at_once=at_once)
            raise


def send_next(session_id: str) -> State | None:
    """Sends the next event of a session, on the thread that has its turn. None when there is no more, or the database
    failed."""
    waiting = _publish_queue.take(session_id, together=realtime.sending().apart > 0)
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
            # Whatever broke, the turn is given up, so that the next change can publish.
            for unsaid in _publish_queue.drop(session_id):
                _disconnect_removed(unsaid)
    return sent


def may_wait(session_id: str) -> bool:
    """Whether a session has events to send, and all of them may be merged with later ones."""
    return _publish_queue.only_shared(session_id)


def reaches(session_id: str, socket: str | None) -> bool:
    """Whether a socket surely receives the event of a change, so that the response need not show it."""
    return socket is not None and realtime.is_subscribed(realtime.state_channel(session_id), socket)


def _send(news: News) -> State:
    try:
        return _tell(news)
    finally:
        _disconnect_removed(news)


def _disconnect_removed(news: News) -> None:
    # The event reaches the removed member first, then their sockets are closed.
    if news.event == Event.MEMBER_REMOVED:
        disconnect_member(news.about["member"])


def _tell(news: News) -> State:
    # A transaction that is open since an earlier event would show the table as it was then.
    forget_what_was_read()
    assert _wiring.render is not None, "configure() comes first"
    state = _wiring.render(news.session_id, news.version)
    # In a large session the responses leave the table out: the asking socket needs this event like all others.
    socket = news.socket if state.members <= LARGE_ABOVE else None
    channel, data = realtime.state_channel(news.session_id), payload(state, news.about)
    # Gives the database connection back before the request to the engine.
    forget_what_was_read()
    if apart := realtime.sending().apart_at(state.members):
        _publish_queue.pace(news.session_id, apart)
    if realtime.publish([channel], news.event, data, socket):
        # A member who has just joined or come back opens the socket only a moment later.
        absent = socket is not None or (news.event == Event.MEMBER_JOINED and not news.waited)
        message_usage.count_event(news.session_id, state.present - absent, socket)
    else:
        _remember_lag(news.session_id, news.version)
    return state


def payload(state: State, about: dict[str, str] | None = None) -> dict[str, Any]:
    """The event's data: whole state where it fits, at most ``MAX_BYTES`` of JSON."""
    thin = {"version": state.version, "tasks_version": state.tasks_version, **(about or {})}
    for html in (state.html, state.table):
        for key, pack, longest in (("html", str, MAX_BYTES), ("gz", _packed, MAX_PACKED)):
            # What is too long as it is, is not worth packing, nor the making of JSON to measure it.
            if html and len(html) <= longest and len(content := pack(html)) <= MAX_BYTES:
                full = {**thin, key: content}
                if len(json.dumps(full)) <= MAX_BYTES:
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
    """Publishes the newest state once if an earlier publish failed, retries closing the sockets that the engine did
    not, and writes message counts. The fetch of the table calls it.

    Returns True while the engine has not taken the newest state for all browsers, so that asking again soon is worth
    it.
    """
    message_usage.write_down(session_id, older_than=message_usage.WRITE_EVERY)
    try_again()
    _send_later()
    known = newest(session_id)
    if not known.behind:
        return False
    if not realtime.ready():
        return True
    version = known.value.version
    with transaction():
        session.execute(update(PokerSession).where(PokerSession.id == session_id).values(published_version=version))
    # The name of the lost event is not stored. Its state is what counts, and every page handles this name.
    publish(News(session_id, Event.VOTE, version))
    return realtime.troubled()
