"""The tables of outgoing webhooks: the addresses of accounts, and the outbox of what is sent to them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from poker_app.db import Base

MAX_NAME, MAX_HOST, MAX_ADDRESS, MAX_WHY, MAX_ANSWER = 80, 255, 2_000, 300, 2_000


class WebhookEndpoint(Base):
    """An address that an account's events are sent to. The address, which is a secret where it is a chat's, and the
    signing secrets are encrypted; ``host`` is what is shown of the address. ``previous_sealed`` is the secret before
    the last rotation, which signs too until ``previous_until``. ``events`` are the types that it asks for, with a space
    before and behind each.

    ``failing_since``: the first try that failed since one was taken. Until ``rests_until`` nothing is sent, because the
    receiver is down; until ``leased_until`` a process sends to it, or did last. ``disabled_at`` says that it is
    switched off, and ``disabled_why`` why, "" where a person did it.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (Index(None, "account_id"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(MAX_NAME))
    host: Mapped[str] = mapped_column(String(MAX_HOST))
    address_sealed: Mapped[str] = mapped_column(Text)
    secret_sealed: Mapped[str] = mapped_column(Text, default="")
    previous_sealed: Mapped[str] = mapped_column(Text, default="")
    previous_until: Mapped[datetime | None]
    events: Mapped[str] = mapped_column(String(500))
    made_at: Mapped[datetime]
    failing_since: Mapped[datetime | None]
    rests_until: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    disabled_why: Mapped[str] = mapped_column(String(MAX_WHY), default="")

    @property
    def types(self) -> list[str]:
        """The types of events that it asks for."""
        return self.events.split()


class WebhookDelivery(Base):
    """An event for one endpoint, in the order of ``id``. ``key`` is its ``webhook-id`` and ``body`` what is sent, the
    same at each try. ``state``: waiting, delivered or failed; one that waits is due at ``next_try_at``. ``status`` is
    of the last answer, None without one, ``answer`` its beginning, ``problem`` a sentence about the last failure, and
    ``took`` are the milliseconds of the last try, at ``tried_at``."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        Index(None, "endpoint_id", "state", "next_try_at"),
        Index(None, "session_id"),
        Index(None, "made_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    endpoint_id: Mapped[str] = mapped_column(ForeignKey("webhook_endpoint.id", ondelete="CASCADE"))
    session_id: Mapped[str | None] = mapped_column(ForeignKey("poker_session.id", ondelete="CASCADE"))
    event: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    next_try_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime | None]
    status: Mapped[int | None]
    answer: Mapped[str] = mapped_column(Text, default="")
    problem: Mapped[str] = mapped_column(String(MAX_WHY), default="")
    took: Mapped[int | None]
