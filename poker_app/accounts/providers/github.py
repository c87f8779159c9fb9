"""Sign-in with GitHub or a GitHub Enterprise server: OAuth 2, then two API calls for the user and their addresses."""

from typing import Any

from poker_app.accounts.providers.claims import Claims, read
from poker_app.accounts.providers.client import Client
from poker_app.accounts.providers.failures import Failed, Untrusted
from poker_app.accounts.providers.visits import Visit
from poker_app.provider_settings import GITHUB, ProviderSettings

SCOPE = "read:user user:email"


def address(provider: ProviderSettings, visit: Visit, back: str) -> str:
    """The address to redirect the browser to."""
    return Client(provider, back=back).address(f"{_base(provider)}/login/oauth/authorize", visit, SCOPE)


def check_sender(provider: ProviderSettings, said: str | None) -> None:
    """Checks the sender by RFC 9207, where the answer names one at all.

    Raises:
        Untrusted: (403) the sender is another one.
    """
    if said not in (None, _base(provider), f"{_base(provider)}/login/oauth"):
        raise Untrusted(provider, "the answer was sent by somebody else")


def claims(provider: ProviderSettings, visit: Visit, code: str, back: str) -> Claims:
    """Exchanges the code, and returns the user's claims: the subject is GitHub's number of the user, and the primary
    address counts if it is verified.

    Raises:
        Failed: (502) there is no access token or no user in the answer.
    """
    base = _base(provider)
    api = "https://api.github.com" if base == GITHUB else f"{base}/api/v3"
    with Client(provider, back=back, authenticates="client_secret_post") as client:
        tokens = client.exchange(f"{base}/login/oauth/access_token", code, visit)
        access = tokens.get("access_token")
        if not isinstance(access, str):
            raise Failed(provider, "no access token")
        user = client.fetch(f"{api}/user", bearer=access)
        emails = client.fetch(f"{api}/user/emails", bearer=access)
    if not isinstance(user, dict) or not isinstance(user.get("id"), int) or not isinstance(emails, list):
        raise Failed(provider, "no user")
    primary: dict[str, Any] = next((each for each in emails if isinstance(each, dict) and each.get("primary")), {})
    said = {
        "sub": str(user["id"]),
        "name": user.get("name") or user.get("login"),
        "email": primary.get("email"),
        "email_verified": primary.get("verified"),
    }
    return read(provider, base, said)


def _base(provider: ProviderSettings) -> str:
    return provider.issuer.rstrip("/")
