"""Accounts: who you are, for whom you act, and who your teammates are."""

from poker_app.settings import Settings

_open = True


def configure(settings: Settings) -> None:
    """Whether people sign in here, or everybody who reaches the service acts for its one local account."""
    global _open
    _open = settings.auth == "open"


def everybody_may() -> bool:
    """``AUTH=open``: nobody signs in, and there is one account, the local one."""
    return _open
