"""What is kept about a user in the tables of accounts: how the download tells it, and what becomes of it with them.

Every column that points to a user stands in TRACES, by «table.column». What the database deletes together with the user
needs no more; where a row stays, ``forget`` takes the user out of it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, inspect, select, update

from poker_app import clock
from poker_app.accounts import audit
from poker_app.accounts.models import (
    Account,
    AuditEntry,
    ClerkMember,
    Identity,
    Invitation,
    MailToken,
    RecoveryCode,
    Removal,
    SignIn,
    Teammate,
    User,
)
from poker_app.db import Base, session

# What lets somebody in, or could be used to find out what does. It is nobody's to download.
_SECRET = ("digest", "hash", "secret", "totp_step")

Told = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Trace:
    """What one column keeps of a user. ``title`` names its list in the download."""

    title: str
    tell: Callable[[User], Told]
    forget: Callable[[User], None] = lambda user: None


def told(rows: Iterable[Base], *without: str) -> Told:
    """Rows as the download has them: every column that is no secret."""
    return [
        {
            each.key: value.isoformat() if isinstance(value := getattr(row, each.key), datetime) else value
            for each in inspect(type(row)).columns
            if each.key not in without and not any(word in each.key for word in _SECRET)
        }
        for row in rows
    ]


def _of[T: Base](model: type[T], *conditions: ColumnElement[bool]) -> Sequence[T]:
    return session.scalars(select(model).where(*conditions)).all()


def about(user: User) -> dict[str, Any]:
    """The user's own row."""
    return told([user])[0]


def _accounts(user: User) -> Told:
    return [
        {"account": each.account.name, **told([each], "user_id")[0]}
        for each in _of(Teammate, Teammate.user_id == user.id)
    ]


def _forget_invitations(user: User) -> None:
    """Ways in that the user made lead in no more, and none of them keeps the address."""
    open_ones = Invitation.accepted_at.is_(None) & Invitation.withdrawn_at.is_(None)
    theirs = update(Invitation).where(Invitation.invited_by == user.id)
    session.execute(theirs.where(open_ones).values(withdrawn_at=clock.now()))
    session.execute(theirs.values(invited_by=None))
    if user.email:
        session.execute(delete(Invitation).where(Invitation.email == user.email))


def _forget_audit(user: User) -> None:
    """The lines stay, without who. What they tell of may hold the name too, as the name of one's first account does."""
    for entry in _of(AuditEntry, AuditEntry.user_id == user.id):
        for mine in filter(None, (user.name, user.email)):
            entry.about = entry.about.replace(mine, audit.NOBODY)
    session.flush()
    audit.forget(user)


def _forget_identities(user: User) -> None:
    """What a provider told of its groups, by the subject."""
    mine = select(Identity.subject).where(Identity.user_id == user.id)
    session.execute(delete(ClerkMember).where(ClerkMember.subject.in_(mine)))


def _forget_mail(user: User) -> None:
    if user.email:
        session.execute(delete(MailToken).where(MailToken.email == user.email))


def _forget_accounts(user: User) -> None:
    """An account that goes on under its first owner's name gets another."""
    named = select(Account).join(Teammate, Teammate.account_id == Account.id).where(Teammate.user_id == user.id)
    for account in session.scalars(named):
        if account.name == f"{user.name}’s team":
            account.name = "A team"


TRACES: dict[str, Trace] = {
    "recovery_code.user_id": Trace(
        "recovery_codes", lambda user: told(_of(RecoveryCode, RecoveryCode.user_id == user.id), "user_id")
    ),
    "identity.user_id": Trace(
        "identities", lambda user: told(_of(Identity, Identity.user_id == user.id), "user_id"), _forget_identities
    ),
    "sign_in.user_id": Trace("sign_ins", lambda user: told(_of(SignIn, SignIn.user_id == user.id), "user_id")),
    "mail_token.user_id": Trace(
        "mailed_links",
        lambda user: told(_of(MailToken, (MailToken.user_id == user.id) | (MailToken.email == user.email)), "user_id"),
        _forget_mail,
    ),
    "teammate.user_id": Trace("accounts", _accounts, _forget_accounts),
    "removal.user_id": Trace(
        "removed_from_accounts", lambda user: told(_of(Removal, Removal.user_id == user.id), "user_id")
    ),
    "invitation.invited_by": Trace(
        "invitations",
        lambda user: told(_of(Invitation, Invitation.invited_by == user.id), "invited_by"),
        _forget_invitations,
    ),
    "audit_entry.user_id": Trace(
        "audit_log", lambda user: told(_of(AuditEntry, AuditEntry.user_id == user.id), "user_id"), _forget_audit
    ),
    "audit_entry.subject_id": Trace(
        "audit_log_about_me",
        lambda user: told(_of(AuditEntry, AuditEntry.subject_id == user.id), "subject_id", "user_id", "who"),
    ),
}
