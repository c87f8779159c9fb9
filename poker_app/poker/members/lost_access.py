"""Signal listener for users who lose access: closes their sockets and removes former teammates from sessions.

It listens to ``accounts.access_ended``. The sockets are closed within a second of it.
"""

import structlog
from sqlalchemy.exc import SQLAlchemyError

from poker_app import accounts
from poker_app.db import session
from poker_app.poker.members import members
from poker_app.poker.publishing.disconnect import disconnect_user

log = structlog.get_logger(__name__)


def configure() -> None:
    """Connects ``follow`` to the signal. Once a process is enough, and a second call changes nothing."""
    accounts.access_ended.connect(follow)


def follow(user_id: str, account_id: str | None) -> None:
    """Closes the sockets of a user whose sign-in ended; removes a user who left an account from those of its sessions
    that are not open to everybody.

    A database error is logged, not raised: the access is gone already, and no page and no channel is authorized again.
    """
    try:
        if account_id is None:
            disconnect_user(user_id)
        else:
            members.remove_former_teammate(user_id, account_id)
    except SQLAlchemyError:
        session.rollback()
        log.exception("connections_not_ended", user=user_id)
