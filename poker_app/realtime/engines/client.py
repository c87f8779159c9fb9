"""Client of every engine, on Pusher's official library, which is imported here alone."""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import requests
import structlog
from pusher.authentication_client import AuthenticationClient
from pusher.errors import PusherBadRequest, PusherError
from pusher.http import POST, Request, process_response, request_method
from pusher.pusher_client import PusherClient
from pusher.requests import RequestsBackend

from poker_app import metrics, tracing
from poker_app.errors import Forbidden, Invalid
from poker_app.realtime.circuit_breaker import Breaker
from poker_app.realtime.engines.embedded import running_hub
from poker_app.realtime.engines.endpoints import Credentials, Place

if TYPE_CHECKING:
    from poker_app.realtime.engines.embedded.api import Hub

log = structlog.get_logger(__name__)

TIMEOUT = 0.4  # seconds, to connect and again to answer
# A call that takes so many seconds trips the breaker, so that the next one does not wait as long. The timeout alone is
# no limit: it is for each address, and resolving a host's name has none.
TOO_LONG = 1.0
LARGEST = 10_240  # bytes of an event's data, on every engine
LONGEST_REQUEST = 60.0  # seconds for which users are remembered whose connections were ended

_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


class EngineError(Exception):
    """The engine's answer was an error, though its status was not."""


class Absent(Exception):
    """No embedded server runs in this process."""


class Client:
    """One engine, called through a circuit breaker. Thread-safe. Failures are logged and returned, never raised."""

    def __init__(
        self, own: Credentials, place: Place, backend: Callable[[Any], Any] | None = None, *, counts: bool = True
    ) -> None:
        """``counts``: whether the engine knows its subscribers."""
        reached = {"host": place.host, "port": place.port, "ssl": place.tls, "timeout": TIMEOUT}
        self._http = _Requests(own.app_id, own.key, own.secret, backend=backend or _Backend, **reached)
        # The library only takes digits for an app id, which signing does without.
        self._signer = AuthenticationClient("0", own.key, own.secret, backend=_NoBackend)
        self._breaker = Breaker()
        self._embedded = backend is InProcess
        self._counts = counts
        self._absent = False
        self._ended: dict[str, float] = {}  # user ids, and when their connections were ended (``time.monotonic``)

    @property
    def resting(self) -> bool:
        """Whether a call is of no use now: the engine failed lately, or is embedded and not in this process."""
        return self._breaker.resting or (self._embedded and running_hub.hub() is None)

    @property
    def troubled(self) -> bool:
        """Whether the last call to the engine failed."""
        return self._breaker.troubled

    def publish(self, channels: Sequence[str], event: str, data: Mapping[str, object], exclude: str | None) -> bool:
        """Publishes an event to at most 100 channels. Returns whether the engine took it."""
        text = _encoded(data)
        if (size := len(text.encode())) > LARGEST:
            log.warning("realtime.too_large", realtime_event=event, size=size)
            return False
        return self._ask("publish", self._http.trigger, list(channels), event, text, exclude) is not None

    def is_subscribed(self, channel: str, socket: str) -> bool:
        """Whether the socket is this process's own and subscribed to the channel."""
        hub = running_hub.hub() if self._embedded else None
        return hub is not None and hub.is_subscribed(channel, socket)

    def listeners(self, channel: str) -> int | None:
        """How many of this process's own sockets are subscribed to the channel; None where they are not its own."""
        hub = running_hub.hub() if self._embedded else None
        return hub.sockets(channel) if hub is not None else None

    def present(self, channel: str) -> set[str] | None:
        """The user ids on a presence channel, none where the engine does not count, or None where it did not answer."""
        if not self._counts:
            return set()
        answer = self._ask("users", self._http.users_info, channel)
        users = answer.get("users") if answer is not None else None
        if not isinstance(users, list):
            return None
        return {str(user["id"]) for user in users if isinstance(user, dict) and "id" in user}

    def end_connections(self, user_id: str) -> bool:
        """Closes every socket signed in as the user or lent to them. Returns whether the engine agreed."""
        now = time.monotonic()
        self._ended[user_id] = now
        for old in [each for each, at in self._ended.copy().items() if at < now - LONGEST_REQUEST]:
            self._ended.pop(old, None)  # in place: another thread may be adding to it
        return self._ask("terminate", self._http.terminate_user_connections, user_id) is not None

    def lend(self, socket: str, user_id: str, asked_at: float) -> None:
        """Registers the socket for the user, so that ``end_connections`` closes it; with the embedded engine only.

        Raises: Forbidden if ``end_connections`` of the user ran after ``asked_at`` (``time.monotonic``).

        Raises:
            Forbidden: (403) the connections of the user were ended after ``asked_at``.
        """
        if self._embedded and (hub := running_hub.hub()):
            hub.lend(socket, user_id)
        # Asked after lending: ending the connections notes the moment first, and looks for the user's sockets then.
        if self._ended.get(user_id, asked_at) > asked_at:
            raise Forbidden("Your access to this session ended a moment ago.")

    def _ask(self, what: str, call: Any, *args: object) -> dict[str, Any] | None:
        """The engine's answer; None where it failed, refused, or is not called while the breaker rests."""
        if not self._breaker.allows():
            metrics.count_engine(what, "not asked")
            return None
        began = time.perf_counter()
        with tracing.span(f"realtime {what}"):
            answer = self._answer(what, call, *args)
        took = time.perf_counter() - began
        metrics.count_engine(what, "failed" if answer is None else "taken", took)
        # Our own server waits for nothing but the machine.
        if took > TOO_LONG and not self._embedded:
            log.warning("realtime.slow", what=what, seconds=round(took, 1), resting_seconds=self._breaker.trip())
        return answer

    def _answer(self, what: str, call: Any, *args: object) -> dict[str, Any] | None:
        try:
            answer = call(*args)
            if not isinstance(answer, dict) or "error" in answer:
                raise EngineError(str(answer))
        except Absent:
            self._breaker.succeeded()
            self._tell_once()
            return None
        except (PusherError, EngineError, requests.RequestException, json.JSONDecodeError) as failure:
            if isinstance(failure, PusherBadRequest):
                self._breaker.succeeded()  # what was asked is wrong; the engine itself is well
                resting = 0.0
            else:
                resting = self._breaker.failed()
            # A network error quotes the signed address, which does not belong in the log.
            error = type(failure).__name__ if isinstance(failure, requests.RequestException) else str(failure)
            log.warning("realtime.failed", what=what, error=error, resting_seconds=resting)
            return None
        except (ValueError, TypeError) as refusal:
            # The library's own checks; nothing was sent.
            self._breaker.succeeded()
            log.warning("realtime.refused", what=what, error=str(refusal))
            return None
        self._breaker.succeeded()
        return answer

    def _tell_once(self) -> None:
        if not self._absent:
            self._absent = True
            log.info("realtime.absent", hint="No embedded server runs in this process; browsers poll.")

    def authorize(self, channel: str, socket_id: str, member: Mapping[str, object] | None) -> dict[str, Any]:
        """The library's signed answer for a channel.

        Raises:
            Invalid: (422) a malformed channel or socket id.
        """
        try:
            answer: dict[str, Any] = self._signer.authenticate(channel, socket_id, member)
        except (ValueError, TypeError) as reason:
            raise Invalid("This is not a channel or socket to authorize.") from reason
        return answer

    def authenticate_user(self, socket_id: str, user: Mapping[str, object]) -> dict[str, Any]:
        """The library's signed answer to a sign-in.

        Raises:
            Invalid: (422) a malformed socket id.
        """
        try:
            answer: dict[str, Any] = self._signer.authenticate_user(socket_id, user)
        except (ValueError, TypeError) as reason:
            raise Invalid("This is not a socket to sign in.") from reason
        return answer

    def read_webhook(self, key: str | None, signature: str | None, body: bytes) -> list[dict[str, Any]]:
        """Verifies a webhook that the engine sent in the last five minutes, and returns its events.

        Raises:
            Forbidden: (403) it is not signed with the secret, or too old.
        """
        try:
            # A signature that is not ASCII is a TypeError to the comparison; the rest comes of bodies of another shape.
            told = self._signer.validate_webhook(key, signature, body)
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as reason:
            raise Forbidden("This webhook is not the engine's.") from reason
        if not told:
            raise Forbidden("This webhook is not the engine's.")
        events = told.get("events")
        return [event for event in events if isinstance(event, dict)] if isinstance(events, list) else []


class _Requests(PusherClient):  # type: ignore[misc]
    """The library's requests with two gaps closed: app ids that are not digits, and ending a user's connections."""

    def __init__(self, app_id: str, key: str, secret: str, **options: object) -> None:
        super().__init__("0", key, secret, **options)
        self._named = app_id

    @property
    def app_id(self) -> str:
        return self._named

    @request_method  # type: ignore[untyped-decorator]
    def terminate_user_connections(self, user_id: str) -> Any:
        # The library leaves the app out of this path, which then leads nowhere at any engine.
        return Request(self, POST, f"/apps/{self.app_id}/users/{user_id}/terminate_connections", {})


class _Backend(RequestsBackend):  # type: ignore[misc]
    """The library's backend, with the authorities that requests trusts instead of a bundle from 2021."""

    def __init__(self, client: Any, **options: object) -> None:
        super().__init__(client, **options)
        self.options.pop("verify", None)


class _NoBackend:
    """A backend for signing only, which sends nothing."""

    def __init__(self, client: Any) -> None:
        pass


class Straight:
    """The library's ``backend=`` for an engine of our own: calls its hub directly, without HTTP."""

    def __init__(self, find: "Callable[[], Hub | None]", client: Any) -> None:
        self._find = find

    def send_request(self, request: Any) -> Any:
        hub = self._find()
        if hub is None:
            raise Absent
        # Not before it is needed: a process without the server never loads any of it.
        from poker_app.realtime.engines.embedded import api

        status, answer = api.perform(hub, request.method, request.path, request.params)
        return process_response(status, json.dumps(answer))


InProcess = partial(Straight, running_hub.hub)


def _encoded(data: Mapping[str, object]) -> str:
    """JSON without needless escapes, except for emoji: with one, the library counts every character as four bytes."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return _ASTRAL.sub(lambda found: json.dumps(found[0])[1:-1], text)
