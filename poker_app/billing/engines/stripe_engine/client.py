"""HTTP client for Stripe: pinned API version, timeout, retries, and Stripe's errors as Unavailable."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

import structlog

from poker_app.billing.provider import Unavailable
from poker_app.settings import Settings

if TYPE_CHECKING:
    import stripe

API_VERSION = "2026-10-28.endive"
# Seconds to wait for an answer, and how often to ask again where that is safe.
PATIENCE, RETRIES = 10, 2
# How many lookup keys one question may name.
MAX_KEYS = 10

log = structlog.get_logger("billing")


class Client:
    """Holds the library's client, which is created on first use: importing the library takes half a second."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lookup_keys: dict[str, str] = {}

    @cached_property
    def client(self) -> "stripe.StripeClient":
        import stripe

        base = self.settings.stripe_api_base
        return stripe.StripeClient(
            self.settings.stripe_secret_key,
            stripe_version=API_VERSION,
            base_addresses={"api": base} if base else {},
            max_network_retries=RETRIES,
            http_client=stripe.RequestsClient(timeout=PATIENCE),
        )

    @contextmanager
    def asking(self) -> Iterator["stripe.StripeClient"]:
        """Yields the client for calls to Stripe. Errors are logged, with Stripe's id of the request.

        Raises:
            Unavailable: (503) Stripe does not answer, or with an error.
        """
        import stripe

        try:
            yield self.client
        except stripe.StripeError as problem:
            about = {"code": problem.code, "status": problem.http_status, "request": problem.request_id}
            log.warning("payments_unavailable", kind=type(problem).__name__, **about)
            raise Unavailable(
                "The payment provider has a problem just now. Please try again in a few minutes."
            ) from problem

    def price(self, lookup_key: str) -> str:
        """Stripe's id of the active price with a lookup key.

        Raises:
            Unavailable: (503) there is no such price, or Stripe does not answer.
        """
        found = self.client.v1.prices.list({"lookup_keys": [lookup_key], "active": True}).data
        if not found:
            log.error("price_missing", lookup_key=lookup_key)
            raise Unavailable("This cannot be bought just now. Please try again later, or ask whoever runs this site.")
        return found[0].id

    def lookup_key(self, price_id: str) -> str:
        """Lookup key of a price; empty for a price without one. Cached after the first query."""
        if price_id not in self._lookup_keys:
            self._lookup_keys[price_id] = self.client.v1.prices.retrieve(price_id).lookup_key or ""
        return self._lookup_keys[price_id]

    def missing_prices(self, prices: Sequence[str]) -> Sequence[str]:
        """Those of the lookup keys that have no active price."""
        sold: set[str | None] = set()
        with self.asking() as ask:
            for first in range(0, len(prices), MAX_KEYS):
                keys = list(prices[first : first + MAX_KEYS])
                found = ask.v1.prices.list({"lookup_keys": keys, "active": True, "limit": 100})
                sold |= {each.lookup_key for each in found.data}
        return [price for price in prices if price not in sold]
