"""The payments port: which provider takes the money, by the setting BILLING."""

from poker_app.billing.provider import Engine
from poker_app.settings import Settings

_engine: Engine | None = None
_public_url = ""


def configure(settings: Settings) -> None:
    """Choose the engine, once a process. None of them talks to anybody before it has to."""
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
    """Who takes the money. To be asked only where something is sold."""
    if _engine is None:
        raise RuntimeError("nothing is sold: BILLING=off")
    return _engine


def own_address(path: str) -> str:
    """A path of this site as an address that the provider can lead back to."""
    return f"{_public_url}{path}"
