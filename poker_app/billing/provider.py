"""The port of payment providers: the protocol ``Engine``, which Stripe and the fake provider implement, its value
types, and its two refusals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from poker_app.errors import Refusal


class Unavailable(Refusal):
    """The provider did not answer, or answered wrongly. Nothing was paid; a retry may work."""

    status = 503


class Forged(Refusal):
    """A webhook does not carry the provider's signature, or carries one of another time."""

    status = 400


# Where the provider's pages lead to: the overview, where alone a cancelled plan can be kept, the card, or cancelling.
Door = Literal["", "card", "cancel"]


@dataclass(frozen=True, slots=True)
class Order:
    """A purchase for a checkout. ``price`` is a lookup key; ``plan`` says whether it is paid every month. ``paid`` and
    ``back`` are the addresses for a person who has paid, and for one who has not."""

    account_id: str
    customer_id: str
    price: str
    quantity: int
    plan: bool
    paid: str
    back: str


@dataclass(frozen=True, slots=True)
class Event:
    """A parsed webhook. ``object_id`` is what it is about: an invoice, a checkout, a subscription, or the payment that
    was returned. ``customer_id`` may be empty."""

    id: str
    type: str
    object_id: str
    customer_id: str


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """A subscription as queried now. ``paid_price`` is the lookup key that the running period was paid at, empty if it
    was not paid."""

    id: str
    price: str
    status: str
    seats: int
    period_start: datetime
    period_end: datetime
    ends_at: datetime | None
    trial_ends_at: datetime | None
    past_due_since: datetime | None
    paid_price: str = ""


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase that may bring credits: a plan's month, which expires, or packs. Of ``paid`` cents ``returned`` were
    refunded or are disputed."""

    key: str
    source: Literal["plan", "pack"]
    price: str
    quantity: int = 1
    expires_at: datetime | None = None
    paid: int = 0
    returned: int = 0


@dataclass(frozen=True, slots=True)
class Invoice:
    """A line in the list of invoices. ``status``: draft, open, paid, uncollectible, void. Amounts are in cents."""

    number: str
    at: datetime
    status: str
    amount: int
    currency: str
    address: str
    pdf: str


class Engine(Protocol):
    """Protocol of a payment provider. Every method may raise Unavailable; none is called inside a transaction."""

    def make_customer(self, account_id: str) -> str:
        """Creates the account's customer. Repeated and concurrent calls return the same one."""

    def name_customer(self, customer_id: str, name: str, email: str) -> None:
        """Updates the name and address that are printed on invoices."""

    def checkout(self, order: Order) -> str:
        """Creates a page to pay at, and returns its address. Closes an earlier one for a plan that is still open."""

    def portal(self, customer_id: str, back: str, door: Door) -> str:
        """Address of the pages for card, invoices and cancelling."""

    def change_plan(self, customer_id: str, price: str, quantity: int, back: str) -> str:
        """Address of the page that confirms another plan for the running subscription."""

    def change_seats(self, subscription_id: str, seats: int) -> None:
        """Sets the number of paid seats at once."""

    def end(self, customer_id: str) -> None:
        """Cancels everything the customer subscribes to at once, and closes their open checkouts. Nothing changes where
        that has ended already."""

    def subscription(self, customer_id: str) -> SubscriptionState | None:
        """The subscription that counts: a living one before an ended one, then the latest."""

    def bought_by_invoice(self, invoice_id: str) -> Sequence[Bought]:
        """Purchases of an invoice; none unless it is paid."""

    def bought_at_checkout(self, checkout_id: str) -> Sequence[Bought]:
        """Purchases of a checkout; none unless it is paid."""

    def bought_with(self, payment_id: str) -> Sequence[Bought]:
        """Purchases of a payment, with how much of it was returned."""

    def payer_of(self, payment_id: str) -> str:
        """Customer id of a payment; empty if it has none."""

    def invoices(self, customer_id: str) -> Sequence[Invoice]:
        """The customer's latest hundred invoices."""

    def missing_prices(self, prices: Sequence[str]) -> Sequence[str]:
        """Those of the lookup keys that the provider does not sell."""

    def read(self, body: bytes, signature: str) -> Event:
        """Verifies and parses a webhook. Raises Forged."""
