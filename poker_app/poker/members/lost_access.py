"""What follows in the sessions when a user loses access: their connections end, within a second of it."""

import structlog
from sqlalchemy.exc import SQLAlchemyError

from poker_app import accounts
from poker_app.db import session
from poker_app.poker.members import members
from poker_app.poker.publishing.disconnect import disconnect_user

log = structlog.get_logger(__name__)


def configure() -> None:
    """Follow what accounts announce. Once a process is enough, and twice is once."""
    accounts.access_ended.connect(follow)


def follow(user_id: str, account_id: str | None) -> None:
    """End the connections of a user whose sign-in ended, or send away one who left an account. The access is gone
    whatever fails here: no page and no channel is authorized again."""
    try:
        if account_id is None:
            disconnect_user(user_id)
        else:
            members.remove_former_teammate(user_id, account_id)
    except SQLAlchemyError:
        session.rollback()
        log.exception("connections_not_ended", user=user_id)
