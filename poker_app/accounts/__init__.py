"""Accounts: who you are, for whom you act, and who your teammates are."""

import hashlib
import hmac
from functools import partial

from blinker import Signal

from poker_app.db import after_commit
from poker_app.settings import Settings

# Sent, after the commit, with the id of a user who lost access: a sign-in of theirs ended, or (``account_id``) they
# belong to that account no longer.
access_ended = Signal()

_open = True
_key = b""


def configure(settings: Settings) -> None:
    """Whether people sign in here, or everybody who reaches the service acts for its one local account."""
    global _open, _key
    _open, _key = settings.auth == "open", settings.signing_key.encode()


def auth_is_open() -> bool:
    """``AUTH=open``: nobody signs in, and there is one account, the local one."""
    return _open


def derived_secret(of: str) -> str:
    """A secret that can be made again whenever it is to be shown: only its digest is stored, and who reads the database
    without ``SECRET_KEY`` has nothing."""
    return hmac.new(_key, of.encode(), hashlib.sha256).hexdigest()[:32]


def end_access(user_id: str, account_id: str | None = None) -> None:
    """Send ``access_ended`` once the transaction under way is committed."""
    after_commit(partial(access_ended.send, user_id, account_id=account_id))


def max_teammates(account_id: str) -> int | None:
    """How many teammates an account may have; None: any number. Plans are billing's matter: it puts its own in this
    place."""
    return None


def may_choose_days(account_id: str) -> bool:
    """Whether an account says by itself how long its reports are kept. Billing's matter, too."""
    return True


def may_require_sign_on(account_id: str) -> bool:
    """Whether an account may ask its teammates to come by one provider. Billing's matter, too."""
    return True


def teammates_changed(account_id: str) -> None:
    """Called inside the transaction in which a teammate comes to an account or goes. What follows from it is billing's
    matter, too."""
