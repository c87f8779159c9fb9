"""Writes the public events of sessions into the outbox of webhooks, in the transaction of the change."""

from datetime import datetime

from sqlalchemy import Connection

from poker_app.db import after_commit
from poker_app.poker.models import PokerSession
from poker_app.rules.session.change import Change
from poker_app.rules.session.value import Session
from poker_app.rules.webhook_events import PublicEvent, is_public, of_change, opened
from poker_app.webhooks import links_of, outbox


def write(connection: Connection, before: Session, change: Change, at: datetime) -> None:
    """Writes the public events of a change for the account's webhooks. Other changes, votes among them, cost no
    question to the database."""
    if is_public(change):
        value = change.value
        events = of_change(before, change, links_of(value.id, value.code))
        outbox.put(connection, value.account_id, events, at=at, session_id=value.id)


def announce(change: Change) -> None:
    """Says, after the commit, that there may be webhooks to send."""
    if is_public(change):
        outbox.announce(change.value.account_id)


def write_opened(connection: Connection, made: PokerSession, *, tasks: int, at: datetime) -> None:
    """Writes the event of a session that is opened in the transaction under way."""
    links = links_of(made.id, made.code)
    data = opened(made.id, made.name, cards=made.cards, tasks=tasks, links=links)
    outbox.put(connection, made.account_id, [(PublicEvent.SESSION_OPENED, data)], at=at, session_id=made.id)
    account_id = made.account_id
    after_commit(lambda: outbox.announce(account_id))
