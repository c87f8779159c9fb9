"""The tables of billing: the append-only ledger of credits, and copies of the payment provider's data."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from poker_app.accounts.models import Digest, Id
from poker_app.db import Base, Document


class CreditAccount(Base):
    """The total of an account's lots. ``version`` counts every operation. The lock on this row is the lock on the
    ledger."""

    __tablename__ = "credit_account"
    __table_args__ = (CheckConstraint("balance >= 0", name="balance"),)

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    balance: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=0)


class CreditLot(Base):
    """Credits that were granted together, and how many of them are left."""

    __tablename__ = "credit_lot"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("remaining >= 0 AND remaining <= amount", name="remaining"),
        CheckConstraint("returned >= 0 AND returned <= amount", name="returned"),
        Index(None, "account_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(12))
    priority: Mapped[int] = mapped_column(default=0)
    amount: Mapped[int]
    remaining: Mapped[int]
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    # How many of them are no longer paid for, by the query of the payment with the number ``looked``.
    returned: Mapped[int] = mapped_column(default=0)
    looked: Mapped[int] = mapped_column(default=0)


class CreditTxn(Base):
    """One operation on an account's credits. Never changed, never deleted; the key makes it happen once."""

    __tablename__ = "credit_txn"
    __table_args__ = (UniqueConstraint("account_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(12))
    amount: Mapped[int]
    balance_after: Mapped[int]
    # Id of the object it was for, such as a session or a checkout.
    ref: Mapped[str] = mapped_column(String(120), default="")
    why: Mapped[str] = mapped_column(String(200), default="")
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("credit_txn.id"), unique=True)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"), index=True)
    at: Mapped[datetime]


class CreditEntry(Base):
    """Signed number of credits by which one operation changed one lot."""

    __tablename__ = "credit_entry"
    __table_args__ = (CheckConstraint("amount <> 0", name="amount"),)

    txn_id: Mapped[int] = mapped_column(ForeignKey("credit_txn.id", ondelete="CASCADE"), primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("credit_lot.id", ondelete="CASCADE"), primary_key=True)
    amount: Mapped[int]


class Subscription(Base):
    """Copy of the payment provider's customer and subscription, as of the last query. An account that never went to a
    checkout has no row, or one with a trial only.

    Queries are numbered as they begin: of two that overlap, the result of the earlier one never overwrites the later
    one's. An event comes after its change, so the query that the last event causes is the one whose result stays. No
    clocks are compared.
    """

    __tablename__ = "subscription"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    customer_id: Mapped[str | None] = mapped_column(String(80), unique=True)
    subscription_id: Mapped[str | None] = mapped_column(String(80), unique=True)
    plan: Mapped[str] = mapped_column(String(40), default="")
    status: Mapped[str] = mapped_column(String(24), default="")
    seats: Mapped[int] = mapped_column(default=1)
    period_start: Mapped[datetime | None]
    period_end: Mapped[datetime | None]
    # When it ends by itself, because it was cancelled.
    ends_at: Mapped[datetime | None]
    past_due_since: Mapped[datetime | None]
    trial_ends_at: Mapped[datetime | None]
    asked: Mapped[int] = mapped_column(default=0)
    looked: Mapped[int] = mapped_column(default=0)


class Trial(Base):
    """A trial that a user, an address or a company has had, as a digest that only ``SECRET_KEY`` makes again. The row
    outlives its account and its user, or deleting oneself would bring another trial."""

    __tablename__ = "trial"

    key: Mapped[str] = mapped_column(Digest, primary_key=True)
    begun_at: Mapped[datetime]


class WebhookEvent(Base):
    """A payment provider's event as received, and the state of processing it."""

    __tablename__ = "webhook_event"
    __table_args__ = (Index(None, "done_at", "received_at"),)

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    type: Mapped[str] = mapped_column(String(80))
    # The object that is queried to process the event, which may be old by then.
    object_id: Mapped[str] = mapped_column(String(120))
    account_id: Mapped[str | None] = mapped_column(Id)
    received_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(String(300), default="")


class SentLetter(Base):
    """A mail about billing that was sent to an owner or admin of an account: once for each ``cause``, which ends with
    the user's id."""

    __tablename__ = "sent_letter"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    cause: Mapped[str] = mapped_column(String(80), primary_key=True)
    sent_at: Mapped[datetime]


class GoneCustomer(Base):
    """A customer at the payment provider whose account was deleted. Everything they subscribe to is to be cancelled
    there, and is cancelled as of ``settled_at``."""

    __tablename__ = "gone_customer"
    __table_args__ = (Index(None, "settled_at"),)

    customer_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    gone_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class FakeObject(Base):
    """An object of the fake payment provider (BILLING=fake): a checkout, portal, subscription or invoice."""

    __tablename__ = "fake_object"
    __table_args__ = (Index(None, "customer_id"),)

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    customer_id: Mapped[str] = mapped_column(String(80))
    data: Mapped[dict[str, Any]] = mapped_column(Document("fake_object.data"))
    made_at: Mapped[datetime]
