"""Sign-in through external providers (OAuth 2, OpenID Connect): the redirect to one, and the verified claims on the way
back.

The settings name the providers. The code for OAuth and OpenID Connect is imported when the first person goes to one,
because it takes a third of a second of a cold start.
"""

from collections.abc import Mapping, Sequence
from types import ModuleType

from poker_app.accounts.providers import failures
from poker_app.accounts.providers.claims import Claims
from poker_app.accounts.providers.failures import Declined, Failed, NotBegunHere
from poker_app.accounts.providers.visits import Visit
from poker_app.errors import NotFound
from poker_app.provider_settings import ProviderSettings
from poker_app.settings import Settings

_providers: dict[str, ProviderSettings] = {}
_public_url = ""

# Errors of a provider's answer by which it declines the user.
_DECLINED = {
    "access_denied",
    "interaction_required",
    "login_required",
    "consent_required",
    "account_selection_required",
}


def configure(settings: Settings) -> None:
    """Stores the configured providers, once a process."""
    global _providers, _public_url
    _providers = {each.name: each for each in settings.providers}
    _public_url = settings.public_url.rstrip("/")


def every() -> Sequence[ProviderSettings]:
    """The services that people may sign in with, in the order of the configuration."""
    return list(_providers.values())


def named(name: str) -> ProviderSettings:
    """The provider with this name.

    Raises:
        NotFound: (404) there is no such provider.
    """
    if name not in _providers:
        raise NotFound("This way to sign in is not offered here.")
    return _providers[name]


def label_of(name: str) -> str:
    """Label of a provider, also of one that is no longer configured."""
    return _providers[name].label if name in _providers else name.capitalize()


def begin(provider: ProviderSettings, *, back: str, onward: str, connects: str = "") -> tuple[str, Visit]:
    """The provider's address to redirect the browser to, and the visit that the browser must keep until it comes back
    to ``back``.

    Raises Failed where the provider cannot be asked for its address.
    """
    visit = Visit.to(provider, onward, connects)
    return _protocol(provider).address(provider, visit, _public_url + back), visit


def end(provider: ProviderSettings, visit: Visit, answer: Mapping[str, str], *, back: str) -> Claims:
    """Verifies the provider's answer, and returns its claims about the user. ``answer`` holds the query's parameters
    with which the browser came back.

    Raises:
        NotBegunHere: (400) the answer belongs to no visit of this browser.
        Declined: (403) the provider refuses the user.
        Untrusted: (403) a claim of the provider could not be verified.
        Failed: (502) the provider does not answer, or with nonsense.
    """
    visit.check(provider, answer)
    protocol = _protocol(provider)
    protocol.check_sender(provider, answer.get("iss"))
    if error := answer.get("error"):
        raise Declined(provider) if error in _DECLINED else Failed(provider, f"callback: {failures.named(error)}")
    if not (code := answer.get("code")):
        raise NotBegunHere(provider)
    return protocol.claims(provider, visit, code, _public_url + back)  # type: ignore[no-any-return]


def _protocol(provider: ProviderSettings) -> ModuleType:
    if provider.preset == "github":
        from poker_app.accounts.providers import github

        return github
    from poker_app.accounts.providers import openid

    return openid
