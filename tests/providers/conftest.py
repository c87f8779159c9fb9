"""The application with the provider under test as its way in, and travellers."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from flask import Flask

from poker_app.accounts.providers import openid
from poker_app.provider_settings import ProviderSettings
from poker_app.settings import Settings
from tests.conftest import SIGNED_IN
from tests.providers import servers
from tests.providers.servers import Relay, served
from tests.providers.traveller import Traveller


@dataclass
class Real:
    """A real OpenID server behind its relay."""

    name: str
    url: str
    relay: Relay


@pytest.fixture(scope="session", params=["mock", "npm"])
def _running(request: pytest.FixtureRequest) -> Iterator[Real]:
    relay = Relay()
    with ExitStack() as stack:
        url = stack.enter_context(served(relay))
        relay.target = stack.enter_context(servers.mock() if request.param == "mock" else servers.npm(url))
        yield Real(request.param, url, relay)


@pytest.fixture
def real(_running: Real) -> Real:
    """Each of the two real OpenID servers in turn, telling the truth until told otherwise."""
    _running.relay.honest()
    return _running


@pytest.fixture
def configured(real: Real) -> list[ProviderSettings]:
    """What PROVIDERS says."""
    about = {"preset": "oidc", "label": "Acme", "client_id": "faceup", "client_secret": "secret", "issuer": real.url}
    return [ProviderSettings(name=name, **about) for name in (real.name, "twin")]


@pytest.fixture
def settings(settings: Settings, configured: list[ProviderSettings]) -> Settings:
    return settings.model_copy(update={**SIGNED_IN, "providers": configured})


@pytest.fixture(autouse=True)
def _nothing_known() -> None:
    """What a process has read from providers stays for ten minutes, and so for the next test."""
    openid._known.clear()


@pytest.fixture
def traveller(app: Flask) -> Callable[[str], Traveller]:
    return lambda name: Traveller(app, name)


@pytest.fixture
def ada(traveller: Callable[[str], Traveller]) -> Traveller:
    return traveller("Ada")


@pytest.fixture
def mallory(traveller: Callable[[str], Traveller]) -> Traveller:
    return traveller("Mallory")
