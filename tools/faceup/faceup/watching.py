"""Watches a session: asks once a second, and shows it as it is, or what is new where the output is no terminal."""

import signal
import sys
import time
from collections.abc import Iterator
from typing import Any

from faceup import terminal
from faceup.api import Api, Refused, Unreachable
from faceup.table import State, news, picture

EVERY = 1.0
MAX_PAUSE = 30.0


_interrupted: list[int] = []


def _interrupt(number: int, _frame: object) -> None:
    """Ends the watching. Where the exception is lost, as in the destructor of a connection, the loop ends at its next
    turn."""
    _interrupted.append(number)
    raise KeyboardInterrupt


def states(api: Api, session_id: str) -> Iterator[State | str]:
    """The session each time that it has changed, the last time when it has ended; a sentence where it cannot be read
    just now. It is asked for again until it can, with growing pauses."""
    session: Any = None
    tasks: list[Any] = []
    etag, pause = "", EVERY
    while session is None or session["ended_at"] is None:
        try:
            answer = api.get(f"/sessions/{session_id}", etag=etag)
            if answer.body is not None:
                tasks = api.get(f"/sessions/{session_id}/tasks").body["items"]
                session, etag = answer.body, answer.etag
                yield State(session, tasks)
            pause = EVERY
        except Unreachable as problem:
            pause = min(pause * 2, MAX_PAUSE)
            yield f"{problem} Trying again."
        except Refused as refused:
            if refused.status not in (429, 500, 503):
                raise
            pause = refused.retry_after or min(pause * 2, MAX_PAUSE)
            yield f"{refused} Trying again in {pause:g} seconds."
        time.sleep(pause)
        if _interrupted:
            raise KeyboardInterrupt


def watch(api: Api, session_id: str) -> None:
    """Shows the session until it ends."""
    signal.signal(signal.SIGINT, _interrupt)
    if terminal.is_live():
        _show(api, session_id)
    else:
        _print_news(api, session_id)


def _show(api: Api, session_id: str) -> None:
    lines: list[str] = []
    with terminal.Place() as place:
        for seen in states(api, session_id):
            if isinstance(seen, State):
                lines = list(picture(seen))
                place.draw(lines if seen.has_ended else [*lines, "", "Ctrl-C stops watching."])
            else:
                place.draw([*lines, "", terminal.clean(seen)])


def _print_news(api: Api, session_id: str) -> None:
    before, trouble = None, ""
    for seen in states(api, session_id):
        if isinstance(seen, State):
            for line in news(before, seen):
                print(line, flush=True)
            before, trouble = seen, ""
        elif seen != trouble:
            print(terminal.clean(seen), file=sys.stderr, flush=True)
            trouble = seen
