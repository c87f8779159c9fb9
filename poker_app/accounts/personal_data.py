"""A user's personal data in the tables of accounts: the rows for the download, and their erasure.

Every column by which a row is about a user stands in TRACES, by «table.column». Which columns of such a row are in the
download, and which are to be gone afterwards, is declared in ``rules.data_kinds``. What the database deletes together
with the user needs no more; where a row stays, ``forget`` takes the user out of it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, false, inspect, select, update

from poker_app import clock
from poker_app.accounts import audit_log
from poker_app.accounts.models import (
    Account,
    ApiToken,
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
from poker_app.rules.data_kinds import COLUMNS, JSON_KEYS, in_download
from poker_app.trackers.models import TrackerConnection

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Trace:
    """The rows that are about a user by one column. ``title`` names their list in the download."""

    title: str
    tell: Callable[[User], Rows]
    forget: Callable[[User], None] = lambda user: None


def download_rows(rows: Iterable[Base], by: str) -> Rows:
    """Rows for the download of the user whom the column ``by`` names. Keeps the columns that ``rules.data_kinds``
    declares to be that user's or no person's."""
    return [
        {
            each.key: _plain(getattr(row, each.key), f"{each.table.name}.{each.name}", by)
            for each in inspect(type(row)).columns
            if in_download(COLUMNS[each.table.name][each.name], by)
        }
        for row in rows
    ]


def _plain(value: Any, column: str, by: str) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if column in JSON_KEYS and value is not None:
        # A key from before it was named here is left out.
        named = JSON_KEYS[column]
        return {key: each for key, each in value.items() if key in named and in_download(named[key], by)}
    return value


def _of[T: Base](model: type[T], *conditions: ColumnElement[bool]) -> Sequence[T]:
    return session.scalars(select(model).where(*conditions)).all()


def about(user: User) -> dict[str, Any]:
    """The user's own row."""
    return download_rows([user], "id")[0]


def _accounts(user: User) -> Rows:
    return [
        {"account": each.account.name, **download_rows([each], "user_id")[0]}
        for each in _of(Teammate, Teammate.user_id == user.id)
    ]


def _by_email(column: Any, user: User) -> ColumnElement[bool]:
    """Rows with the user's address; none where the user has no address."""
    return column == user.email if user.email else false()


def _forget_invitations_made(user: User) -> None:
    """Withdraws the user's open invitations, and erases who made all of them."""
    open_ones = Invitation.accepted_at.is_(None) & Invitation.withdrawn_at.is_(None)
    theirs = update(Invitation).where(Invitation.invited_by == user.id)
    session.execute(theirs.where(open_ones).values(withdrawn_at=clock.now()))
    session.execute(theirs.values(invited_by=None))


def _forget_invitations_got(user: User) -> None:
    session.execute(delete(Invitation).where(_by_email(Invitation.email, user)))


def _forget_audit(user: User) -> None:
    """Takes the user out of the audit log's lines, which stay. ``about`` may hold the name too, as the name of a user's
    first account does."""
    for entry in _of(AuditEntry, AuditEntry.user_id == user.id):
        for mine in filter(None, (user.name, user.email)):
            entry.about = entry.about.replace(mine, audit_log.NOBODY)
    session.flush()
    audit_log.forget(user)


def _connected_by(user: User) -> ColumnElement[bool]:
    return TrackerConnection.connected_by == user.id


def _forget_connections(user: User) -> None:
    session.execute(delete(TrackerConnection).where(_connected_by(user)))


def _in_clerk_groups(user: User) -> ColumnElement[bool]:
    """Rows that name the user by the subject of an identity."""
    return ClerkMember.subject.in_(select(Identity.subject).where(Identity.user_id == user.id))


def _forget_clerk_groups(user: User) -> None:
    session.execute(delete(ClerkMember).where(_in_clerk_groups(user)))


def _mailed_to(user: User) -> ColumnElement[bool]:
    return (MailToken.user_id == user.id) | _by_email(MailToken.email, user)


def _forget_mail(user: User) -> None:
    session.execute(delete(MailToken).where(_mailed_to(user)))


def _forget_accounts(user: User) -> None:
    """Renames accounts that bear the user's name by default, since they outlive the user."""
    named = select(Account).join(Teammate, Teammate.account_id == Account.id).where(Teammate.user_id == user.id)
    for account in session.scalars(named):
        if account.name == f"{user.name}’s team":
            account.name = "A team"


TRACES: dict[str, Trace] = {
    "recovery_code.user_id": Trace(
        "recovery_codes", lambda user: download_rows(_of(RecoveryCode, RecoveryCode.user_id == user.id), "user_id")
    ),
    # Before the identities, which it is found by.
    "clerk_member.subject": Trace(
        "clerk_groups",
        lambda user: download_rows(_of(ClerkMember, _in_clerk_groups(user)), "subject"),
        _forget_clerk_groups,
    ),
    "identity.user_id": Trace(
        "identities", lambda user: download_rows(_of(Identity, Identity.user_id == user.id), "user_id")
    ),
    "sign_in.user_id": Trace("sign_ins", lambda user: download_rows(_of(SignIn, SignIn.user_id == user.id), "user_id")),
    "mail_token.user_id": Trace(
        "mailed_links", lambda user: download_rows(_of(MailToken, _mailed_to(user)), "user_id"), _forget_mail
    ),
    "teammate.user_id": Trace("accounts", _accounts, _forget_accounts),
    "removal.user_id": Trace(
        "removed_from_accounts", lambda user: download_rows(_of(Removal, Removal.user_id == user.id), "user_id")
    ),
    "invitation.invited_by": Trace(
        "invitations",
        lambda user: download_rows(_of(Invitation, Invitation.invited_by == user.id), "invited_by"),
        _forget_invitations_made,
    ),
    # Its token is theirs.
    "tracker_connection.connected_by": Trace(
        "trackers_connected",
        lambda user: download_rows(_of(TrackerConnection, _connected_by(user)), "connected_by"),
        _forget_connections,
    ),
    # The database deletes a person's tokens with them. A service's stay, and no longer say who made them.
    "api_token.user_id": Trace(
        "api_tokens", lambda user: download_rows(_of(ApiToken, ApiToken.user_id == user.id), "user_id")
    ),
    "api_token.made_by": Trace(
        "api_tokens_made", lambda user: download_rows(_of(ApiToken, ApiToken.made_by == user.id), "made_by")
    ),
    "invitation.email": Trace(
        "invitations_to_me",
        lambda user: download_rows(_of(Invitation, _by_email(Invitation.email, user)), "email"),
        _forget_invitations_got,
    ),
    "audit_entry.user_id": Trace(
        "audit_log",
        lambda user: download_rows(_of(AuditEntry, AuditEntry.user_id == user.id), "user_id"),
        _forget_audit,
    ),
    "audit_entry.subject_id": Trace(
        "audit_log_about_me",
        lambda user: download_rows(_of(AuditEntry, AuditEntry.subject_id == user.id), "subject_id"),
    ),
}
