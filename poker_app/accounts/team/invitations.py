"""Invitations: made, sent by mail or shown as a link, sent again, withdrawn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Select, select

from poker_app import clock, ids, mail, rate_limits
from poker_app.accounts import audit_log, derived_secret
from poker_app.accounts.account_lock import change
from poker_app.accounts.memberships import Membership
from poker_app.accounts.models import MAX_EMAIL, Account, Invitation, Teammate, User
from poker_app.accounts.team import teammates
from poker_app.accounts.users import clean_email
from poker_app.db import session
from poker_app.errors import Conflict, Invalid, NotFound, NotInPlan, TooMany
from poker_app.rate_limits import Limit
from poker_app.rules import teammates as rules
from poker_app.rules.email_list import typed_addresses

GOOD_FOR = timedelta(days=7)
MAX_AT_ONCE = 20
# Characters: the longest addresses, each with a name before it.
MAX_TYPED = MAX_AT_ONCE * 2 * MAX_EMAIL
MAILS = Limit("invite", 60, timedelta(hours=1))
LINK = "a link"


@dataclass(slots=True)
class Outcome:
    """Result of inviting: each typed address, listed by what became of it."""

    sent: list[str] = field(default_factory=list)
    unsent: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    teammates: list[str] = field(default_factory=list)


def waiting_for(account: Account) -> Sequence[Invitation]:
    """Mailed invitations that are neither accepted nor withdrawn, the newest first; expired ones too."""
    return session.scalars(_open_ones(account).where(Invitation.email.is_not(None))).all()


def link_of(account: Account) -> Invitation | None:
    """The account's invitation by link, if it has one that has not expired."""
    good = Invitation.expires_at > clock.now()
    return session.scalars(_open_ones(account).where(Invitation.email.is_(None), good).limit(1)).one_or_none()


def _open_ones(account: Account) -> Select[Invitation]:
    return (
        select(Invitation)
        .where(Invitation.account_id == account.id, Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))
        .order_by(Invitation.sent_at.desc(), Invitation.id)
    )


def find(membership: Membership, invitation_id: str) -> Invitation:
    """An invitation to the acting account.

    Raises:
        NotFound: (404) the account has no such invitation.
    """
    found = session.get(Invitation, invitation_id)
    if found is None or found.account_id != membership.account.id:
        raise NotFound("This invitation was not found.")
    return found


# --- by mail


def invite(membership: Membership, typed: str, role: str, *, anyway: bool = False) -> Outcome:
    """Invites every typed address, and mails each a link. Addresses of teammates and of open invitations are listed
    apart.

    One address that cannot be used refuses the whole form. An invitation whose mail the mail server refuses is stored
    all the same, and can be sent again. Raises Invalid, Refused, TooMany, and, unless it is to be done ``anyway``,
    NotInPlan (402) where fewer can still join under the plan than would be invited.
    """
    rules.check_gift(membership.role, role)
    emails = _clean(typed)
    if not anyway:
        _refuse_beyond_plan(membership.account, emails)
    _spend_mails(membership, len(emails))
    outcome, letters = Outcome(), []
    with change(membership) as now:
        rules.check_gift(now.role, role)
        taken = _emails_here(now.account, emails)
        open_ones = {each.email: each for each in waiting_for(now.account)}
        for email in emails:
            known = open_ones.get(email)
            if email in taken:
                outcome.teammates.append(email)
            elif known and known.expires_at > clock.now():
                outcome.waiting.append(email)
            else:
                if known:  # it has expired, and perhaps it was for another role
                    known.withdrawn_at = clock.now()
                letters.append((email, _add(now, email, role, ids.new_secret())))
                now.note("invited", email)
    _mail(membership, role, letters, outcome)
    return outcome


def _refuse_beyond_plan(account: Account, emails: Iterable[str]) -> None:
    free = teammates.more_allowed(account)
    if free is None:
        return
    open_ones = {each.email for each in waiting_for(account) if each.expires_at > clock.now()}
    new = set(emails) - open_ones - _emails_here(account, emails)
    if new and len(new | open_ones) > free:
        joins = f"only {free} more can join" if free else "no more can join"
        raise NotInPlan(
            f"Your plan is for {teammates.facilitators(account)}, and {joins}. An owner or admin can choose a larger "
            "plan first. Nobody needs an invitation to vote: the link to the session is enough."
        )


def _clean(typed: str) -> list[str]:
    if len(typed) > MAX_TYPED:
        raise Invalid(f"Invite at most {MAX_AT_ONCE} people at once; this is too much text for that.", "emails")
    parts = typed_addresses(typed)
    if len(parts) > MAX_AT_ONCE:
        raise Invalid(f"Invite at most {MAX_AT_ONCE} people at once; these are {len(parts)}.", "emails")
    emails, unusable = [], []
    for part in parts:
        try:
            emails.append(clean_email(part))
        except Invalid:
            unusable.append(part)
    if unusable:
        are = "is not a full address" if len(unusable) == 1 else "are not full addresses"
        raise Invalid(f"{_listed(unusable)} {are}, such as name@company.com. Nobody was invited yet.", "emails")
    if not emails:
        raise Invalid("Enter at least one address, such as name@company.com.", "emails")
    return list(dict.fromkeys(emails))


def _listed(parts: Sequence[str]) -> str:
    shown = [f"“{part[:60]}”" for part in parts[:3]]
    if len(parts) > len(shown):
        shown.append(f"{len(parts) - len(shown)} more")
    *others, last = shown
    return f"{', '.join(others)} and {last}" if others else last


def _spend_mails(membership: Membership, count: int) -> None:
    try:
        # Counted by user, too: accounts are quickly made.
        by_user = MAILS.of(membership.user.id) if membership.user else []
        rate_limits.spend([*MAILS.of(membership.account.id), *by_user], times=count)
    except TooMany as too_many:
        minutes = too_many.retry_after // 60 + 1
        sentence = f"At most {MAILS.most} invitations are sent in an hour. Try again in {minutes} minutes."
        raise TooMany(sentence, too_many.retry_after) from too_many


def _emails_here(account: Account, emails: Iterable[str]) -> set[str | None]:
    found = select(User.email).join(Teammate).where(Teammate.account_id == account.id, User.email.in_(emails))
    return set(session.scalars(found))


def _add(now: Membership, email: str | None, role: str, secret: str, key: str = "") -> str:
    session.add(
        Invitation(
            id=key or ids.new_id(),
            account_id=now.account.id,
            digest=ids.digest(secret),
            email=email,
            role=role,
            invited_by=now.user.id if now.user else None,
            sent_at=clock.now(),
            expires_at=clock.now() + GOOD_FOR,
        )
    )
    return secret


def _mail(membership: Membership, role: str, letters: Sequence[tuple[str, str]], outcome: Outcome) -> None:
    for email, secret in letters:
        if outcome.unsent:  # a server that is down is not asked once more for each
            outcome.unsent.append(email)
            continue
        try:
            _send(membership, role, email, secret)
            outcome.sent.append(email)
        except mail.Undelivered:
            outcome.unsent.append(email)


def _send(membership: Membership, role: str, email: str, secret: str) -> None:
    who = membership.user.name if membership.user else audit_log.NOBODY
    about = {"who": who, "account": membership.account.name, "role": role, "secret": secret, "days": GOOD_FOR.days}
    mail.send("invitation", email, **about)


def send_again(membership: Membership, invitation_id: str) -> str:
    """Mails a new link, valid from now on; the old one stops working. Returns the address.

    Raises:
        NotFound: (404) the account has no such invitation.
        Forbidden, Refused: (403) the role may not invite.
        Conflict: (409) it was accepted or withdrawn.
        TooMany: (429) too many mails were sent.
        Undelivered: (503) the mail server did not take the mail.
    """
    membership.require("admin", "invite people")
    find(membership, invitation_id)
    _spend_mails(membership, 1)
    secret = ids.new_secret()
    with change(membership) as now:
        invitation = find(now, invitation_id)
        rules.check_gift(now.role, invitation.role)
        if invitation.email is None or invitation.accepted_at or invitation.withdrawn_at:
            raise Conflict("That invitation was accepted or withdrawn already.")
        email, role = invitation.email, invitation.role
        invitation.digest, invitation.sent_at = ids.digest(secret), clock.now()
        invitation.expires_at = clock.now() + GOOD_FOR
        now.note("invitation-sent-again", email)
    _send(membership, role, email, secret)
    return email


def withdraw(membership: Membership, invitation_id: str) -> str:
    """Withdraws an invitation, mailed or by link; a second time changes nothing. Returns what it was for.

    Raises:
        NotFound: (404) the account has no such invitation.
        Refused: (403) the role may not invite.
        Conflict: (409) it was accepted.
    """
    with change(membership) as now:
        invitation = find(now, invitation_id)
        rules.check_gift(now.role, invitation.role)
        about = invitation.email or LINK
        if invitation.accepted_at:
            raise Conflict("That invitation was accepted already.")
        if invitation.withdrawn_at is None:
            invitation.withdrawn_at = clock.now()
            now.note("invitation-withdrawn", about)
    return about


# --- by link


def make_link(membership: Membership) -> Invitation:
    """Creates a link by which anybody may become a teammate, as a facilitator. Returns the existing one while there is
    one."""
    with change(membership) as now:
        now.require("admin", "make an invitation link")
        found = link_of(now.account)
        if found is None:
            key = ids.new_id()
            _add(now, None, "facilitator", derived_secret(f"invitation {key}"), key)
            now.note("link-made")
            found = session.get_one(Invitation, key)
    return found


def secret_of(link: Invitation) -> str | None:
    """Computes a link's secret again, to show it; None once ``SECRET_KEY`` is another one than it was made with."""
    secret = derived_secret(f"invitation {link.id}")
    return secret if ids.digest(secret) == link.digest else None


def waiting_for_user(user: User) -> Sequence[Invitation]:
    """Open mailed invitations to the address that a user has proven."""
    if user.email is None:
        return []
    mine = select(Invitation).where(
        Invitation.email == user.email,
        Invitation.accepted_at.is_(None),
        Invitation.withdrawn_at.is_(None),
        Invitation.expires_at > clock.now(),
    )
    return session.scalars(mine.order_by(Invitation.sent_at.desc(), Invitation.id)).all()
