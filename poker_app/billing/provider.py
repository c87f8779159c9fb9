"""What a payment provider can say, in this house's words: plain values, the same from every engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from poker_app.errors import Refusal


class Unavailable(Refusal):
    """The provider did not answer, or not as it should. Nothing was paid; a later try may work."""

    status = 503


class Forged(Refusal):
    """What claims to come from the provider does not carry its signature, or carries one of another time."""

    status = 400


# Where the provider's pages lead to: the overview, where alone a cancelled plan can be kept, the card, or cancelling.
Door = Literal["", "card", "cancel"]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be paid for at a checkout. ``price`` is a lookup key; ``plan`` says whether it is paid every month.
    ``paid`` and ``back`` are where the person lands afterwards, or without having paid."""

    account_id: str
    customer_id: str
    price: str
    quantity: int
    plan: bool
    paid: str
    back: str


@dataclass(frozen=True, slots=True)
class Event:
    """That something happened. ``object_id`` is what it happened to: an invoice, a checkout, a subscription, or the
    payment that was returned. ``customer_id`` may be empty."""

    id: str
    type: str
    object_id: str
    customer_id: str


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """A subscription as it is. ``paid_price`` is what the running period was paid for as, if it was paid."""

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
    """Something paid that may bring credits: a plan's month, which ends, or packs. Of ``paid`` cents ``returned`` have
    gone back or are disputed."""

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
    """What every provider can do. Whatever asks it raises Unavailable; none of it inside a transaction."""

    def make_customer(self, account_id: str) -> str:
        """The account's customer: the same one, however often and however many ask at once."""

    def name_customer(self, customer_id: str, name: str, email: str) -> None:
        """What stands on the invoices."""

    def checkout(self, order: Order) -> str:
        """The address of a page to pay at. An earlier one for a plan that is still open closes."""

    def portal(self, customer_id: str, back: str, door: Door) -> str:
        """The address of the pages for card, invoices, cancelling."""

    def change_plan(self, customer_id: str, price: str, quantity: int, back: str) -> str:
        """The address of the page that confirms another plan for the running subscription."""

    def change_seats(self, subscription_id: str, seats: int) -> None:
        """So many seats from now on."""

    def end(self, customer_id: str) -> None:
        """Cancel at once whatever the customer subscribes to, and close the checkouts that they have open. Of what is
        over already nothing is changed."""

    def subscription(self, customer_id: str) -> SubscriptionState | None:
        """The subscription that counts: a living one before an ended one, then the latest."""

    def bought_by_invoice(self, invoice_id: str) -> Sequence[Bought]:
        """What a paid invoice brought; nothing for one that is not."""

    def bought_at_checkout(self, checkout_id: str) -> Sequence[Bought]:
        """What a paid checkout brought; nothing for one that is not."""

    def bought_with(self, payment_id: str) -> Sequence[Bought]:
        """What a payment brought, with what of it was returned."""

    def payer_of(self, payment_id: str) -> str:
        """Whose payment it was, as a customer's id; empty if nobody knows."""

    def invoices(self, customer_id: str) -> Sequence[Invoice]:
        """The latest hundred."""

    def missing_prices(self, prices: Sequence[str]) -> Sequence[str]:
        """Which of the lookup keys the provider does not sell."""

    def read(self, body: bytes, signature: str) -> Event:
        """An event as it was sent. Raises Forged."""
