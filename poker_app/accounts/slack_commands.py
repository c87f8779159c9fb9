"""An account's slash command in Slack: its app's signing secret, and the Slack team that it belongs to."""

from sqlalchemy import delete, select, update

from poker_app import clock, ids, webhooks
from poker_app.accounts import auth_is_open
from poker_app.accounts.account_lock import change
from poker_app.accounts.memberships import LOCAL, Membership
from poker_app.accounts.models import SlackCommand
from poker_app.db import session, transaction
from poker_app.errors import Invalid
from poker_app.webhooks import Sealed

MIN_SECRET, MAX_SECRET = 16, 200
CONNECT = "connect Slack"
_SECRET = "secret"  # noqa: S105  (the name of a field)
COMMAND = "/faceup"


def find(account_id: str) -> SlackCommand | None:
    """The command of an account; None where none is connected, and of one that no page reaches."""
    reached = account_id == LOCAL if auth_is_open() else ids.could_be_id(account_id)
    return session.get(SlackCommand, account_id) if reached else None


def connect(membership: Membership, typed: str) -> None:
    """Stores the signing secret of an app of Slack, instead of the one before. The first command that comes says in
    which Slack team it is.

    Raises:
        Forbidden: (403) the role may not.
        Invalid: (422) the secret is too short or too long, or cannot be encrypted here.
    """
    membership.require_arranging(CONNECT)
    secret = typed.strip()
    if not (MIN_SECRET <= len(secret) <= MAX_SECRET and secret.isascii() and secret.isprintable()):
        raise Invalid("This is no signing secret of Slack. It is under “Basic Information” of the app.", "secret")
    try:
        sealed = webhooks.vault().seal({_SECRET: secret})
    except OSError as problem:
        raise Invalid(
            "The secret cannot be encrypted: no key can be stored here. Set TRACKER_KEYS.", "secret"
        ) from problem
    with change(membership) as now:
        now.require_arranging(CONNECT)
        kept = session.get(SlackCommand, now.account.id)
        if kept is None:
            kept = SlackCommand(account_id=now.account.id)
            session.add(kept)
        kept.sealed, kept.team_id, kept.connected_at = sealed, "", clock.now()
        now.note("slack-connected", COMMAND)


def disconnect(membership: Membership) -> None:
    """Deletes the secret. Commands are refused from now on.

    Raises:
        Forbidden: (403) the role may not.
    """
    membership.require_arranging(CONNECT)
    with change(membership) as now:
        now.require_arranging(CONNECT)
        gone = delete(SlackCommand).where(SlackCommand.account_id == now.account.id).returning(SlackCommand.account_id)
        if session.execute(gone).all():
            now.note("slack-disconnected", COMMAND)


def secret_of(connected: SlackCommand) -> str:
    """The signing secret, "" where it cannot be decrypted any more."""
    try:
        return webhooks.vault().open(connected.sealed)[_SECRET]
    except (Sealed, OSError):
        return ""


def belongs_to(account_id: str, team_id: str) -> bool:
    """Whether a command comes from the account's Slack team: the one that sent the first, since the secret was stored.
    The secret is the app's, which others may install in theirs."""
    mine = SlackCommand.account_id == account_id
    with transaction():
        session.execute(update(SlackCommand).where(mine, SlackCommand.team_id == "").values(team_id=team_id[:32]))
        return session.scalar(select(SlackCommand.team_id).where(mine)) == team_id


def rotate_keys() -> tuple[int, int]:
    """Encrypts all secrets with the newest key. Returns how many were, and how many have a key that is not there any
    more."""
    with transaction():
        return webhooks.vault().rotate(session.scalars(select(SlackCommand).with_for_update()), "sealed")
