"""HTTP client for trackers: JSON in and out, over the requests of ``outside``."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from json import loads
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import quote, urlsplit

from poker_app import outside
from poker_app.outside import NoAnswer, PrivateAddress, pause_of
from poker_app.rules.printable import one_line
from poker_app.trackers.failures import (
    Busy,
    Elsewhere,
    Rejected,
    TrackerFailure,
    Unreachable,
    denied,
    gone,
    unauthorized,
)

WHOLE = 12.0
"""Seconds in which a tracker has to send a whole answer."""
IN_ALL = 45.0
"""Seconds for all requests of one client: of a page, or of one thing that is done in the background."""
AT_ONCE = 8
"""Requests of this process that are under way at once, so that slow trackers never hold all threads of pages."""
_places = BoundedSemaphore(AT_ONCE)
MAX_BYTES = 4_000_000
MAX_WORDS = 200
"""Characters of a tracker's own words that stand in a sentence."""
PRIVATE = "This address is in a private network. Trackers there need the setting TRACKERS_INSIDE."


@dataclass(frozen=True, slots=True)
class Answer:
    """A tracker's answer: its body as JSON, None for an empty one, and its headers."""

    body: Any
    headers: Mapping[str, str]


class Client:
    """Requests to one tracker. ``name`` is what people call it, in sentences.

    Raises:
        Rejected: as ``checked_base``, or a header, which a token is in, has a character that no header can have.
    """

    def __init__(self, name: str, base: str, headers: Mapping[str, str], *, inside: bool) -> None:
        self._name = name
        self._base = checked_base(base, inside=inside)
        headers = {name: text.strip() for name, text in headers.items()}
        if not all(each.isascii() and each.isprintable() for each in headers.values()):
            # Sending it would fail with an error that has the token in it.
            raise Rejected("The token has a character in it that no token has. Copy it again.")
        self._headers = {"Accept": "application/json", **headers}
        self._ends = time.monotonic() + IN_ALL
        self._inside = inside

    def get(self, path: str, **params: str | int) -> Any:
        """The JSON at a path. Raises as ``send``."""
        return self.send("GET", path, params=params).body

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Sends one request and returns the answer.

        Raises:
            Unauthorized, Denied, Gone, Rejected: (401, 403, 404 or 410, others) the tracker refuses.
            Elsewhere: (3xx) what is asked for is at another address.
            Busy: (429, or 403 with a limit used up) asked too often.
            Unreachable: down, slow, an answer that is too long or no JSON, or an address that may not be asked.
        """
        left = min(WHOLE, self._ends - time.monotonic())
        if left <= 0:
            raise Unreachable(f"{self._name} takes longer than {IN_ALL:.0f} seconds.")
        if not _places.acquire(timeout=left):
            raise Unreachable("Too many trackers are asked at once. Try again in a moment.")
        try:
            response = outside.send(
                method,
                self._base + path,
                {**self._headers, **(headers or {})},
                params=params,
                json=body,
                seconds=left,
                most=MAX_BYTES,
                inside=self._inside,
            )
        except PrivateAddress:
            raise Rejected(PRIVATE) from None
        except NoAnswer as problem:
            raise Unreachable(f"{self._name} cannot be reached ({problem.kind}).") from None
        finally:
            _places.release()
        if response.cut:
            raise Unreachable(f"{self._name} answers with more than {MAX_BYTES // 1_000_000} MB.")
        answered, readable = self._parsed(response.content)
        if readable and 200 <= response.status < 300:
            return Answer(answered, response.headers)
        raise self.refusal(response.status, response.headers, answered)

    def _parsed(self, content: bytes) -> tuple[Any, bool]:
        """The JSON, None for nothing, and whether it is JSON."""
        try:
            return (loads(content) if content.strip() else None), True
        except (ValueError, RecursionError):
            return None, False

    def refusal(self, status: int, headers: Mapping[str, str], body: Any) -> TrackerFailure:
        """The failure that an answer means which is not what was asked for. A tracker that says it in another way
        overrides this, and names the status that is meant."""
        who = self._name
        said = words_of(body)
        because = f": {said}" if said else "."
        if status == 429 or (status == 403 and (is_used_up(headers) or "rate limit" in said)):
            return self.busy(headers)
        if status == 401:
            return unauthorized(who)
        if status == 403:
            return denied(who, because)
        if status in (404, 410):
            return gone(who)
        if status >= 500:
            return Unreachable(f"{who} answers with an error ({status}).")
        if status < 300:
            return Unreachable(f"{who} does not answer with JSON. Is the address right?")
        if status < 400:
            where = headers.get("location", "")
            return Elsewhere(f"{who} is at another address than this one ({status}).", where)
        return Rejected(f"{who} refuses this ({status}){because}")

    def busy(self, headers: Mapping[str, str]) -> Busy:
        """The failure for a limit that is used up, with the pause that the headers name."""
        return Busy(f"{self._name} was asked too often and wants a pause.", pause_of(headers))


def checked_base(typed: str, *, inside: bool) -> str:
    """A tracker's address without a slash at its end.

    Raises:
        Rejected: it is no address of a server, is not encrypted, or has a password in it.
    """
    base = typed.strip().rstrip("/")
    try:
        parts = urlsplit(base)
        port_is_sound = parts.port is None or parts.port > 0
    except ValueError:
        raise Rejected("This is not an address, such as https://tracker.example.com.") from None
    if parts.scheme not in ("https", "http") or not parts.hostname or not port_is_sound:
        raise Rejected("A tracker’s address begins with https://, such as https://tracker.example.com.")
    if parts.scheme == "http" and not inside:
        raise Rejected("A tracker’s address begins with https://: its token would travel in the clear.")
    if parts.username is not None or parts.query or parts.fragment or any(each.isspace() for each in base):
        raise Rejected("A tracker’s address has no password, no “?” and no “#” in it.")
    return base


def words_of(body: Any) -> str:
    """The words by which a tracker explains a refusal, on one line, "" for none."""
    found: list[str] = []
    if isinstance(body, dict):
        for key in ("errorMessages", "errors", "message", "error", "error_description", "value", "detail"):
            said = body.get(key)
            if isinstance(said, dict):
                found += [f"{name}: {text}" for name, text in said.items() if isinstance(text, str)]
            elif isinstance(said, list):
                found += [
                    text
                    for each in said
                    if isinstance(text := each.get("message") if isinstance(each, dict) else each, str)
                ]
            elif isinstance(said, str):
                found.append(said)
    return one_line(" ".join(found))[:MAX_WORDS]


def is_used_up(headers: Mapping[str, str]) -> bool:
    """Whether a refusal is a limit that is used up: some trackers answer 403 then."""
    return "retry-after" in headers or headers.get("x-ratelimit-remaining", "").strip() == "0"


def path(*parts: str | int) -> str:
    """A path of segments, each of them escaped.

    Raises:
        Rejected: one is empty or dots alone, which would lead to another address.
    """
    if any(str(part).strip(".") == "" for part in parts):
        raise Rejected("There is no such place in the tracker.")
    return "".join(f"/{quote(str(part), safe='')}" for part in parts)
