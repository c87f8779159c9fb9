"""Copying a session: the same deck, options and access rules, and the tasks that got no estimate."""

from poker_app import ids
from poker_app.accounts.memberships import Membership
from poker_app.db import transaction
from poker_app.poker.change import lock
from poker_app.poker.models import Member
from poker_app.poker.session import archiving
from poker_app.poker.session.lifecycle import MAX_NAME, find_opened, start_session
from poker_app.poker.session.options import Options
from poker_app.rules.backlog import said
from poker_app.rules.session.value import Session

_ENDING = " (copy)"


def copy_session(membership: Membership, session_id: str, *, secret: str, form_key: str) -> Member:
    """Opens the copy; the user, browser or program that copies facilitates it. The same form sent again returns the
    same copy."""
    key = ids.digest(f"copy {session_id} {membership.user.id if membership.user else secret} {form_key}")
    with transaction():
        archiving.find_to_archive(membership, secret, session_id)
        original = lock(session_id)
        if made := find_opened(key, secret, membership.user):
            return made
        founder = start_session(
            membership,
            name=original.name[: MAX_NAME - len(_ENDING)] + _ENDING,
            deck=original.deck,
            cards=original.cards,
            options=Options.of(original),
            member_name=_own_name(membership, original, secret),
            secret=secret,
            form_key=key,
            backlog=[said(task) for task in original.backlog if task.title and task.estimate is None],
        )
        membership.note("session-copied", original.name)
        return founder


def _own_name(membership: Membership, original: Session, secret: str) -> str:
    if membership.user:
        return membership.user.name
    if membership.program:
        return membership.program
    digest = ids.digest(secret)
    return next(each.name for each in original.members.values() if each.secret_digest == digest)
