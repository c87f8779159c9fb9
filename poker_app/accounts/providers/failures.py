"""Errors of signing in through a provider, each with a status and a sentence. The reason is for the log, and holds no
secret."""

import re

from poker_app.errors import Refusal
from poker_app.provider_settings import ProviderSettings

# The form of an error's name in the standards. Any other text may repeat our own request, with the secrets in it.
_ERROR = re.compile(r"[a-z_]{1,40}")


def named(error: object) -> str:
    """A provider's error, as it may be logged."""
    return error if isinstance(error, str) and _ERROR.fullmatch(error) else "an error without a name"


class Failure(Refusal):
    """Signing in through a provider failed. Nothing has changed, and every other way in is open."""

    words = ""

    def __init__(self, provider: ProviderSettings, reason: str = "") -> None:
        super().__init__(self.words.format(label=provider.label))
        self.provider, self.reason = provider, reason


class Failed(Failure):
    """The provider is down, slow, or answers nonsense."""

    status = 502
    words = "{label} does not answer as it should just now. Try again in a moment, or sign in another way."


class Untrusted(Failure):
    """The provider's answer is not signed by it, not for us, not for this visit, or no longer valid."""

    status = 403
    words = "What {label} answered could not be verified, so you are not signed in. Please try again."


class Declined(Failure):
    """The user pressed Cancel, or the provider does not let them in here."""

    status = 403
    words = "{label} did not let you in here. If you pressed Cancel, all is well; else ask who runs {label} for you."


class NotBegunHere(Failure):
    """The answer is for another browser, for an earlier visit, or was used before."""

    status = 400
    words = "This sign-in was started in another browser, was used before, or took too long. Please start again."
