"""The double as tests use it: a server to talk to, verbs for what happens there, and webhooks that go as one likes."""

import json
import random
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import stripe

from tests.stripe_double.api import Api
from tests.stripe_double.books import Thing
from tests.stripe_double.server import Server
from tests.stripe_double.shapes import check, make

# Sends a body and a signature, and answers with the status.
Send = Callable[[bytes, str], int]


class StripeDouble(Api):
    """Is found at ``server`` until another one takes that over. ``endpoint`` is where webhooks go; ``holding`` keeps
    them until ``release``."""

    key = "sk_test_double"
    secret = "whsec_double"

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.keys: dict[str, tuple[str, list[tuple[str, str]], tuple[int, Any] | None]] = {}
        self.flows: dict[str, Thing] = {}
        self.failing = False
        self.holding = False
        self.endpoint: Send | None = None
        self.sent: list[Thing] = []  # every event, in the order in which they happened
        self.waiting: list[Thing] = []  # held, or not taken
        self.pause: Callable[[], None] = lambda: None
        server.double = self
        self.url = self.public_url = server.url

    # --- webhooks

    def deliver(self) -> None:
        """Make events of what happened since, and send them, unless they are held. Never with the lock in hand."""
        with self.lock:
            made = [self._event(kind, thing) for kind, thing in self.happened]
            self.happened.clear()
            self.sent += made
            if self.holding or self.endpoint is None:
                self.waiting += made
                return
        for event in made:
            if not self.send(event):
                self.waiting.append(event)

    def _event(self, kind: str, thing: Thing) -> Thing:
        made = make(
            stripe.Event,
            id=f"evt_{len(self.sent) + len(self.happened):03}_{next(self._numbers):06}",
            api_version=stripe.api_version,
            created=self.now,
            data=make(stripe.Event.Data, object=thing),
            pending_webhooks=1,
            type=kind,
        )
        made["data"].pop("previous_attributes", None)
        check(str, made["id"])
        return made

    def send(self, event: Thing) -> bool:
        """Whether the endpoint took it."""
        assert self.endpoint, "nobody listens"
        body = json.dumps(event).encode()
        return 200 <= self.endpoint(body, self.signed(body)) < 300

    def signed(self, body: bytes, *, at: int | None = None, secret: str | None = None) -> str:
        """The library's own signature."""
        stamp = int(time.time()) if at is None else at
        return stripe.WebhookSignature.generate_signature_header(body.decode(), secret or self.secret, stamp)

    def release(self, *, shuffle: random.Random | None = None, times: int = 1, at_once: int = 1) -> None:
        """Send what waits: in another order, several times each, many at once. What is not taken waits on."""
        with self.lock:
            events, self.waiting = self.waiting * times, []
        if shuffle:
            shuffle.shuffle(events)
        with ThreadPoolExecutor(at_once) as threads:
            taken = list(threads.map(self.send, events))
        self.waiting = _once(event for event, ok in zip(events, taken, strict=True) if not ok)

    def passes(self, **passed: int) -> None:
        """Time, and the webhooks of what fell into it."""
        with self.lock:
            self.advance(**passed)
        self.deliver()

    def does(self, action: Callable[..., Any], *args: Any, **how: Any) -> Any:
        """One of the verbs, such as ``double.does(double.refund, payment)``, and its webhooks."""
        with self.lock:
            made = action(*args, **how)
        self.deliver()
        return made


def _once(events: Iterable[Thing]) -> list[Thing]:
    return list({event["id"]: event for event in events}.values())
