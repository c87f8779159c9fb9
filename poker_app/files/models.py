"""The table of uploaded files, stored or still on their way."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from poker_app.db import Base


class StoredFile(Base):
    """A file of an account, under ``id`` in the store; a picture's thumbnail beside it. ``size`` is in bytes: the
    promised length until it is ``stored_at``, and then the stored one.

    No foreign keys: the row outlives what it was uploaded for, until the store has let go of the bytes too.
    """

    __tablename__ = "stored_file"
    __table_args__ = (Index(None, "account_id"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(16))
    session_id: Mapped[str] = mapped_column(String(16))
    task_id: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(100), default="")
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    begun_at: Mapped[datetime]
    stored_at: Mapped[datetime | None]
