"""Outgoing webhooks: an account's events, sent to the addresses that it names.

An event is written into the outbox in the transaction of the change (``outbox``), sent in the background and tried
again for three days (``sending``), and signed as Standard Webhooks describes (``signing``).
"""

from collections.abc import Callable

from poker_app import encryption
from poker_app.encryption import Vault
from poker_app.rules.webhook_events import Links
from poker_app.settings import Settings

_site = ""
_inside = False
_path_for: Callable[..., str] | None = None


class Sealed(Exception):
    """An address or secret cannot be decrypted: its key is not among the settings any more, or there is none."""

    sentence = "The key that its address was encrypted with is gone. Delete it, and add it again."


def configure(settings: Settings) -> None:
    """Reads the service's own address, and whether webhooks may be sent into private networks."""
    global _site, _inside
    _site, _inside = settings.public_url.rstrip("/"), settings.webhooks_inside


def configure_paths(path_for: Callable[..., str]) -> None:
    """Stores the function that builds the path of a page from its endpoint and values: the pages are above this
    package."""
    global _path_for
    _path_for = path_for


def links_of(session_id: str, code: str) -> Links:
    """The addresses of a session; empty ones where ``PUBLIC_URL`` is not set."""
    if not _site or _path_for is None:
        return Links()
    return Links(
        session=_site + _path_for("sessions.room", session_id=session_id),
        report=_site + _path_for("report.page", session_id=session_id),
        join=_site + _path_for("home.by_code", code=code),
    )


def are_inside() -> bool:
    """Whether webhooks may be sent into private networks, and without encryption."""
    return _inside


def vault() -> Vault:
    """The vault of addresses and secrets. Raises OSError where there is no key, and none can be written."""
    return encryption.vault(Sealed)
