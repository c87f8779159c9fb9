"""An account's audit log: which user did what, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import or_, select, update

from poker_app import clock, ids
from poker_app.accounts.models import AuditEntry, User
from poker_app.db import session
from poker_app.rules.spreadsheet import as_csv as spreadsheet

# Every action, with its wording on the page and in the export, between the user's name and ``about``. An action that is
# not here cannot be noted.
ACTIONS = {
    "account-created": "created the account",
    "account-renamed": "renamed the account to",
    "defaults-changed": "changed the session defaults:",
    "retention-changed": "changed how long reports are kept to",
    "domain-opened": "let everybody join who has an address at",
    "domain-closed": "stopped people from joining by an address at",
    "domain-joined": "joined by an address at",
    "invited": "invited",
    "link-made": "created an invitation link",
    "invitation-sent-again": "sent an invitation again to",
    "invitation-withdrawn": "withdrew the invitation of",
    "invitation-accepted": "accepted an invitation as",
    "role-changed": "changed the role of",
    "ownership-given": "made an owner of",
    "teammate-removed": "removed",
    "teammate-left": "left the account",
    "deck-made": "created the deck",
    "deck-changed": "changed the deck",
    "deck-deleted": "deleted the deck",
    "tracker-connected": "connected the tracker",
    "tracker-disconnected": "disconnected the tracker",
    "tracker-webhook-changed": "changed the webhook's secret of the tracker",
    "tracker-field-chosen": "chose where estimates are written for",
    "slack-connected": "connected the slash command of Slack:",
    "slack-disconnected": "disconnected the slash command of Slack:",
    "token-made": "made the API token",
    "token-ended": "ended the API token",
    "webhook-added": "added the webhook",
    "webhook-changed": "changed the webhook",
    "webhook-secret-shown": "read the secret of the webhook",
    "webhook-rotated": "made a new secret for the webhook",
    "webhook-on": "switched on the webhook",
    "webhook-off": "switched off the webhook",
    "webhook-deleted": "deleted the webhook",
    "clerk-joined": "made a teammate, through Clerk, of",
    "clerk-role-changed": "changed, through Clerk, the role of",
    "clerk-left": "took out, through Clerk,",
    "series-made": "created the series",
    "series-renamed": "renamed the series to",
    "series-closed": "closed the series",
    "series-search-chosen": "chose the issues that come into the sessions of the series",
    "series-search-removed": "stopped bringing issues into the sessions of the series",
    "series-reopened": "reopened the series",
    "session-copied": "copied the session",
    "session-imported": "imported the session",
    "session-archived": "archived the session",
    "session-unarchived": "took the session out of the archive",
    "session-deleted": "deleted the session",
    "session-restored": "brought back the session",
    "checkout-opened": "went to the checkout for",
    "payments-opened": "opened the pages for card, invoices and cancelling",
    "trial-begun": "began to try the plan",
    "plan-begun": "began the plan",
    "plan-changed": "changed the plan to",
    "plan-cancelled": "cancelled the plan for",
    "plan-kept": "kept the plan after all:",
    "plan-ended": "ended the plan",
    "payment-failed": "could not collect the payment for the plan",
    "payment-mended": "collected the payment after all for the plan",
    "credits-bought": "added the bought credits:",
    "credits-granted": "granted credits:",
    "credits-taken": "took credits back:",
    "credits-returned": "gave taken credits back:",
    "sign-on-required": "let teammates in by this provider only:",
    "sign-on-freed": "let teammates in by every way again, no longer only by",
}
NOBODY = "Somebody"
# The actor of a change that happens by itself, or that the payment provider reported.
BY_ITSELF = "Faceup"
A_PAGE = 50
MAX_EXPORTED = 50_000


def note(
    account_id: str,
    user: User | None,
    action: str,
    about: str = "",
    subject: User | None = None,
    *,
    otherwise: str = NOBODY,
) -> None:
    """Writes a line into the account's log, inside the transaction of the change it describes. ``subject`` is the user
    whom ``about`` names; ``otherwise`` stands for the actor where no user acted."""
    if action not in ACTIONS:
        raise ValueError(f"{action} is not an action of the audit log")
    who = user.name if user else otherwise
    session.add(
        AuditEntry(
            account_id=account_id,
            at=clock.now(),
            user_id=user.id if user else None,
            who=who,
            subject_id=subject.id if subject else None,
            action=action,
            about=about[:300],
        )
    )


def recognize(user_id: str, email: str) -> None:
    """Sets the user on lines that name them by an address alone, inside the caller's transaction."""
    theirs = update(AuditEntry).where(AuditEntry.about == email, AuditEntry.subject_id.is_(None))
    session.execute(theirs.values(subject_id=user_id))


def forget(user: User) -> None:
    """Replaces a user's name and address in every log, inside the transaction that deletes them."""
    session.execute(update(AuditEntry).where(AuditEntry.user_id == user.id).values(who=NOBODY))
    about_them = AuditEntry.subject_id == user.id
    if user.email:
        about_them = or_(about_them, AuditEntry.about == user.email)
    session.execute(update(AuditEntry).where(about_them).values(about=NOBODY))


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines of the log, the newest first; ``older`` is where the next page begins, None on the last."""

    entries: Sequence[AuditEntry]
    older: int | None


def page_of(account_id: str, *, user_id: str = "", action: str = "", before: int | None = None) -> Page:
    """The lines before an entry's id, at most fifty, of one user or of one kind where asked for."""
    found = entries_of(account_id, user_id=user_id, action=action, before=before, most=A_PAGE + 1)
    entries = found[:A_PAGE]
    return Page(entries, entries[-1].id if len(found) > A_PAGE else None)


def entries_of(
    account_id: str, *, user_id: str = "", action: str = "", before: int | None = None, most: int
) -> Sequence[AuditEntry]:
    """At most so many lines before an entry's id, the newest first, of one user or of one kind where asked for."""
    wanted = select(AuditEntry).where(AuditEntry.account_id == account_id)
    if ids.could_be_id(user_id):
        wanted = wanted.where(AuditEntry.user_id == user_id)
    if action in ACTIONS:
        wanted = wanted.where(AuditEntry.action == action)
    if before is not None:
        wanted = wanted.where(AuditEntry.id < before)
    return session.scalars(wanted.order_by(AuditEntry.id.desc()).limit(most)).all()


def people_in(account_id: str) -> Sequence[User]:
    """Users with a line in the log, by name."""
    noted = select(AuditEntry.user_id).where(AuditEntry.account_id == account_id)
    return session.scalars(select(User).where(User.id.in_(noted)).order_by(User.name, User.id)).all()


def as_csv(account_id: str) -> str:
    """The log for a spreadsheet, the newest first, times in UTC."""
    wanted = select(AuditEntry).where(AuditEntry.account_id == account_id)
    newest = session.scalars(wanted.order_by(AuditEntry.id.desc()).limit(MAX_EXPORTED))
    rows = ([_moment(each.at), each.who, each.action, ACTIONS.get(each.action, ""), each.about] for each in newest)
    return spreadsheet(["Time (UTC)", "Who", "Action", "What", "About"], rows)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
