"""The payment engine of this process, chosen by the setting BILLING."""

from poker_app.billing.provider import Engine
from poker_app.settings import Settings

_engine: Engine | None = None
_public_url = ""


def configure(settings: Settings) -> None:
    """Creates the engine, once a process. No engine connects to its provider before the first call."""
    from poker_app.billing.engines.fake import FakeProvider
    from poker_app.billing.engines.stripe_engine import StripeProvider

    global _engine, _public_url
    _public_url = settings.public_url.rstrip("/")
    match settings.billing:
        case "stripe":
            _engine = StripeProvider(settings)
        case "fake":
            _engine = FakeProvider(_public_url)
        case _:
            _engine = None


def engine() -> Engine:
    """The payment engine. Raises RuntimeError with ``BILLING=off``."""
    if _engine is None:
        raise RuntimeError("nothing is sold: BILLING=off")
    return _engine


def own_address(path: str) -> str:
    """A path of this site as an address that the provider can lead back to."""
    return f"{_public_url}{path}"
