"""A visit to a provider: the state that a browser keeps in a cookie until it comes back. It works once, for ten
minutes."""

import hmac
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from poker_app import clock, ids
from poker_app.accounts.providers.failures import NotBegunHere
from poker_app.provider_settings import ProviderSettings

GOOD_FOR = 600  # seconds
# A page further away is not worth the room in a cookie.
MAX_ONWARD = 300
# One for each open tab; the oldest are dropped.
MAX_VISITS = 3

Kept = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Visit:
    """``state`` ties the answer to the browser, ``nonce`` the token to the visit, ``verifier`` the code to this server.
    ``connects`` is the id of the user who connects the provider, or empty for a sign-in."""

    provider: str
    state: str
    nonce: str
    verifier: str
    onward: str
    at: int
    connects: str = ""

    @classmethod
    def to(cls, provider: ProviderSettings, onward: str, connects: str) -> Self:
        onward = onward if len(onward) <= MAX_ONWARD else "/"
        verifier = ids.new_secret() + ids.new_secret()  # PKCE wants 43 characters or more
        return cls(provider.name, ids.new_secret(), ids.new_secret(), verifier, onward, _seconds(), connects)

    def check(self, provider: ProviderSettings, answer: Mapping[str, str]) -> None:
        """Refuse an answer that is not to this visit, or too late.

        Raises:
            NotBegunHere: (400) it is too late, or from another provider or browser.
        """
        same = hmac.compare_digest(self.state.encode(), answer.get("state", "").encode())
        if not same or self.provider != provider.name or not 0 <= _seconds() - self.at <= GOOD_FOR:
            raise NotBegunHere(provider)


def store(kept: Kept, visit: Visit) -> Kept:
    """The browser's visits with one more; the oldest beyond three is dropped."""
    return [*kept, asdict(visit)][-MAX_VISITS:]


def pop(kept: Kept, provider: ProviderSettings, state: str) -> tuple[Visit, Kept]:
    """The visit that an answer belongs to, and the remaining ones: no visit is used twice.

    Raises:
        NotBegunHere: (400) there is no such visit.
    """
    found = [each for each in kept if hmac.compare_digest(str(each.get("state")).encode(), state.encode())]
    if not found:
        raise NotBegunHere(provider)
    return Visit(**found[0]), [each for each in kept if each is not found[0]]


def _seconds() -> int:
    return int(clock.now().timestamp())
