"""The tables of users and accounts. Secrets are stored as digests only."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from poker_app.db import Base, Document
from poker_app.rules.teammates import ROLES

Id = String(16)
Digest = String(64)
MAX_EMAIL = 254


class User(Base):
    """A login. ``email`` is always one that was proven: by a link that was followed, or by a provider that vouches."""

    __tablename__ = "app_user"  # `user` is a reserved word of PostgreSQL

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    email: Mapped[str | None] = mapped_column(String(MAX_EMAIL), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    totp_secret: Mapped[str | None] = mapped_column(String(64))
    # The time step of the last code that was taken: no code counts twice.
    totp_step: Mapped[int | None]
    created_at: Mapped[datetime]


class RecoveryCode(Base):
    """A single-use code that replaces the second factor."""

    __tablename__ = "recovery_code"

    user_id: Mapped[str] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(Digest, primary_key=True)
    used_at: Mapped[datetime | None]


class Identity(Base):
    """A user's login at a provider. Issuer and subject are the key; an address may change hands."""

    __tablename__ = "identity"
    __table_args__ = (Index(None, "user_id"),)

    issuer: Mapped[str] = mapped_column(String(255), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    provider: Mapped[str] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(MAX_EMAIL))
    linked_at: Mapped[datetime]
    used_at: Mapped[datetime]
    # When the provider made the latest news about this user that was taken over, by its own clock.
    news_at: Mapped[datetime | None]


class ClerkMember(Base):
    """The latest role that Clerk reported for a user in one of its groups. Stored also for people who have not signed
    in here yet; ``role`` is None for those who are no longer in the group."""

    __tablename__ = "clerk_member"
    __table_args__ = (Index(None, "subject"),)

    group_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    role: Mapped[str | None] = mapped_column(String(12))
    news_at: Mapped[datetime]


class SignIn(Base):
    """A login session of one browser. Without the row its cookie is worth nothing."""

    __tablename__ = "sign_in"
    __table_args__ = (Index(None, "user_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    digest: Mapped[str] = mapped_column(Digest, unique=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    browser: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(45), default="")
    # The provider that the user signed in by; None for our own ways in.
    issuer: Mapped[str | None] = mapped_column(String(255))

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class MailToken(Base):
    """A mailed link: its purpose, the address that it proves, and its expiry. It works once."""

    __tablename__ = "mail_token"
    __table_args__ = (Index(None, "email"), Index(None, "expires_at"))

    digest: Mapped[str] = mapped_column(Digest, primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20))
    email: Mapped[str] = mapped_column(String(MAX_EMAIL))
    user_id: Mapped[str | None] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    # Fields of the form that asked for the mail, such as a name; never a password in the clear. Empty once used.
    data: Mapped[dict[str, Any]] = mapped_column(Document("mail_token.data"), default=dict)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Account(Base):
    """The tenant: owns sessions and has teammates. ``session_defaults`` are the values that the form for a new session
    begins with."""

    __tablename__ = "account"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    session_defaults: Mapped[dict[str, Any]] = mapped_column(Document("account.session_defaults"), default=dict)
    # What columns of imported tables mean where that was corrected; None until it was.
    column_meanings: Mapped[dict[str, Any] | None] = mapped_column(Document("account.column_meanings"))
    # Users who have proven an address at this domain may join as teammates by themselves.
    domain: Mapped[str | None] = mapped_column(String(253), index=True)
    # Days after its end that a session and its report are kept; None until an admin chooses.
    report_days: Mapped[int | None]
    # The provider that teammates have to come by, where the plan lets the account ask for that.
    sign_on: Mapped[str | None] = mapped_column(String(40))


class Teammate(Base):
    """A user in an account, with a role there."""

    __tablename__ = "teammate"
    __table_args__ = (
        CheckConstraint(f"role IN ({', '.join(repr(role) for role in ROLES)})", name="role"),
        Index(None, "user_id"),
    )

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(String(12))
    joined_at: Mapped[datetime]

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)
    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class Removal(Base):
    """A user's removal from an account. Neither the account's link nor its domain lets the user in again, only a new
    mailed invitation."""

    __tablename__ = "removal"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True)
    removed_at: Mapped[datetime]


class Invitation(Base):
    """An invitation to an account: mailed to one address and good once, or a link (no ``email``) good until it is
    withdrawn or expires."""

    __tablename__ = "invitation"
    __table_args__ = (Index(None, "account_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(Digest, unique=True)
    email: Mapped[str | None] = mapped_column(String(MAX_EMAIL))
    role: Mapped[str] = mapped_column(String(12))
    invited_by: Mapped[str | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class Deck(Base):
    """An account's own deck, for all its teammates to choose."""

    __tablename__ = "deck"
    __table_args__ = (Index(None, "account_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(40))
    cards: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime]


class ApiToken(Base):
    """A token by which a program uses the API for an account: a person's, which goes with their place in the account,
    or without ``user_id`` a service's, which acts with ``role``. Only its digest is stored."""

    __tablename__ = "api_token"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "user_id"], ["teammate.account_id", "teammate.user_id"], ondelete="CASCADE"
        ),
        Index(None, "account_id", "user_id"),
        Index(None, "made_by"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    user_id: Mapped[str | None] = mapped_column(Id)
    name: Mapped[str] = mapped_column(String(40))
    digest: Mapped[str] = mapped_column(Digest, unique=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    role: Mapped[str | None] = mapped_column(String(12))
    # The last characters of the token, to recognize it by. They are of its checksum.
    hint: Mapped[str] = mapped_column(String(4))
    made_by: Mapped[str | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class SlackCommand(Base):
    """The slash command of an account in Slack. ``sealed`` is its app's signing secret, encrypted; ``team_id`` the
    Slack team that the first command came from, "" before."""

    __tablename__ = "slack_command"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)
    team_id: Mapped[str] = mapped_column(String(32), default="")
    connected_at: Mapped[datetime]


class IdempotentAnswer(Base):
    """The API's answer to a request with an ``Idempotency-Key``, to be given again where the request is sent again.
    ``status`` is None while the first one is being answered. ``headers`` are pairs of name and value."""

    __tablename__ = "idempotent_answer"

    token_id: Mapped[str] = mapped_column(ForeignKey("api_token.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    # The digest of the request, by which another one with the same key is recognized.
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    headers: Mapped[list[list[str]]] = mapped_column(JSON, default=list)
    body: Mapped[str] = mapped_column(Text, default="")
    made_at: Mapped[datetime] = mapped_column(index=True)


class AuditEntry(Base):
    """One line of an account's audit log. ``who`` is the acting user's name at that time, ``subject_id`` the user whom
    ``about`` names; both names are erased with their users."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "account_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    user_id: Mapped[str | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))
    who: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[str | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))
    action: Mapped[str] = mapped_column(String(40))
    about: Mapped[str] = mapped_column(String(300), default="")
